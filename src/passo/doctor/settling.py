"""Where a function of LambdaLR settles, read from what it gave and would have given."""

from __future__ import annotations

from typing import Final

LOW: Final = 0.01  # of the largest value: a cosine near its end
SUDDEN: Final = 1e-4  # of the largest value, shortly before: what fades out has no end
FAR: Final = 0.5  # of the times looked at: what settles later never really does

Values = list[list[float]]


def settled(values: Values, position: float) -> float | None:
    """From when on it gives one value for ever, or is down at nothing; None where it never does.

    >>> settled([[t, max(0.0, 1 - t / 10)] for t in range(2000)], 5)
    10.0
    """
    found = _trough(values, position)
    if found is not None:
        return found
    if len(values) < 3 or values[-1][0] < 100 * max(1, position):
        return None
    end = values[-1][1]
    moving = max((k for k, (_, value) in enumerate(values) if value != end), default=-1)
    if moving < 0 or moving + 2 >= len(values) or values[moving + 1][0] > FAR * values[-1][0]:
        return None
    (a, va), (b, _) = values[moving], values[moving + 1]
    if abs(va - end) < SUDDEN * max(abs(value) for _, value in values):
        return None
    before, early = values[moving - 1] if moving else (a, va)
    slope = (va - early) / (a - before) if a > before else 0.0
    crossing = a + (end - va) / slope if slope else b
    return float(min(max(crossing, a), b))


def _trough(values: Values, position: float) -> float | None:
    """Where it comes down to nothing and climbs again, if that lies ahead."""
    most = max((value for _, value in values), default=0.0)
    for (_, a), (time, b), (_, c) in zip(values, values[1:], values[2:]):  # noqa: B905
        if a > b < c and b <= LOW * most and c > 0:
            return float(time) if time > position + 1 else None
    return None
