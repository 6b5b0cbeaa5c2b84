"""Factors that reports move by other rules than a plateau's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from passo.ground.calls import built_like
from passo.schedules.reducer import Climber, Mode, Rule, ThresholdMode, Turns
from passo.schedules.reports import Past
from passo.schedules.shapes import homonym
from passo.schedules.shapes.hearing import Hearing
from passo.schedules.shapes.homonym import also_called

if TYPE_CHECKING:
    from typing import Any

_SMALL, _LARGE = 1e-9, 1e9


@built_like('Greedy("val_loss", patience=5)')
@final
@also_called("cooldown")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Greedy(Hearing):
    """A factor: 1.0 until reports move it, down where they stop improving, up where they improve.

        s(t) = factor times less after each row of bad reports, 1 / factor times more after each
        row of good ones, kept between floor and ceiling

    A row is more than `patience` reports; after a fall `cooldown` reports are not looked at, after
    a rise `warmup`. `mode`, `threshold` and `threshold_mode` say what is better, as in Plateau.
    `floor` and `ceiling` are factors too: 0, or from 1e-9 to 1; and from 1 to 1e9. Raises
    PassoError for values outside these meanings.

    Source: Subramanian et al. 2025, arXiv:2512.14527 (GreedyLR); transformers' GreedyLR, whose
    bounds are rates. Its running mean is the caller's: report the mean.

    >>> s = Greedy("loss", factor=0.5, patience=0)
    >>> told = s.with_reports([(1, {"loss": 2.0}), (2, {"loss": 1.0}), (3, {"loss": 1.0})])
    >>> [told(t) for t in (0, 1, 2, 3)]
    [1.0, 2.0, 4.0, 2.0]
    """

    metric: str
    mode: Mode = "min"
    factor: float = 0.95
    patience: int = 10
    threshold: float = 1e-6
    threshold_mode: ThresholdMode = "abs"
    cooldown: homonym.Pause = homonym.Pause(0)
    warmup: int = 0
    floor: float = 0.1
    ceiling: float = 10.0
    past: Past = ()

    def _check(self) -> None:
        self._check_heard()
        self._within("factor", lambda value: 0 < value < 1, "above 0 and below 1")
        self._within("threshold", lambda value: value >= 0, "at least 0")
        self._within(
            "floor", lambda value: value == 0 or _SMALL <= value <= 1, "0, or from 1e-9 to 1"
        )
        self._within("ceiling", lambda value: 1 <= value <= _LARGE, "from 1 to 1e9")

    def reducer(self) -> Climber:
        """The memory of it before any report.

        >>> memory = Greedy("loss", factor=0.5, patience=0).reducer()
        >>> memory.see(1.0), memory.see(1.0), memory.now
        (True, True, 1.0)
        """
        rule = Rule(
            self.mode, self.threshold, self.threshold_mode, self.patience, int(self.cooldown)
        )
        return Climber(rule, self.factor, self.floor, self.ceiling, self.warmup)

    def factors(self, memory: Any) -> tuple[float, float]:
        """The factor before it moved last, and now."""
        return memory.before, memory.now


@built_like('Bounce("weight_norm")')
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Bounce(Hearing):
    """A factor: 1.0 until reports of `metric` bounce, then `factor` times less each time.

        s(t) = max(factor ** k, floor),    k = every second turn of the reports up to t

    A report turns where it goes up after one that went down, or down after one that went up; the
    first turn is the minimum, the second the bounce. Report the squared norm of all weights, once
    an epoch. Raises PassoError for a factor or a floor that is none.

    Source: Lewkowycz 2021, arXiv:2103.12682 (ABEL), without its one decay near the end of the run:
    multiply by `multistep_decay` for it.

    >>> s = Bounce("norm", factor=0.5)
    >>> norms = [5.0, 4.0, 4.5, 4.2]
    >>> told = s.with_reports([(t, {"norm": norm}) for t, norm in enumerate(norms)])
    >>> told(2), told(3)
    (1.0, 0.5)
    """

    metric: str
    factor: float = 0.1
    floor: float = 0.0
    past: Past = ()

    def _check(self) -> None:
        self._check_heard()
        self._within("factor", lambda value: 0 <= value < 1, "at least 0 and below 1")
        self._within("floor", lambda value: 0 <= value <= 1, "from 0 to 1")

    def reducer(self) -> Turns:
        """The memory of it before any report.

        >>> memory = Bounce("norm").reducer()
        >>> [memory.see(norm) for norm in (2.0, 1.0, 1.5, 1.0)]
        [False, False, False, True]
        """
        return Turns()

    def after(self, reductions: int) -> float:
        """The factor after so many reductions."""
        return max(self.factor**reductions, self.floor)

    def factors(self, memory: Any) -> tuple[float, float]:
        """The factor before it moved last, and now."""
        times = memory.reductions
        return self.after(max(times - 1, 0)), self.after(times)
