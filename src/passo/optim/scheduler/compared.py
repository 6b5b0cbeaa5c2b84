"""What is said of a checkpoint's plan that is not today's: both, where they differ, ways out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from passo.ground.checks import write
from passo.optim.scheduler import branching
from passo.optim.scheduler.changed import ENDLESS, Difference, Today, own_base, position, value_at
from passo.optim.scheduler.settings import end_of
from passo.optim.scheduler.tracks import Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.optim.scheduler.changed import Followed
    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.engine import Engine
    from passo.schedules import Run

_LONGEST_CODE: Final = 1000
_SHOWN: Final = 3
_LEAST, _MOST = 3, 17  # digits: these tell any two floats apart
_POINTS: Final = 64
_WAYS: Final = {
    "keep": "for the checkpoint's plan",
    "replace": "for today's at the same update",
    "rescale": "for today's at the same share of the run",
}


def told(engine: Engine, saved: Today, found: list[Difference]) -> str:
    """What differs, groups that are alike once: both codes, and values where they differ."""
    many = f"{len(found)} fields differ" if len(found) > 1 else "one field differs"
    lines = [f"the plan saved at update {saved.clock:,} is not today's, {many}:"]
    alike: dict[tuple[str, str, str, tuple[str, ...]], list[int | None]] = {}
    for each in found:
        old = None if each.saved is None else _Side(*each.saved, saved.run, saved.at)
        new = None if each.today is None else _todays(engine, saved, each.today, each.saved)
        told = each.key, _code(old), _code(new, each.lacks), tuple(_values(old, new))
        alike.setdefault(told, []).append(each.place)
    for (key, was, now, values), places in list(alike.items())[:_SHOWN]:
        name = _named(key, [place for place in places if place is not None])
        lines += [f"  {name}, saved: {was}", f"  {name}, today: {now}"]
        lines += [f"    {value}" for value in values]
    lines.append(_ways_out(engine, saved, found))
    return "\n".join(lines)


def _named(key: str, places: list[int]) -> str:
    """A field, and all the groups in which it is alike."""
    if not places:
        return key
    if len(places) == 1:
        return f"{key} of group {places[0]}"
    if len(places) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{key} of groups {places[0]} to {places[-1]}"
    return f"{key} of groups {', '.join(map(str, places[:-1]))} and {places[-1]}"


def _ways_out(engine: Engine, saved: Today, found: list[Difference]) -> str:
    """The policies that would not be refused here."""
    refused = {"keep"} if any(each.today is None for each in found) else set()
    before = end_of(saved.run)
    if before is None or end_of(engine.settings.run) is None or saved.at >= before:
        refused.add("rescale")  # of a run that is over nothing is left at the same share
    first, *others = [way for way in _WAYS if way not in refused]
    call = engine.settings.caller.option(f'on_change="{first}"')
    return ", ".join([f"write {call} {_WAYS[first]}", *(f'"{way}" {_WAYS[way]}' for way in others)])


class _Side(NamedTuple):
    """One side of a difference: what it would follow, from which base, and where it stands."""

    track: Track
    base: float
    run: Run | None
    at: float

    @property
    def end(self) -> float:
        """Where its run ends."""
        length = end_of(self.run)
        return ENDLESS if length is None else length

    def value(self, at: float) -> float:
        """What it gives there."""
        return value_at(self.track, self.base, at)


def _todays(engine: Engine, saved: Today, today: Driven, theirs: Followed | None) -> _Side:
    """Today's plan as "replace" would go on with it."""
    track, base = Track(today.track.source, engine.settings.run, today.track.begin), today.base
    if theirs is not None:
        track.remember(theirs[0], settled=not branching.goes_on(track, theirs[0]))
        base = own_base(saved, today, theirs)
    at = position(engine, saved, "replace")
    if at is None:
        at = saved.clock if engine.settings.run is None else engine.settings.run.at(saved.clock)
    return _Side(track, base, engine.settings.run, at)


def _code(side: _Side | None, lacks: str = "") -> str:
    if side is None:
        return lacks or "not driven"
    source = side.track.source
    base = f", base {write(side.base)}" if source.relative else ""
    code = repr(source)
    shown = code if len(code) <= _LONGEST_CODE else f"{code[:_LONGEST_CODE]}..."
    run = "without a run" if side.run is None else f"on {side.run!r}"
    return f"{shown}{base} {run}"


def _values(old: _Side | None, new: _Side | None) -> Iterator[str]:
    """Both values now and at the end, where they differ; if nowhere there, where they do most."""
    if old is None or new is None:
        for when in ("now", "at the end"):
            both = [_alone(side, at_end=when != "now") for side in (old, new)]
            yield f"{when} {both[0]} and {both[1]}"
        return
    times = {"now": (old.at, new.at), "at the end": (old.end, new.end)}
    pairs = {when: (old.value(one), new.value(other)) for when, (one, other) in times.items()}
    differ = {when: pair for when, pair in pairs.items() if _are_two(*pair)}
    if not differ and old.at == new.at:
        differ = _where_most(old, new)
    for when, pair in differ.items():
        yield f"{when} {' and '.join(_apart(*pair))}"


def _alone(side: _Side | None, *, at_end: bool) -> str:
    """The value of a side that has no other."""
    if side is None:
        return "nothing"
    return f"{side.value(side.end if at_end else side.at):.6g}"


def _where_most(old: _Side, new: _Side) -> dict[str, tuple[float, float]]:
    """The update between now and the end at which they differ most, as far as some tell."""
    first, end = math.ceil(old.at), max(old.end, new.end)
    steps = [k * (end - first) / _POINTS for k in range(_POINTS)] + [2.0**k for k in range(_POINTS)]
    times = sorted({first + math.floor(each) for each in steps if first + each < end})
    pairs = {t: (old.value(t), new.value(t)) for t in times}
    most = max(pairs, key=lambda t: abs(pairs[t][0] - pairs[t][1]), default=None)
    if most is None or not _are_two(*pairs[most]):
        return {}
    unit = "update" if old.run is None or old.run.axis == "step" else old.run.axis
    return {f"at {unit} {most:,}": pairs[most]}


def _are_two(one: float, other: float) -> bool:
    return one != other and not (math.isnan(one) and math.isnan(other))


def _apart(one: float, other: float) -> tuple[str, str]:
    """Both by as few digits as tell them apart.

    >>> _apart(0.07500000000000001, 0.05333333333333334), _apart(0.1, 0.1 + 1e-9)
    (('0.075', '0.0533'), ('0.1', '0.100000001'))
    """
    whole = f"{max(abs(one), abs(other)):.0f}"
    for digits in range(max(_LEAST, min(len(whole), _MOST)), _MOST):
        both = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if both[0] != both[1]:
            return both
    return write(one), write(other)
