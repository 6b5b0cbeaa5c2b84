"""People's own functions of the steps made: as schedules, and for groups that come later."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from passo.optim.lr_scheduler.rates import as_float, snapshot
from passo.schedules import Function, PassoError, Schedule, register

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_numbers: Final = itertools.count(1)
_names: Final[dict[int, tuple[str, Any]]] = {}


def as_function(function: Callable[[int], float]) -> Schedule:
    """The schedule of a function of whole steps, registered under a name of its own.

    >>> as_function(lambda t: t + 1)(2)
    3.0
    """
    if isinstance(function, Schedule):
        return function
    if id(function) not in _names:
        where = getattr(function, "__qualname__", type(function).__qualname__)
        name = f"{where} #{next(_numbers)}"
        _names[id(function)] = name, function
        register(name)(lambda t: function(int(t)))
    return Function(_names[id(function)][0])


def for_late(given: Sequence[Any], groups: int, what: str) -> Any:
    """What a group that came gets: one for all serves it too, a list does not."""
    if any(not _alike(each, given[0]) for each in given):
        msg = (
            f"there are {groups} param groups and a list of {len(given)} {what}; append one to "
            f"scheduler.{what} for each group that is added"
        )
        raise PassoError(msg)
    return snapshot(given[0])


def _alike(one: Any, other: Any) -> bool:
    return one is other or (not callable(one) and as_float(one) == as_float(other))
