"""The way back: a checkpoint's plan against today's, and what each policy does."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from passo.ground.checks import LATEST, write
from passo.optim.ground.fields import broken_bounds
from passo.optim.ground.groups import pair_saved
from passo.optim.scheduler import branching
from passo.optim.scheduler.bases import same
from passo.optim.scheduler.clock import Clock
from passo.optim.scheduler.cooled import cool
from passo.optim.scheduler.horizon import points
from passo.optim.scheduler.settings import end_of
from passo.optim.scheduler.state import Saved
from passo.optim.scheduler.tracks import Track
from passo.schedules import PassoError, Run, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.schedules import Schedule

_Followed: TypeAlias = "tuple[Track, float]"  # what a field follows, and from which base
_LONGEST_CODE = 1000
_POINTS = 64
_WAYS = {
    "keep": "for the checkpoint's plan",
    "replace": "for today's at the same update",
    "rescale": "for today's at the same share of the run",
}
_ENDLESS = 10_000.0


class _Course(NamedTuple):
    """How a load goes on: on which run, from which update and position, each field on what.

    Where today's plan takes over from another one, `parent` is that one, for the trace.
    """

    run: Run | None
    updates: int
    at: float | None
    followed: list[_Followed]
    cooldown: CoolDown | None
    parent: dict[str, Any] | None


def foresee(engine: Engine, state: Saved, groups: Groups) -> _Course:
    """How a load would go on, with nothing changed; raises PassoError where it is refused."""
    saved = _Today(state, groups)
    found = _differences(engine, saved)
    policy = engine.settings.on_change if found else "same"
    if policy == "error":
        raise PassoError(_told(engine, saved, found))
    run, updates, at = engine.settings.run, saved.clock, _position(engine, saved, policy)
    if policy == "rescale":
        updates, at = _rescaled(engine, saved)
    branching.refuse(policy, saved.cooldown, saved.at, saved.clock, _pairs(found))
    if policy == "keep":
        run = _with_todays_rates(saved.run, run)
        followed = _kept(engine, saved, found)
    cooldown = saved.cooldown and saved.cooldown.on(run, saved.run)
    if policy != "keep":
        followed = _taken_up(engine, saved, cooldown, settled=policy != "same")
    clock = Clock(replace(engine.settings, run=run))
    clock.move(updates, at, saved.offset)
    _refuse_impossible(engine, followed, clock.at, end_of(run), groups)
    took_over = policy in {"replace", "rescale"}
    parent = branching.parent(state, saved.run) if took_over else None
    return _Course(run, updates, at, followed, cooldown, parent)


def load(engine: Engine, state: Saved, groups: Groups) -> dict[str, Any] | None:
    """Clock, bases and plateaus as they were saved, on the plan that `on_change` chooses.

    All of it is worked out before anything is changed: a refused load leaves no trace. Where
    today's plan takes over from another one, the answer is that one, for the trace.
    """
    run, updates, at, followed, cooldown, parent = foresee(engine, state, groups)
    if engine.journal is not None:
        engine.journal.wind(groups, updates)
    # Until here nothing has changed; from here on nothing can fail.
    engine.settings.run, engine.settings.cooldown = run, cooldown
    new = {(track.source, track.begin): track for track, _ in followed}
    driver = engine.driver
    for each, (track, base) in zip(driver.driven, followed, strict=True):
        each.track, each.base = track, base
    for each in driver.everything():
        each.track = new.get((each.track.source, each.track.begin), each.track)
    driver.tracks = [new.get((each.source, each.begin), each) for each in driver.tracks]
    driver.forget_unused()
    cool(driver, engine.settings)
    engine.clock.move(updates, at, state.offset)
    return parent


def _pairs(found: list[_Difference]) -> list[tuple[str, Track, Track]]:
    """The fields that differ, with what they follow today and in the checkpoint."""
    return [
        (name, today.track, saved[0])
        for name, today, saved, _ in found
        if today is not None and saved is not None
    ]


def _refuse_impossible(
    engine: Engine, followed: list[_Followed], at: float, end: float | None, groups: Groups
) -> None:
    """Raises PassoError where a field would hold what attach would not have let it hold."""
    known = {(each.track.source, each.base) for each in engine.driver.driven}
    seen = set()
    for each, (track, base) in zip(engine.driver.driven, followed, strict=True):
        if (id(track), base, each.key) in seen:
            continue
        seen.add((id(track), base, each.key))
        formula = track.known.with_base(base) if track.known.relative else track.known
        times = {max(at - track.begin, 0.0)}
        if (track.source, base) not in known:
            times |= set(points(formula, _ENDLESS if end is None else end))
        name, most, bounds = _name(each.place, each.key), LATEST, ""
        if each.field is not None and each.place is not None:
            most = each.field.most(groups[each.place])
        try:
            values = [formula(t) for t in times]
        except ArithmeticError as error:
            msg = f"the state cannot be gone on with: {name} would have no value ({error})"
            raise PassoError(msg) from None
        if each.field is not None:
            bounds = broken_bounds(each.field, min(values), max(values))
        if bounds or not all(abs(value) <= most for value in values):
            msg = (
                f"the state cannot be gone on with: from base {base:g}, {name} would go from "
                f"{min(values):.6g} to {max(values):.6g}, and it must stay "
                f"{bounds or f'within {most:.3g}'}; load the state of another time"
            )
            raise PassoError(msg)


class _Today:
    """A state, with its fields called by the places where their groups stand today.

    `joined` are the places of groups that the state does not know, `gone` the fields of groups
    that are not there today, by the places of then.
    """

    def __init__(self, saved: Saved, groups: Groups) -> None:
        self.clock, self.at, self.offset, self.run = saved.clock, saved.at, saved.offset, saved.run
        self.cooldown = saved.cooldown
        place_of = pair_saved(saved.names, groups)
        known = {now for place, now in place_of.items() if place < saved.groups}
        self.joined = set(range(len(groups))) - known
        self.fields: dict[tuple[int | None, str], _Followed] = {}
        self.gone: dict[tuple[int | None, str], _Followed] = {}
        for (place, key), field in saved.fields.items():
            if place is not None and place not in place_of:
                self.gone[place, key] = field
            else:
                self.fields[None if place is None else place_of[place], key] = field


class _Difference(NamedTuple):
    """One field that is not as in the checkpoint; None stands for the side that lacks it."""

    name: str
    today: Driven | None
    saved: _Followed | None
    lacks: str = ""


def _differences(engine: Engine, saved: _Today) -> list[_Difference]:
    """The fields whose curves differ on their runs, by value and not by text.

    A group that the checkpoint does not know has joined since; it is no difference.
    """
    found, here = [], set()
    for each in engine.driver.driven:
        here.add((each.place, each.key))
        theirs = saved.fields.get((each.place, each.key))
        if theirs is None and each.place not in saved.joined:
            found.append(_Difference(_name(each.place, each.key), each, None))
        elif theirs is not None and _differ(engine, saved, each, theirs):
            found.append(_Difference(_name(each.place, each.key), each, theirs))
    undriven = [spot for spot in saved.fields if spot not in here]
    found += [_Difference(_name(*spot), None, saved.fields[spot]) for spot in undriven]
    lacks = "there is no such group; where it is added later, add it before loading"
    return found + [_Difference(_name(*at), None, old, lacks) for at, old in saved.gone.items()]


def _name(place: int | None, key: str) -> str:
    return key if place is None else f"{key} of group {place}"


def _differ(engine: Engine, saved: _Today, today: Driven, theirs: _Followed) -> bool:
    old, base = theirs
    new, length = today.track, end_of(saved.run)
    if new.unit != old.unit or length != end_of(engine.settings.run):
        return True
    own = _own_base(saved, today, theirs)
    if new.source.relative and own != base:
        return True
    if new.trunk == old.trunk:
        return False
    if _plateaus(new) != _plateaus(old):
        return True
    ours = _with_a_past(new, length).with_base(own)
    before = _with_a_past(old, length).with_base(base)
    return any(ours(t) != before(t) for t in _times(ours, before, length))


def _own_base(saved: _Today, today: Driven, theirs: _Followed) -> float:
    """The base of today's plan: the saved one, where it is the same or the field was loaded.

    A field was loaded where it held what the saved plan gives to the next update or gave to the
    last one, when its base was read.
    """
    track, base = theirs
    if today.held is None or same(today.base, base, today):
        return base
    if today.given:
        return today.base
    if not today.track.source.relative:
        return base
    written = (_written(track, base, at) for at in (saved.at, saved.at - _an_update(saved.run)))
    return base if any(same(today.held, value, today) for value in written) else today.base


def _an_update(run: Run | None) -> float:
    """How far an update moves the clock on the run's axis; 0 where that is not known."""
    if run is None or run.axis == "step":
        return 1.0
    rate = run.samples_per_step if run.axis == "sample" else run.tokens_per_step
    return 0.0 if rate is None else float(run.at(1))


