"""`lift`: the pure schedules behind any scheduler of any library, found by simulating it."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from passo.ground.checks import brief, whole
from passo.optim.ground import fields, randomness
from passo.optim.scheduler.scheduler import Scheduler
from passo.schedules import Constant, PassoError, Table
from passo.schedules import steps as in_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from passo.schedules import Schedule


def lift(
    scheduler: Any, steps: int, *, metrics: Sequence[float] | None = None, key: str = "lr"
) -> list[Schedule]:
    """A pure schedule for each param group: what its next `steps` updates would use.

        s(0) is what the next update uses, s(t) what the one t steps later uses; then it holds

    `scheduler` is any object with an `optimizer` and a `step`, composed ones included (torch's,
    ours, transformers', timm's `step_update`). It is simulated on copies: scheduler, optimizer
    and the global random generators are bit for bit as they were. `metrics` are what a plateau is
    told, one for each step. `key` names the field, as in a plan. Functions are called for real:
    one that keeps a count in a closure counts on.

    Raises PassoError for what is no scheduler, and where metrics are needed and lacking.

    >>> import torch
    >>> from torch.optim.lr_scheduler import MultiplicativeLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> [schedule] = lift(MultiplicativeLR(optimizer, lambda t: 0.5), 4)
    >>> [schedule(t) for t in range(5)]
    [1.0, 0.5, 0.25, 0.125, 0.125]
    """
    whole(steps, "steps")
    if isinstance(scheduler, Scheduler):
        return _planned(scheduler, key)
    inner = _inner(scheduler)
    put_back = randomness.keep_global()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = _simulated(inner, steps, metrics, key)
    finally:
        put_back()
    return [_as_schedule(column) for column in zip(*rows, strict=True)]


class _Shadow(torch.optim.Optimizer):
    """An optimizer with the groups of another, and nothing to train."""

    def __init__(self, original: Any) -> None:
        groups = [
            {name: copy.deepcopy(value) for name, value in group.items() if name != "params"}
            for group in original.param_groups
        ]
        own = [{"params": [torch.nn.Parameter(torch.zeros(1))], **group} for group in groups]
        super().__init__(own, copy.deepcopy(original.defaults))
        self._opt_called = True

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Change nothing."""


def _inner(scheduler: Any) -> Any:
    """What a wrapper such as accelerate's holds."""
    for _ in range(8):
        if hasattr(scheduler, "step") and hasattr(
            getattr(scheduler, "optimizer", None), "param_groups"
        ):
            return scheduler
        if not hasattr(scheduler, "scheduler"):
            break
        scheduler = scheduler.scheduler
    msg = f"lift needs a scheduler with an optimizer and a step, got {brief(scheduler)}"
    raise PassoError(msg)


def _simulated(
    scheduler: Any, steps: int, metrics: Sequence[float] | None, key: str
) -> list[list[float]]:
    optimizer = scheduler.optimizer
    shadow = _Shadow(optimizer)
    memo: dict[int, Any] = {id(optimizer): shadow}
    for theirs, its in zip(optimizer.param_groups, shadow.param_groups, strict=True):
        memo[id(theirs)] = its
    twin = copy.deepcopy(scheduler, memo)
    advance = _advance(twin, metrics, steps)
    found = [
        fields.find(key, group, f"param group {place}")
        for place, group in enumerate(shadow.param_groups)
    ]
    rows = []
    for t in range(steps):
        groups = zip(found, shadow.param_groups, strict=True)
        rows.append([field.read(group) for field, group in groups])
        if t + 1 < steps:
            shadow.step()
            advance(t + 1)
    return rows


def _advance(twin: Any, metrics: Sequence[float] | None, steps: int) -> Callable[[int], None]:
    if hasattr(twin, "step_update") and not getattr(twin, "t_in_epochs", True):
        return twin.step_update  # type: ignore[no-any-return]  # timm
    if hasattr(twin, "t_in_epochs"):
        return twin.step  # type: ignore[no-any-return]
    if not _wants_metrics(twin):
        return lambda _: twin.step()
    if metrics is None or len(metrics) < steps - 1:
        given = "none" if metrics is None else len(metrics)
        msg = (
            f"a plateau follows its metric: lift needs {steps - 1} metrics, got {given}; "
            "write lift(scheduler, steps, metrics=[...])"
        )
        raise PassoError(msg)
    return lambda t: twin.step(metrics[t - 1])


def _wants_metrics(scheduler: Any) -> bool:
    inside = getattr(scheduler, "_schedulers", ())
    return isinstance(scheduler, ReduceLROnPlateau) or any(map(_wants_metrics, inside))


def _planned(scheduler: Scheduler, key: str) -> list[Schedule]:
    """An attached plan is pure already: what each group follows from its next update on."""
    found = [
        each.shared.formula.skip(in_steps(scheduler.clock))
        if scheduler.clock
        else each.shared.formula
        for each in scheduler.driver.driven
        if each.key == key and each.shared is not None
    ]
    if not found:
        msg = f"the plan does not name {key!r}; it names {', '.join(scheduler.plan)}"
        raise PassoError(msg)
    return found


def _as_schedule(values: tuple[float, ...]) -> Schedule:
    """A table of the values at the steps where they change."""
    points = [
        (in_steps(t), value) for t, value in enumerate(values) if not t or value != values[t - 1]
    ]
    if len(points) == 1:
        return Constant(values[0])
    return Table(tuple(points), "step")
