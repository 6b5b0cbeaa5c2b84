"""What a trace's own plan says that each update was to use: curves over the updates."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median
from typing import Any

from passo.ground.errors import PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.curve import Curve
from passo.schedules.text import parse, parse_run
from passo.schedules.time import Run, Span
from passo.trace import Column, Event, Trace

CLOSE = 1e-6  # relative: what a field in single precision keeps of a value
LOOKS = 33


@dataclass(frozen=True, slots=True)
class Planned:
    """What one field of one param group was to be: values over updates, also fractions of them.

    `steps`: each value holds until the next. `label` is what the legend says.

    >>> Planned("lr", 0, (0.0, 10.0), (0.1, 0.0)).values
    (0.1, 0.0)
    """

    key: str
    group: int | None
    updates: tuple[float, ...]
    values: tuple[float, ...]
    steps: bool = False
    label: str = "planned"

    @classmethod
    def of(cls, key: str, group: int | None, curve: Curve) -> Planned:
        """A curve over the updates; raises `NeedsRun` where its run does not count them.

        >>> from passo.schedules import Linear, Run, steps
        >>> curve = Curve.of(Linear(1, 0, steps(8)), Run(steps(4)), points=3)
        >>> Planned.of("lr", 0, curve).updates
        (0.0, 2.0, 4.0)
        """
        return cls(key, group, tuple(map(curve.run.update_at, curve.times)), curve.values)

    def until(self, update: float) -> Planned:
        """The same up to an update.

        >>> Planned("lr", 0, (0.0, 5.0, 10.0), (0.1, 0.05, 0.0)).until(7).updates
        (0.0, 5.0)
        """
        end = bisect_right(self.updates, update)
        return replace(self, updates=self.updates[:end], values=self.values[:end])


def planned(trace: Trace) -> tuple[Planned, ...]:
    """What the trace's own plan says, for each of its columns where that can be known.

        value(update) = s(position of the update - begin)

    on the run and with the bases and reports that the trace holds. It reaches over the whole run,
    also where the trace ends before; without a run to the end of the schedule. With a plateau it
    ends with the trace: nobody knows the reports to come. There is none for a column without a
    plan, with one that cannot be read, or with a past that the trace does not hold; nothing is
    raised.

    >>> lr = Column(0, "lr", (0, 1), (1.0, 0.5))
    >>> [line] = planned(Trace(2, ("0",), (lr,), plan={"lr": "Linear(1, 0, steps(2))"}))
    >>> line.updates[0], line.values[0], line.updates[-1], line.values[-1]
    (0.0, 1.0, 2.0, 0.0)
    """
    found = (_guarded(trace, column) for column in trace.columns if column.updates)
    return tuple(each for each in found if each is not None)


def _guarded(trace: Trace, column: Column) -> Planned | None:
    try:
        parts = list(_parts(trace, column))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    updates = tuple(x for xs, _ in parts for x in xs)
    values = tuple(y for _, ys in parts for y in ys)
    seen = any(map(math.isfinite, values))
    return Planned(column.key, column.group, updates, values) if seen else None


def _parts(trace: Trace, column: Column) -> Iterator[tuple[list[float], list[float]]]:
    """The curve from one change of the plan to the next."""
    regimes = _regimes(trace)
    for place, each in enumerate(regimes):
        course = _course(trace, column, each)
        if course is not None:
            last = place + 1 == len(regimes)
            yield course.between(each.clock, math.inf if last else regimes[place + 1].clock)


@dataclass(frozen=True, slots=True)
class Regime:
    """From update `clock` on fields follow this; `by` is what changed it, "" at the beginning.

    `until` is where a cooldown that was called for ends the run.
    """

    clock: int
    follows: Any
    run: str | None
    by: str = ""
    until: float | None = None


def _regimes(trace: Trace) -> list[Regime]:
    """What was said of the plan, each from its update on; what no update followed is left out."""
    regimes = [Regime(0, trace.meta.get("follows"), trace.run), *map(_of_event, _events(trace))]
    first = min((each.updates[0] for each in trace.columns if each.updates), default=0)
    early = max(place for place, each in enumerate(regimes) if each.clock <= first)
    return [replace(regimes[early], clock=0), *regimes[early + 1 :]]


def _events(trace: Trace) -> list[Event]:
    return [each for each in trace.events if each.kind == "plan"]


def _of_event(event: Event) -> Regime:
    told = event.detail
    return Regime(event.clock, told["follows"], told["run"], told["by"], told.get("until"))


@dataclass(frozen=True, slots=True)
class Course:
    """A schedule on a run, from `begin` to `end` on the run's axis, and its value at an update."""

    schedule: Schedule
    run: Run
    begin: float
    end: float

    def at(self, update: float) -> float:
        """The value that an update is to use."""
        return float(self.schedule(float(self.run.at(update)) - self.begin))

    def between(self, first: float, last: float) -> tuple[list[float], list[float]]:
        """Updates and values from one update to just before another, with both ends."""
        length = Fraction(self.end) - Fraction(self.begin)
        whole = Run(Span(length, self.run.unit), axis=self.run.axis)
        curve = Curve.of(self.schedule, whole)
        updates = [self.run.update_at(time + self.begin) for time in curve.times]
        low, high = bisect_left(updates, first), bisect_left(updates, last)
        xs, ys = updates[low:high], list(curve.values[low:high])
        if low and first < last and xs[:1] != [first]:
            xs, ys = [first, *xs], [self.at(first), *ys]
        if high < len(updates) and xs:
            late = math.nextafter(last, 0)
            xs, ys = [*xs, late], [*ys, self.at(late)]
        return xs, ys


