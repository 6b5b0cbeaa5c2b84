"""`lr_scale` in param groups: what timm's layer-wise decay leaves there, and who reads it."""

from __future__ import annotations

import math
import types
from typing import TYPE_CHECKING, Any, Final

from passo.ground.here import place
from passo.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.optim.scheduler.scheduler import Scheduler

_KEY: Final = "lr_scale"
_SAME: Final = 1e-6  # relative: a rate that was multiplied by hand


def remark(scheduler: Scheduler, optimizer: Any) -> bool:
    """Warn of scales by which nobody multiplies the rate: not the plan, nor the optimizer itself.

    Answers whether it did.

    A plan by groups, or of the scale itself, has thought of it.
    """
    entry = scheduler.plan.get("lr")
    scales = [group.get(_KEY, 1.0) for group in optimizer.param_groups]
    if (
        not isinstance(entry, Schedule)
        or _KEY in scheduler.plan
        or all(scale == 1.0 for scale in scales)
        or (entry.relative and _are_applied(scheduler, scales))
        or _reads(type(optimizer))
    ):
        return False
    relative = "" if entry.relative else ", and make the plan relative to base"
    place().warn(
        f"the param groups hold lr_scale, from {min(scales):.6g} to {max(scales):.6g}, and nobody "
        "reads it: each group gets the rate without its scale; write before attach: for group in "
        f'optimizer.param_groups: group["lr"] *= group.get("lr_scale", 1){relative}'
    )
    return True


def _are_applied(scheduler: Scheduler, scales: list[Any]) -> bool:
    """Whether the bases are one rate times the scales."""
    rates = [
        each.base / scales[each.place]
        for each in scheduler.driver.driven
        if each.key == "lr" and each.place is not None and scales[each.place] > 0
    ]
    several = len(set(scales)) > 1
    return several and all(math.isclose(rate, rates[0], rel_tol=_SAME) for rate in rates)


def _reads(optimizer: type) -> bool:
    """Whether the code of its class names the key."""
    members = [each for kind in optimizer.__mro__[:-1] for each in vars(kind).values()]
    functions = [getattr(each, "__wrapped__", each) for each in members]
    codes = [each.__code__ for each in functions if isinstance(each, types.FunctionType)]
    return any(_KEY in _constants(code) for code in codes)


def _constants(code: types.CodeType) -> Iterator[Any]:
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _constants(each)
        else:
            yield each
