"""What stands where there is no optimizer: it has no groups, and nothing counts by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Callable


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


def there(reference: Callable[[], Any]) -> Any:
    """The optimizer that is held weakly; raises PassoError where it has gone."""
    optimizer = reference()
    if optimizer is None:
        msg = "the optimizer of this scheduler is gone; keep a reference to the optimizer"
        raise PassoError(msg)
    return optimizer
