"""The way back: a checkpoint's plan against today's, and what each policy does."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from passo.ground.checks import LATEST
from passo.optim.ground.fields import broken_bounds
from passo.optim.scheduler import branching
from passo.optim.scheduler.changed import (
    ENDLESS,
    Difference,
    Followed,
    Pair,
    Today,
    differences,
    field_name,
    own_base,
    pairs,
    position,
)
from passo.optim.scheduler.clock import Clock
from passo.optim.scheduler.compared import told
from passo.optim.scheduler.cooled import cool
from passo.optim.scheduler.horizon import points
from passo.optim.scheduler.settings import end_of
from passo.optim.scheduler.state import Saved
from passo.optim.scheduler.tracks import Track
from passo.schedules import PassoError, Run, Span, steps

if TYPE_CHECKING:
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.schedules import Schedule


class Course(NamedTuple):
    """How a load goes on: on which run, from which update and position, what is driven on what.

    Where today's plan takes over from another one, `parent` is that one, for the trace.
    """

    run: Run | None
    updates: int
    at: float | None
    followed: list[tuple[Pair, Followed]]
    cooldown: CoolDown | None
    parent: dict[str, Any] | None


def foresee(engine: Engine, state: Saved, groups: Groups) -> Course:
    """How a load would go on, with nothing changed; raises PassoError where it is refused."""
    saved = Today(state, groups, engine.driver)
    found = differences(engine, saved)
    policy = engine.settings.on_change if found else "same"
    if policy == "error":
        raise PassoError(told(engine, saved, found))
    run, updates, at = engine.settings.run, saved.clock, position(engine, saved, policy)
    if policy == "rescale":
        run, updates, at = _rescaled(engine, saved)
    branching.refuse(policy, saved.cooldown, saved.at, saved.clock, pairs(found))
    if policy == "keep":
        run = _with_todays_rates(saved.run, run)
        followed = _kept(saved, found)
    cooldown = saved.cooldown and saved.cooldown.on(run, saved.run)
    if policy != "keep":
        followed = _taken_up(engine, saved, run, cooldown, settled=policy != "same")
    clock = Clock(replace(engine.settings, run=run))
    clock.move(updates, at, saved.offset)
    _refuse_impossible(followed, clock.at, end_of(run), groups)
    took_over = policy in {"replace", "rescale"}
    parent = branching.parent(state, saved.run) if took_over else None
    return Course(run, updates, at, followed, cooldown, parent)


def standing(engine: Engine) -> tuple[Any, ...]:
    """All that says how a load would go on, besides the state: where it is the same, so is that."""
    driver, clock, settings = engine.driver, engine.clock, engine.settings
    driven = [(id(each), each.place, id(each.track), each.base) for each in driver.driven]
    heard = [memory.state() for track in driver.tracks for memory in track.memories]
    return driven, heard, clock.updates, clock.at, settings.run, settings.cooldown


def load(
    engine: Engine, state: Saved, groups: Groups, course: Course | None = None
) -> dict[str, Any] | None:
    """Clock, bases and plateaus as they were saved, on the plan that `on_change` chooses.

    All of it is worked out before anything is changed: a refused load leaves no trace. `course`
    is what was foreseen for the same state, where nothing has changed since. Where today's plan
    takes over from another one, the answer is that one, for the trace.
    """
    run, updates, at, followed, cooldown, parent = course or foresee(engine, state, groups)
    if engine.journal is not None:
        engine.journal.wind(groups, updates)
    # Until here nothing has changed; from here on nothing can fail.
    engine.settings.run, engine.settings.cooldown = run, cooldown
    driver = engine.driver
    for pair, (track, base) in followed:
        for each in pair.driven:
            each.track, each.base = track, base
    last = dict.fromkeys(map(attrgetter("track"), reversed(driver.driven)))
    driver.succeed({(each.source, each.begin): each for each in reversed(last)})
    driver.forget_unused()
    cool(driver, engine.settings)
    engine.clock.move(updates, at, state.offset)
    return parent


def _refuse_impossible(
    followed: list[tuple[Pair, Followed]], at: float, end: float | None, groups: Groups
) -> None:
    """Raises PassoError where a field would hold what attach would not have let it hold."""
    every = [pair.first for pair, _ in followed]
    ours = {(id(each.track), each.base): each.track.source for each in every}
    known = {(source, base) for (_, base), source in ours.items()}
    seen = set()
    for each, (_, (track, base)) in zip(every, followed, strict=True):
        if (id(track), base, each.key) in seen:
            continue
        seen.add((id(track), base, each.key))
        formula = track.formula(base)
        times = {max(at - track.begin, 0.0)}
        if (track.source, base) not in known:
            times |= set(points(formula, ENDLESS if end is None else end))
        name, most, bounds = field_name(each.place, each.key), LATEST, ""
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


def _rescaled(engine: Engine, saved: Today) -> tuple[Run, int, float]:
    """Today's run, with update and position at the same share of it.

    A trainer makes the updates that are left, wherever the plan stands: the run is then so long
    that both end together.
    """
    before, now = end_of(saved.run), end_of(engine.settings.run)
    if before is None:
        msg = (
            'on_change="rescale" needs a run on both sides, and the checkpoint has none; write '
            'on_change="replace"'
        )
        raise PassoError(msg)
    if now is None or engine.settings.run is None:
        msg = (
            'on_change="rescale" needs a run on both sides; write '
            f"{engine.settings.caller.with_run()}"
        )
        raise PassoError(msg)
    caller = engine.settings.caller
    run, left = engine.settings.run, caller.left
    if left and saved.at >= before:
        instead = caller.option('on_change="replace"')
        msg = (
            'on_change="rescale" goes on at the same share of the plan, and the run that was saved '
            f"is over: nothing is left of it for the {left:,} updates that {caller.trainer} will "
            f"make; write {instead} for today's plan at update {saved.clock:,}"
        )
        raise PassoError(msg)
    if left:
        updates = round(saved.at * left / (before - saved.at))
        return replace(run, length=steps(updates + left)), updates, float(updates)
    at = saved.at * now / before
    return run, *((round(at), at) if run.axis == "step" else (saved.clock, at))


def _taken_up(
    engine: Engine, saved: Today, run: Run | None, cooldown: CoolDown | None, *, settled: bool
) -> list[tuple[Pair, Followed]]:
    """Today's plan goes on from the checkpoint: its bases, its late groups, its plateaus."""
    # By the objects first: to compare schedules for each of a thousand bases would be slow.
    pairs: dict[tuple[int, int, str], tuple[Track, Track | None]] = {}
    spots, bases = [], []
    for pair in saved.pairs:
        each, theirs = pair.first, pair.saved
        old = None if theirs is None else theirs[0]
        bases.append(each.base if theirs is None else own_base(saved, each, theirs))
        spots.append((id(each.track), id(old), each.key))
        pairs.setdefault(spots[-1], (each.track, old))
    cooling = {key: cooldown if cooldown and cooldown.key == key else None for _, _, key in pairs}
    fresh: dict[tuple[Schedule, float, CoolDown | None], Track] = {}
    for (_, _, key), (track, old) in pairs.items():
        if old is not None and (track.source, old.begin, cooling[key]) not in fresh:
            one = _taken_over(engine, run, (track, old), cooling[key], settled=settled)
            fresh[track.source, old.begin, cooling[key]] = one
    tracks = {
        spot: fresh.get((track.source, (old or track).begin, cooling[spot[2]]), track)
        for spot, (track, old) in pairs.items()
    }
    followed = [(tracks[spot], base) for spot, base in zip(spots, bases, strict=True)]
    return list(zip(saved.pairs, followed, strict=True))


