"""Who drives what: the Schedulers that are attached to an optimizer, and what a wrapper holds."""

from __future__ import annotations

import weakref
from typing import Any, Final, Protocol

from torch.optim import Optimizer


class HasGroups(Protocol):
    """What wraps an optimizer and shows its param groups, such as accelerate's."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups, each a dict with its "params"."""
        ...


# Weakly on both sides: the optimizer's hooks own a Scheduler, and a registry must own neither.
# Any, since a Scheduler is made two rooms above this one.
_attached: Final[weakref.WeakKeyDictionary[Any, list[weakref.ref[Any]]]] = (
    weakref.WeakKeyDictionary()
)


def add(optimizer: Any, scheduler: Any) -> bool:
    """Remember that this Scheduler drives the optimizer; False where that cannot be held weakly."""
    try:
        _attached[optimizer] = [weakref.ref(each) for each in (*attached(optimizer), scheduler)]
    except TypeError:
        return False
    return True


def attached(optimizer: Any) -> list[Any]:
    """The Schedulers that drive this optimizer now, in the order in which they came."""
    try:
        known = _attached.get(optimizer, [])
    except TypeError:
        return []
    return [each for ref in known if (each := ref()) is not None and each.attached]


def describe(optimizer: Optimizer | HasGroups) -> str:
    """Who writes what in this optimizer: each passo Scheduler attached to it, in words.

    >>> import torch
    >>> from passo import Constant, attach
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = attach(optimizer, Constant(0.5))
    >>> print(describe(optimizer))
    Scheduler at update 0 of no run
      lr of group 0: Constant(0.5); last nothing yet, next 0.5
    """
    found = attached(optimizer)
    return "\n".join(map(repr, found)) if found else "no passo Scheduler is attached to it"


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
