"""Undo: functions that make objects of ours and the fields of groups hold what they hold now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    Groups = list[dict[str, Any]]

_ATOMS: Final = frozenset({str, int, float, bool, type(None)})  # they hold nothing
_PLAIN: Final = (tuple, list, set, dict)
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
    whole = keys is None
    kept = [(group, {key: group[key] for key in keys or group if key in group}) for group in groups]
    numbers = [(number, number.detach().clone()) for number in _numbers(held for _, held in kept)]

    def undo() -> None:
        for group, held in kept:
            refill(group, list((held if whole else {**group, **held}).items()))
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
    kept: list[_Kept] = []
    waiting: dict[type, list[Any]] = {type(root): [root]}
    while waiting:
        kind, things = waiting.popitem()
        fresh = dict(zip(map(id, things), things, strict=True))
        for known in fresh.keys() & seen:
            del fresh[known]
        seen.update(fresh)
        kept.append(_read(kind, list(fresh.values())))
        for column in kept[-1].inside:
            for of in filter(_LEADS.__getitem__, set(map(type, column))):
                found: list[Any] = [each for each in column if type(each) is of]
                if issubclass(of, dict):
                    found = [each for each in found if "params" not in each]
                waiting.setdefault(of, []).extend(found)

    def undo() -> None:
        for same in kept:
            for thing, names, held in zip(same.things, same.names, same.held, strict=False):
                _put_back(thing, names, held)

    return undo


class _Kept(NamedTuple):
    """Things of one class, and what each of them holds: if it is ours under these names.

    Where all have the same names these are repeated for ever. `inside` is all that is held, in
    whatever pieces are the fewest.
    """

    things: Sequence[Any]
    names: Iterable[Sequence[str]]
    held: Sequence[Any]
    inside: Iterable[Sequence[Any]]


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


def _put_back(thing: Any, names: Sequence[str], held: Any) -> None:
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
        for name, value in zip(names, held, strict=True):
            if getattr(thing, name, None) is not value:
                object.__setattr__(thing, name, value)


def _read(kind: Any, things: list[Any]) -> _Kept:
    """What each of these holds, all of one class."""
    names = _names(kind)
    if issubclass(kind, dict):
        held: list[Any] = [list(each.items()) for each in things]
        return _Kept(things, repeat(()), held, [list(each.values()) for each in things])
    if names is None:
        held = [list(each) for each in things]
        return _Kept(things, repeat(()), held, held)
    if len(names) > 1 and not kind.__dictoffset__:
        with suppress(AttributeError):  # an empty slot: each is asked for one by one
            held = list(map(attrgetter(*names), things))
            return _Kept(things, repeat(names), held, zip(*held, strict=True))
    several = [_attributes(each, names) for each in things]
    values = [list(each.values()) for each in several]
    return _Kept(things, [list(each) for each in several], values, values)


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


def _numbers(groups: Iterable[dict[str, Any]]) -> Iterator[torch.Tensor]:
    for group in groups:
        for key, value in group.items():
            if type(value) in _ATOMS or key == "params":
                continue
            for each in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(each, torch.Tensor) and each.numel() == 1:
                    yield each
