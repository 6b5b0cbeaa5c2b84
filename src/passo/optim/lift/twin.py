"""A copy of a scheduler that works on a copy of its optimizer's groups: what is stepped."""

from __future__ import annotations

import copy
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.ground.errors import PassoError
from passo.optim.ground.wrappers import layers

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN: Final = (int, float, str, bytes, bool, list, dict, set, tuple, type(None))
_DEEP: Final = 4


class Group(dict[str, Any]):
    """A param group that remembers which of its fields were written."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.written: set[str] = set()

    def __setitem__(self, key: str, value: Any) -> None:
        self.written.add(key)
        super().__setitem__(key, value)

    def update(self, *others: Any, **named: Any) -> None:
        """As a dict's."""
        for key, value in dict(*others, **named).items():
            self[key] = value


class Shadow(torch.optim.Optimizer):
    """An optimizer with the groups of another, and nothing to train."""

    def __init__(self, original: Any) -> None:
        groups = [
            {name: copy.deepcopy(value) for name, value in group.items() if name != "params"}
            for group in original.param_groups
        ]
        own = [Group({"params": [torch.nn.Parameter(torch.zeros(1))], **group}) for group in groups]
        super().__init__(own, copy.deepcopy(getattr(original, "defaults", {})))
        self._opt_called = True
        for group in own:
            group.written.clear()

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Change nothing."""

    @property
    def written(self) -> set[str]:
        """The fields that were written, in any group."""
        found: set[str] = set()
        return found.union(*(getattr(group, "written", ()) for group in self.param_groups))


def twin_of(scheduler: Any) -> tuple[Any, Shadow]:
    """A copy of a scheduler, and the optimizer that it works on.

    What several objects share is shared by their copies, and by nothing that lives. Raises
    PassoError for what cannot be copied.
    """
    optimizer = scheduler.optimizer
    shadow = Shadow(optimizer)
    memo: dict[int, Any] = {id(each): shadow for each in layers(optimizer)}
    for theirs, its in zip(optimizer.param_groups, shadow.param_groups, strict=True):
        memo[id(theirs)] = its
    try:
        twin = copy.deepcopy(scheduler, memo)
    except Exception as error:
        msg = (
            f"{type(scheduler).__name__} cannot be copied ({error}), and lift steps a copy; write "
            "lift(lambda t: ..., steps) with the rate that it has at t"
        )
        raise PassoError(msg) from error
    _part_functions(twin, memo, 0)
    return twin, shadow


def _part_functions(thing: Any, memo: dict[int, Any], deep: int) -> None:
    """Give the copy functions of its own: a count that one keeps in a closure stays as it is."""
    held: dict[str, Any] = getattr(thing, "__dict__", {})
    for name, value in list(held.items()):
        if isinstance(value, FunctionType):
            held[name] = parted(value, memo)
        elif isinstance(value, list):
            value[:] = [
                parted(each, memo) if isinstance(each, FunctionType) else each for each in value
            ]
    if deep < _DEEP:
        for member in _members(held):
            _part_functions(member, memo, deep + 1)


def _members(held: dict[str, Any]) -> Iterator[Any]:
    for value in list(held.values()):
        several = value if isinstance(value, (list, tuple)) else (value,)
        yield from (each for each in several if hasattr(each, "optimizer"))


def parted(function: FunctionType, memo: dict[int, Any]) -> FunctionType:
    """The same function over copies of the plain values in its closure."""
    if not function.__closure__:
        return function
    if id(function) not in memo:
        cells = tuple(_copied(cell, memo) for cell in function.__closure__)
        made = FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, cells
        )
        made.__kwdefaults__ = function.__kwdefaults__
        made.__qualname__ = function.__qualname__
        memo[id(function)] = made
    return memo[id(function)]  # type: ignore[no-any-return]


def _copied(cell: CellType, memo: dict[int, Any]) -> CellType:
    if id(cell) in memo:
        return memo[id(cell)]  # type: ignore[no-any-return]
    try:
        inside = cell.cell_contents
    except ValueError:  # nothing is in it yet
        return cell
    if not isinstance(inside, _PLAIN):
        return cell
    memo[id(cell)] = CellType(copy.deepcopy(inside, memo))
    return memo[id(cell)]  # type: ignore[no-any-return]
