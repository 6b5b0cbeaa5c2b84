"""The state of a Scheduler within its optimizer's: JSON beside the first group, both ways."""

from __future__ import annotations

import json
import weakref
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from passo.ground.schema import anything, count, listed, mapping, record
from passo.optim.ground.caller import caller
from passo.optim.ground.quiet import quiet
from passo.optim.ground.wrappers import layers
from passo.optim.scheduler import broken, moves, resume, words
from passo.optim.scheduler.no_optimizer import there
from passo.optim.scheduler.own_count import count_in, own_count
from passo.optim.scheduler.state import Saved, save
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.settings import Settings

KEY: Final = "passo"
_LEFT_OUT: Final = "\nor {} to leave it out"
_REMEMBERED: Final = 256  # states that a Scheduler wrote, by their hash
_FORM: Final = record({"updates": count(), "states": listed(mapping(anything))})


@dataclass(slots=True, frozen=True)
class Carried:
    """One Scheduler's state, and how many updates the optimizer itself said when it was saved.

    `keys` is what it drove, each once.
    """

    updates: int
    state: Mapping[str, Any]
    keys: Collection[str]

    @property
    def clock(self) -> int:
        """The Scheduler's own clock."""
        clock = self.state.get("clock")
        return clock if type(clock) is int else 0

    def is_stale(self, updates: int) -> bool:
        """Whether an optimizer that says so many updates was trained on without passo.

        One that did not count when it was saved, or not here, tells nothing by it.
        """
        counted = self.updates or not self.clock
        return bool(counted) and updates > self.updates


@dataclass(slots=True)
class _Brought:
    """What came with an optimizer's state, for each Scheduler of it, before and after attach.

    `seen` are the Schedulers that were offered it, each with how many updates it had made then:
    once one of them has made another, it is of the past.
    """

    text: str
    seen: list[tuple[weakref.ref[Engine], int]] = field(default_factory=list)

    @property
    def is_past(self) -> bool:
        """Whether updates were made with it."""
        known = ((ref(), made) for ref, made in self.seen)
        return any(engine is not None and engine.clock.made != made for engine, made in known)


class _Foreseen(NamedTuple):
    """How a load that is under way will go on, and what that was worked out from."""

    state: Mapping[str, Any]
    saved: Saved
    course: resume.Course
    standing: tuple[Any, ...]


_brought: Final[weakref.WeakKeyDictionary[Any, _Brought]] = weakref.WeakKeyDictionary()


