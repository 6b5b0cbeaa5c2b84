"""The formulas of a few ramps from `a` to `b` over `n`: for the leaves, and for cooldowns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.schedules.precise import raised, ratio

if TYPE_CHECKING:
    from passo.schedules.formula import Formula


def straight(a: float, b: float, n: float) -> Formula:
    """The line a * (1 - u) + b * u, with both shares as they are near their own end.

    >>> from passo.schedules.formula import NUMBERS
    >>> straight(0.0, 1.0, 4.0)(3.0, NUMBERS)
    0.75
    """

    def value(t: Any, xp: Any) -> Any:
        t = xp.minimum(t, n)
        return a * ((n - t) / n) + b * (t / n)

    return value


def half_cosine(a: float, b: float, n: float) -> Formula:
    """Half a cosine, b + (a - b) * (1 + cos(pi * u)) / 2.

    >>> from passo.schedules.formula import NUMBERS
    >>> half_cosine(1.0, 0.0, 4.0)(2.0, NUMBERS)
    0.5
    """

    def value(t: Any, xp: Any) -> Any:
        return xp.half_wave(a, b, t / n, (n - t) / n)

    return value


def powered(a: float, b: float, n: float, power: float) -> Formula:
    """A power of what is gone, a + (b - a) * u ** power.

    >>> from passo.schedules.formula import NUMBERS
    >>> powered(1.0, 0.0, 4.0, 0.5)(1.0, NUMBERS)
    0.5
    """

    def value(t: Any, xp: Any) -> Any:
        t = xp.minimum(t, n)
        gone, lost = ratio(t, 0.0, n)
        left = -xp.expm1(power * xp.log_share(gone, (n - t) / n))
        return a * left + b * raised(gone, lost, power, xp)

    return value
