"""What differs between a checkpoint's plan and today's, by value."""

from __future__ import annotations

import math
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from passo.optim.ground.groups import pair_saved
from passo.optim.scheduler.bases import same
from passo.optim.scheduler.settings import end_of
from passo.optim.scheduler.state import Saved
from passo.optim.scheduler.tracks import Track
from passo.schedules import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Driver, Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.state import Fields
    from passo.schedules import Schedule

Followed: TypeAlias = "tuple[Track, float]"  # what a field follows, and from which base
ENDLESS: Final = 10_000.0
_POINTS: Final = 64
_GONE: Final = -1  # the place of what stands nowhere today
_PLACE, _HELD, _GIVEN = attrgetter("place"), attrgetter("held"), attrgetter("given")


class Today:
    """A state, with its fields called by the places where their groups stand today.

    `joined` are the places of groups that the state does not know, `gone` the fields of groups
    that are not there today, by the places of then. What the state follows as one of the driver's
    tracks does is that very track, so that what is worked out for it is worked out once; `pairs`
    are what is driven today, beside what the state says of it.
    """

    def __init__(self, saved: Saved, groups: Groups, driver: Driver) -> None:
        self.clock, self.at, self.offset, self.run = saved.clock, saved.at, saved.offset, saved.run
        self.cooldown = saved.cooldown
        self._written: dict[tuple[int, float, float], float] = {}
        same = _todays_tracks(driver.tracks, saved.followed)
        place_of = pair_saved(saved.names, groups)
        known = {today for place, today in place_of.items() if place < saved.groups}
        self.joined = set(range(len(groups))) - known
        where: dict[Any, int | None] = {**place_of, None: None}
        self.fields: Fields = {}
        self.gone: Fields = {}
        for key, then in saved.fields.items():
            alike = {id(each): each for each in then.values()}
            now = {at: (same[id(track)], base) for at, (track, base) in alike.items()}
            followed = map(now.__getitem__, map(id, then.values()))
            here = dict(zip(map(where.get, then, repeat(_GONE)), followed, strict=True))
            lost = then.keys() - where.keys() if here.pop(_GONE, None) else ()
            self.gone[key] = {place: now[id(then[place])] for place in lost}
            self.fields[key] = here
        self.pairs = _pairs(driver, self.fields)

    def written(self, track: Track, base: float) -> tuple[float, float]:
        """What a track of the state gave from that base to the next update, and to the last."""
        at, before = self.at, self.at - _an_update(self.run)
        return self._at(track, base, at), self._at(track, base, before)

    def _at(self, track: Track, base: float, at: float) -> float:
        spot = id(track), base, at
        if spot not in self._written:
            self._written[spot] = value_at(track, base, at)
        return self._written[spot]


def _todays_tracks(tracks: Iterable[Track], saved: Iterable[Track]) -> dict[int, Track]:
    """For each saved one, by its id, that of the tracks which is it in all, or itself."""
    today = {(each.source, each.begin, each.cooling): each for each in tracks}
    found = {}
    for each in saved:
        one = today.get((each.source, each.begin, each.cooling), each)
        again = one.is_again(each.run, each.begin, each.cooling)
        found[id(each)] = one if again else each
    return found


class Pair(NamedTuple):
    """What goes on alike: driven from one base on one track, and the same to the state."""

    driven: list[Driven]
    saved: Followed | None

    @property
    def first(self) -> Driven:
        """One that stands for all of them."""
        return self.driven[0]


def _pairs(driver: Driver, fields: Fields) -> list[Pair]:
    """What is driven beside what a state has for it."""
    found: list[Pair] = []
    for one in driver.shared:  # what follows one track from one base
        key, same = one.key, one.followers
        if key is None:
            theirs = [fields.get(each.key, {}).get(each.place) for each in same]
        else:
            theirs = list(map(fields.get(key, {}).get, map(_PLACE, same)))
            if all(map(_is_one, (map(_HELD, same), map(_GIVEN, same), map(id, theirs)))):
                found.append(Pair(same, theirs[0]))
                continue
        apart: dict[tuple[Any, ...], Pair] = {}
        for each, its in zip(same, theirs, strict=True):
            kind = None if each.tensor is None else each.tensor.dtype
            spot = each.held, each.given, each.key, id(each.field), kind, id(its)
            apart.setdefault(spot, Pair([], its)).driven.append(each)
        found += apart.values()
    return found


def _is_one(values: Iterable[Any]) -> bool:
    return len(set(values)) == 1


class Difference(NamedTuple):
    """One field that is not as in the checkpoint; None stands for the side that lacks it."""

    place: int | None
    key: str
    today: Driven | None
    saved: Followed | None
    lacks: str = ""

    @property
    def name(self) -> str:
        """The field in words."""
        return field_name(self.place, self.key)


