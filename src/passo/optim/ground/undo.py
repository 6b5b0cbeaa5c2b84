"""Undo: functions that make objects of ours and the fields of groups hold what they hold now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache, partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    Groups = list[dict[str, Any]]

_ATOMS: Final = frozenset({str, int, float, bool, type(None)})  # they hold nothing
_TYPES: Final = frozenset({"str", "int", "float", "bool", "None"})  # the same in annotations
_PLAIN: Final = (tuple, list, set, dict)
_MANY: Final = 20  # so many lists are looked through as one
_GONE: Final = object()  # what a group does not hold
_OURS: Final = ("passo.optim.", "passo.schedules.reducer")


def of_fields(groups: Groups, keys: Collection[str] | None = None) -> Callable[[], None]:
    """Puts back what each group holds, numbers in Tensors too; parameters are left alone.

    With `keys` only what it holds under these: who knows them need not keep the rest.

    >>> groups = [{"params": [], "lr": torch.tensor(0.5), "betas": (0.9, 0.99)}]
    >>> rate, undo = groups[0]["lr"], of_fields(groups)
    >>> _ = groups[0].pop("betas"), rate.fill_(7.0)
    >>> undo()
    >>> groups[0], groups[0]["lr"] is rate
    ({'params': [], 'lr': tensor(0.5000), 'betas': (0.9, 0.99)}, True)
    """
    several = list(groups)
    whole = [dict(group) for group in several] if keys is None else ()
    of = keys if keys is not None else set(chain.from_iterable(several)) - {"params"}
    columns = [(key, [group.get(key, _GONE) for group in several]) for key in of]
    numbers = [
        (number, number.detach().clone()) for _, held in columns for number in _numbers(held)
    ]

    def undo() -> None:
        for group, held in zip(several, whole, strict=False):
            refill(group, list(held.items()))
        for key, values in columns if keys is not None else ():
            for group, value in zip(several, values, strict=True):
                if value is not _GONE and group.get(key, _GONE) is not value:
                    group[key] = value
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
    seen = {id(root)}
    undone: list[Callable[[], None]] = []
    waiting: dict[type, list[Any]] = {type(root): [root]}
    while waiting:
        undo_these, inside = _read(*waiting.popitem())
        undone.append(undo_these)
        for column in inside:
            kinds = set(map(type, column))
            for kind in filter(_LEADS.__getitem__, kinds):
                found: Sequence[Any] = column
                if len(kinds) > 1:
                    found = [each for each in column if type(each) is kind]
                if issubclass(kind, dict):
                    found = [each for each in found if "params" not in each]
                fresh = _fresh(found, seen)
                if fresh:
                    waiting.setdefault(kind, []).extend(fresh)

    def undo() -> None:
        for each in undone:
            each()

    return undo


def _fresh(column: Sequence[Any], seen: set[int]) -> Sequence[Any]:
    """Each thing of a column that was not seen before, once."""
    new = set(map(id, column)) - seen
    seen |= new
    if not new or len(new) == len(column):
        return column if new else ()
    found = dict(zip(map(id, column), column, strict=True))
    return [found[at] for at in new]


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


def _read(kind: Any, things: list[Any]) -> tuple[Callable[[], None], Iterable[Sequence[Any]]]:
    """What puts these back, all of one class, and all that they hold, in the fewest pieces."""
    names = _names(kind)
    if names is None:
        return _contents(kind, things)
    if not kind.__dictoffset__:
        with suppress(AttributeError):  # an empty slot: each is asked for one by one
            columns = {name: list(map(attrgetter(name), things)) for name in names}
            leading = [held for name, held in columns.items() if name not in _atomic(kind)]
            return partial(_put_back, things, columns), leading
    several = [_attributes(each, names) for each in things]

    def undo() -> None:
        for thing, held in zip(things, several, strict=True):
            _put_back([thing], {name: [value] for name, value in held.items()})

    return undo, [list(held.values()) for held in several]


def _put_back(things: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> None:
    """Each attribute of each thing is what its column says."""
    for name, values in columns.items():
        for thing, value in zip(things, values, strict=True):
            if getattr(thing, name, None) is not value:
                object.__setattr__(thing, name, value)


def _contents(kind: Any, things: list[Any]) -> tuple[Callable[[], None], Iterable[Sequence[Any]]]:
    """The same of lists, dicts and sets; a tuple is what it was, and may hold one of these."""
    is_dict = issubclass(kind, dict)
    held: list[list[Any]] = list(map(list, map(dict.items, things) if is_dict else things))

    def undo() -> None:
        for thing, values in zip(things, held, strict=True):
            if isinstance(thing, dict):
                refill(thing, values)
            elif isinstance(thing, list):
                thing[:] = values
            elif isinstance(thing, set):
                thing.clear()
                thing.update(values)

    inside = list(map(list, map(dict.values, things))) if is_dict else held
    return undo, inside if len(inside) < _MANY else [list(chain.from_iterable(inside))]


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


@cache
def _atomic(kind: type) -> frozenset[str]:
    """The fields of a dataclass that hold numbers and strings alone, as their types say."""
    told = fields(kind) if is_dataclass(kind) else ()
    return frozenset(each.name for each in told if _TYPES.issuperset(str(each.type).split(" | ")))


def _attributes(thing: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What an object holds, in slots or in its dict."""
    slots = {name: getattr(thing, name) for name in names if hasattr(thing, name)}
    return {**slots, **getattr(thing, "__dict__", {})}


class _Leads(dict[type, bool]):
    """Whether an object of a class may lead to one that is put back, asked once for each class."""

    def __missing__(self, kind: Any) -> bool:
        self[kind] = issubclass(kind, _PLAIN) or _names(kind) is not None
        return self[kind]


_LEADS: Final = _Leads()


def _numbers(held: Sequence[Any]) -> Iterator[torch.Tensor]:
    """The Tensors of one number in what groups hold under one key, in tuples too."""
    if set(map(type, held)) <= _ATOMS:
        return
    for value in held:
        for each in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(each, torch.Tensor) and each.numel() == 1:
                yield each
