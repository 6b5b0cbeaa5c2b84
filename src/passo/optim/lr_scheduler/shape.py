"""A compiled shape with what it gave last, and the parameters that make another one."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import torch

from passo.ground.checks import brief
from passo.schedules import PassoError
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from passo.schedules import Schedule


class Shape:
    """A compiled shape, the parameters that it was made of, and what it gave last.

    `usual` says that all rates are plain floats that follow it, and `top` is the groups' top
    where they have only one; `bent`, that some top is not the base. `lone` is the float that the
    only group, `home`, holds. `turns` says that at a share of zero the base decides.
    """

    __slots__ = (
        "at",
        "bent",
        "floor",
        "formula",
        "home",
        "last",
        "lone",
        "top",
        "tops",
        "turns",
        "usual",
    )

    def __init__(self, schedule: Schedule, floor: float, *, turns: bool) -> None:
        self.floor = floor
        self.formula: Callable[[Any, Any], float] = schedule.compiled()
        self.last = 0.0
        self.at: float = -1
        self.usual = self.bent = False
        self.turns = turns
        self.home: Any = None
        self.lone: float | None = None
        self.tops: list[Any] = []
        self.top: float | None = None

    def __call__(self, t: float) -> float:
        """The share of the top that is left at t."""
        return self.formula(float(t), NUMBERS)

    def follow(self, tops: list[Any]) -> None:
        """The tops from here on."""
        self.tops = tops
        self.top = tops[0] if tops and tops.count(tops[0]) == len(tops) else None

    def write(self, groups: Sequence[dict[str, Any]], share: float) -> list[Any]:
        """Put the rates where plain floats were, and answer with them."""
        self.last, low = share, self.floor * (1.0 - share)
        if self.top is not None:
            rate = self.top * share + low
            for group in groups:
                group["lr"] = rate
            self.home, self.lone = groups[0], rate if len(groups) == 1 else None
            return [rate] * len(groups)
        rates = [top * share + low for top in self.tops]
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        return rates


class Parameter:
    """A number of a class that people read and set: setting it makes another shape."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, scheduler: Any, _owner: type | None = None) -> Any:
        if scheduler is None:
            return self
        try:
            return vars(scheduler)[self._name]
        except KeyError:
            raise AttributeError(self._name) from None

    def __set__(self, scheduler: Any, value: Any) -> None:
        self._check(scheduler, value)
        vars(scheduler)[self._name] = value
        scheduler._changed()

    def _check(self, scheduler: Any, value: Any) -> None:
        """Refuse what would make a rate of NaN, or none at all."""
        must_be_number(value, self._name, scheduler)


class Milestones(Parameter):
    """The steps at which something happens, as torch keeps them: in a Counter that people edit."""

    def __get__(self, scheduler: Any, owner: type | None = None) -> Any:
        if scheduler is not None:
            scheduler._lend()
        return super().__get__(scheduler, owner)

    def __set__(self, scheduler: Any, value: Any) -> None:
        scheduler._lend()
        super().__set__(scheduler, value)

    def _check(self, scheduler: Any, value: Any) -> None:
        for each in value:
            must_be_number(each, "a milestone", scheduler)


def must_be_number(value: Any, name: str, scheduler: Any) -> None:
    """Refuse NaN and what is no number, in a list too.

    >>> must_be_number(0.1, "gamma", None)
    """
    for each in value if isinstance(value, (list, tuple)) else [value]:
        number = each.item() if isinstance(each, torch.Tensor) and each.numel() == 1 else each
        if not isinstance(number, Real) or math.isnan(number):
            msg = f"{name} of {type(scheduler).__name__} must be a number, got {brief(each)}"
            raise PassoError(msg)
