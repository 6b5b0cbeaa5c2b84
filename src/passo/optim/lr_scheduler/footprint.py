"""What building a scheduler changes in its optimizer, and the way back."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.optim.ground.groups import pair
from passo.optim.lr_scheduler.rates import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim import Optimizer

    Told = list[tuple[dict[str, Any], Any]]

_FIELDS: Final = ("lr", "momentum", "betas")
_KEYS: Final = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")
_numbers: Final = itertools.count()


class Crew:
    """Who is at work on one optimizer, and how it was before the first of them."""

    __slots__ = ("called", "had", "patched", "schedulers")

    def __init__(self, optimizer: Optimizer) -> None:
        self.had = [(group, set(group)) for group in optimizer.param_groups]
        self.patched = "step" in vars(optimizer)
        self.called = "_opt_called" in vars(optimizer)
        # In the order of their building; each is found by its identity.
        self.schedulers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


_at_work: Final[weakref.WeakKeyDictionary[Optimizer, Crew]] = weakref.WeakKeyDictionary()


class Footprint:
    """The param groups as they were before a scheduler was built."""

    __slots__ = ("_groups", "number")

    def __init__(self, optimizer: Optimizer) -> None:
        self.number = next(_numbers)
        self._groups = [(group, _fields(group)) for group in optimizer.param_groups]

    def undo(self, scheduler: Any, *, values: bool) -> None:
        """With `values` put back what stood there; the last to leave takes keys and `step` off."""
        optimizer = scheduler.optimizer
        groups, crew = optimizer.param_groups, _at_work[optimizer]
        crew.schedulers.pop(scheduler, None)
        for group, fields in _paired(groups, self._groups if values else []):
            for key, (slot, number) in fields.items():
                group[key] = _as_it_was(slot, number)
        if crew.schedulers:
            return
        for group, had in _paired(groups, crew.had):
            for key in _KEYS:
                if key not in had:
                    group.pop(key, None)
        if not crew.patched and hasattr(optimizer.step, "_wrapped_by_lr_sched"):
            del optimizer.step
            if not crew.called and "_opt_called" in vars(optimizer):
                del optimizer._opt_called


def works_on(scheduler: Any, optimizer: Optimizer) -> None:
    """Remember who is at work on an optimizer; called before anything is changed."""
    crew = _at_work.get(optimizer)
    if crew is None or not crew.schedulers:
        crew = _at_work[optimizer] = Crew(optimizer)
    crew.schedulers[scheduler] = next(_numbers)


def crew_of(optimizer: Optimizer) -> list[Any]:
    """Who is at work on an optimizer, in the order of their building."""
    crew = _at_work.get(optimizer)
    return [] if crew is None else sorted(crew.schedulers, key=crew.schedulers.__getitem__)


def is_known(optimizer: Any, group: Any) -> bool:
    """Whether somebody who is at work on an optimizer has seen this very group."""
    crew = _at_work.get(optimizer)
    return crew is not None and any(group is known for known, _ in crew.had)


def comes(optimizer: Optimizer, place: int, *, has_base: bool) -> None:
    """A group came while schedulers are at work; its rate is its base, where there are bases."""
    group, crew = optimizer.param_groups[place], _at_work.get(optimizer)
    if crew is not None and not is_known(optimizer, group):
        crew.had.append((group, set(group)))
    if has_base:
        group.setdefault("initial_lr", snapshot(group["lr"]))


def _paired(groups: list[dict[str, Any]], told: Told) -> Iterator[tuple[dict[str, Any], Any]]:
    """The groups that are there, each with what was told of it."""
    for group, place in zip(groups, pair([known for known, _ in told], groups), strict=True):
        if place is not None:
            yield group, told[place][1]


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
