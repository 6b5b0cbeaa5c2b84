"""The state of a Scheduler as plain JSON, and the same as it is read."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from passo.ground.checks import brief
from passo.ground.schema import (
    MOST,
    anything,
    count,
    listed,
    maybe,
    number,
    record,
    short,
    table,
    text,
)
from passo.optim.ground.caller import caller
from passo.optim.ground.groups import names_of
from passo.optim.scheduler import cooled
from passo.optim.scheduler.tracks import Track
from passo.schedules import PassoError, from_spec
from passo.schedules.time import LONGEST, run_from_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from passo.ground.schema import Check
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.tracks import Memory
    from passo.schedules import Run, Schedule

VERSION: Final = 2
_PARTS: Final = ("version", "clock", "at", "run", "tracks", "fields")
_SHOWN: Final = 8  # bases of param groups in an advice
_Thing = TypeVar("_Thing")
Fields: TypeAlias = "dict[str, dict[int | None, tuple[Track, float]]]"
"""What the field of a key follows in each group, by its place, and from which base."""


def save(engine: Engine, groups: Groups) -> dict[str, Any]:
    """Clock, run, groups, tracks with what their plateaus remember, each field with its base.

    The groups are their names where these tell them apart, else how many there are.
    """
    driver, clock, run = engine.driver, engine.clock, engine.settings.run
    cooldown = engine.settings.cooldown
    if cooldown is not None and all(each.key != cooldown.key for each in driver.driven):
        cooldown = None  # it ends the key of another optimizer, whose state has it
    number = {id(track): k for k, track in enumerate(driver.tracks)}
    return {
        "version": VERSION,
        "clock": clock.updates,
        "at": clock.at,
        "offset": clock.offset,
        "run": None if run is None else run.to_spec(),
        "groups": names_of(groups) or len(groups),
        "tracks": [track.state() for track in driver.tracks],
        "fields": [
            [each.place, each.key, number[id(each.track)], each.base] for each in driver.driven
        ],
        **({} if cooldown is None else {"cooldown": cooldown.to_spec()}),
    }


class Saved:
    """A state as it was saved, read and checked before anything is changed.

    `SCHEMAS` says what may stand where, for each version; here is what one part says of another.
    Raises PassoError with the place of what cannot be.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        held = _held(state)
        self.clock: int = held["clock"]
        self.at: float = held["at"]
        self.offset: float = held.get("offset", 0.0)
        self.run: Run | None = held["run"]
        if (self.run is None or self.run.axis == "step") and self.at != float(self.clock):
            msg = (
                f"state.at is the clock where steps are counted, and the clock is {self.clock}, "
                f"got {self.at}"
            )
            raise PassoError(msg)
        told_of = held.get("cooldown")
        self.cooldown = None if told_of is None else cooled.read(told_of, self.run)
        self._cooled: dict[int, Track] = {}
        self.tracks = [self._track(k, track) for k, track in enumerate(held["tracks"])]
        self.fields = self._follow(**held["fields"])
        if self.cooldown is not None and not self._cooled:
            msg = f"state.cooldown is of {self.cooldown.key!r}, and no field of the state has it"
            raise PassoError(msg)
        places: set[Any] = set().union(*self.fields.values())
        least = 1 + max(places - {None}, default=-1)
        told: int | list[str] = held.get("groups", least)
        self.names = told if isinstance(told, list) else None
        self.groups = len(told) if isinstance(told, list) else told
        if self.groups < least:
            msg = f"state.groups must be at least {least}, as its fields are, got {told!r}"
            raise PassoError(msg)

    def _track(self, number: int, held: Mapping[str, Any]) -> Track:
        place = f"state.tracks[{number}]"
        try:
            track = Track(held["schedule"], self.run, held["begin"])
        except (PassoError, ArithmeticError) as error:
            msg = f"{place}.schedule cannot be placed on the run of the state: {error}"
            raise PassoError(msg) from None
        told = held["plateaus"]
        if len(told) != len(track.memories):
            msg = f"{track.source!r} has {len(track.memories)} plateaus, its state {len(told)}"
            raise PassoError(msg)
        for k, (memory, each) in enumerate(zip(track.memories, told, strict=True)):
            _fits(memory, each, f"{place}.plateaus[{k}]")
            memory.load(each)
        track.refresh()
        return track

    def _follow(
        self, group: list[int | None], key: list[str], track: list[int], base: list[float]
    ) -> Fields:
        """What each field follows, and from which base: one answer for those that are alike."""
        found: Fields = {each: {} for each in key}
        made: dict[tuple[str, int, float], tuple[Track, float]] = {}
        for k, (place, kind) in enumerate(zip(group, zip(key, track, base), strict=True)):  # noqa: B905
            one = made.get(kind)
            if one is None:
                one = made[kind] = self._track_of(k, kind[0], kind[1]), kind[2]
            found[kind[0]][place] = one
        if sum(map(len, found.values())) < len(group):
            _refuse_again(zip(group, key, strict=True))
        return found

    def _track_of(self, k: int, key: str, number: int) -> Track:
        """The track that the k-th field of the state follows."""
        if number >= len(self.tracks):
            msg = f"state.fields[{k}] follows track {number} of {len(self.tracks)}"
            raise PassoError(msg)
        if self.cooldown is not None and key == self.cooldown.key:
            return self._cooled_down(number, self.cooldown)
        return self.tracks[number]

    def _cooled_down(self, number: int, event: CoolDown) -> Track:
        """A track as the fields of the key that cools down follow it."""
        if number not in self._cooled:
            try:
                self._cooled[number] = self.tracks[number].cooled(self.run, event)
            except (PassoError, ArithmeticError) as error:
                msg = f"state.cooldown cannot end state.tracks[{number}]: {error}"
                raise PassoError(msg) from None
        return self._cooled[number]

    @property
    def followed(self) -> Iterator[Track]:
        """The tracks that fields follow."""
        yield from self.tracks
        yield from self._cooled.values()


