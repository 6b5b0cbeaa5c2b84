"""Which calls of an optimizer's step are updates: the doubtful ones are looked at here."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from types import FrameType

    from torch.optim import Optimizer

    Groups = list[dict[str, Any]]

_HOOKS_FILE: Final = torch.optim.Optimizer.profile_hook_step.__code__.co_filename


class Watch:
    """Tells a real update from a step that changed nothing, without touching the device.

    Not counted: a step that GradScaler's `found_inf` made a fused optimizer skip; a step without
    any gradient before and after; the step with rate 0 and no gradient that distributed
    checkpoint makes to fill an optimizer's state; and the inner hook of a subclass whose step
    calls `super().step()`.
    """

    __slots__ = ("_had_gradient", "lr", "nested", "skips")

    def __init__(self, optimizer: Optimizer) -> None:
        own = type(optimizer).__mro__[: type(optimizer).__mro__.index(torch.optim.Optimizer)]
        steps = {inspect.unwrap(vars(kind)["step"]) for kind in own if "step" in vars(kind)}
        self.nested = len(steps) > 1
        self._had_gradient = True
        self.lr: Any = None
        self.skips = 0

    def before(self, groups: Groups, closure: Any) -> None:
        """Look at the gradients before the step; a closure clears these and makes its own."""
        if closure is not None:
            self._had_gradient = False
            return
        parameters = groups[0]["params"]
        first = bool(parameters) and parameters[0].grad is not None
        self._had_gradient = first or has_gradient(groups)

    def will_update(self, optimizer: Optimizer) -> bool:
        """Whether the step that is about to be made, without a closure, will change the weights."""
        found_inf = getattr(optimizer, "found_inf", None)
        known = found_inf is not None and not is_far(found_inf)
        if not self._had_gradient or (known and bool(found_inf)):
            return False
        groups = optimizer.param_groups
        return groups[0].get("lr") is self.lr or not only_fills_state(groups)

    def is_update(self, optimizer: Optimizer) -> bool:
        """Whether the step that just ended changed the weights; counts those that were skipped."""
        found_inf = getattr(optimizer, "found_inf", None)
        if found_inf is not None and bool(found_inf):
            self.skips += 1
            return False
        return self.changes(optimizer)

    def changes(self, optimizer: Optimizer) -> bool:
        """The same of a step that `found_inf` did not make the optimizer skip."""
        if self.nested and not _outermost(optimizer):
            return False
        groups = optimizer.param_groups
        if not self._had_gradient and not has_gradient(groups):
            return False
        return groups[0].get("lr") is self.lr or not only_fills_state(groups)


def is_far(found_inf: Any) -> bool:
    """Whether to read it now would wait for all that a GPU has still to do."""
    return isinstance(found_inf, torch.Tensor) and found_inf.device.type == "cuda"


def has_gradient(groups: Groups) -> bool:
    """Whether any parameter has a gradient; the first one usually has."""
    return any(p.grad is not None for group in groups for p in group["params"])


def only_fills_state(groups: Groups) -> bool:
    """Whether every rate is 0, and every gradient nothing or zero: nothing can change."""
    if any(float(group.get("lr", 1.0)) != 0.0 for group in groups):
        return False
    gradients = (p.grad for group in groups for p in group["params"])
    return not any(bool(g.any()) for g in gradients if g is not None)


def is_stepping(optimizer: Optimizer) -> bool:
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


def _outermost(optimizer: Optimizer) -> bool:
    """Whether the hook was called for the step of the optimizer's own class."""
    own = getattr(type(optimizer).step, "__wrapped__", None)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "wrapper" and code.co_filename == _HOOKS_FILE:
            return frame.f_locals.get("func") is own
        frame = frame.f_back
    return True
