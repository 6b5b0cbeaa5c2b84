"""What a scheduler of a recorded script was to do: rebuilt from what the trace says of it."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from passo.doctor.case import Case
from passo.doctor.plateaus import judged
from passo.plot import Planned
from passo.plot import planned as of_its_plan
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.doctor.known import Known
    from passo.schedules import Schedule
    from passo.trace import Trace

TIMES: Final = 5  # the run: what lies farther ahead would leave of it a sliver of the picture
EDGE: Final = 0.02  # relative: less is not to be seen in a picture
CUT: Final = f"planned, up to {TIMES} times the run"
POINTS: Final = 2000
MOST: Final = 5000  # advances that are simulated, where there is no closed form
CLOSE: Final = 1e-6  # relative: a loaded rate is the planned one
HOMES: Final = ("torch.optim.lr_scheduler", "passo.optim.lr_scheduler")
NEXT: Final = 1.1  # of the length of a staircase: to see the fall that is its end


def planned(trace: Trace) -> tuple[Planned, ...]:
    """What each field was to be, as `to_its_end` has it, but no farther than five times the run.

    >>> from passo.trace import Column, Trace
    >>> planned(Trace(3, ("all",), (Column(0, "lr", (0,), (0.1,)),)))
    ()
    """
    end = TIMES * trace.updates
    return tuple(
        replace(each.until(end), label=CUT) if each.updates[-1:] > (end,) else each
        for each in to_its_end(trace)
    )


def to_its_end(trace: Trace) -> tuple[Planned, ...]:
    """What each field was to be: the trace's own plan, or the one scheduler that was built.

    A scheduler is followed through the advances that were recorded, and on at their pace up to
    its length. Nothing where that cannot be known: several schedulers, one of a class that nobody
    knows, one that jumped or was given another plan. Raises nothing.

    >>> from passo.trace import Column, Trace
    >>> plan = {"lr": "Linear(1, 0, steps(9))"}
    >>> [line] = to_its_end(Trace(1, ("0",), (Column(0, "lr", (0,), (1.0,)),), plan=plan))
    >>> line.updates[-1]
    9.0
    """
    try:
        return of_its_plan(trace) if trace.plan is not None else _rebuilt(Case(trace.sampled()))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return ()


def shown(trace: Trace) -> tuple[Planned, ...]:
    """The same where a picture shows it: it parts from what was used somewhere, or goes on.

    >>> from passo.trace import Column, Trace
    >>> plan = {"lr": "Linear(1, 0, steps(4))"}
    >>> used = Column(0, "lr", (0, 1, 2, 3), (1.0, 0.75, 0.5, 0.25))
    >>> shown(Trace(4, ("all",), (used,), plan=plan))
    ()
    """
    found = planned(trace)
    return found if any(_is_seen(trace, each) for each in found) else ()


def _is_seen(trace: Trace, line: Planned) -> bool:
    if line.updates[-1] > trace.updates + max(1.0, EDGE * trace.updates):
        return True
    column = next(e for e in trace.columns if (e.group, e.key) == (line.group, line.key))
    for update, value in zip(line.updates, line.values, strict=True):
        row = bisect_right(column.updates, update)
        near = [each for each in column.values[max(0, row - 1) : row + 1] if each is not None]
        if not row or update > trace.updates - 1 or not near:
            continue  # folded into buckets, or the update after the last one
        room = EDGE * max(map(abs, near))
        if not min(near) - room <= value <= max(near) + room:
            return True
    return False


def _rebuilt(case: Case) -> tuple[Planned, ...]:
    """The rates of the one scheduler of a trace."""
    leading = case.leading
    if len(leading) != 1 or not _is_simple(leading[0], case):
        return ()
    known = leading[0]
    if known.plateau and any(e.detail["key"] == "lr" for e in case.recurrences("edit")):
        return ()  # it holds no value of its own: what others write is what it goes on from
    positions, values = _values(known, case)
    if case.events("load") and not math.isclose(values[0][0], case.at(known.begun), rel_tol=CLOSE):
        return ()
    updates = (float(_update(known, position)) for position in positions)
    last = dict(
        zip(updates, values, strict=True)
    )  # of several advances at once the last one counts
    groups = enumerate(zip(*last.values(), strict=True))
    return tuple(Planned("lr", k, tuple(last), each, steps=True) for k, each in groups)


def _is_simple(known: Known, case: Case) -> bool:
    """Whether it advanced by one each time, from its beginning, on the plan that it was built on.

    A state that was loaded before the first update is no hindrance where it changed no plan.
    """
    for event in case.events("load"):
        detail = event.detail
        if event.clock or (
            detail["what"] == "scheduler" and detail["plan before"] != detail["plan after"]
        ):
            return False
    even = all(each.times == 1 or each.every for each in known.advances)
    moved = sum(each.hits for each in known.advances if each.detail.get("moved", True))
    fresh = known.given.get("last_epoch", -1) == -1
    return bool(moved) and even and fresh and known.gained == moved


def _values(known: Known, case: Case) -> tuple[Sequence[float], list[tuple[float, ...]]]:
    """Positions, and for each of them what the groups were to use."""
    bases = _bases(known, case)
    if known.is_a("LambdaLR"):
        return _of_function(known, bases)
    schedules, end = _schedules(known, case, bases)
    positions = _positions(known.start, end, schedules)
    return positions, [tuple(float(each(p)) for each in schedules) for p in positions]


def _bases(known: Known, case: Case) -> list[float]:
    """What each group held before the scheduler, or the first one inside it, was built."""
    waiting, first = [known], known
    while waiting:
        each = waiting.pop()
        waiting += each.parts
        first = min(first, each, key=lambda one: one.number)
    return [float(first.before[f"{place}.lr"]) for place in range(len(case.trace.groups))]


def _of_function(known: Known, bases: list[float]) -> tuple[list[float], list[tuple[float, ...]]]:
    """What a function was to give from the end of the run on: only there it was asked closely."""
    given = known.given.get("lr_lambda")
    if isinstance(given, list) and len(given) > 1:
        raise PassoError("each group has a function of its own")
    end = known.length or known.position
    points = [(time, value) for time, value in known.future if known.position <= time <= end]
    times = [time for time, _ in points]
    return times, [tuple(base * value for base in bases) for _, value in points]


def _schedules(known: Known, case: Case, bases: list[float]) -> tuple[list[Schedule], float]:
    """The schedule of each group over the advances, and how far it is to be looked at."""
    import torch

    from passo.optim.lift import lift

    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in bases]
    optimizer = torch.optim.SGD(groups, lr=bases[0])
    scheduler = _built(known, optimizer)
    if known.plateau:
        [plateau] = [each for each in judged(case) if each.known is known]
        many = len(plateau.metrics) + 1
        return lift(scheduler, many, metrics=plateau.metrics), known.position
    length = known.length or 0.0
    end = max(known.position, length * NEXT if known.goes_on else length)
    try:
        return scheduler.schedules, end
    except PassoError:
        end = min(end, MOST)
        return lift(scheduler, math.ceil(end) + 1), end


def _built(known: Known, optimizer: Any) -> Any:
    """The scheduler built anew, with those inside it, on an optimizer that nobody uses."""
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    from passo.optim import lr_scheduler

    home = known.classes[0][0]
    if not home.startswith(HOMES) or known.kind not in lr_scheduler.__all__:
        raise PassoError(f"nobody knows what {known.kind} does")
    given = dict(known.given)
    if "cycle_momentum" in given:
        given["cycle_momentum"] = False
    inside = [_built(each, optimizer) for each in known.parts]
    # the other classes of the drop-in have torch's values, and a formula for them besides
    make: Any = ReduceLROnPlateau if known.follows_torch else getattr(lr_scheduler, known.kind)
    if known.kind == "ChainedScheduler":
        return make(inside)
    return make(optimizer, inside, **given) if inside else make(optimizer, **given)


def _positions(start: float, end: float, schedules: list[Schedule]) -> list[float]:
    """Every advance, or of very many some, with those around each corner."""
    first, last = math.floor(start), math.ceil(end)
    if last - first <= POINTS:
        return [float(each) for each in range(first, last + 1)]
    found = {round(first + (last - first) * k / POINTS) for k in range(POINTS + 1)}
    for schedule in schedules:
        for corner, _ in zip(schedule.corners(float(first), float(last)), range(POINTS)):  # noqa: B905
            found |= {math.ceil(corner) - 1, math.ceil(corner)}
    return [float(each) for each in sorted(found) if first <= each <= last]


def _update(known: Known, position: float) -> float:
    """The update from which on a position held: as recorded, then on at the same pace."""
    at, clock = known.start, float(known.begun)
    for each in sorted(known.advances, key=lambda stretch: stretch.begin):
        if position <= at:
            return clock
        if not each.detail.get("moved", True):
            continue
        if position <= at + each.hits:
            return each.begin + each.every * (math.ceil((position - at) / each.each) - 1)
        at, clock = at + each.hits, float(each.end)
    return clock + (position - at) * known.pace