class Carrier:
    """Takes one Scheduler's state into the state of its optimizer, and out of it again.

    `KEY` is in what `state_dict()` gives and what is loaded; a live group holds it for only as
    long as no Scheduler has looked. It is text and no dict: distributed checkpoint takes a dict
    apart, and asks of every later run that it has the same parts.
    """

    __slots__ = ("_by_hand", "_engine", "_foreseen", "_optimizer", "_reading", "_written")

    def __init__(self, engine: Engine, optimizer: Callable[[], Any]) -> None:
        self._engine, self._optimizer = engine, optimizer
        self._by_hand: tuple[str, int] = "", -1
        self._foreseen: _Foreseen | None = None
        self._reading: tuple[str, list[Carried]] = "", []
        self._written: deque[int] = deque(maxlen=_REMEMBERED)

    # -- what its optimizer calls, or what that holds inside, when a state is loaded or saved

    @quiet
    def before_load(self, optimizer: Any, state_dict: Mapping[str, Any]) -> None:
        """What joined has its base from what it holds before, and names must be the same."""
        self._engine.look(optimizer.param_groups)
        words.refuse_other_names(optimizer.param_groups, state_dict.get("param_groups", ()))
        self.foresee(optimizer, state_dict)
        keep(optimizer, None)

    def after_load(self, optimizer: Any) -> None:
        """The groups are other dicts now, and perhaps a state came with them."""
        take_out(optimizer, optimizer.param_groups)
        self._engine.loaded(optimizer.param_groups)
        self.take_up(optimizer)

    def after_load_inside(self, inner: Any) -> None:
        """A wrapper hands the load on to what it holds, and shows the groups of that."""
        optimizer = there(self._optimizer)
        take_out(optimizer, inner.param_groups)
        self.take_up(optimizer)

    def before_saving(self, optimizer: Any) -> None:
        """A sharded optimizer puts what was loaded into its groups again, after all hooks."""
        self._engine.settle()
        drop(optimizer.param_groups)

    def after_saving(self, optimizer: Any, saved: dict[str, Any]) -> None:
        """The state rides in the optimizer's. A group that no plan covers is refused elsewhere."""
        engine = self._engine
        if engine.settings.carry:
            with suppress(PassoError):
                engine.look(there(self._optimizer).param_groups)
            engine.keep_told()
            self.put(optimizer, saved, save(engine, engine.driver.known))

    def take_up(self, optimizer: Any) -> None:
        """Go on from what the optimizer's state brought, if anything."""
        engine, brought = self._engine, self.offered(optimizer)
        if brought is None:
            return
        if brought != save(engine, engine.driver.known):
            with said_whence(engine.settings):
                moves.load(engine, optimizer.param_groups, *self.foreseen(brought))
        else:
            moves.come(engine)
        if engine.company is not None:
            engine.company.came(engine)

    def told(self, what: str) -> None:
        """Somebody loaded a state by hand, or a report made a plateau fall."""
        self._by_hand = what, self._engine.clock.made

    def put(self, optimizer: Any, saved: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Into what `optimizer.state_dict()` gives, behind those that were put there before."""
        groups = saved.get("param_groups")
        if not groups:
            return
        held, live = groups[0].get(KEY), optimizer.param_groups[0].get(KEY)
        before = [] if held is None or held is live else _read(held, self._engine.settings)
        states = [json.dumps(each) for each in (*(other.state for other in before), state)]
        self._written.append(hash(states[-1]))
        told = f'{{"updates": {_counted(optimizer)}, "states": [{", ".join(states)}]}}'
        groups[0][KEY] = told

    def offered(self, optimizer: Any) -> Mapping[str, Any] | None:
        """The state to go on with, of what the optimizer's state brought; None where there is none.

        Where there is one that is not to be used, the first update says so.
        """
        brought, engine = _known(optimizer), self._engine
        if brought is None or brought.is_past:
            return None
        brought.seen.append((weakref.ref(engine), engine.clock.made))
        if not engine.settings.carry or self._wins(carried := self._chosen(brought.text)):
            return None
        return self._weighed(carried, _counted(optimizer))

    def _weighed(self, carried: Carried | None, updates: int) -> Mapping[str, Any] | None:
        engine = self._engine
        driver, name, clock = engine.driver, engine.name, engine.clock.updates
        caller = engine.settings.caller
        if carried is None:
            return None
        if carried.is_stale(updates):
            more = updates - carried.updates
            word = broken.stale(driver, caller, name, carried.clock, more, clock)
        elif carried.clock and not _drives(engine, carried):
            word = broken.of_another(driver, caller, name, carried.keys, carried.clock, clock)
        else:
            return carried.state if _drives(engine, carried) else None
        engine.passed_over = word
        engine.promises.owe("older", engine.settings.part)
        return None

    def foresee(self, optimizer: Any, loaded: Mapping[str, Any]) -> None:
        """Before anything is loaded: raises PassoError where the state could not be gone on with.

        An optimizer's state that does not fit the optimizer is torch's to refuse.
        """
        self._foreseen = None
        engine, groups = self._engine, loaded.get("param_groups", ())
        texts = _texts(groups)
        if not (texts and engine.settings.carry) or len(groups) != len(optimizer.param_groups):
            return
        carried = self._chosen(texts[0])
        if carried is None or self._wins(carried) or not _drives(engine, carried):
            return
        if not carried.is_stale(count_in(loaded.get("state"), groups)):
            with said_whence(engine.settings):
                saved = Saved(carried.state)
                course = resume.foresee(engine, saved, optimizer.param_groups)
            self._foreseen = _Foreseen(carried.state, saved, course, resume.standing(engine))

    def foreseen(self, state: Mapping[str, Any]) -> tuple[Saved, resume.Course | None]:
        """The state, read and checked, and how it goes on where that was foreseen.

        It is handed out once: a load may go on with its very tracks. Between the hooks before and
        after a load somebody may have reported, or moved the clock: then it is foreseen anew.
        """
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is None or foreseen.state != state:
            return Saved(state), None
        same = foreseen.standing == resume.standing(self._engine)
        return (foreseen.saved, foreseen.course) if same else (Saved(state), None)

    def _chosen(self, text: str) -> Carried | None:
        """Of all that is carried, the state which has most in common with a plan."""
        (read, carried), engine = self._reading, self._engine
        if read != text:
            carried = _read(text, engine.settings)
            self._reading = text, carried
        ours = {each.key for each in engine.driver.driven}
        return max(carried, key=lambda each: len(ours.intersection(each.keys)), default=None)

    def _wins(self, carried: Carried | None) -> bool:
        """Whether what was said by hand since the last update counts, and not what is carried.

        A fall counts against the past of this very run: the best weights are loaded because a
        plateau fell, and must not take the fall back.
        """
        what, made = self._by_hand
        if made != self._engine.clock.made or carried is None:
            return False
        return what == "load" or hash(json.dumps(carried.state)) in self._written


def take_out(optimizer: Any, groups: Groups) -> None:
    """Out of the live groups, for the Schedulers of this optimizer."""
    texts = _texts(groups)
    if texts:
        drop(groups)
        keep(optimizer, _Brought(texts[0]))


def drop(groups: Groups) -> None:
    """No live group holds it."""
    for group in groups:
        if isinstance(group.get(KEY), str):
            del group[KEY]


def comes_with(optimizer: Any) -> bool:
    """Whether a state came with the optimizer's, so that what its fields hold is no base."""
    return bool(_texts(optimizer.param_groups)) or _known(optimizer) is not None


def clock_of(optimizer: Any) -> int:
    """The clock of what came with the optimizer's state, the most advanced; 0 where none came."""
    brought = _known(optimizer)
    texts = _texts(optimizer.param_groups) or ([] if brought is None else [brought.text])
    return max((each.clock for text in texts for each in _read(text)), default=0)


def known(optimizer: Any) -> Any:
    """What came with this optimizer's state, to be put back by `keep`."""
    return _known(optimizer)


def keep(optimizer: Any, brought: Any) -> None:
    """Let that be what came with the optimizer's state; None for nothing."""
    try:
        _brought.pop(optimizer, None)
        if brought is not None:
            _brought[optimizer] = brought
    except TypeError:  # a wrapper that cannot be held weakly: it has no hooks either
        return


@contextmanager
def said_whence(settings: Settings | None) -> Iterator[None]:
    """A refusal says whence the state came, of several optimizers from which, and the way out."""
    try:
        yield
    except (ValueError, RecursionError) as error:
        part = "" if settings is None else settings.part
        whose = f"the state of {part!r}" if part else "the optimizer's state"
        without = (caller() if settings is None else settings.caller).without
        msg = (
            f"{whose} carries that of a Scheduler, with which this one cannot go on: {error}"
            f"{without and _LEFT_OUT.format(without)}"
        )
        raise PassoError(msg) from None


def _known(optimizer: Any) -> _Brought | None:
    try:
        return _brought.get(optimizer)
    except TypeError:
        return None


def _texts(groups: Iterable[Any]) -> list[str]:
    """What groups carry: the first one does, wherever it stands by now."""
    maps = (each for each in groups if type(each) is dict or isinstance(each, Mapping))
    return [held for group in maps if isinstance(held := group.get(KEY), str)]


def _counted(optimizer: Any) -> int:
    """The most updates that an optimizer says, or what it holds inside: shards do not show all."""
    inside = (each for each in layers(optimizer) if hasattr(each, "param_groups"))
    return max(map(own_count, inside), default=0)


def _drives(engine: Engine, carried: Carried) -> bool:
    keys = carried.keys
    return not keys or any(each.key in keys for each in engine.driver.driven)


def _read(text: str, settings: Settings | None = None) -> list[Carried]:
    with said_whence(settings):
        told = _FORM(json.loads(text), KEY)
    return [Carried(told["updates"], state, _keys(state)) for state in told["states"]]


def _keys(state: Mapping[str, Any]) -> list[str]:
    """What a state says that it drives, each once; it is not checked yet."""
    rows = state.get("fields")
    lists = [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
    return list(dict.fromkeys(row[1] for row in lists if len(row) > 1 and type(row[1]) is str))
