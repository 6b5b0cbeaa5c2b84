"""Ratios and products with what rounding took from them: for exponents that would amplify it."""

from __future__ import annotations

from typing import Any, Final

TINY: Final = 1e-37  # a float32 has it too
_SPLIT: Final = 134_217_729.0  # 2**27 + 1, Veltkamp


def product(a: Any, b: float) -> tuple[Any, Any]:
    """A * b, and the rest that the float cannot hold (Dekker 1971).

    >>> product(0.1, 3.0)
    (0.30000000000000004, -2.7755575615628914e-17)
    """
    whole = a * b
    scaled, factor = _SPLIT * a, _SPLIT * b
    high, wide = scaled - (scaled - a), factor - (factor - b)
    low, narrow = a - high, b - wide
    return whole, ((high * wide - whole) + high * narrow + low * wide) + low * narrow


def ratio(m: Any, rest: Any, n: float) -> tuple[Any, Any]:
    """(m + rest) / n, and the rest of that.

    >>> ratio(1.0, 0.0, 3.0)
    (0.3333333333333333, 1.850371707708594e-17)
    """
    quotient = m / n
    whole, missing = product(quotient, n)
    return quotient, ((m - whole) - missing + rest) / n


def left_of(n: float, t: Any) -> tuple[Any, Any]:
    """N - t, and the rest of that.

    >>> left_of(1.0, 1e-17)
    (1.0, -1e-17)
    """
    left = n - t
    back = n - left
    return left, (back - t) - ((back + left) - n)


def raised(share: Any, lost: Any, power: float, xp: Any) -> Any:
    """(share + lost) ** power for a share in [0, 1] and what rounding took from it.

    >>> from passo.schedules.formula import NUMBERS
    >>> raised(0.5, 0.0, 2.0, NUMBERS)
    0.25
    """
    return share**power * (1.0 + power * lost / xp.maximum(share, TINY))