def _written(track: Track, base: float, at: float) -> float:
    """What a track gives at a position, from that base; NaN where that is no number."""
    known = track.known.with_base(base) if track.known.relative else track.known
    try:
        return float(known(max(at - track.begin, 0.0)))
    except ArithmeticError:
        return math.nan


def _plateaus(track: Track) -> list[str]:
    return [repr(memory.plateau) for memory in track.memories]


def _with_a_past(track: Track, length: float | None) -> Schedule:
    """The schedule after reports that turn and never improve: what moves by them shows where."""
    end = _ENDLESS if length is None else length
    heard = [memory.plateau.metric for memory in track.memories]
    if not heard:
        return track.trunk
    reports = [(end * k / _POINTS, dict.fromkeys(heard, 1.0 + k % 2)) for k in range(_POINTS)]
    return track.trunk.with_reports(reports)


def _times(one: Schedule, other: Schedule, length: float | None) -> Iterator[float]:
    end = _ENDLESS if length is None else length
    for schedule in (one, other):
        for corner in list(_corners(schedule, end))[:_POINTS]:
            yield from (corner, corner * (1 - 1e-9))
    for k in range(_POINTS + 1):
        yield end * k / _POINTS


def _corners(schedule: Schedule, end: float) -> Iterator[float]:
    return (t for _, t in zip(range(_POINTS), schedule.corners(0.0, end), strict=False))


