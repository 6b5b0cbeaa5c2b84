"""`attach`: a plan and an optimizer become a Scheduler."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from torch.optim import Optimizer

from passo.optim.plan import ByGroup, as_plan
from passo.optim.scheduler import Scheduler
from passo.schedules import PassoError, Run, Schedule
from passo.schedules.numbers import real
from passo.trace import TraceWriter

if TYPE_CHECKING:
    import os

_attached: Final[weakref.WeakKeyDictionary[Optimizer, list[weakref.ref[Scheduler]]]] = (
    weakref.WeakKeyDictionary()
)


def attach(
    optimizer: Optimizer,
    plan: Schedule | float | Mapping[str, Any],
    run: Run | None = None,
    *,
    base: float | Mapping[str, Any] | None = None,
    record: str | os.PathLike[str] | None = None,
) -> Scheduler:
    """Let `plan` drive the optimizer from here on; there is nothing else to call.

    `plan` is a schedule (then it is the lr) or a mapping from fields to schedules: "lr",
    "weight_decay", "momentum" (SGD's, or betas[0]), "betas[1]", any number in the param groups.
    A value may be `by_group({...})` or a list of (predicate, schedule). `run` measures epochs,
    percent and rest. `base` is what a relative schedule is relative to (a number for the lr, or a
    mapping; a list has one for each group); without it, what the group holds now. `record` is
    the path of a trace to write. Update t, counted from 0 by the optimizer's own step hook, uses
    s(t). Raises NeedsRun and PassoError before anything is changed.

    >>> import torch
    >>> from passo import Run, percent, steps, warmup_cosine
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([weight], lr=1.0)
    >>> scheduler = attach(optimizer, warmup_cosine(warmup=percent(50)), Run(steps(4)))
    >>> for _ in range(4):
    ...     print(round(optimizer.param_groups[0]["lr"], 3), end=" ")
    ...     weight.grad = torch.zeros(1)
    ...     optimizer.step()
    0.0 0.5 1.0 0.5
    """
    if not isinstance(optimizer, Optimizer):
        msg = f"attach needs a torch optimizer, got {optimizer!r}"
        raise PassoError(msg)
    if run is not None and not isinstance(run, Run):
        msg = f"run must be a Run, got {run!r}; write Run.of(len(loader), epochs=90)"
        raise PassoError(msg)
    entries = as_plan(plan)
    scheduler = Scheduler(optimizer, entries, run, _as_bases(base, entries, optimizer))
    others = [
        other
        for each in _attached.get(optimizer, [])
        if (other := each()) is not None and other.attached
    ]
    _refuse_second_writer(scheduler, others)
    scheduler.start(None if record is None else _writer(scheduler, record))
    _attached[optimizer] = [weakref.ref(each) for each in (*others, scheduler)]
    return scheduler


def _refuse_second_writer(scheduler: Scheduler, others: list[Scheduler]) -> None:
    for other in others:
        for place, field in sorted(scheduler.drives() & other.drives(), key=repr):
            msg = (
                f"{field.name} of param group {place} is driven by another Scheduler already; "
                "call its detach() first, or give both schedules in one plan"
            )
            raise PassoError(msg)


def _as_bases(base: Any, plan: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    if base is None:
        return {}
    given = dict(base) if isinstance(base, Mapping) else {"lr": base}
    for key, value in given.items():
        if key not in plan:
            msg = f"base names {key!r}, which the plan does not; it names {', '.join(plan)}"
            raise PassoError(msg)
        if isinstance(value, (list, tuple)):
            if len(value) != len(optimizer.param_groups):
                groups = len(optimizer.param_groups)
                msg = f"base of {key!r} has {len(value)} numbers for {groups} param groups"
                raise PassoError(msg)
            given[key] = [real(each, f"base of {key!r}") for each in value]
        else:
            given[key] = real(value, f"base of {key!r}")
    return given


def _writer(scheduler: Scheduler, path: str | os.PathLike[str]) -> TraceWriter:
    groups = scheduler.optimizer.param_groups
    return TraceWriter(
        path,
        [(each.place, each.key) for each in scheduler.driven],
        groups=[str(group.get("name", place)) for place, group in enumerate(groups)],
        plan={key: _code(entry) for key, entry in scheduler.plan.items()},
        run=None if scheduler.run is None else repr(scheduler.run),
    )


def _code(entry: Any) -> str:
    if isinstance(entry, ByGroup):
        given = [f"{name!r}: {schedule!r}" for name, schedule in entry.schedules.items()]
        return f"by_group({{{', '.join(given)}}})"
    if isinstance(entry, Schedule):
        return repr(entry)
    return ", ".join(repr(schedule) for _, schedule in entry)
