"""What exported code is made of: each function is written out as it stands here.

They are the formulas of the leaves for one float, and give the same bits.
"""

from __future__ import annotations

import math
from bisect import bisect_right


def linear(t: float, start: float, end: float, over: float) -> float:
    """A straight line from start to end, then end."""
    t = min(t, over)
    return start * ((over - t) / over) + end * (t / over)


def half_wave(start: float, end: float, gone: float, left: float) -> float:
    """Half a cosine, good to the last digits at both ends; gone + left = 1."""
    if left <= 0.0:
        return end
    u = min(gone, left)
    root = math.sin(math.pi / 2 * u)
    share = root * root if u < 0.25 else 0.5 - 0.5 * math.sin(math.pi * (0.5 - u))
    near, far = (start, end) if gone < left else (end, start)
    return near * (1.0 - share) + far * share


def cosine(t: float, start: float, end: float, over: float) -> float:
    """Half a cosine from start to end, then end."""
    return half_wave(start, end, t / over, (over - t) / over)


def product(a: float, b: float) -> tuple[float, float]:
    """The product, and what its rounding took (Dekker 1971)."""
    whole = a * b
    scaled, factor = 134217729.0 * a, 134217729.0 * b
    high, wide = scaled - (scaled - a), factor - (factor - b)
    low, narrow = a - high, b - wide
    return whole, ((high * wide - whole) + high * narrow + low * wide) + low * narrow


def ratio(m: float, more: float, n: float) -> tuple[float, float]:
    """(m + more) / n, and what its rounding took."""
    quotient = m / n
    whole, missing = product(quotient, n)
    return quotient, ((m - whole) - missing + more) / n


def raised(share: float, lost: float, power: float) -> float:
    """(share + lost) ** power, for a share in [0, 1]."""
    return math.pow(share, power) * (1.0 + power * lost / max(share, 1e-37))


def rest_of(share: float, other: float, power: float) -> float:
    """1 - share ** power, where share + other = 1."""
    if other < 0.5:
        return -math.expm1(power * math.log1p(-other))
    return -math.expm1(power * (math.log(share) if share > 0.0 else -math.inf))


def polynomial(t: float, start: float, end: float, over: float, power: float) -> float:
    """From start to end with the power on what is left, then end."""
    t = min(t, over)
    left = over - t
    back = over - left
    share, lost = ratio(left, (back - t) - ((back + left) - over), over)
    return start * raised(share, lost, power) + end * rest_of(share, t / over, power)


def powered(t: float, start: float, end: float, over: float, power: float) -> float:
    """From start to end with the power on what is gone, then end."""
    t = min(t, over)
    share, lost = ratio(t, 0.0, over)
    left = rest_of(share, (over - t) / over, power)
    return start * left + end * raised(share, lost, power)


def geometric(t: float, start: float, end: float, over: float) -> float:
    """From start to end by equal ratios, then end."""
    t = min(t, over)
    share = min(t, over - t) / over
    if t < over - t:
        return start * math.pow(end / start, share)
    return end * math.pow(start / end, share)


