"""How large an effect is, and how well that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Effect:
    """The mean of paired differences, and an interval that holds the true one at `level`."""

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def none(self) -> bool:
        """Whether every seed gave exactly the same twice."""
        return self.mean == self.low == self.high == 0


def paired(more: Sequence[float], less: Sequence[float], level: float = 0.95) -> Effect:
    """Effect of `more - less`, seed by seed; Student's interval of the mean difference.

    Raises ValueError for fewer than two seeds, or seeds without a partner.

    >>> paired([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    Effect(mean=2.0, low=2.0, high=2.0, seeds=3)
    """
    if len(more) != len(less) or len(more) < 2:
        raise ValueError(f"two seeds or more are needed, in pairs; got {len(more)}, {len(less)}")
    differences = np.asarray(more, float) - np.asarray(less, float)
    mean = float(differences.mean())
    if np.ptp(differences) == 0:  # the statistic is 0 / 0 there
        return Effect(mean, mean, mean, len(differences))
    found = stats.ttest_1samp(differences, 0).confidence_interval(level)
    return Effect(mean, float(found.low), float(found.high), len(differences))


def level_of(cases: int) -> float:
    """The level of each of several intervals that are all to be right 95 times of 100 (Bonferroni).

    >>> level_of(1), round(level_of(5), 3)
    (0.95, 0.99)
    """
    return 1 - 0.05 / cases
