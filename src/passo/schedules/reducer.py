"""When is a metric better, and when does a plateau fall: the one owner of both answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["min", "max"]
"""Whether a metric is better when it is less, or more."""
ThresholdMode: TypeAlias = Literal["rel", "abs"]
"""Whether a threshold is a share of the best metric, or an amount."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides about a metric; the names are those of torch's ReduceLROnPlateau.

    `torchs` takes a relative threshold as torch does, times the best itself: below 0 the bar then
    lies on the wrong side of the best, and what did not improve counts as better
    (pytorch/pytorch#47513). Otherwise the threshold is a share of abs(best).
    """

    mode: Mode = "min"
    threshold: float = 1e-4
    threshold_mode: ThresholdMode = "rel"
    patience: int = 10
    cooldown: int = 0
    torchs: bool = False

    def is_better(self, metric: float, best: float | None) -> bool:
        """Whether `metric` passes `best` by the threshold; anything but NaN passes no best.

        >>> Rule(threshold=0.05).is_better(-1.0, -1.0), Rule(torchs=True).is_better(-1.0, -1.0)
        (False, True)
        """
        sign = 1.0 if self.mode == "max" else -1.0
        if best is None:
            return sign * metric > -math.inf
        if self.threshold_mode == "abs":
            needed = best + sign * self.threshold
        else:
            away = sign if best >= 0 or self.torchs else -sign
            needed = best * (1.0 + away * self.threshold)
        return metric < needed if self.mode == "min" else metric > needed


@dataclass(slots=True)
class Reducer:
    """What a plateau remembers between reports: constant in size, plain data.

    Every report that is not better than the best so far by the threshold is bad. After more
    than `patience` bad reports in a row there is one more reduction, then `cooldown` reports
    are not counted. NaN is bad. These are torch's rules.

    >>> reducer = Reducer(Rule(patience=1))
    >>> [reducer.see(loss) for loss in (1.0, 1.0, 1.0)]
    [False, False, True]
    """

    rule: Rule
    best: float | None = None
    bad: int = 0
    cooling: int = 0
    reductions: int = 0

    def see(self, metric: float) -> bool:
        """Take one report in; whether it brought a reduction."""
        better = self.rule.is_better(metric, self.best)
        if better:
            self.best = metric
        falls, self.bad, self.cooling = counted(
            better, self.bad, self.cooling, self.rule.patience, self.rule.cooldown
        )
        self.reductions += falls
        return falls


def counted(
    better: bool,  # noqa: FBT001
    bad: int,
    cooling: int,
    patience: int,
    cooldown: int,
) -> tuple[bool, int, int]:
    """One report more: whether there is a reduction, and the bad and cooling reports after it.

    >>> counted(False, bad=2, cooling=0, patience=2, cooldown=5)
    (True, 0, 5)
    """
    bad = 0 if better else bad + 1
    if cooling > 0:
        cooling -= 1
        bad = 0
    return (True, 0, cooldown) if bad > patience else (False, bad, cooling)
