"""Undo: functions that make objects of ours and the fields of groups hold what they hold now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    Groups = list[dict[str, Any]]

_ATOMS: Final = frozenset({str, int, float, bool, type(None)})  # they hold nothing
_PLAIN: Final = (tuple, list, set, dict)
_OURS: Final = ("passo.optim.", "passo.schedules.reducer")


def of_fields(groups: Groups) -> Callable[[], None]:
    """Puts back what each group holds, numbers in Tensors too; parameters are left alone.

    >>> groups = [{"params": [], "lr": torch.tensor(0.5), "betas": (0.9, 0.99)}]
    >>> rate, undo = groups[0]["lr"], of_fields(groups)
    >>> _ = groups[0].pop("betas"), rate.fill_(7.0)
    >>> undo()
    >>> groups[0], groups[0]["lr"] is rate
    ({'params': [], 'lr': tensor(0.5000), 'betas': (0.9, 0.99)}, True)
    """
    kept = [(group, list(group.items())) for group in groups]
    numbers = [(number, number.detach().clone()) for group in groups for number in _numbers(group)]

    def undo() -> None:
        for group, items in kept:
            refill(group, items)
        with torch.no_grad():
            for number, copy in numbers:
                number.copy_(copy)

    return undo


def of_objects(root: Any) -> Callable[[], None]:
    """Puts back what an object of ours holds, and each object of ours, list and dict below it.

    Values that nothing changes (schedules, runs) and what is others' (a param group is the
    optimizer's) are not gone into.
    """
    found: dict[int, tuple[Any, Any]] = {}
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in found:
            continue
        inside: Iterable[Any] = ()
        kind: Any = type(thing)
        names = _names(kind)
        if names is not None:
            own = list(_attributes(thing, names))
            inside = [value for _, value in own]
            found[id(thing)] = thing, own
        elif isinstance(thing, tuple):
            inside = thing
            found[id(thing)] = thing, None
        elif isinstance(thing, (list, set)):
            inside = list(thing)
            found[id(thing)] = thing, inside
        elif isinstance(thing, dict) and "params" not in thing:
            inside = list(thing.values())
            found[id(thing)] = thing, list(thing.items())
        waiting += [each for each in inside if type(each) not in _ATOMS]

    def undo() -> None:
        for thing, held in found.values():
            _put_back(thing, held)

    return undo


def refill(held: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    """The dict with its old items in their old order, untouched where nothing changed.

    Not `==`: it would compare tensors, and take an equal object for the same one.
    """
    now = list(held.items())
    if not (
        len(now) == len(items)
        and all(a is c and b is d for (a, b), (c, d) in zip(now, items, strict=True))
    ):
        held.clear()
        held.update(items)


def _put_back(thing: Any, held: Any) -> None:
    if isinstance(thing, tuple):
        return
    if isinstance(thing, dict):
        refill(thing, held)
    elif isinstance(thing, list):
        thing[:] = held
    elif isinstance(thing, set):
        thing.clear()
        thing.update(held)
    else:
        for name, value in held:
            if getattr(thing, name, None) is not value:
                object.__setattr__(thing, name, value)


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """The slots of a class of ours; None for another's, and for one that is a tuple or a dict."""
    if not kind.__module__.startswith(_OURS) or issubclass(kind, _PLAIN):
        return None
    found: list[str] = []
    for each in kind.__mro__:
        slots = vars(each).get("__slots__", ())
        found += (slots,) if isinstance(slots, str) else slots
    return tuple(name for name in found if not name.startswith("__"))


def _attributes(thing: Any, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What an object holds, in slots or in its dict."""
    for name in names:
        if hasattr(thing, name):
            yield name, getattr(thing, name)
    yield from list(getattr(thing, "__dict__", {}).items())


def _numbers(group: dict[str, Any]) -> Iterator[torch.Tensor]:
    for key, value in group.items():
        several = value if isinstance(value, (tuple, list)) else (value,)
        for each in several if key != "params" else ():
            if isinstance(each, torch.Tensor) and each.numel() == 1:
                yield each
