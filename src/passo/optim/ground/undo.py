"""Undo: functions that make objects of ours and the fields of groups hold what they hold now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Groups = list[dict[str, Any]]
    _Held = tuple[Sequence[str], Sequence[Any]]  # names, and what they stand for

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
    kept = [(group, dict(group)) for group in groups]
    numbers = [(number, number.detach().clone()) for number in _numbers(groups)]

    def undo() -> None:
        for group, held in kept:
            refill(group, list(held.items()))
        with torch.no_grad():
            for number, copy in numbers:
                number.copy_(copy)

    return undo


def of_objects(root: Any) -> Callable[[], None]:
    """Puts back what an object of ours holds, and each object of ours, list and dict below it.

    Values that nothing changes (schedules, runs) and what is others' (a param group is the
    optimizer's) are not gone into.

    What is of one class is read together, attribute by attribute: a thousand objects that have
    most of what they hold in common lead on as one does.
    """
    seen: set[int] = set()
    kept: list[tuple[Any, Any]] = []  # what it is, and what it holds
    waiting: dict[type, list[Any]] = {type(root): [root]}
    while waiting:
        kind, things = waiting.popitem()
        fresh = dict(zip(map(id, things), things, strict=True))
        for known in fresh.keys() & seen:
            del fresh[known]
        seen.update(fresh)
        held, inside = _read(kind, list(fresh.values()))
        kept += zip(fresh.values(), held, strict=True)
        for column in inside:
            for of in filter(_LEADS.__getitem__, set(map(type, column))):
                found = [each for each in column if type(each) is of]
                if issubclass(of, dict):
                    found = [each for each in found if "params" not in each]
                waiting.setdefault(of, []).extend(found)

    def undo() -> None:
        for thing, what in kept:
            _put_back(thing, what)

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
        for name, value in zip(*held, strict=True):
            if getattr(thing, name, None) is not value:
                object.__setattr__(thing, name, value)


def _read(kind: Any, things: list[Any]) -> tuple[Sequence[Any], Iterable[Sequence[Any]]]:
    """What each of these holds, to be put back, and the same in columns, to be gone into."""
    names = _names(kind)
    if issubclass(kind, dict):
        return [list(each.items()) for each in things], [list(each.values()) for each in things]
    if names is None:
        held = [list(each) for each in things]
        return held, held
    if len(names) > 1 and not kind.__dictoffset__:
        with suppress(AttributeError):  # an empty slot: each is asked for one by one
            rows = list(map(attrgetter(*names), things))
            return [(names, row) for row in rows], zip(*rows, strict=True)
    pairs = [_attributes(each, names) for each in things]
    return pairs, [row for _, row in pairs]


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """The slots of a class of ours; None for what is none, and for a value that is frozen."""
    if not kind.__module__.startswith(_OURS) or issubclass(kind, _PLAIN):
        return None
    if is_dataclass(kind) and kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return None
    found: list[str] = []
    for each in kind.__mro__:
        slots = vars(each).get("__slots__", ())
        found += (slots,) if isinstance(slots, str) else slots
    return tuple(name for name in found if not name.startswith("__"))


def _attributes(thing: Any, names: tuple[str, ...]) -> _Held:
    """What an object holds, in slots or in its dict."""
    slots = {name: getattr(thing, name) for name in names if hasattr(thing, name)}
    held = {**slots, **getattr(thing, "__dict__", {})}
    return tuple(held), tuple(held.values())


class _Leads(dict[type, bool]):
    """Whether an object of a class may lead to one that is put back, asked once for each class."""

    def __missing__(self, kind: Any) -> bool:
        self[kind] = issubclass(kind, _PLAIN) or _names(kind) is not None
        return self[kind]


_LEADS: Final = _Leads()


def _numbers(groups: Groups) -> Iterator[torch.Tensor]:
    for group in groups:
        for key, value in group.items():
            if type(value) in _ATOMS or key == "params":
                continue
            for each in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(each, torch.Tensor) and each.numel() == 1:
                    yield each
