"""Exact counting of periods: which cycle t is in, and how far into it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Callable

_FAR: Final = 2.0**53
_MOST_CYCLES: Final = 10**6


def as_quotient(period: Fraction) -> tuple[float, float]:
    """`period` as p/q, so that `t * q // p` counts whole periods without a rounding of 1/period.

    >>> as_quotient(Fraction(1, 10))
    (1.0, 10.0)
    """
    if max(period.numerator, period.denominator) < _FAR:
        return float(period.numerator), float(period.denominator)
    return float(period), 1.0


def counter(period: Fraction) -> Callable[[Any], tuple[Any, Any]]:
    """`t -> (whole periods before t, time since the last one began)`, for numbers and arrays.

    >>> counter(Fraction(1, 10))(0.3)
    (3.0, 0.0)
    """
    p, q = as_quotient(period)

    def count(t: Any) -> tuple[Any, Any]:
        scaled = t * q
        return scaled // p, (scaled % p) / q

    return count


def total_growth(grow: Fraction, times: int) -> Fraction:
    """1 + grow + ... + grow**(times - 1).

    >>> total_growth(Fraction(2), 3)
    Fraction(7, 1)
    """
    if grow == 1:
        return Fraction(times)
    if times * math.log2(max(grow.numerator, grow.denominator)) > _MOST_CYCLES:
        msg = f"repeat({times}, grow={float(grow)}) is too long to be measured; write fewer times"
        raise PassoError(msg)
    return (grow**times - 1) / (grow - 1)


def growing_starts(period: Fraction, grow: Fraction, times: int | None) -> list[float]:
    """Where each cycle begins, in order, as far as a float can count.

    >>> growing_starts(Fraction(10), Fraction(2), 4)
    [0.0, 10.0, 30.0, 70.0]
    """
    starts, begin, length = [0.0], Fraction(0), period
    few = grow.denominator == 1 or (times is not None and times <= 400)
    if not few and _cycles_to_count(period, grow, times) > _MOST_CYCLES:
        msg = f"grow={float(grow)} makes more than a million cycles; write grow=1"
        raise PassoError(msg)
    while times is None or len(starts) < times:
        if few:
            begin, length = begin + length, length * grow
            start = float(begin)
        else:
            start = float(period) * math.expm1(len(starts) * math.log(grow)) / float(grow - 1)
        if start > _FAR or start <= starts[-1]:  # shorter cycles than a float can tell apart
            break
        starts.append(start)
    return starts


def _cycles_to_count(period: Fraction, grow: Fraction, times: int | None) -> float:
    """How many cycles there are before a float can no longer count."""
    far = (
        math.log1p(_FAR * float(grow - 1) / float(period)) / math.log(grow)
        if grow > 1
        else math.inf
    )
    return far if times is None else min(far, times)
