"""Whose is what a group holds: looked up, for all groups that come together, in one table."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from passo.optim.ground.fields import Field
    from passo.optim.scheduler.absences import Absences
    from passo.optim.scheduler.driven import Driven


class Drives(Protocol):
    """What drives numbers, such as a Driver."""

    absences: Absences

    def everything(self) -> Iterator[Driven]:
        """All that is driven, and all that was while its group was there."""
        ...


class Owners:
    """Who fills a Tensor, of all that are `driving`, and what `driver` wrote as a plain number.

    The obvious form asks everything that is driven, for each group that comes.
    """

    def __init__(self, driver: Drives, driving: Iterable[Drives]) -> None:
        self._driver, self._driving = driver, driving

    @cached_property
    def _tensors(self) -> dict[int, Driven]:
        found: dict[int, Driven] = {}
        for driver in (self._driver, *self._driving):
            for each in driver.everything():
                if each.tensor is not None:
                    found.setdefault(id(each.tensor), each)
        return found

    @cached_property
    def _numbers(self) -> dict[tuple[Field, int], Driven]:
        # By identity, as `Driven.wrote` knows them; what is driven holds each for as long as this.
        found: dict[tuple[Field, int], Driven] = {}
        written = chain(_written(self._driver.everything()), self._driver.absences.left())
        for each, value in written:
            if each.field is not None and value is not None:
                found.setdefault((each.field, id(value)), each)
        return found

    def of(self, tensor: torch.Tensor) -> Driven | None:
        """Who fills this very Tensor already."""
        return self._tensors.get(id(tensor))

    def fills(self, driven: Driven, tensor: torch.Tensor) -> None:
        """It fills this Tensor from now on, and no other."""
        if driven.tensor is not None and self.of(driven.tensor) is driven:
            del self._tensors[id(driven.tensor)]
        self._tensors.setdefault(id(tensor), driven)
        driven.tensor = tensor

    def base(self, field: Field, slot: Any) -> float | None:
        """The base behind what was written here and is held by another group now; else None."""
        if type(slot) is not float and isinstance(slot, torch.Tensor):
            owner = self.of(slot)
        else:
            owner = self._numbers.get((field, id(slot))) if self._numbers else None
        return None if owner is None else owner.base


def _written(driven: Iterable[Driven]) -> Iterator[tuple[Driven, Any]]:
    """What each wrote last, and before that."""
    for each in driven:
        one = each.shared
        if one is not None:
            yield each, one.value
            yield each, one.used