def _taken_over(
    engine: Engine,
    run: Run | None,
    both: tuple[Track, Track],
    cooling: CoolDown | None,
    *,
    settled: bool,
) -> Track:
    """Today's track from where the saved one began, with what its plateaus remember."""
    track, old = both
    told = run, old.begin, cooling
    if track.is_again(*told):
        return track
    one = Track(track.source, *told)
    one.remember_all(engine.driver.tracks)
    one.remember(old, settled=settled and not branching.goes_on(one, old))
    return one


def _kept(saved: Today, found: list[Difference]) -> list[tuple[Pair, Followed]]:
    """The checkpoint's plan, run and bases; what it does not drive stays as today."""
    for each in found:
        if each.today is None:
            drive = "write a plan that drives it"
            there = "add that group before loading" if each.lacks else drive
            msg = (
                f"the checkpoint drives {each.name}, and nothing does today, so its plan cannot be "
                f'kept; {there}, or write on_change="replace"'
            )
            raise PassoError(msg)
    return [(pair, pair.saved or (pair.first.track, pair.first.base)) for pair in saved.pairs]


def _with_todays_rates(saved: Run | None, today: Run | None) -> Run | None:
    """The saved run; on an axis of samples or tokens, with what an update consumes today."""
    if saved is None or today is None or saved.axis == "step":
        return saved
    rates: dict[str, Any] = {
        "steps_per_epoch": saved.steps_per_epoch,
        "samples_per_step": today.samples_per_step or saved.samples_per_step,
        "tokens_per_step": today.tokens_per_step or saved.tokens_per_step,
    }
    return Run(Span(saved.measure(saved.length), saved.unit), axis=saved.axis, **rates)
