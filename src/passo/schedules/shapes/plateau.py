"""`Plateau`: a factor that reports make fall, or rise, when they stop improving."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from passo.ground.calls import built_like
from passo.ground.checks import real, write
from passo.ground.errors import PassoError
from passo.schedules.reducer import Mode, Reducer, Rule, ThresholdMode
from passo.schedules.reports import Past
from passo.schedules.shapes import homonym
from passo.schedules.shapes.hearing import Hearing
from passo.schedules.shapes.homonym import also_called

if TYPE_CHECKING:
    from typing import Any


@built_like('Plateau("val_loss", patience=5)')
@final
@also_called("cooldown")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Plateau(Hearing):
    """A factor: 1.0 until reports of `metric` stop improving, then `factor` times less each time.

        s(t) = max(factor ** k, floor),    k = reductions that reports up to t have brought

    `mode` "min" wants the metric to fall, "max" to rise. A report is better than the best when
    it passes it by `threshold`, a share of abs(best) ("rel") or an amount ("abs"). `patience`
    and `cooldown` count reports. A `factor` above 1 makes it rise, to `ceiling`: a batch size that
    grows where a rate would fall. `past` holds the reports made so far, as (t, value) pairs;
    `with_reports` fills it. Raises PassoError for values outside these meanings.

    Source: torch's ReduceLROnPlateau; for `rel` and negative metrics see pytorch/pytorch#47513.

    >>> from passo import Constant, Linear, steps
    >>> s = Linear(0, 1, steps(2)).then(Constant(1) * Plateau("val_loss", patience=0))
    >>> s.with_reports([(4, {"val_loss": 1.0}), (6, {"val_loss": 1.0})])(6)
    0.1
    """

    metric: str
    mode: Mode = "min"
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    threshold_mode: ThresholdMode = "rel"
    cooldown: homonym.Pause = homonym.Pause(0)
    floor: float = 0.0
    ceiling: float | None = None
    past: Past = ()

    def _check(self) -> None:
        self._check_heard()
        self._within(
            "factor",
            lambda value: value >= 0 and value != 1,
            "at least 0 and below 1, or above 1 with a ceiling",
        )
        self._within("floor", lambda value: 0 <= value <= 1, "from 0 to 1")
        self._within("threshold", lambda value: value >= 0, "at least 0")
        self._check_bound()

    def _fields(self) -> dict[str, Any]:
        # Data of a fall have no ceiling: they are those of files that know of none.
        given = Hearing._fields(self)
        return {k: v for k, v in given.items() if k != "ceiling" or v is not None}

    def _check_bound(self) -> None:
        """The bound is on the side to which the factor goes."""
        factor, code = write(self.factor), self.metric
        if self.factor > 1 and self.floor:
            msg = f"floor is for a factor below 1, and {factor} rises; write ceiling=8"
            raise PassoError(msg)
        if self.factor > 1 and self.ceiling is None:
            call = f"Plateau({code!r}, factor={factor}, ceiling=8)"
            msg = f"factor={factor} rises, and needs a ceiling to rise to; write {call}"
            raise PassoError(msg)
        if self.ceiling is None:
            return
        if self.factor < 1:
            msg = f"ceiling is for a factor above 1, and {factor} falls; write floor=0.01"
            raise PassoError(msg)
        if real(self.ceiling, "ceiling") < 1:
            msg = f"ceiling must be at least 1, got {write(self.ceiling)}"
            raise PassoError(msg)
        self._set(ceiling=float(self.ceiling))

    def reducer(self) -> Reducer:
        """The memory of this plateau before any report.

        >>> memory = Plateau("loss", patience=0).reducer()
        >>> memory.see(1.0), memory.see(1.0)
        (False, True)
        """
        return Reducer(
            Rule(self.mode, self.threshold, self.threshold_mode, self.patience, int(self.cooldown))
        )

    def after(self, reductions: int) -> float:
        """The factor after so many reductions, which are rises where it is above 1.

        >>> Plateau("loss", factor=2, ceiling=6).after(3)
        6.0
        """
        if self.ceiling is None:
            return max(self.factor**reductions, self.floor)
        most = math.log(self.ceiling) / math.log(self.factor)
        return self.ceiling if reductions > most else min(self.factor**reductions, self.ceiling)

    def factors(self, memory: Any) -> tuple[float, float]:
        """The factor before it moved last, and now."""
        times = memory.reductions
        return self.after(max(times - 1, 0)), self.after(times)