def exponential(t: float, start: float, gamma: float, every: float) -> float:
    """Start, times gamma for each `every`."""
    return start * (math.pow(gamma, t // every) * math.pow(gamma, t % every / every))


def exponential_of_parts(t: float, start: float, gamma: float, p: float, q: float) -> float:
    """Start, times gamma for each p / q."""
    scaled, lost = product(t, q)
    return start * (math.pow(gamma, scaled // p) * math.pow(gamma, (scaled % p + lost) / p))


def inverse_power(t: float, start: float, scale: float, power: float) -> float:
    """Start, falling as a power of time."""
    return start * math.pow(1.0 + t / scale, -power)


def table(t: float, times: list[float], values: list[float]) -> float:
    """Straight lines through points, then the last value."""
    t = min(max(t, times[0]), times[-1])
    k = min(bisect_right(times, t, 1) - 1, len(times) - 1)
    if k == len(times) - 1:
        return values[k]
    wide = times[k + 1] - times[k]
    return values[k] * ((times[k + 1] - t) / wide) + values[k + 1] * ((t - times[k]) / wide)


def cosine_table(t: float, times: list[float], values: list[float]) -> float:
    """Half cosines through points, then the last value."""
    t = min(max(t, times[0]), times[-1])
    k = min(bisect_right(times, t, 1) - 1, len(times) - 1)
    if k == len(times) - 1:
        return values[k]
    wide = times[k + 1] - times[k]
    return half_wave(values[k], values[k + 1], (t - times[k]) / wide, (times[k + 1] - t) / wide)


def cosine_power(t: float, start: float, end: float, over: float, power: float) -> float:
    """Half a cosine raised to a power from start to end, then end."""
    t = min(t, over)
    u = min(t, over - t) / over
    near = half_wave(0.0, 1.0, u, 1.0 - u)
    kept, other = (1.0 - near, near) if t < over - t else (near, 1.0 - near)
    return start * math.pow(kept, power) + end * rest_of(kept, other, power)


def k_decay(t: float, start: float, end: float, over: float, k: float, power: float) -> float:
    """A polynomial of u ** k from start to end, then end."""
    t = min(t, over)
    share, lost = ratio(t, 0.0, over)
    left = rest_of(share, (over - t) / over, k)
    gone = rest_of(left, raised(share, lost, k), power)
    return start * math.pow(left, power) + end * gone


def k_decay_cosine(t: float, start: float, end: float, over: float, k: float) -> float:
    """Half a cosine of u ** k from start to end, then end."""
    t = min(t, over)
    share, lost = ratio(t, 0.0, over)
    return half_wave(start, end, raised(share, lost, k), rest_of(share, (over - t) / over, k))


def tanh(t: float, start: float, end: float, over: float, low: float, high: float) -> float:
    """A hyperbolic tangent from start to end, then end."""
    t = min(t, over)
    wide = high - low
    gone, left = wide * (t / over), wide * ((over - t) / over)
    if gone <= 0.0:
        return start
    if left <= 0.0:
        return end
    height = math.cosh(low + gone if gone < left else high - left)
    first = start * (math.sinh(left) * (math.cosh(low) / math.sinh(wide)) / height)
    return first + end * (math.sinh(gone) * (math.cosh(high) / math.sinh(wide)) / height)


def rex(t: float, start: float, end: float, over: float) -> float:
    """A reflected exponential from start to end, then end."""
    t = min(t, over)
    left = over - t
    return start * (2.0 * left / (over + left)) + end * (t / (over + left))


def hyperbolic_shares(t: float, over: float, upper: float) -> tuple[float, float]:
    """How much of the way is left, and how much is gone."""
    t = min(t, over)
    wide = 2.0 * (upper - 1.0) * over
    whole, left = over * (wide + over), over - t
    kept = math.sqrt(left * (wide + left) / whole)
    return kept, t * (wide + over + left) / whole / (1.0 + kept)


def hyperbolic(t: float, start: float, end: float, over: float, upper: float) -> float:
    """A hyperbola from start to end, then end."""
    kept, gone = hyperbolic_shares(t, over, upper)
    return start * kept + end * gone


def exp_hyperbolic(t: float, start: float, end: float, over: float, upper: float) -> float:
    """By ratios along a hyperbola from start to end, then end."""
    kept, gone = hyperbolic_shares(t, over, upper)
    if gone < kept:
        return start * math.pow(end / start, min(kept, gone))
    return end * math.pow(start / end, min(kept, gone))


def logarithmic(t: float, start: float, end: float, over: float, scale: float) -> float:
    """A logarithm from start to end, then end."""
    t = min(t, over)
    whole = math.log1p(over / scale)
    left = math.log1p((over - t) / (scale + t)) / whole
    return start * left + end * (math.log1p(t / scale) / whole)


def langevin(y: float, terms: list[float]) -> float:
    """(coth(y) - 1 / y) / y for y from 0 to 1/2, by its series."""
    square, found = y * y, 0.0
    for term in terms:
        found = found * square + term
    return found


def rectified(
    t: float, begin: float, half: float, scale: float, every: float, terms: list[float]
) -> float:
    """RAdam's factor: 0 while the variance is not known, then rising to 1."""
    n = t / every
    y = n * half
    small, large = min(y, 0.5), max(y, 0.5)
    lost = n * (small * langevin(small, terms))
    far = n * (1.0 / large - 2.0 / math.expm1(min(2.0 * large, 700.0)))
    r = max(begin + (n - lost if y < 0.5 else far), 4.0)
    left = max(begin + ((n - 4.0) - lost if y < 0.5 else far - 4.0), 0.0)
    return math.sqrt(left * ((r - 2.0) / r) * scale)
