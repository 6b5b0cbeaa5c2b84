"""Questions about a schedule on a run: area, peak, jumps, first crossing; and about two of them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.crossings import bisected
from passo.schedules.curve import Corner, Curve, need_one_kind
from passo.schedules.explain import Change, Explanation, explain
from passo.schedules.time import Run

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Change",
    "Explanation",
    "Gap",
    "Point",
    "area",
    "bound",
    "distance",
    "explain",
    "first_crossing",
    "is_far",
    "jumps",
    "peak",
]
_POINTS = 2048
_LONGEST = 10**8  # updates that are summed one by one: half an hour
_GREATEST = 1e140  # whose square, so many times, is still a float
_LARGEST, _FAR = 30.0, 100.0
_LAST, _FARTHEST = 10.0, 10_000.0
_NODES = (0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363)
_WEIGHTS = (0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763)


class Point(NamedTuple):
    """A time on the run's axis and the value there."""

    time: float
    value: float


class Gap(NamedTuple):
    """Where two schedules are furthest apart, and by how much."""

    time: float
    distance: float


def area(schedule: Schedule, run: Run) -> float:
    """The integral of the value over the run, in value times the unit of the run's axis.

    Between two corners the formula is smooth, and 8-point Gauss-Legendre on pieces of it is
    good to about 10 digits.

    >>> from passo import Linear, Run, rest, steps
    >>> round(area(Linear(0, 1, rest), Run(steps(100))), 9)
    50.0
    """
    curve = Curve.of(schedule, run, points=_POINTS // 8)
    pieces = [
        _integral(curve.filled, begin, end)
        for begin, end in pairwise(curve.times)
        if end > math.nextafter(begin, math.inf)
    ]
    return math.fsum(pieces)


def bound(schedule: Schedule, run: Run) -> float:
    """The convex bound of the last iterate's loss above the lowest: it needs no data.

        1 / (2 S) + Q / (2 S) + 1/2 sum over k of s[k] * (Q - Q[k]) / ((S - S[k + 1]) * (S - S[k]))

    for a convex loss whose gradients are at most 1 and a start at distance 1, where S[k] and Q[k]
    are the sums of the first k values and of their squares. It ranks schedules, each at its own
    best peak; updates at 0 change nothing. Infinite where every value is 0. Raises `PassoError` for
    a value below 0, for values whose squares are no floats, and for more than 10**8 updates.
    Sources: arXiv:2501.18965, arXiv:2310.07831.

    >>> from passo import Linear, Constant, Run, rest, steps
    >>> run = Run(steps(100))
    >>> bound(0.1 * Linear(1, 0, rest), run) < bound(Constant(0.1), run)
    True
    """
    if not isinstance(schedule, Schedule) or not isinstance(run, Run):
        raise PassoError(
            f"the bound is of a Schedule on a Run, got {brief(schedule)} and {brief(run)}; "
            "write analysis.bound(cosine_decay(peak=0.1), Run(steps(1000)))"
        )
    if run.updates > _LONGEST:
        raise PassoError(
            f"the bound is summed update by update, got {run!r}; write a run of at most "
            f"{_LONGEST:,} updates"
        )
    placed = schedule.on(run)
    values = [float(placed(run.at(update))) for update in range(run.updates)]
    if min(values) < 0:
        raise PassoError(
            f"the bound is of values of at least 0, got {min(values):.4g}; write .clip(low=0)"
        )
    if max(values) > _GREATEST:
        raise PassoError(
            f"the bound squares the values, got {max(values):.4g}; write values of at most "
            f"{_GREATEST:g}"
        )
    total = squares = found = 0.0
    for value in filter(None, reversed(values)):
        squares += value * value
        before, total = total, total + value
        if before:
            found += value * (squares / total) / before  # a product of tiny sums is no float
    return (1.0 + squares) / (2.0 * total) + found / 2.0 if total else math.inf


def peak(schedule: Schedule, run: Run) -> Point:
    """The largest value and the first time at which it is taken.

    >>> from passo import Run, steps, warmup_cosine
    >>> peak(warmup_cosine(peak=0.3, warmup=steps(10)), Run(steps(100)))
    Point(time=10.0, value=0.3)
    """
    curve = Curve.of(schedule, run, points=_POINTS)
    best = max(range(len(curve.values)), key=curve.values.__getitem__)
    return Point(curve.times[best], curve.values[best])


def is_far(peak: float, base: float | None) -> bool:
    """Whether a learning rate is so far above its base that it was hardly meant as a rate.

    The largest rate of a published recipe is 30 (ASGD; Merity et al. 2018, arXiv:1708.02182), and
    the widest factor that a recipe rises by is 25 (one-cycle): what is above 30 and a hundred times
    the base was probably a length, or a factor. Above 10, where a range test ends, it takes ten
    thousand times. Without a base what is above 30 is far.

    >>> is_far(100, 0.1), is_far(2.5, 0.1), is_far(30, 30), is_far(10, 1e-3), is_far(100, None)
    (True, False, False, True, True)
    """
    if not base or base < 0:
        return peak > _LARGEST
    ratio = peak / base
    return (peak > _LARGEST and ratio >= _FAR) or (peak >= _LAST and ratio >= _FARTHEST)


def jumps(schedule: Schedule, run: Run, *, least: float = 1e-9) -> tuple[Corner, ...]:
    """The corners at which the value jumps by more than `least` of the curve's largest value.

    >>> from passo import Run, multistep_decay, steps
    >>> [jump.time for jump in jumps(multistep_decay([steps(30)]), Run(steps(100)))]
    [30.0]
    """
    curve = Curve.of(schedule, run)
    enough = real(least, "least") * max(map(abs, curve.values))
    return tuple(each for each in curve.corners if abs(each.value - each.before) > enough)


def first_crossing(schedule: Schedule, run: Run, level: float) -> float | None:
    """The first time at which the value reaches `level` from either side; None if it never does.

    Crossings closer together than 1/2000 of the run may be missed.

    >>> from passo import Linear, Run, rest, steps
    >>> first_crossing(Linear(1, 0, rest), Run(steps(100)), 0.25)
    75.0
    """
    target = real(level, "level")
    curve = Curve.of(schedule, run, points=_POINTS)
    above = [value - target for value in curve.values]
    if above[0] == 0:
        return curve.times[0]
    for k, (before, after) in enumerate(pairwise(above)):
        if after == 0 or (before < 0) != (after < 0):
            side = math.copysign(1.0, above[0])
            reached = lambda t: (curve.filled(t) - target) * side <= 0  # noqa: B023, E731
            return bisected(reached, curve.times[k], curve.times[k + 1])
    return None


def distance(first: Schedule, second: Schedule, run: Run) -> Gap:
    """The largest difference between two schedules on one run, and where it is.

    >>> from passo import Cosine, Linear, Run, rest, steps
    >>> gap = distance(Cosine(1, 0, rest), Linear(1, 0, rest), Run(steps(100)))
    >>> round(gap.distance, 3)
    0.105
    """
    one, two = (Curve.of(each, run, points=_POINTS) for each in (first, second))
    need_one_kind(one, two)
    times = sorted({*one.times, *two.times})
    gaps = [abs(one.filled(t) - two.filled(t)) for t in times]
    widest = max(range(len(gaps)), key=gaps.__getitem__)
    return Gap(times[widest], gaps[widest])


def _integral(value: Callable[[float], float], begin: float, end: float) -> float:
    middle, half = (begin + end) / 2, (end - begin) / 2
    pairs = (
        weight * (value(middle - half * node) + value(middle + half * node))
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    )
    return half * math.fsum(pairs)
