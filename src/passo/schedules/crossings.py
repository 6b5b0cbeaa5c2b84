"""Where curves meet: corners that no formula names, found by halving."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_GRID: Final = 256
MOST_CORNERS: Final = 20_000


def bisected(reached: Callable[[float], bool], low: float, high: float) -> float:
    """The first float in (low, high] for which `reached` holds, if it changes once in between.

    >>> bisected(lambda t: t >= 0.3, 0.0, 1.0)
    0.3
    """
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def changes(
    state: Callable[[float], object], corners: Iterable[float], low: float, high: float
) -> Iterator[float]:
    """Where `state` of t changes in (low, high], one change for each piece of a fine grid.

    >>> list(changes(lambda t: t >= 3, [], 0.0, 10.0))
    [3.0]
    """
    grid = {low + (high - low) * k / _GRID for k in range(_GRID + 1)} | {*corners}
    for begin, end in pairwise(sorted(t for t in grid if low <= t <= high)):
        before, after = state(begin), state(math.nextafter(end, 0.0))
        if before != after:
            yield bisected(lambda t, before=before: state(t) != before, begin, end)  # type: ignore[misc]
        elif state(end) != after:
            yield end