def _held(state: Any) -> dict[str, Any]:
    """What a state holds, each field checked by itself."""
    if not isinstance(state, Mapping):
        msg = f"a state is what scheduler.state_dict() gave, got {brief(state)}"
        raise PassoError(msg)
    if "optimizers" in state:
        msg = (
            "this is the state of several optimizers under one plan; load it into "
            f"{caller().several}"
        )
        raise PassoError(msg)
    lacking = [part for part in _PARTS if part not in state]
    if lacking:
        msg = f"this is not the state of a passo Scheduler: it lacks {', '.join(lacking)}"
        raise PassoError(_of_torch(state) or msg)
    version = state["version"]
    check = SCHEMAS.get(version) if type(version) is int else None
    if check is None:
        reads = " and ".join(map(str, SCHEMAS))
        msg = f"this state has version {brief(version)}; this passo reads {reads}"
        raise PassoError(msg)
    held: dict[str, Any] = check(state, "state")
    return held


def _of_torch(state: Mapping[str, Any]) -> str:
    """What to write where a checkpoint from before passo is gone on with; "" for another state."""
    calls, bases = state.get("last_epoch"), state.get("base_lrs")
    if type(calls) is not int or calls < 0:
        return ""
    base = "..."
    if isinstance(bases, list) and {type(each) for each in bases} == {float}:
        base = brief(bases[0] if len(set(bases)) == 1 else bases) if len(bases) <= _SHOWN else base
    one = caller().scheduler
    return (
        f"this is the state of a torch scheduler after {calls:,} of its steps, and not of a passo "
        f"Scheduler; write {caller().option(f'base={base}')} with what the run began with, and "
        f"then {one}.seek(steps({calls})) if that was stepped after each update, or "
        f"{one}.seek(epochs({calls})) if once an epoch"
    )


