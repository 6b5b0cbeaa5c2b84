"""Undo: functions that make objects of ours and the fields of groups hold what they hold now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
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
    """
    found: dict[int, tuple[Any, Any]] = {}
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in found:
            continue
        inside: Iterable[Any] = ()
        kind: Any = type(thing)
        if (read := _reader(kind)) is not None:
            names, inside = read(thing)
            found[id(thing)] = thing, (names, inside)
        elif isinstance(thing, tuple):
            inside = thing
            found[id(thing)] = thing, None
        elif isinstance(thing, (list, set)):
            inside = list(thing)
            found[id(thing)] = thing, inside
        elif isinstance(thing, dict) and "params" not in thing:
            inside = list(thing.values())
            found[id(thing)] = thing, list(thing.items())
        waiting += [each for each in inside if _LEADS[type(each)] and id(each) not in found]

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
        for name, value in zip(*held, strict=True):
            if getattr(thing, name, None) is not value:
                object.__setattr__(thing, name, value)


@cache
def _reader(kind: type) -> Callable[[Any], _Held] | None:
    """What tells the attributes of a class of ours, slots at once; None for what is none.

    A slot that is empty, or a dict beside the slots, is asked for one by one.
    """
    if not kind.__module__.startswith(_OURS) or issubclass(kind, _PLAIN):
        return None
    found: list[str] = []
    for each in kind.__mro__:
        slots = vars(each).get("__slots__", ())
        found += (slots,) if isinstance(slots, str) else slots
    names = tuple(name for name in found if not name.startswith("__"))
    if len(names) < 2 or kind.__dictoffset__:
        return lambda thing: _attributes(thing, names)
    get = attrgetter(*names)

    def read(thing: Any) -> _Held:
        try:
            return names, get(thing)
        except AttributeError:
            return _attributes(thing, names)

    return read


def _attributes(thing: Any, names: tuple[str, ...]) -> _Held:
    """What an object holds, in slots or in its dict."""
    slots = {name: getattr(thing, name) for name in names if hasattr(thing, name)}
    held = {**slots, **getattr(thing, "__dict__", {})}
    return tuple(held), tuple(held.values())


class _Leads(dict[type, bool]):
    """Whether an object of a class may lead to one that is put back, asked once for each class."""

    def __missing__(self, kind: Any) -> bool:
        self[kind] = issubclass(kind, _PLAIN) or _reader(kind) is not None
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
