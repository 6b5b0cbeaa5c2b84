"""A deep copy of a Scheduler drives a copy of the optimizer, never the original."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from passo.optim.scheduler.scheduler import Scheduler


def copied(scheduler: Scheduler, memo: dict[int, Any]) -> Scheduler:
    """The same plan at the same clock on the optimizer's copy, without its trace."""
    from passo.optim.scheduler.attach import reattached

    original = scheduler.optimizer
    alone = id(original) not in memo
    optimizer = copy.deepcopy(original, memo)
    twin = reattached(optimizer, scheduler)
    memo[id(scheduler)] = twin
    if alone:
        twin.kept = optimizer
    return twin
