"""Around which steps an update is made, where an optimizer shares its groups with one inside it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from passo.optim.ground.quiet import quiet
from passo.optim.ground.updates import is_stepping

if TYPE_CHECKING:
    from torch.optim import Optimizer

Hook: TypeAlias = Callable[["Optimizer", Any, Any], Any]

_PRE: Final = "register_step_pre_hook"
_POST: Final = "register_step_post_hook"


def lender(optimizer: Any, lent: Mapping[str, Any]) -> Any:
    """The only one of `lending(optimizer)`, where all groups of this one are that one's; or None.

    >>> import torch
    >>> from passo.optim.ground.wrappers import lending
    >>> inner = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
    >>> outer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
    >>> lender(outer, lending(outer)) is None
    True
    >>> outer.base_optimizer, outer.param_groups = inner, inner.param_groups
    >>> lender(outer, lending(outer)) is inner
    True
    """
    inside = {id(each): each for each in lent.values()}
    if len(inside) != 1:
        return None
    (inner,) = inside.values()
    groups = {id(group) for group in inner.param_groups}
    return inner if all(id(group) in groups for group in optimizer.param_groups) else None


def around_steps(
    optimizer: Any, lent: Mapping[str, Any], before: Hook, after: Hook
) -> list[tuple[Any, str, Hook]]:
    """Where to hang two hooks, so that they run around each step: on what, by which method, which.

    A wrapper such as SAM is seldom stepped itself: its `second_step` steps what it holds. Such a
    step is one of the wrapper's, and the hooks are called with the wrapper. Where the wrapper's own
    `step` makes it, that one is counted.
    """
    found: list[tuple[Any, str, Hook]] = [(optimizer, _PRE, before), (optimizer, _POST, after)]
    inner = lender(optimizer, lent)
    if inner is not None:
        inside = _Inside(optimizer, before, after)
        found += [(inner, _PRE, inside.before), (inner, _POST, inside.after)]
    return found


class _Inside:
    """Hands the steps of the optimizer inside to the hooks of the one that holds it."""

    def __init__(self, outer: Any, before: Hook, after: Hook) -> None:
        self._outer = weakref.ref(outer)
        self._before, self._after = before, after

    @quiet
    def before(self, _inner: Optimizer, args: Any, kwargs: Any) -> Any:
        outer = self._outer()
        if outer is None or is_stepping(outer):
            return None
        return self._before(outer, args, kwargs)

    @quiet
    def after(self, inner: Optimizer, args: Any, kwargs: Any) -> None:
        outer = self._outer()
        if outer is None or is_stepping(outer):
            return
        found_inf = getattr(inner, "found_inf", None)
        if found_inf is None or not bool(found_inf):
            self._after(outer, args, kwargs)
