"""What the groups of an optimizer hold, read as quickly as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS: Final = ("lr", "momentum", "weight_decay", "betas")

Groups = list[dict[str, Any]]


class Reading:
    """Reads the fields that move while a network trains, from every group.

    `marks(groups)` is equal twice where nothing changed in between: floats as they are, a Tensor
    by its identity and version, so that no device is waited for. `values(groups)` copies Tensors.
    """

    __slots__ = ("keys", "tensors")

    def __init__(self, groups: Groups) -> None:
        self.keys = tuple(key for key in KEYS if any(key in group for group in groups))
        self.tensors = any(isinstance(each, torch.Tensor) for each in _flat(self, groups))

    def marks(self, groups: Groups) -> list[Any]:
        """What is there now, to be compared."""
        try:
            found = [group[key] for group in groups for key in self.keys]
        except KeyError:
            found = [group.get(key) for group in groups for key in self.keys]
        return [_mark(each) for each in found] if self.tensors else found

    def values(self, groups: Groups) -> list[Any]:
        """What is there now, to be kept: for each group and key a number, a tuple or a copy."""
        found = [group.get(key) for group in groups for key in self.keys]
        return [_copied(each) for each in found] if self.tensors else found

    def columns(self, groups: Groups) -> list[tuple[int, str]]:
        """The place of the group and the name of each number that `numbers` gives."""
        names = []
        for place, group in enumerate(groups):
            for key in self.keys:
                pair = isinstance(group.get(key), (tuple, list))
                names += [(place, f"{key}[{k}]") for k in range(2)] if pair else [(place, key)]
        return names


def numbers(values: list[Any]) -> list[float | None]:
    """Kept values as floats: this is where a device is waited for."""
    return [_number(each) for value in values for each in _parts(value)]


def _flat(reading: Reading, groups: Groups) -> Iterator[Any]:
    for group in groups:
        for key in reading.keys:
            yield from _parts(group.get(key))


def _parts(value: Any) -> tuple[Any, ...]:
    return tuple(value[:2]) if isinstance(value, (tuple, list)) else (value,)


def _mark(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return (id(value), value._version)
    return tuple(map(_mark, value)) if isinstance(value, (tuple, list)) else value


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return tuple(map(_copied, value)) if isinstance(value, (tuple, list)) else value


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return None
