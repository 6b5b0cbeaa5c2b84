"""What stands where there is no optimizer: it has no groups, and nothing counts by itself."""

from __future__ import annotations

from typing import Any


class NoOptimizer:
    """What `attach(None, values=...)` hangs on: no param groups and no step.

    A Scheduler asks its optimizer for its groups at each turn, and holds it weakly. With this one
    it needs no second way for each of these; here the Scheduler is the owner.

    >>> NoOptimizer(), NoOptimizer().param_groups
    (no optimizer, [])
    """

    def __init__(self) -> None:
        self.param_groups: list[dict[str, Any]] = []

    def __repr__(self) -> str:
        return "no optimizer"
