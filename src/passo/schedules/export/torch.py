"""A schedule as code that builds a scheduler of torch's: one of its own classes, or a LambdaLR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.schedules.algebra.atoms import Base, Constant
from passo.schedules.algebra.sequence import Then
from passo.schedules.algebra.warp import Staircase
from passo.schedules.export.code import number
from passo.schedules.shapes import Cosine, Exponential, Linear, Polynomial, Table

if TYPE_CHECKING:
    from passo.schedules.algebra.atoms import Value
    from passo.schedules.algebra.schedule import Schedule
    from passo.schedules.time import Run, Span

_LAMBDA: Final = '''def scheduler(optimizer):
    """A LambdaLR by which each group follows lr; step it after each update."""
{before}    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] = 1.0  # LambdaLR multiplies by it
{after}    return torch.optim.lr_scheduler.LambdaLR(optimizer, {factors})'''
_BEFORE: Final = '    bases = [float(group["lr"]) for group in optimizer.param_groups]\n'


def native(schedule: Schedule, run: Run) -> str | None:
    """The class of torch's with the values of this schedule on the whole run, as a call.

    >>> from passo import Run, base, steps, step_decay
    >>> run = Run(steps(90))
    >>> native(step_decay(steps(30)).on(run), run)
    'StepLR(optimizer, step_size=30, gamma=0.1)'
    """
    if run.axis != "step":
        return None
    if isinstance(schedule, Base):
        return "ConstantLR(optimizer, factor=1.0, total_iters=0)"
    if isinstance(schedule, Then):
        return _two(schedule)
    if isinstance(schedule, (Exponential, Staircase)):
        return _falling(schedule)
    if isinstance(schedule, Table):
        return _table(schedule)
    return _ramp(schedule, run)


def _share(value: Value) -> float | None:
    """How many times `base` a value is; None where it is no multiple of it."""
    if isinstance(value, (int, float)):
        return None
    zero, one, three = (float(value.with_base(base)(0)) for base in (0.0, 1.0, 3.0))
    return one if zero == 0.0 and three == 3.0 * one else None


def _whole(span: Span | None) -> int | None:
    """A span as a number of updates, where it is a whole one."""
    return int(span.amount) if span is not None and span.amount.denominator == 1 else None


def _two(schedule: Then) -> str | None:
    """A table and its last value, or a lower value at first."""
    first, *others = schedule.parts
    last = others[-1]
    rate = last.value if isinstance(last, Constant) else last if isinstance(last, Base) else None
    if len(others) != 1 or rate is None:
        return None
    if isinstance(first, Table) and first.points[-1][1] == rate:
        return _table(first)
    if isinstance(first, Constant) and _share(rate) == 1.0:
        factor, updates = _share(first.value), _whole(first.over)
        if factor is not None and updates is not None and 0 <= factor <= 1:
            return f"ConstantLR(optimizer, factor={number(factor)}, total_iters={updates})"
    return None


def _falling(schedule: Schedule) -> str | None:
    """The same ratio again and again."""
    inner = schedule.part if isinstance(schedule, Staircase) else schedule
    if not isinstance(inner, Exponential) or _share(inner.start) != 1.0:
        return None
    if isinstance(schedule, Staircase):
        stair = _whole(schedule.span)
        if stair is None or schedule.span != inner.every:
            return None
        return f"StepLR(optimizer, step_size={stair}, gamma={number(inner.gamma)})"
    if _whole(inner.every) != 1:
        return None
    return f"ExponentialLR(optimizer, gamma={number(inner.gamma)})"


def _table(schedule: Table) -> str | None:
    """Steps, each the same ratio below the last."""
    shares = [_share(value) for _, value in schedule.points]
    updates = [_whole(span) for span, _ in schedule.points]
    if schedule.kind != "step" or len(shares) < 2 or None in updates or updates[0] != 0:
        return None
    gamma = shares[1]
    if gamma is None or shares != [gamma**k for k in range(len(shares))]:
        return None
    return f"MultiStepLR(optimizer, milestones={updates[1:]}, gamma={number(gamma)})"


def _ramp(schedule: Schedule, run: Run) -> str | None:
    """One ramp from the base."""
    if not isinstance(schedule, (Cosine, Linear, Polynomial)):
        return None
    start, end, updates = _share(schedule.start), schedule.end, _whole(schedule.over)
    if start is None or not updates:
        return None
    if isinstance(schedule, Linear):
        return _line(start, 0.0 if end == 0.0 else _share(end), updates)
    if isinstance(schedule, Polynomial) and start == 1.0 and end == 0.0:
        power = number(schedule.power)
        return f"PolynomialLR(optimizer, total_iters={updates}, power={power})"
    # Past its end torch's cosine climbs again, so that the run must be over by then.
    fits = start == 1.0 and updates >= run.updates
    if isinstance(schedule, Cosine) and isinstance(end, float) and fits:
        return f"CosineAnnealingLR(optimizer, T_max={updates}, eta_min={number(end)})"
    return None


def _line(start: float, end: float | None, updates: int) -> str | None:
    """A straight line, where torch takes its ends."""
    if end is None or not (0 < start <= 1 and 0 <= end <= 1):
        return None
    factors = f"start_factor={number(start)}, end_factor={number(end)}"
    return f"LinearLR(optimizer, {factors}, total_iters={updates})"


def by_function(schedule: Schedule, run: Run) -> str:
    """The function `scheduler` over a function `lr` that stands above it."""
    time = "t" if run.axis == "step" else f"t * {number(run.at(1))}"
    if schedule.relative:
        after = f"    factors = [lambda t, base=base: lr({time}, base) for base in bases]\n"
        return _LAMBDA.format(before=_BEFORE, after=after, factors="factors")
    factors = "lr" if time == "t" else f"lambda t: lr({time})"
    return _LAMBDA.format(before="", after="", factors=factors)