def _told(engine: Engine, saved: _Today, found: list[_Difference]) -> str:
    """What differs: for the first fields, both codes, and both values now and at the end."""
    many = f"{len(found)} fields differ" if len(found) > 1 else "one field differs"
    lines = [f"the plan saved at update {saved.clock:,} is not today's, {many}:"]
    for name, today, theirs, lacks in found[:3]:
        old = None if theirs is None else _Side(*theirs, saved.run, saved.at)
        new = None if today is None else _todays(engine, saved, today, theirs)
        lines += [
            f"  {name}, saved: {_code(old)}",
            f"  {name}, today: {_code(new, lacks)}",
            f"    now {_value(old)} and {_value(new)}",
            f"    at the end {_value(_at_end(old))} and {_value(_at_end(new))}",
        ]
    lines.append(_ways_out(engine, saved, found))
    return "\n".join(lines)


def _ways_out(engine: Engine, saved: _Today, found: list[_Difference]) -> str:
    """The policies that would not be refused here."""
    refused = {"keep"} if any(each.today is None for each in found) else set()
    if None in (end_of(saved.run), end_of(engine.settings.run)):
        refused.add("rescale")
    first, *others = [way for way in _WAYS if way not in refused]
    ways = [f'write attach(..., on_change="{first}") {_WAYS[first]}']
    return ", ".join([*ways, *(f'"{way}" {_WAYS[way]}' for way in others)])


class _Side(NamedTuple):
    """One side of a difference: what it would follow, from which base, and where it stands."""

    track: Track
    base: float
    run: Run | None
    at: float


def _todays(engine: Engine, saved: _Today, today: Driven, theirs: _Followed | None) -> _Side:
    """Today's plan as "replace" would go on with it."""
    track, base = Track(today.track.source, engine.settings.run, today.track.begin), today.base
    if theirs is not None:
        track.remember(theirs[0], settled=not branching.goes_on(track, theirs[0]))
        base = _own_base(saved, today, theirs)
    at = _position(engine, saved, "replace")
    if at is None:
        at = saved.clock if engine.settings.run is None else engine.settings.run.at(saved.clock)
    return _Side(track, base, engine.settings.run, at)


