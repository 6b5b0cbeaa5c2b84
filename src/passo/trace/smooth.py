"""Noisy numbers made smooth, and how noisy they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

SHARE = 20
NORMAL = 1.4826


def smoothed(rates: Sequence[float], losses: Sequence[float]) -> tuple[float, ...]:
    """The losses' running mean, whose weights fall by e over a twentieth of the tested range.

        sum(w[j] * losses[j]) / sum(w[j]),    w[j] = exp((x[j] - x[k]) / tau),    j = 0 ... k

    `x` is the logarithm of the rate (the value itself where one is not positive). Dividing by the
    weights makes the mean right from the first point on. It looks back only, so that no loss
    colours what came before it; a loss that is not finite is left out of the mean of later ones.

    >>> smoothed((0.1, 1.0, 10.0), (3.0, 3.0, 3.0))
    (3.0, 3.0, 3.0)
    """
    x = scale(rates)
    tau = (x[-1] - x[0]) / SHARE if len(x) > 1 else 1.0
    mean = weight = 0.0
    found = []
    for k, loss in enumerate(losses):
        weight *= math.exp((x[k - 1] - x[k]) / tau) if k else 0.0
        if math.isfinite(loss):
            weight += 1.0
            mean += (loss - mean) / weight
        found.append(mean if math.isfinite(loss) else loss)
    return tuple(found)


def scale(rates: Sequence[float]) -> list[float]:
    """Where the values stand on their axis: their logarithms, or themselves where one is <= 0.

    >>> scale((0.0, 0.5))
    [0.0, 0.5]
    """
    return [math.log(rate) for rate in rates] if min(rates) > 0 else list(rates)


def running_median(losses: Sequence[float], width: int) -> list[float]:
    """The median of `width` losses around each, of fewer at both ends, always as many on each side.

    A median keeps an edge where it is, and one wild loss does not reach its neighbours.

    >>> running_median([1.0, 1.0, 9.0, 1.0, 0.5], 3)
    [1.0, 1.0, 1.0, 1.0, 0.5]
    """
    found = []
    for k in range(len(losses)):
        reach = min(width // 2, k, len(losses) - 1 - k)
        found.append(median(losses[k - reach : k + reach + 1]))
    return found


def noise(losses: Sequence[float]) -> float:
    """The standard deviation of what is left when every slow movement is taken away.

    From second differences, whose median does not see the few that a jump makes:

        1.4826 * median(abs(y[k-1] - 2 * y[k] + y[k+1])) / sqrt(6)

    >>> noise([1.0, 2.0, 3.0, 4.0])
    0.0
    """
    slopes = [b - a for a, b in pairwise(losses)]
    bends = [abs(b - a) for a, b in pairwise(slopes)]
    return NORMAL * median(bends) / math.sqrt(6) if bends else 0.0
