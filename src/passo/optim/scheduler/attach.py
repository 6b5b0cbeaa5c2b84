"""`attach`: a plan and an optimizer become a Scheduler."""

from __future__ import annotations

import warnings
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from passo.ground.calls import called_like
from passo.ground.checks import brief
from passo.optim.ground import fields, tensors
from passo.optim.scheduler.journal import Journal
from passo.optim.scheduler.plan import as_plan
from passo.optim.scheduler.scheduler import Scheduler
from passo.optim.scheduler.settings import Settings, as_bases, as_values
from passo.schedules import PassoError, PassoWarning, Run, Schedule

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from passo.optim.scheduler.driver import Shared

_attached: Final[weakref.WeakKeyDictionary[Any, list[weakref.ref[Scheduler]]]] = (
    weakref.WeakKeyDictionary()
)
_SAMPLES: Final = 64
_ENDLESS: Final = 100_000.0


@called_like("attach(optimizer, warmup_cosine(), Run.of(len(loader), epochs=90))")
def attach(
    optimizer: Any,
    plan: Schedule | float | Mapping[str, Any],
    run: Run | None = None,
    *,
    base: float | Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    on_change: str = "error",
    clock: str = "hook",
    join: str = "from_start",
    strict: bool = False,
    record: str | os.PathLike[str] | None = None,
    watch: Any = None,
) -> Scheduler:
    """Let `plan` drive the optimizer from here on; there is nothing else to call.

    Update t, counted from 0 by the optimizer's own step hook, uses s(t).

    `plan` is a schedule (then it is the lr) or a mapping from fields to schedules: "lr",
    "weight_decay", "momentum" (SGD's, or betas[0]), "betas[1]", any number in the param groups;
    a value may be `by_group({...})` or a list of (predicate, schedule). `run` measures epochs,
    percent and rest. `base` is what a relative schedule is relative to (a number for the lr, or
    a mapping; a list has one for each group); without it, what the group holds now. `values`
    schedules numbers that no group holds, read as `scheduler["batch_size"]`. `on_change` says
    what a checkpoint with another plan means when it is loaded: "error", "keep", "replace",
    "rescale". `clock="calls"` counts `scheduler.step()` instead of updates. A group that is added
    later joins by the same rule, `join` "from_start" of the clock or from "now". `strict` raises
    before an update past the end of the run. `record` is the path of a trace to write, or to go on
    with after a resume. `watch="ranks"` warns where processes drift apart,
    `watch=passo.doctor.live()` of what the doctor finds while the run goes on.

    Raises NeedsRun and PassoError before anything is changed.

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
    target = _target(optimizer, clock)
    entries = as_plan(plan)
    settings = Settings(
        run,
        as_bases(base, entries, target.param_groups),
        as_values(values),
        on_change,
        clock,
        join,
        strict,
        None if hasattr(watch, "begin") else watch,
    )
    scheduler = Scheduler(target, entries, settings)
    _begun(scheduler, target, record)
    if hasattr(watch, "begin"):
        watch.begin(scheduler)
    return scheduler


def reattached(optimizer: Any, scheduler: Scheduler) -> Scheduler:
    """The plan of one scheduler on another optimizer, at the same clock, without its trace."""
    twin = Scheduler(optimizer, dict(scheduler.plan), replace(scheduler.settings))
    _begun(twin, optimizer, None)
    twin.load_state_dict(scheduler.state_dict())
    return twin


def attached(optimizer: Any) -> list[Scheduler]:
    """The Schedulers that drive this optimizer now."""
    try:
        known = _attached.get(optimizer, [])
    except TypeError:
        return []
    return [each for ref in known if (each := ref()) is not None and each.attached]


def _begun(scheduler: Scheduler, optimizer: Any, record: Any) -> Scheduler:
    others = attached(optimizer)
    _refuse_second_writer(scheduler, others)
    _warn_of_torchs_writer(scheduler, optimizer)
    _check_ranges(scheduler)
    tensors.warn_of_branches(scheduler.driver, optimizer.param_groups, _end(scheduler))
    scheduler.start(None if record is None else Journal(scheduler, record))
    try:
        _attached[optimizer] = [weakref.ref(each) for each in (*others, scheduler)]
    except TypeError:
        scheduler.kept = optimizer
    return scheduler


def unwrapped(optimizer: Any) -> Any:
    """The optimizer whose hooks fire, what a wrapper such as accelerate's holds inside; or None."""
    inner = optimizer
    for _ in range(8):
        if hasattr(inner, "_optimizer_step_post_hooks"):
            return inner
        if not hasattr(inner, "optimizer"):
            break
        inner = inner.optimizer
    return None


def _target(optimizer: Any, clock: str) -> Any:
    """What a Scheduler hangs on."""
    inner = unwrapped(optimizer)
    if inner is not None:
        return inner
    if clock == "calls" and hasattr(optimizer, "param_groups"):
        return optimizer
    if hasattr(optimizer, "param_groups"):
        msg = (
            f"{type(optimizer).__name__} has no step hook, so its updates cannot be counted; write "
            'attach(..., clock="calls") and call scheduler.step() after each update'
        )
    else:
        msg = f"attach needs a torch optimizer, got {brief(optimizer)}"
    raise PassoError(msg)


def _refuse_second_writer(scheduler: Scheduler, others: list[Scheduler]) -> None:
    ours = {(each.place, each.field) for each in scheduler.driver.driven if each.field}
    for other in others:
        for each in other.driver.driven:
            if each.field is not None and (each.place, each.field) in ours:
                msg = (
                    f"{each.field.name} of param group {each.place} is driven by another Scheduler "
                    "already; call its detach() first, or give both schedules in one plan"
                )
                raise PassoError(msg)


def _warn_of_torchs_writer(scheduler: Scheduler, optimizer: Any) -> None:
    """A scheduler of torch that was built on this optimizer writes its rate too, when stepped."""
    built = hasattr(getattr(optimizer, "step", None), "_wrapped_by_lr_sched")
    if built and any(each.key == "lr" for each in scheduler.driver.driven):
        text = (
            "a torch scheduler was built on this optimizer: if it is stepped, both write the lr; "
            "delete it, or leave the lr out of the plan"
        )
        warnings.warn(text, PassoWarning, stacklevel=5)


def _check_ranges(scheduler: Scheduler) -> None:
    end = _end(scheduler)
    for shared in scheduler.driver.shared:
        values = [shared.formula(t) for t in _times(shared, end)]
        first = shared.followers[0]
        if first.field is not None:
            where = f"param group {first.place}"
            fields.check_range(first.field, first.key, min(values), max(values), where)


def _end(scheduler: Scheduler) -> float:
    run = scheduler.run
    return _ENDLESS if run is None else float(run.measure(run.length))


def _times(shared: Shared, end: float) -> Iterator[float]:
    yield from (end * k / _SAMPLES for k in range(_SAMPLES + 1))
    corners = shared.formula.corners(0.0, end)
    yield from (t for _, t in zip(range(_SAMPLES), corners, strict=False))