def _position(engine: Engine, saved: _Today, policy: str) -> float | None:
    """Where a load goes to on the axis; None where the axis is another, and the clock tells."""
    before = "step" if saved.run is None else saved.run.axis
    return saved.at if policy == "keep" or before == engine.settings.axis else None


def _code(side: _Side | None, lacks: str = "") -> str:
    if side is None:
        return lacks or "not driven"
    source = side.track.source
    base = f", base {write(side.base)}" if source.relative else ""
    code = repr(source)
    shown = code if len(code) <= _LONGEST_CODE else f"{code[:_LONGEST_CODE]}..."
    return f"{shown}{base} on {side.run!r}"


def _at_end(side: _Side | None) -> _Side | None:
    length = None if side is None else end_of(side.run)
    return side and side._replace(at=_ENDLESS if length is None else length)


def _value(side: _Side | None) -> str:
    if side is None:
        return "nothing"
    return write(_written(side.track, side.base, side.at))


def _rescaled(engine: Engine, saved: _Today) -> tuple[int, float]:
    """Update and position at the same share of today's run."""
    before, now = end_of(saved.run), end_of(engine.settings.run)
    if before is None:
        msg = (
            'on_change="rescale" needs a run on both sides, and the checkpoint has none; write '
            'on_change="replace"'
        )
        raise PassoError(msg)
    if now is None or engine.settings.run is None:
        msg = 'on_change="rescale" needs a run on both sides; write attach(..., run)'
        raise PassoError(msg)
    at = saved.at * now / before
    return (round(at), at) if engine.settings.run.axis == "step" else (saved.clock, at)


def _taken_up(
    engine: Engine, saved: _Today, cooldown: CoolDown | None, *, settled: bool
) -> list[_Followed]:
    """Today's plan goes on from the checkpoint: its bases, its late groups, its plateaus."""
    driven, fresh = engine.driver.driven, {}
    for each in driven:
        old, _ = saved.fields.get((each.place, each.key), (None, None))
        cooling = cooldown if cooldown is not None and cooldown.key == each.key else None
        if old is not None and (each.track.source, old.begin, cooling) not in fresh:
            track = Track(each.track.source, engine.settings.run, old.begin, cooling)
            track.remember_all(engine.driver.tracks)
            track.remember(old, settled=settled and not branching.goes_on(track, old))
            fresh[each.track.source, old.begin, cooling] = track
    followed: list[_Followed] = []
    for each in driven:
        old, base = saved.fields.get((each.place, each.key), (each.track, each.base))
        own = each.base if old is each.track else _own_base(saved, each, (old, base))
        cooling = cooldown if cooldown is not None and cooldown.key == each.key else None
        followed.append((fresh.get((each.track.source, old.begin, cooling), each.track), own))
    return followed


def _kept(engine: Engine, saved: _Today, found: list[_Difference]) -> list[_Followed]:
    """The checkpoint's plan, run and bases; what it does not drive stays as today."""
    for name, today, _, lacks in found:
        if today is None:
            there = "add that group before loading" if lacks else "attach a plan that drives it"
            msg = (
                f"the checkpoint drives {name}, and nothing does today, so its plan cannot be "
                f'kept; {there}, or write on_change="replace"'
            )
            raise PassoError(msg)
    return [
        saved.fields.get((each.place, each.key), (each.track, each.base))
        for each in engine.driver.driven
    ]


def _with_todays_rates(saved: Run | None, today: Run | None) -> Run | None:
    """The saved run; on an axis of samples or tokens, with what an update consumes today."""
    if saved is None or today is None or saved.axis == "step":
        return saved
    rates = {
        "steps_per_epoch": saved.steps_per_epoch,
        "samples_per_step": today.samples_per_step or saved.samples_per_step,
        "tokens_per_step": today.tokens_per_step or saved.tokens_per_step,
    }
    given: dict[str, Any] = {name: rate for name, rate in rates.items() if rate is not None}
    return Run(Span(saved.measure(saved.length), saved.unit), axis=saved.axis, **given)
