"""What the groups of an optimizer hold, read as quickly as can be."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEYS: Final = ("lr", "momentum", "weight_decay", "betas")

Groups = list[dict[str, Any]]
Row = list[Any]


class Reading:
    """Reads the fields that move while a network trains: one row, field by field.

    `marks(groups)` is what is there now: the first field of each group, then the second of each,
    and so on. It is equal twice where nothing changed in between: floats as they are, a Tensor by
    its identity and version, so that no device is waited for. A flat row, and not one for each
    group, since two flat ones that hold the same objects are compared in no time. `deep` says that
    some value can change in place.
    """

    __slots__ = ("_shallow", "deep", "keys", "marks", "size")

    marks: Callable[[Groups], Row]

    def __init__(self, groups: Groups) -> None:
        self.size = len(groups)
        self.keys = tuple(key for key in KEYS if any(key in group for group in groups))
        everywhere = all(key in group for group in groups for key in self.keys)
        self._shallow = _reader(self.keys) if everywhere else self._what_is_there
        self.deep = any_deep(self._what_is_there(groups))
        self.marks = self._deep if self.deep else self._shallow

    def kept(self, groups: Groups, marks: Row) -> list[Row]:
        """For each field what the groups hold, once where it is the same in all of them.

        A Tensor is copied; two of them are not compared, which would wait for a device.
        """
        if self.deep:
            return [list(map(_copied, held)) for _, held in self.fields(self._shallow(groups))]
        return [once(held) for _, held in self.fields(marks)]

    def fields(self, row: Row) -> Iterator[tuple[str, Row]]:
        """Each field of a row, with what the groups hold of it."""
        size = self.size
        for place, key in enumerate(self.keys):
            yield key, row[place * size : (place + 1) * size]

    def named(self, groups: Groups) -> dict[tuple[int, str], float | None]:
        """What is there now by the group's place and the name of each number.

        >>> Reading([{"lr": 0.1, "betas": (0.9, 0.99)}]).named([{"lr": 0.2, "betas": (0.9, 0.99)}])
        {(0, 'lr'): 0.2, (0, 'betas[0]'): 0.9, (0, 'betas[1]'): 0.99}
        """
        held = dict(self.fields(self._shallow(groups)))
        return {
            (place, name): number(part)
            for place in range(self.size)
            for key in self.keys
            for name, part in zip(names(key, held[key][place]), parts(held[key][place]))  # noqa: B905
        }

    def _deep(self, groups: Groups) -> Row:
        return [each if type(each) is float else _mark(each) for each in self._shallow(groups)]

    def _what_is_there(self, groups: Groups) -> Row:
        return [group.get(key) for key in self.keys for group in groups]


def _reader(keys: tuple[str, ...]) -> Callable[[Groups], Row]:
    """Reads groups that all have these keys; one that lost some since has None there."""
    together: Callable[[Any], Any] = itemgetter(*keys or ("params",))
    alone = len(keys) == 1

    def row(groups: Groups) -> Row:
        try:
            if len(groups) > 1:
                return [group[key] for key in keys for group in groups]
            return [together(groups[0])] if alone else list(together(groups[0]))
        except KeyError:
            return [group.get(key) for key in keys for group in groups]

    return row if keys else lambda _groups: []


def once(held: Row) -> Row:
    """What all groups hold, as one value where they hold the same.

    >>> once([0.1, 0.1, 0.1]), once([0.1, 0.2])
    ([0.1], [0.1, 0.2])
    """
    return held[:1] if held.count(held[0]) == len(held) else held


def is_deep(value: Any) -> bool:
    """Whether a field's value can change in place.

    >>> is_deep((0.9, 0.99)), is_deep([0.9, 0.99])
    (False, True)
    """
    return isinstance(value, list) or any(isinstance(part, torch.Tensor) for part in parts(value))


def any_deep(held: Row) -> bool:
    """Whether one of several can; the sum, which is a float if all are, is the quickest answer.

    >>> any_deep([0.1, 0.2]), any_deep([0.1, torch.tensor(0.2)])
    (False, True)
    """
    try:
        return type(sum(held)) is not float and any(map(is_deep, held))
    except TypeError:
        return any(map(is_deep, held))


def parts(value: Any) -> tuple[Any, ...]:
    """The numbers of a field: two of a pair.

    >>> parts(0.1), parts((0.9, 0.99))
    ((0.1,), (0.9, 0.99))
    """
    return tuple(value[:2]) if isinstance(value, (tuple, list)) else (value,)


def names(key: str, value: Any) -> tuple[str, ...]:
    """What the numbers of a field are called.

    >>> names("betas", (0.9, 0.99))
    ('betas[0]', 'betas[1]')
    """
    return (f"{key}[0]", f"{key}[1]") if isinstance(value, (tuple, list)) else (key,)


def number(value: Any) -> float | None:
    """A kept value as a float: this is where a device is waited for; None for what is none.

    >>> number(torch.tensor(0.5)), number("off")
    (0.5, None)
    """
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return None


def _mark(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return (id(value), value._version)
    return tuple(map(_mark, value)) if isinstance(value, (tuple, list)) else value


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return tuple(map(_copied, value)) if isinstance(value, (tuple, list)) else value
