"""What the groups of an optimizer hold, read as quickly as can be."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS: Final = ("lr", "momentum", "weight_decay", "betas")

Groups = list[dict[str, Any]]
Rows = list[tuple[Any, ...]]


class Reading:
    """Reads the fields that move while a network trains: a row for each group.

    `marks(groups)` is what is there now, equal twice where nothing changed in between: floats as
    they are, a Tensor by its identity and version, so that no device is waited for.
    `kept(groups, marks)` are the numbers behind marks that were just taken: Tensors are copied.
    `deep` says that some value can change in place.
    """

    __slots__ = ("_shallow", "deep", "keys", "marks")

    marks: Callable[[Groups], Rows]

    def __init__(self, groups: Groups) -> None:
        self.keys = tuple(key for key in KEYS if any(key in group for group in groups))
        everywhere = all(key in group for group in groups for key in self.keys)
        self._shallow = _reader(self.keys) if everywhere else self._what_is_there
        self.deep = any(is_deep(value) for row in self._what_is_there(groups) for value in row)
        self.marks = self._deep if self.deep else self._shallow

    def kept(self, groups: Groups, marks: Rows) -> Rows:
        """The same as numbers, or as copies of Tensors."""
        if not self.deep:
            return marks
        return [tuple(map(_copied, row)) for row in self._shallow(groups)]

    def named(self, groups: Groups) -> dict[tuple[int, str], float | None]:
        """What is there now by the group's place and the name of each number.

        >>> Reading([{"lr": 0.1, "betas": (0.9, 0.99)}]).named([{"lr": 0.2, "betas": (0.9, 0.99)}])
        {(0, 'lr'): 0.2, (0, 'betas[0]'): 0.9, (0, 'betas[1]'): 0.99}
        """
        return {
            (place, name): number(part)
            for place, row in enumerate(self._shallow(groups))
            for key, value in zip(self.keys, row)  # noqa: B905 (as long as each other)
            for name, part in zip(names(key, value), parts(value))  # noqa: B905
        }

    def _deep(self, groups: Groups) -> Rows:
        return [tuple(map(_mark, row)) for row in self._shallow(groups)]

    def _what_is_there(self, groups: Groups) -> Rows:
        return [tuple(map(group.get, self.keys)) for group in groups]


def _reader(keys: tuple[str, ...]) -> Callable[[Groups], Rows]:
    """Reads groups that all have these keys; one that lost some since has None there."""
    get: Callable[[Any], Any] = itemgetter(*keys or ("params",))
    alone = len(keys) == 1

    def rows(groups: Groups) -> Rows:
        try:
            if alone:
                return [(get(group),) for group in groups]
            return [get(groups[0])] if len(groups) == 1 else list(map(get, groups))
        except KeyError:
            return [tuple(map(group.get, keys)) for group in groups]

    return rows if keys else lambda groups: [()] * len(groups)


def is_deep(value: Any) -> bool:
    """Whether a field's value can change in place.

    >>> is_deep((0.9, 0.99)), is_deep([0.9, 0.99])
    (False, True)
    """
    return isinstance(value, list) or any(isinstance(part, torch.Tensor) for part in parts(value))


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