def differences(engine: Engine, saved: Today) -> list[Difference]:
    """The fields whose curves differ on their runs, by value and not by text.

    A group that the checkpoint does not know has joined since; it is no difference.
    """
    lengths = end_of(engine.settings.run), end_of(saved.run)
    differ, known = set(), 0
    verdicts: dict[tuple[int, float, int, float], bool] = {}
    for pair in saved.pairs:
        first, theirs = pair.first, pair.saved
        if theirs is None:
            differ |= {id(each) for each in pair.driven if each.place not in saved.joined}
            continue
        known += len(pair.driven)
        own = own_base(saved, first, theirs)
        curves = id(first.track), own, id(theirs[0]), theirs[1]
        if curves not in verdicts:
            verdicts[curves] = _differ((first.track, own), theirs, *lengths)
        if verdicts[curves]:
            differ |= set(map(id, pair.driven))
    found, driven = [], engine.driver.driven
    for each in driven if differ else ():
        at = each.place, each.key
        if id(each) in differ:
            found.append(Difference(*at, each, saved.fields.get(each.key, {}).get(each.place)))
    if known < sum(map(len, saved.fields.values())):
        here = {(each.place, each.key) for each in driven}
        found += (each for each in _undriven(saved.fields) if (each.place, each.key) not in here)
    lacks = "there is no such group; where it is added later, add it before loading"
    return [*found, *_undriven(saved.gone, lacks)]


def _undriven(fields: Fields, lacks: str = "") -> Iterator[Difference]:
    """What only a checkpoint drives, group by group."""
    spots = [(place, key) for key, of in fields.items() for place in of]
    for place, key in sorted(spots, key=lambda spot: math.inf if spot[0] is None else spot[0]):
        yield Difference(place, key, None, fields[key][place], lacks)


def field_name(place: int | None, key: str) -> str:
    """A field in words: its key, and where its group stands."""
    return key if place is None else f"{key} of group {place}"


def _differ(ours: Followed, theirs: Followed, today: float | None, length: float | None) -> bool:
    """Whether two curves differ, on runs of these lengths."""
    (new, own), (old, base) = ours, theirs
    if new.unit != old.unit or length != today:
        return True
    if new.source.relative and own != base:
        return True
    if new.trunk == old.trunk:
        return False
    if _plateaus(new) != _plateaus(old):
        return True
    now = _with_a_past(new, length).with_base(own)
    before = _with_a_past(old, length).with_base(base)
    return any(now(t) != before(t) for t in _times(now, before, length))


def own_base(saved: Today, today: Driven, theirs: Followed) -> float:
    """The base of today's plan: the saved one, where it is the same or the field was loaded.

    A field was loaded where it held what the saved plan gives to the next update or gave to the
    last one, when its base was read.
    """
    track, base = theirs
    if today.held is None or today.base == base or same(today.base, base, today):
        return base
    if today.given:
        return today.base
    if not today.track.source.relative:
        return base
    written = saved.written(track, base)
    return base if any(same(today.held, value, today) for value in written) else today.base


def _an_update(run: Run | None) -> float:
    """How far an update moves the clock on the run's axis; 0 where that is not known."""
    if run is None or run.axis == "step":
        return 1.0
    rate = run.samples_per_step if run.axis == "sample" else run.tokens_per_step
    return 0.0 if rate is None else float(run.at(1))


def value_at(track: Track, base: float, at: float) -> float:
    """What a track gives at a position, from that base; NaN where that is no number."""
    try:
        return float(track.formula(base)(max(at - track.begin, 0.0)))
    except ArithmeticError:
        return math.nan


def _plateaus(track: Track) -> list[str]:
    return [repr(memory.plateau) for memory in track.memories]


def _with_a_past(track: Track, length: float | None) -> Schedule:
    """The schedule after reports that turn and never improve: what moves by them shows where."""
    end = ENDLESS if length is None else length
    heard = [memory.plateau.metric for memory in track.memories]
    if not heard:
        return track.trunk
    reports = [(end * k / _POINTS, dict.fromkeys(heard, 1.0 + k % 2)) for k in range(_POINTS)]
    return track.trunk.with_reports(reports)


def _times(one: Schedule, other: Schedule, length: float | None) -> Iterator[float]:
    end = ENDLESS if length is None else length
    for schedule in (one, other):
        for corner in list(_corners(schedule, end))[:_POINTS]:
            yield from (corner, corner * (1 - 1e-9))
    for k in range(_POINTS + 1):
        yield end * k / _POINTS


def _corners(schedule: Schedule, end: float) -> Iterator[float]:
    return (t for _, t in zip(range(_POINTS), schedule.corners(0.0, end), strict=False))


def position(engine: Engine, saved: Today, policy: str) -> float | None:
    """Where a load goes to on the axis; None where the axis is another, and the clock tells."""
    before = "step" if saved.run is None else saved.run.axis
    return saved.at if policy == "keep" or before == engine.settings.axis else None


def pairs(found: list[Difference]) -> list[tuple[str, Track, Track]]:
    """The fields that differ, with what they follow today and in the checkpoint."""
    return [
        (each.name, each.today.track, each.saved[0])
        for each in found
        if each.today is not None and each.saved is not None
    ]
