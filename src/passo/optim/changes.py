"""A checkpoint's plan against today's: where the curves differ, and what each policy does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from passo.schedules import PassoError
from passo.schedules.numbers import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.optim.driver import Driven
    from passo.optim.scheduler import Scheduler
    from passo.optim.state import Saved
    from passo.optim.tracks import Track
    from passo.schedules import Run, Schedule

_POINTS = 64
_ENDLESS = 10_000.0


class Difference(NamedTuple):
    """One field whose curve is not the checkpoint's."""

    driven: Driven
    track: Track
    base: float


def differences(scheduler: Scheduler, saved: Saved) -> list[Difference]:
    """The fields whose curves differ on their runs, by value and not by text."""
    length = _length(saved.run)
    return [
        Difference(each, *saved.fields[each.place, each.key])
        for each in scheduler.driver.driven
        if (each.place, each.key) in saved.fields
        and (
            length != _length(scheduler.run)
            or _differs(each.track, saved.fields[each.place, each.key], length)
        )
    ]


def _differs(track: Track, saved: tuple[Track, float], length: float | None) -> bool:
    old, base = saved
    if track.source == old.source:
        return track.unit != old.unit
    if track.unit != old.unit or _plateaus(track) != _plateaus(old):
        return True
    ours, theirs = (each.placed.with_base(base) for each in (track, old))
    return any(ours(t) != theirs(t) for t in _times(ours, theirs, length))


def _plateaus(track: Track) -> list[str]:
    return sorted(repr(memory.reducer.rule) for memory in track.memories)


def _times(one: Schedule, other: Schedule, length: float | None) -> Iterator[float]:
    end = _ENDLESS if length is None else length
    for schedule in (one, other):
        for corner in list(_corners(schedule, end))[:_POINTS]:
            yield from (corner, corner * (1 - 1e-9))
    for k in range(_POINTS + 1):
        yield end * k / _POINTS


def _corners(schedule: Schedule, end: float) -> Iterator[float]:
    return (t for _, t in zip(range(_POINTS), schedule._corners(0.0, end), strict=False))


def _length(run: Run | None) -> float | None:
    return None if run is None else float(run.measure(run.length))


def told(scheduler: Scheduler, saved: Saved, found: list[Difference]) -> str:
    """What differs: for the first fields, both codes, and both values now and at the end."""
    many = f"{len(found)} fields differ" if len(found) > 1 else "one field differs"
    lines = [f"the plan saved at update {saved.clock:,} is not today's, {many}:"]
    for driven, track, base in found[:3]:
        old, new = track.placed.with_base(base), driven.track.placed.with_base(base)
        where = driven.key if driven.place is None else f"{driven.key} of group {driven.place}"
        here, there = _at(scheduler.run, saved.clock), _at(saved.run, saved.clock)
        lines += [
            f"  {where}, saved: {track.source!r} on {saved.run!r}",
            f"  {where}, today: {driven.track.source!r} on {scheduler.run!r}",
            f"    now {write(old(there))} and {write(new(here))}",
            f"    at the end {write(_end(old, saved.run))} and {write(_end(new, scheduler.run))}",
        ]
    lines.append(
        'write attach(..., on_change="keep") for the checkpoint\'s plan, "replace" for today\'s at '
        'the same update, "rescale" for today\'s at the same share of the run'
    )
    return "\n".join(lines)


def _at(run: Run | None, clock: int) -> float:
    return clock if run is None else run.at(clock)


def _end(schedule: Schedule, run: Run | None) -> float:
    length = _length(run)
    return float(schedule(_ENDLESS if length is None else length))


def rescaled(scheduler: Scheduler, saved: Saved) -> int:
    """The update at the same share of today's run."""
    if scheduler.run is None or saved.run is None:
        msg = 'on_change="rescale" needs a run on both sides; write attach(..., run)'
        raise PassoError(msg)
    return round(saved.clock * scheduler.run.updates / saved.run.updates)


def remember(scheduler: Scheduler, saved: Saved, *, stretch: float) -> None:
    """Bases as they were saved; plateaus of the same rule go on from what they remember."""
    done: set[int] = set()
    for each in scheduler.driver.driven:
        if (each.place, each.key) not in saved.fields:
            continue
        old, each.base = saved.fields[each.place, each.key]
        if id(each.track) in done or _plateaus(each.track) != _plateaus(old):
            continue
        done.add(id(each.track))
        states = [memory.state() for memory in old.memories]
        for state in states:
            state["falls"] = [t * stretch for t in state["falls"]]
        each.track.remember(states)
