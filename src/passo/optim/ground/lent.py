"""Around which steps an update is made, where an optimizer shares its groups with one inside it."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import torch

from passo.optim.ground.quiet import quiet
from passo.optim.ground.wrappers import lending

if TYPE_CHECKING:
    from types import FrameType

    from torch.optim import Optimizer

Hook: TypeAlias = Callable[["Optimizer", Any, Any], Any]

_PRE: Final = "register_step_pre_hook"
_POST: Final = "register_step_post_hook"
_HOOKS_FILE: Final = torch.optim.Optimizer.profile_hook_step.__code__.co_filename


def lender(optimizer: Any) -> Any:
    """The only optimizer inside this one, where all groups of this one are that one's; or None.

    >>> import torch
    >>> inner = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
    >>> outer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
    >>> lender(outer) is None
    True
    >>> outer.base_optimizer, outer.param_groups = inner, inner.param_groups
    >>> lender(outer) is inner
    True
    """
    inside = {id(each): each for each in lending(optimizer).values()}
    if len(inside) != 1:
        return None
    (inner,) = inside.values()
    lent = {id(group) for group in inner.param_groups}
    return inner if all(id(group) in lent for group in optimizer.param_groups) else None


def around_steps(optimizer: Any, before: Hook, after: Hook) -> list[tuple[Any, str, Hook]]:
    """Where to hang two hooks, so that they run around each step: on what, by which method, which.

    A wrapper such as SAM is seldom stepped itself: its `second_step` steps what it holds. Such a
    step is one of the wrapper's, and the hooks are called with the wrapper. Where the wrapper's own
    `step` makes it, that one is counted.
    """
    found: list[tuple[Any, str, Hook]] = [(optimizer, _PRE, before), (optimizer, _POST, after)]
    inner = lender(optimizer)
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
        if outer is None or _is_stepping(outer):
            return None
        return self._before(outer, args, kwargs)

    @quiet
    def after(self, inner: Optimizer, args: Any, kwargs: Any) -> None:
        outer = self._outer()
        if outer is None or _is_stepping(outer):
            return
        found_inf = getattr(inner, "found_inf", None)
        if found_inf is None or not bool(found_inf):
            self._after(outer, args, kwargs)


def _is_stepping(optimizer: Any) -> bool:
    """Whether a step of this very optimizer is under way.

    A flag set by its two hooks would be simpler, and would stay up after a step that raised.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "wrapper" and code.co_filename == _HOOKS_FILE:
            args = frame.f_locals.get("args")
            if args and args[0] is optimizer:
                return True
        frame = frame.f_back
    return False
