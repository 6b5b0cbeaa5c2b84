"""What is a scheduler of some library, and so no optimizer; and which of torch's still lives."""

from __future__ import annotations

import gc
from typing import Any, Final

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from passo.ground.errors import PassoError
from passo.optim.ground.advice import shown

# What schedulers answer to and optimizers do not: torch's and DeepSpeed's; timm's and fairseq's;
# ignite's; mmengine's; pytorch_warmup's.
_SPEAKS: Final = (
    ("get_last_lr", "get_lr"),
    ("step_update",),
    ("get_param",),
    ("get_last_value",),
    ("dampen",),
)


def is_scheduler(thing: Any) -> bool:
    """Whether it is a scheduler, of torch or of another library.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> is_scheduler(torch.optim.lr_scheduler.StepLR(optimizer, 30)), is_scheduler(optimizer)
    (True, False)
    """
    if isinstance(thing, (LRScheduler, ReduceLROnPlateau)):
        return True
    if isinstance(thing, (type, Optimizer)) or _has(thing, "param_groups"):
        return False
    held = ("optimizer", "scheduler", "optimizers")
    return any(_has(thing, name) for name in held) and any(
        _has(thing, name) for names in _SPEAKS for name in names
    )


def lives(optimizer: Any, ours: type) -> bool:
    """Whether a scheduler of torch that was built on it, and is none of `ours`, may be stepped yet.

    The optimizer's own `step` stays wrapped for good, and knows none of them. So all that lives is
    looked through, but what `gc.freeze()` hides: that is told of where it writes. What a range test
    ran with is done with its test.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 30)
    >>> lives(optimizer, str), lives(optimizer, torch.optim.lr_scheduler.StepLR)
    (True, False)
    """
    return any(
        each.optimizer is optimizer
        for each in gc.get_objects()
        # Not isinstance, which asks a proxy for the class of what may be gone.
        if issubclass(type(each), LRScheduler)
        and not issubclass(type(each), ours)
        and hasattr(each, "optimizer")
        and not type(each).__module__.endswith("lr_finder")
    )


def refuse_scheduler(thing: Any, call: str) -> None:
    """Raises PassoError, with what to write, for a scheduler in the place of an optimizer."""
    if is_scheduler(thing):
        msg = (
            f"{call} needs a torch optimizer, got {shown(thing)}, which is a scheduler; write "
            f"{call}(optimizer, ...), and translate(scheduler).plan for what it would do, from "
            "passo.optim import translate"
        )
        raise PassoError(msg)


def _has(thing: Any, name: str) -> bool:
    try:
        return getattr(thing, name, None) is not None
    except Exception:  # noqa: BLE001 (a property of somebody's own may raise whatever it likes)
        return False
