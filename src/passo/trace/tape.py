"""A column while it is recorded, in bounded room."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from passo.trace.values import Bucket, Column, one_nan

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT: Final = 100_000  # changes that stay exact when older ones are put together
WIDE: Final = 8  # columns that may keep so many each; more of them keep less
BUCKETS: Final = 4_096


class Tape:
    """The changes of one field as they come: the last ones exact, much older ones in buckets.

    A field that changes seldom keeps every change for ever; one that changes at each update keeps
    the last `exact` of them, and at most 4,096 buckets of least, mean and most before.

    >>> tape = Tape(0, "lr", exact=2)
    >>> for update in range(6):
    ...     _ = tape.put(update, float(update))
    >>> tape.column().updates, tape.column().coarse[0]
    ((3, 4, 5), Bucket(begin=0, end=1, low=0.0, mean=0.0, high=0.0))
    """

    __slots__ = ("_coarse", "_exact", "_updates", "_values", "_width", "group", "key")

    def __init__(self, group: int | None, key: str, exact: int = EXACT) -> None:
        """Nothing recorded yet."""
        self.group, self.key = group, key
        self._exact = exact
        self._updates: list[int] = []
        self._values: list[float | None] = []
        self._coarse: list[Bucket] = []
        self._width = 1

    @classmethod
    def of(cls, column: Column, exact: int = EXACT) -> Tape:
        """A tape that goes on where a column ends, with no more exact changes than `exact`.

        >>> Tape.of(Column(0, "lr", (0, 1, 2), (0.1, 0.2, 0.3)), exact=2).column().updates
        (1, 2)
        """
        tape = cls(column.group, column.key, exact)
        tape._updates, tape._values = list(column.updates), list(column.values)
        tape._coarse = list(column.coarse)
        if len(tape._updates) > exact:
            tape._fold()
        return tape

    def put(self, update: int, value: float | None) -> bool:
        """From `update` on the field holds `value`; answers whether older changes were folded."""
        return self.extend((update,), (value,))

    def extend(self, updates: Sequence[int], values: Sequence[float | None]) -> bool:
        """The same for many updates at once."""
        last = self._values[-1] if self._values else None
        for update, value in zip(updates, values):  # noqa: B905 (as long as each other)
            value = one_nan(value)  # noqa: PLW2901
            if value != last and value is not last:
                self._updates.append(update)
                self._values.append(value)
                last = value
        if len(self._updates) <= 2 * self._exact:
            return False
        self._fold()
        return True

    def column(self) -> Column:
        """What was recorded so far, as a value."""
        return Column(
            self.group, self.key, tuple(self._updates), tuple(self._values), tuple(self._coarse)
        )

    def _fold(self) -> None:
        """Put all but the last changes into buckets."""
        cut = len(self._updates) - self._exact
        while cut < len(self._values) - 1 and self._values[cut] is None:
            cut += 1
        old = zip(pairwise(self._updates[: cut + 1]), self._values[:cut], strict=True)
        found = [Bucket(a, b, value, value, value) for (a, b), value in old if value is not None]
        self._updates, self._values = self._updates[cut:], self._values[cut:]
        while self._width < max(1, (self._updates[0]) // (BUCKETS // 2)):
            self._width *= 2
        self._coarse = _merged([*self._coarse, *found], self._width)


def _merged(buckets: list[Bucket], width: int) -> list[Bucket]:
    """Neighbours together, where both lie in the same `width` updates."""
    kept: list[Bucket] = []
    for each in buckets:
        if kept and kept[-1].begin // width == each.begin // width:
            kept[-1] = _together(kept[-1], each)
        else:
            kept.append(each)
    return kept


def _together(a: Bucket, b: Bucket) -> Bucket:
    first, second = a.end - a.begin, b.end - b.begin
    mean = (a.mean * first + b.mean * second) / (first + second)
    return Bucket(a.begin, b.end, min(a.low, b.low), mean, max(a.high, b.high))


def exact_for(columns: int) -> int:
    """How many changes each of so many columns keeps exactly.

    >>> exact_for(1), exact_for(800)
    (100000, 1000)
    """
    return EXACT if columns <= WIDE else max(1000, EXACT * WIDE // columns)
