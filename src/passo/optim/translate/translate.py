"""`translate` itself: what the parameters say, held against what the scheduler does."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Final

from passo.ground.calls import called_like
from passo.ground.checks import whole
from passo.ground.errors import PassoError
from passo.optim.ground.advice import shown
from passo.optim.ground.fields import Field
from passo.optim.lift import LONGEST, as_metrics, held_by, inside, lift, needs_metrics
from passo.optim.scheduler.scheduler import Scheduler
from passo.optim.translate import likes, own
from passo.optim.translate.translation import Translation
from passo.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.schedules import Plateau

_MOST: Final = 2000
_USUAL: Final = 200
_INCOMPLETE: Final = "Not every parameter of it is to be found."
_LEAST: Final = 1e-12
_CLOSE: Final = 1e-6  # of the larger one: some libraries reckon in float32
_METRIC: Final = "val_loss"


@called_like("translate(scheduler)")
def translate(
    scheduler: Any,
    steps: int | None = None,
    *,
    metric: str = _METRIC,
    metrics: Sequence[float] | None = None,
) -> Translation:
    """A live scheduler as an expression: by its own parameters, else by what it does.

        translate(scheduler).schedule(t) is the rate after t calls of its step

    torch's and the drop-in's classes are read whole, composed ones and momenta too; what
    `passo.like` knows by the parameters that the object, or the function that it follows, holds.
    Either is held against a simulation (`lift`) of `steps` steps, or of its length up to 2,000:
    what differs is not taken. Else the simulation is the answer, of `steps` steps from now, and
    `by` says so. A plateau hears `metric`; `metrics` is what it is told in the simulation.

    Raises PassoError for what is no scheduler, and where the parameters are no expression and
    `steps` is not given. Nothing of the live object is changed.

    >>> import torch
    >>> from torch.optim.lr_scheduler import CosineAnnealingLR, MultiplicativeLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> translate(CosineAnnealingLR(optimizer, 10)).schedule
    Cosine(0.1, 0, steps(10)).then(Cosine(0, 0.1, steps(10))).repeat()
    >>> found = translate(MultiplicativeLR(optimizer, lambda t: 0.5), 3)
    >>> found.schedule, found.by
    (Table([(steps(0), 0.1), (steps(1), 0.05), (steps(2), 0.025)], kind="step"), 'lift')
    """
    if steps is not None:
        whole(steps, "steps", most=LONGEST)
    if isinstance(scheduler, Scheduler):
        return _attached(scheduler)
    if isinstance(scheduler, Schedule):
        return Translation({"lr": (scheduler,)}, "parameters", "passo")
    live = held_by(scheduler) or scheduler
    if not hasattr(live, "optimizer") and not callable(live):
        msg = (
            f"translate needs a live scheduler, or a function of the step, got {shown(live)}; "
            "write translate(scheduler)"
        )
        raise PassoError(msg)
    told = None if metrics is None else as_metrics(metrics)
    refused: list[str] = []
    for found in _read(live, metric, refused):
        checked = _checked(live, found, steps, told, refused)
        if checked is not None:
            return checked
    return _lifted(live, steps, told, tuple(refused))


def _attached(scheduler: Scheduler) -> Translation:
    """An attached plan is an expression already: what is still to come."""
    groups = {key: tuple(lift(scheduler, 1, key=key)) for key in scheduler.plan}
    return Translation(groups, "parameters", "passo.Scheduler")


def _read(live: Any, metric: str, refused: list[str]) -> Iterator[Translation]:
    """What the parameters say, the likeliest first."""
    at = _made(live)
    for source, complete, plan in likes.readings(live) if likes.is_theirs(live) else ():
        groups = {
            key: tuple(_heard(each.with_base(base), metric) for base in _bases(live, key))
            for key, each in plan.items()
        }
        remarks: tuple[str, ...] = () if complete else (_INCOMPLETE,)
        common = {key: _heard(each, metric) for key, each in plan.items()}
        yield Translation(groups, "parameters", source, at, 0, remarks, common)
    if own.is_known(live):
        try:
            groups, common, remarks = own.read(live)
        except PassoError as error:
            refused.append(str(error).split("; ", 1)[0])
            return
        heard = {key: tuple(_heard(each, metric) for each in groups[key]) for key in groups}
        common = {key: _heard(each, metric) for key, each in common.items()}
        here = 0 if any(map(needs_metrics, inside(live))) else at
        yield Translation(heard, "parameters", likes.named(live), here, 0, remarks, common)


def _heard(schedule: Schedule, metric: str) -> Schedule:
    """The same with plateaus that hear the metric of that name."""

    def named(plateau: Any) -> Plateau:
        made: Plateau = dataclasses.replace(plateau, metric=metric)
        return made

    return schedule.with_plateaus(named) if list(schedule.plateaus(lambda t: t)) else schedule


def _checked(
    live: Any,
    found: Translation,
    steps: int | None,
    metrics: Sequence[float] | None,
    refused: list[str],
) -> Translation | None:
    """The translation with how many steps agree; None, and the reason, where one does not."""
    hears = needs_metrics(live)
    count = _count(live, found, steps)
    told = metrics if metrics is not None or not hears else [1.0] * (count - 1)
    if told is not None:
        count = min(count, len(told) + 1)
    whole_one = _INCOMPLETE not in found.remarks
    if hears and found.remarks and whole_one:
        return found
    eps = max((getattr(each, "eps", 0.0) for each in inside(live)), default=0.0) if hears else 0.0
    factors = [each.factor for each in inside(live) if hasattr(each, "factor")] if eps else [0.0]
    close = eps / max(
        1.0 - max(factors), _LEAST
    )  # what stays there where the next fall is left out
    for key, groups in found.groups.items():
        try:
            lifted = lift(live, count, metrics=told, key=key)
        except PassoError as error:
            if not whole_one:
                refused.append(f"{found.source} is not read whole, and cannot be simulated")
                return None
            why = str(error).split("; write ")[0]
            remark = f"It was held against no simulation: {why}."
            return dataclasses.replace(found, remarks=(*found.remarks, remark))
        for place, (ours, theirs) in enumerate(zip(groups, lifted, strict=True)):
            heard = _told(ours, told)
            for t in range(count):
                value = heard(found.at + t)
                if not math.isclose(value, theirs(t), rel_tol=_CLOSE, abs_tol=close):
                    refused.append(
                        f"{found.source} by its parameters would use {value:.6g} "
                        f"for {key!r} of param group {place} at step {found.at + t}, and it uses "
                        f"{theirs(t):.6g}"
                    )
                    return None
    return dataclasses.replace(found, checked=count, remarks=_to_know(found, eps))


def _to_know(found: Translation, eps: float) -> tuple[str, ...]:
    """What an expression that agrees does not tell."""
    remarks = []
    if any("Function(" in repr(each) for groups in found.groups.values() for each in groups):
        remarks.append(
            "Its function is registered in this process alone; lift(scheduler, 1000) has numbers."
        )
    if eps:
        remarks.append(f"A fall of no more than eps={eps:g} is left out there, and made here.")
    return tuple(remarks)


def _told(schedule: Schedule, metrics: Sequence[float] | None) -> Schedule:
    """The schedule with the metrics of the simulation, where it hears any."""
    names = [plateau.metric for plateau, _ in schedule.plateaus(lambda t: t)]
    if metrics is None or not names:
        return schedule
    return schedule.with_reports((t + 1, {names[0]: each}) for t, each in enumerate(metrics))


def _count(live: Any, found: Translation, steps: int | None) -> int:
    """How many steps are compared: those that were asked for, or those that it lasts."""
    if steps is None:
        ends = [each.length() for groups in found.groups.values() for each in groups]
        lasting = [math.ceil(end.amount) + 2 for end in ends if end is not None]
        steps = min(max(lasting, default=_USUAL), _MOST)
    totals = [each.total_steps for each in inside(live) if hasattr(each, "total_steps")]
    return max(1, min(steps, *(total - found.at for total in totals))) if totals else steps


def _lifted(
    live: Any, steps: int | None, metrics: Sequence[float] | None, refused: tuple[str, ...]
) -> Translation:
    source = likes.named(live)
    if steps is None:
        why = f" ({refused[-1]})" if refused else ""
        msg = (
            f"{source} cannot be read by its parameters{why}; write translate(scheduler, 1000) to "
            "have so many steps simulated"
        )
        raise PassoError(msg)
    key = next(
        (
            name
            for name in (getattr(live, each, None) for each in ("param_group_field", "param_name"))
            if isinstance(name, str)
        ),
        "lr",
    )
    groups = {key: tuple(lift(live, steps, metrics=metrics, key=key))}
    if any(getattr(each, "cycle_momentum", False) for each in inside(live)):
        groups["momentum"] = tuple(lift(live, steps, metrics=metrics, key="momentum"))
    return Translation(groups, "lift", source, 0, steps, refused)


def _made(live: Any) -> int:
    """How many steps it has made, where it says so."""
    for name in ("last_epoch", "last_step", "event_index"):
        made = getattr(live, name, None)
        if isinstance(made, int) and not isinstance(made, bool):
            return max(made, 0)
    members = getattr(live, "_schedulers", None) or ()
    return _made(members[0]) if members else 0


def _bases(live: Any, key: str) -> list[float]:
    """What each group had of that field before the scheduler wrote to it."""
    groups = getattr(getattr(live, "optimizer", None), "param_groups", None)
    if groups is None:
        return [1.0]
    if key == "lr" and callable(getattr(live, "dampen", None)):
        kept = getattr(live, "lrs", None)  # what it dampens: the groups hold less already
    else:
        kept = getattr(live, "org_lrs", None) if key == "lr" else None
    if isinstance(kept, list):
        return [float(rate) for rate in kept]
    initial = f"initial_{key}"
    return [Field(initial if initial in group else key).read(group) for group in groups]
