"""A column while it is recorded, in bounded room."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from copy import copy
from dataclasses import replace
from itertools import chain, pairwise
from operator import eq
from typing import TYPE_CHECKING, Final

from passo.ground.checks import whole
from passo.trace.stretch import TIMES, Forecast, Stretch
from passo.trace.values import Bucket, Column, one_nan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.schedules import Schedule

EXACT: Final = 100_000  # changes that stay exact when older ones are put together
WIDE: Final = 8  # columns that may keep so many each; more of them keep less
BUCKETS: Final = 4_096
SOON: Final = 20_000  # changes after which those that follow a schedule become a stretch


class Tape:
    """The changes of one field as they come: the last ones exact, much older ones in buckets.

    A field that changes seldom keeps every change for ever; one that changes at each update keeps
    the last `exact` of them. What came before is kept as stretches of the schedules that the field
    was expected to follow (`follow`), where it did bit for bit, else in at most 4,096 buckets of
    least, mean and most.

    >>> tape = Tape(0, "lr", exact=2)
    >>> for update in range(6):
    ...     _ = tape.put(update, float(update))
    >>> tape.column().updates, tape.column().coarse[0]
    ((3, 4, 5), Bucket(begin=0, end=1, low=0.0, mean=0.0, high=0.0))
    """

    __slots__ = (
        "_coarse",
        "_due",
        "_exact",
        "_expected",
        "_planned",
        "_updates",
        "_values",
        "_width",
        "group",
        "key",
    )

    def __init__(self, group: int | None, key: str, exact: int = EXACT) -> None:
        """Nothing recorded yet; raises `PassoError` where nothing is to stay exact."""
        whole(exact, "exact")
        self.group, self.key = group, key
        self._exact = exact
        self._updates: list[int] = []
        self._values: list[float | None] = []
        self._coarse: list[Bucket] = []
        self._planned: list[Stretch] = []
        self._expected: list[tuple[int, Forecast | None]] = []
        self._width = 1
        self._due = 2 * exact

    @classmethod
    def of(cls, column: Column, exact: int = EXACT) -> Tape:
        """A tape that goes on where a column ends, with no more exact changes than `exact`.

        >>> Tape.of(Column(0, "lr", (0, 1, 2), (0.1, 0.2, 0.3)), exact=2).column().updates
        (1, 2)
        """
        tape = cls(column.group, column.key, exact)
        tape._updates, tape._values = list(column.updates), list(column.values)
        tape._coarse, tape._planned = list(column.coarse), list(column.planned)
        if len(tape._updates) > exact:
            tape._fold()
        return tape

    def copy(self) -> Tape:
        """Another tape, which goes on from here.

        >>> tape = Tape(0, "lr")
        >>> _ = tape.put(0, 0.1)
        >>> other = tape.copy()
        >>> _ = other.put(1, 0.2)
        >>> tape.column().values, other.column().values
        ((0.1,), (0.1, 0.2))
        """
        twin = copy(self)
        for name in ("_updates", "_values", "_coarse", "_planned", "_expected"):
            setattr(twin, name, list(getattr(self, name)))
        return twin

    def follow(self, update: int, schedule: Schedule | None, shift: float = 0.0) -> None:
        """From `update` on the field is expected to hold what schedule(t - shift) says."""
        forecast = None if schedule is None else Forecast.of(schedule, shift)
        self._expected.append((update, forecast))
        self._due = min(self._due, self._next())

    def put(self, update: int, value: float | None) -> bool:
        """From `update` on the field holds `value`; answers whether older changes were folded."""
        return self.extend((update,), (value,))

    def extend(self, updates: Sequence[int], values: Sequence[float | None]) -> bool:
        """The same for many updates at once."""
        if not all(map(eq, values, values)):  # a NaN is not equal to itself
            values = [one_nan(each) for each in values]
        before = chain(self._values[-1:] or (None,), values)
        changes = [
            (update, value)
            for update, value, last in zip(updates, values, before)  # noqa: B905
            if value is not last and value != last
        ]
        self._updates += [update for update, _ in changes]
        self._values += [value for _, value in changes]
        if len(self._updates) <= self._due:
            return False
        self._fold()
        return True

    def column(self, *, folded: bool = False) -> Column:
        """What was recorded so far; `folded` has all that followed a schedule as stretches."""
        if folded and self._expected and self._updates:
            self._fold()
        changes = tuple(self._updates), tuple(self._values)
        older = tuple(self._coarse), tuple(self._planned)
        return Column(self.group, self.key, *changes, *older)

    def _fold(self) -> None:
        """Put what followed a schedule into stretches, and the oldest of the rest into buckets."""
        late = self._updates[max(0, len(self._updates) - self._exact)]
        found, changes = [], []
        runs: list[tuple[int, int, Forecast]] = []
        for begin, end, value in self._spans():
            forecast = None if value is None else self._expects(begin, end, value)
            if forecast is not None:
                first = runs.pop()[0] if runs and runs[-1][1:] == (begin, forecast) else begin
                runs.append((first, end, forecast))
            elif begin >= late:
                changes.append((begin, value))
            elif value is not None:
                found.append(Bucket(begin, end, value, value, value))
        self._follow(runs)
        self._rest([*changes, (self._updates[-1], self._values[-1])])
        while self._width < max(1, late // (BUCKETS // 2)):
            self._width *= 2
        begins = [each.begin for each in self._planned]
        self._coarse = _merged([*self._coarse, *found], self._width, begins)

    def _spans(self) -> Iterator[tuple[int, int, float | None]]:
        """From where up to where each change holds, but the last."""
        begins = [each.begin for each in self._planned]
        for (begin, end), value in zip(pairwise(self._updates), self._values, strict=False):
            row = bisect_left(begins, begin)
            yield begin, min([end, *begins[row : row + 1]]), value

    def _expects(self, begin: int, end: int, value: float) -> Forecast | None:
        """What said beforehand that these updates use this value."""
        row = bisect_right(self._expected, begin, key=lambda each: each[0]) - 1
        forecast = self._expected[row][1] if row >= 0 else None
        if len(self._planned) >= TIMES or forecast is None:
            return None
        if any(forecast.says(t) != value for t in range(begin, end)):
            return None
        return forecast

    def _follow(self, runs: list[tuple[int, int, Forecast]]) -> None:
        """Keep runs as stretches."""
        for begin, end, forecast in runs:
            last = self._planned[-1] if self._planned else None
            same = (begin, forecast.schedule, forecast.shift)
            if last is not None and (last.end, last.schedule, last.shift) == same:
                self._planned[-1] = replace(last, end=end)
            else:
                self._planned.append(Stretch(begin, end, forecast.schedule, forecast.shift))

    def _rest(self, changes: list[tuple[int, float | None]]) -> None:
        """Keep changes, and that nothing is known where a stretch ends among buckets."""
        told = {*(each.begin for each in self._planned), *(update for update, _ in changes)}
        ends = [(each.end, None) for each in self._planned if each.end not in told]
        begins = [each.begin for each in self._planned]
        self._updates, self._values, held = [], [], None
        for update, value in sorted([*ends, *changes], key=lambda each: each[0]):
            row = bisect_left(begins, update)
            parted = row and begins[row - 1] >= (self._updates[-1] if self._updates else 0)
            if parted or (value is not held and value != held):
                self._updates.append(update)
                self._values.append(value)
                held = value
        self._due = self._next()

    def _next(self) -> int:
        """How many changes there may be before they are folded."""
        most = 2 * self._exact
        return min(most, len(self._updates) + SOON) if self._expected else most


def _merged(buckets: list[Bucket], width: int, begins: list[int]) -> list[Bucket]:
    """Neighbours together, where both lie in the same `width` updates and no stretch between."""
    kept: list[Bucket] = []
    for each in buckets:
        near = bool(kept) and kept[-1].begin // width == each.begin // width
        if near and bisect_left(begins, kept[-1].begin) == bisect_left(begins, each.begin):
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