def _course(trace: Trace, column: Column, regime: Regime) -> Course | None:
    """What a column follows, filled in; None where it follows nothing."""
    found = _followed(trace, column, regime)
    if found is None:
        return None
    source, begin, base = found
    run = Run(_length(source, trace.updates)) if regime.run is None else parse_run(regime.run)
    schedule = source.on(run)
    made = float(run.at(trace.updates))
    end = max(made, float(run.measure(run.length)) if regime.until is None else regime.until)
    metrics = {plateau.metric for plateau, _ in schedule.plateaus(lambda t: t)}
    if metrics:
        _need_whole_past(trace, column, regime)
        schedule, end = schedule.with_reports(_reports(trace, run, begin, metrics)), made
    course = Course(schedule, run, begin, end)
    if schedule.relative:
        base = _base(course, trace, column) if base is None else base
        return replace(course, schedule=schedule.with_base(base))
    return course


def _followed(
    trace: Trace, column: Column, regime: Regime
) -> tuple[Schedule, float, float | None] | None:
    """The schedule of a column, from when on, and its base where the trace says it."""
    if regime.follows is not None:
        name = f"{'' if column.group is None else column.group}.{column.key}"
        for each in regime.follows:
            if name in each["bases"]:
                return parse(each["schedule"]), each["begin"], each["bases"][name]
        return None
    plan = {"lr": trace.plan} if isinstance(trace.plan, str) else trace.plan
    if not isinstance(plan, Mapping) or column.key not in plan:
        return None
    return parse(plan[column.key]), 0.0, None


def _length(source: Schedule, updates: int) -> Span:
    """How long a schedule in steps is, at least as long as the trace."""
    if not source.units <= {"steps"}:
        raise PassoError(f"{source!r} needs a run, and the trace has none")
    own = source.length()
    known = own.amount if own is not None and own.unit == "steps" else Fraction(0)
    return Span(max(known, Fraction(max(updates, 1))), "steps")


def _need_whole_past(trace: Trace, column: Column, regime: Regime) -> None:
    """A plateau remembers all reports: the trace must hold them from the first update on."""
    if regime.by not in ("", "group", "cool_down") or column.begin or column.updates[0]:
        raise PassoError("the trace does not hold all that the plateau was told")
    if trace.meta.get("thinned"):
        raise PassoError("the trace holds only some of the reports")


def _reports(
    trace: Trace, run: Run, begin: float, metrics: set[str]
) -> list[tuple[float, dict[str, float]]]:
    """What the plateaus were told, each on the clock of their schedule."""
    found = []
    for report in trace.reports:
        heard = {name: value for name, value in report.metrics if name in metrics}
        if heard:
            found.append((float(run.at(report.clock)) - begin, heard))
    return found


def _base(course: Course, trace: Trace, column: Column) -> float:
    """The base that most of the used values lead to, where values are affine functions of it."""
    updates, values = trace.used(column.key, column.group)
    every = max(1, len(updates) // LOOKS)
    with_one, with_two, with_three = (
        replace(course, schedule=course.schedule.with_base(base)) for base in (1.0, 2.0, 3.0)
    )
    found = []
    for update, value in zip(updates[::every], values[::every], strict=True):
        one, two, three = with_one.at(update), with_two.at(update), with_three.at(update)
        if one != two and math.isclose(three - two, two - one, rel_tol=CLOSE):
            found.append(1.0 + (value - one) / (two - one))
    base = median(found)
    if 2 * sum(math.isclose(each, base, rel_tol=CLOSE) for each in found) < len(found):
        raise PassoError("the used values do not lead to one base")
    return base
