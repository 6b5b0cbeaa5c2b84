"""What the groups hold as rates: read, kept, written, and counted with, many at a time."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.optim.ground.fields import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.optim import Optimizer

LR: Final = Field("lr")
_slot: Final = itemgetter("lr")


def held_slots(groups: Sequence[dict[str, Any]]) -> list[Any]:
    """What each group's lr is, the thing itself."""
    return list(map(_slot, groups))


def held_values(optimizer: Optimizer) -> list[Any]:
    """What each group's lr is now; a Tensor's copy."""
    held = held_slots(optimizer.param_groups)
    return held if are_floats(held) else [snapshot(slot) for slot in held]


def are_floats(slots: list[Any]) -> bool:
    """Whether none is a Tensor, at the speed of a sum: that of floats is a float."""
    return type(sum(slots)) is float


def snapshot(slot: Any) -> Any:
    """A copy where it is a Tensor, so that nobody can change the original through it."""
    return slot.clone() if isinstance(slot, torch.Tensor) else slot


def put(groups: Sequence[dict[str, Any]], rates: list[Any]) -> list[Any]:
    """Write the rates, and answer with what is there then; a Tensor is filled."""
    if len(groups) == 1 and type(groups[0]["lr"]) is float is type(rates[0]):
        groups[0]["lr"] = rates[0]
        return rates
    if are_floats(held_slots(groups)) and are_floats(rates):
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        return rates
    for group, rate in zip(groups, rates, strict=True):
        LR.write(group, as_float(rate))
    return [snapshot(group["lr"]) for group in groups]


def scaled(numbers: list[Any], factor: Any, offset: float = 0.0) -> list[Any]:
    """Each number times a factor; one product where all are the same.

    >>> scaled([1.0, 1.0], 0.5, offset=0.25)
    [0.75, 0.75]
    """
    first = numbers[0]
    if type(first) is float and numbers.count(first) == len(numbers):
        return [first * factor + offset] * len(numbers)
    return [each * factor + offset for each in numbers]


def between(starts: list[Any], ends: list[Any], share: float) -> list[Any]:
    """The number that lies so far from each start to its end.

    >>> between([0.0, 1.0], [1.0, 2.0], 0.5)
    [0.5, 1.5]
    """
    start, end, size = starts[0], ends[0], len(starts)
    if type(start) is float is type(end) and starts.count(start) == size == ends.count(end):
        return [start + (end - start) * share] * size
    return [start + (end - start) * share for start, end in zip(starts, ends, strict=True)]


def as_float(slot: Any) -> float:
    """The number in a field."""
    return float(slot.detach() if isinstance(slot, torch.Tensor) else slot)
