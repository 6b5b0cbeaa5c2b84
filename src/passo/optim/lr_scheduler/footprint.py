"""What building a scheduler changes in its optimizer, and the way back."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from torch.optim import Optimizer

_FIELDS: Final = ("lr", "momentum", "betas")
_KEYS: Final = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")
_numbers: Final = itertools.count()
_at_work: Final[weakref.WeakKeyDictionary[Optimizer, weakref.WeakSet[Any]]] = (
    weakref.WeakKeyDictionary()
)


class Footprint:
    """The param groups as they were before a scheduler was built, and the optimizer's own step."""

    __slots__ = ("_called", "_groups", "_patched", "number")

    def __init__(self, optimizer: Optimizer) -> None:
        self.number = next(_numbers)
        self._groups = [_fields(group) for group in optimizer.param_groups]
        self._patched = "step" in vars(optimizer)
        self._called = "_opt_called" in vars(optimizer)

    def undo(self, scheduler: Any, *, values: bool) -> None:
        """Take the keys away, with `values` put those back that stood there, and free `step`."""
        optimizer = scheduler.optimizer
        others = _at_work.get(optimizer, weakref.WeakSet())
        others.discard(scheduler)
        for group, fields in zip(optimizer.param_groups, self._groups, strict=False):
            for key in _KEYS:
                if key not in fields and not others:
                    group.pop(key, None)
            if values:
                for key, (slot, number) in fields.items():
                    group[key] = _as_it_was(slot, number)
        if not others and not self._patched and hasattr(optimizer.step, "_wrapped_by_lr_sched"):
            del optimizer.step
            if not self._called and "_opt_called" in vars(optimizer):
                del optimizer._opt_called


def works_on(scheduler: Any, optimizer: Optimizer) -> None:
    """Remember who is at work on an optimizer."""
    _at_work.setdefault(optimizer, weakref.WeakSet()).add(scheduler)


def _fields(group: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {key: (group[key], _number(group[key])) for key in (*_FIELDS, *_KEYS) if key in group}


def _number(slot: Any) -> Any:
    if isinstance(slot, torch.Tensor):
        return slot.detach().clone()
    return tuple(_number(each) for each in slot) if isinstance(slot, tuple) else None


def _as_it_was(slot: Any, number: Any) -> Any:
    if isinstance(slot, torch.Tensor):
        with torch.no_grad():
            slot.copy_(number)
    elif isinstance(slot, tuple):
        for each, its_number in zip(slot, number, strict=True):
            _as_it_was(each, its_number)
    return slot
