"""`Course`: the values that updates use, as a function that can be moved, with its landmarks."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLOSE = 1e-9  # of the range of the values: what counts as the same


class Marks(NamedTuple):
    """Where a course first moves, reaches its top, leaves it, and comes to rest.

    `end` is None where it still moves when it is last seen; `bottom` is its last value.
    """

    begin: float
    rise: float
    leave: float
    end: float | None
    start: float
    top: float
    bottom: float


class Course:
    """What each update uses: `at(update)`, also between updates, and where its formula changes."""

    def __init__(
        self,
        at: Callable[[float], float],
        corners: Sequence[float],
        ticks: Sequence[float],
    ) -> None:
        self.at = at
        self.corners = tuple(sorted({c for c in corners if 0 < c <= ticks[-1]}))
        self.ticks = ticks

    @cached_property
    def marks(self) -> Marks:
        """The landmarks, from the values at the ticks and at the corners."""
        times = sorted({*self.ticks, *self.corners})
        values = [self.at(t) for t in times]
        start, top, bottom = values[0], max(values), values[-1]
        near = CLOSE * (top - min(values))
        first = next(k for k, value in enumerate(values) if value >= top - near)
        last = first
        while last + 1 < len(values) and values[last + 1] >= top - near:
            last += 1
        leave = times[last]
        if last + 1 < len(values) and self.at(math.nextafter(times[last + 1], 0)) >= top - near:
            leave = times[last + 1]  # it jumps there
        still = len(values) - 1
        while still and abs(values[still - 1] - bottom) <= near:
            still -= 1
        begin = 0
        while begin < first and abs(values[begin + 1] - start) <= near:
            begin += 1
        moves = still < len(values) - 1
        end = times[still] if moves else None
        return Marks(times[begin], times[first], leave, end, start, top, bottom)

    def revalued(self, change: Callable[[float, float], float]) -> Course:
        """The same at the same times, with the values `change(t, value)`."""
        at = self.at
        return Course(lambda t: change(t, at(t)), self.corners, self.ticks)

    def retimed(self, *knots: tuple[float, float]) -> Course:
        """The same values at other times: at `new` what was at `old`, straight in between.

        Past the last knot time goes on at its own pace.
        """
        news, olds = [new for new, _ in knots], [old for _, old in knots]
        at = self.at
        return Course(
            lambda t: at(_mapped(t, news, olds)),
            [_mapped(corner, olds, news) for corner in self.corners] + news,
            self.ticks,
        )

    def replaced(self, at: Callable[[float], float], *corners: float) -> Course:
        """Another function in its place, with corners of its own beside those of ours."""
        return Course(at, [*self.corners, *corners], self.ticks)


def _mapped(t: float, ours: Sequence[float], theirs: Sequence[float]) -> float:
    """`t` among `ours`, carried over to where it lies among `theirs`."""
    k = bisect_right(ours, t) - 1
    if k < 0:
        return theirs[0]
    if k == len(ours) - 1:
        return theirs[k] + (t - ours[k])
    share = (t - ours[k]) / (ours[k + 1] - ours[k])
    return theirs[k] * (1 - share) + theirs[k + 1] * share


def ticks_of(updates: int, horizon: int, corners: Sequence[float], most: int) -> list[float]:
    """Updates to look at: all of a short run, else even ones and those around corners.

    >>> ticks_of(3, 5, [], 9)
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    if horizon <= most:
        return [float(k) for k in range(horizon + 1)]
    even = {round(horizon * k / most) for k in range(most + 1)} | {updates - 1, updates}
    for corner in corners[:most]:
        even |= {math.ceil(corner) + k for k in (-2, -1, 0, 1)}
    return [float(k) for k in sorted(even) if 0 <= k <= horizon]


def widths(course: Course) -> list[float]:
    """How far apart the places are at which the value changes, the most frequent first.

    >>> widths(Course(lambda t: t // 4, [4, 8, 12], [0, 1, 2, 3, 4, 15]))
    [4.0]
    """
    places = [0.0, *course.corners]
    found: dict[float, int] = {}
    for one, other in pairwise(places):
        wide = round(other - one, 9)
        found[wide] = found.get(wide, 0) + 1
    return [float(wide) for wide in sorted(found, key=lambda w: -found[w])[:3] if wide > 0]
