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
        times = sorted({0.0, *self.ticks, *self.corners})
        values = [self.at(t) for t in times]
        start, top, bottom = values[0], max(values), values[-1]
        near = CLOSE * (top - min(values))
        high = [value >= top - near for value in values]
        # A curve is flat near its ends: where it reaches them its corners say, and only a curve
        # without corners is asked at its ticks.
        edges = {0.0, *self.corners}
        tops = [t for t, up in zip(times, high, strict=True) if up]
        rise = next((t for t in tops if t in edges), tops[0])
        low = next((t for t, up in zip(times, high, strict=True) if t > rise and not up), math.inf)
        held = [c for c in self.corners if rise < c <= low and self._before(c) >= top - near]
        still = _suffix(times, values, bottom, near)
        end = next((t for t in still if t in edges), still[0])
        moved = next((t for t, v in zip(times, values, strict=True) if abs(v - start) > near), rise)
        begin = max((c for c in self.corners if c <= min(moved, rise)), default=0.0)
        return Marks(
            begin if begin < rise and abs(self._before(begin) - start) <= near else 0.0,
            rise,
            max(held, default=rise),
            end if end < times[-1] else None,
            start,
            top,
            bottom,
        )

    def _before(self, t: float) -> float:
        """The value just before a time."""
        return self.at(math.nextafter(t, 0.0))

    @cached_property
    def slopes(self) -> bool:
        """Whether the value changes from look to look, and not in a few jumps."""
        end = self.marks.end
        seen = [self.at(t) for t in self.ticks if end is None or t <= end]
        changes = sum(one != other for one, other in pairwise(seen))
        return 3 * changes > len(seen)

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


def _suffix(
    times: Sequence[float], values: Sequence[float], bottom: float, near: float
) -> list[float]:
    """The times from which on all values are the last one."""
    k = len(values) - 1
    while k and abs(values[k - 1] - bottom) <= near:
        k -= 1
    return list(times[k:])


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