def _refuse_again(spots: Iterable[tuple[int | None, str]]) -> None:
    """Raises PassoError for a field that is there twice."""
    known = set()
    for k, (place, key) in enumerate(spots):
        if (place, key) in known:
            msg = f"state.fields[{k}] says again what {key!r} of group {place} follows"
            raise PassoError(msg)
        known.add((place, key))


def _fits(memory: Memory, held: Mapping[str, Any], place: str) -> None:
    """Refuse what reports can never make of a plateau's memory."""
    own = list(memory.state())
    if sorted(held) != sorted(own):
        msg = f"{place} has {', '.join(held)}; {memory.plateau!r} remembers {', '.join(own)}"
        raise PassoError(msg)
    wrong = memory.reducer.cannot(held)
    if wrong:
        msg = f"{place}{wrong}"
        raise PassoError(msg)


def _memory(value: Any, place: str) -> dict[str, Any]:
    """What one of the kinds of plateaus remembers, told by what only it has."""
    keys = value if isinstance(value, Mapping) else ()
    kind = next((only for only in _MEMORIES if only in keys), "reductions")
    held: dict[str, Any] = _MEMORIES[kind](value, place)
    return held


def _best(value: Any, place: str) -> str:
    """The repr of a float that is not NaN."""
    with contextlib.suppress(ValueError):
        if isinstance(value, str) and repr(float(value)) == value != "nan":
            return value
    msg = f"{place} must be the repr of a float such as '0.25', got {brief(value)}"
    raise PassoError(msg)


def _run(spec: Any, place: str) -> Run:
    return _named(run_from_spec, spec, place)


def _schedule(spec: Any, place: str) -> Schedule:
    return _named(from_spec, spec, place)


def _named(read: Callable[[Any], _Thing], spec: Any, place: str) -> _Thing:
    """What a spec says; an error names its place."""
    try:
        return read(spec)
    except PassoError as error:
        msg = f"{place}: {error}"
        raise PassoError(msg) from None


def _groups(value: Any, place: str) -> list[str] | int:
    """The names of the groups, which all differ, or how many there are."""
    if not isinstance(value, (list, tuple)):
        many: int = count()(value, place)
        return many
    names: list[str] = listed(text)(value, place)
    if len(set(names)) < len(names):
        msg = f"{place} must be names that all differ, or a number, got {brief(value)}"
        raise PassoError(msg)
    return names


_MEMORIES: Final[Mapping[str, Check]] = {
    "anchor": record(
        {
            "best": maybe(_best),
            **dict.fromkeys(("good", "bad", "cooling", "warming"), count()),
            "anchor": number(0),
            "net": count(-MOST),
            "before": number(0),
            "fell": maybe(number(0, LONGEST)),
        }
    ),
    "turned": record(
        {
            **dict.fromkeys(("last", "earlier"), maybe(_best)),
            **dict.fromkeys(("turned", "reductions"), count()),
            "fell": maybe(number(0, LONGEST)),
        }
    ),
    "reductions": record(
        {
            "best": maybe(_best),
            **dict.fromkeys(("bad", "cooling", "reductions"), count()),
            "fell": maybe(number(0, LONGEST)),
        }
    ),
}
_TRACK: Final = {
    "schedule": _schedule,
    "begin": number(0, LONGEST),
    "plateaus": listed(_memory),
}
_STATE: Final = {
    "version": anything,
    "clock": count(),
    "at": number(0, LONGEST),
    "run": maybe(_run),
    "tracks": listed(record(_TRACK)),
    "fields": table(group=maybe(count()), key=short, track=count(), base=number()),
}
_MORE: Final = {"offset": number(-LONGEST, LONGEST), "cooldown": cooled.SCHEMA}
SCHEMAS: Final[Mapping[int, Check]] = {
    1: record(_STATE, _MORE),  # groups were known by their places
    2: record({**_STATE, "groups": _groups}, _MORE),
}
