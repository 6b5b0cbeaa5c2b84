"""`Plateau`: a factor that reports make fall."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, final

from passo.ground.calls import built_like
from passo.ground.checks import brief, one_of, real, whole, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.reducer import Mode, Reducer, Rule, ThresholdMode
from passo.schedules.reports import Past, Report, as_metric, as_past, write_past
from passo.schedules.shapes import homonym
from passo.schedules.shapes.homonym import also_called

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from passo.schedules.algebra.schedule import Localize, PlateauLike
    from passo.schedules.formula import Formula

_RANGES: Final[tuple[tuple[str, Callable[[float], bool], str], ...]] = (
    ("factor", lambda value: 0 <= value < 1, "at least 0 and below 1"),
    ("floor", lambda value: 0 <= value <= 1, "from 0 to 1"),
    ("threshold", lambda value: value >= 0, "at least 0"),
)


@built_like('Plateau("val_loss", patience=5)')
@final
@also_called("cooldown")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Plateau(Schedule):
    """A factor: 1.0 until reports of `metric` stop improving, then `factor` times less each time.

        s(t) = max(factor ** k, floor),    k = reductions that reports up to t have brought

    `mode` "min" wants the metric to fall, "max" to rise. A report is better than the best when
    it passes it by `threshold`, a share of abs(best) ("rel") or an amount ("abs"). `patience`
    and `cooldown` count reports. `past` holds the reports made so far, as (t, value) pairs;
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
    past: Past = ()

    def _check(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            msg = (
                f'metric must be the name of a report such as "val_loss", got {brief(self.metric)}'
            )
            raise PassoError(msg)
        one_of(self.mode, "mode", Mode)
        one_of(self.threshold_mode, "threshold_mode", ThresholdMode)
        whole(self.patience, "patience", least=0)
        whole(self.cooldown, "cooldown", least=0)
        for name, fits, need in _RANGES:
            value = real(getattr(self, name), name)
            if not fits(value):
                msg = f"{name} must be {need}, got {write(value)}"
                raise PassoError(msg)
            self._set(**{name: value})
        self._set(past=as_past(self.past))

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
        """The factor after so many reductions."""
        return max(self.factor**reductions, self.floor)

    def having_heard(self, reports: Iterable[Report], local: Localize) -> Plateau:
        """The same with those of the reports in its past that were made while it was active.

        >>> Plateau("loss").having_heard([(3, {"loss": 0.5, "accuracy": 0.9})], lambda t: t - 2)
        Plateau("loss", past=[(1, 0.5)])
        """
        heard = [
            (at, as_metric(metrics[self.metric]))
            for t, metrics in reports
            if self.metric in metrics and (at := local(t)) is not None
        ]
        return replace(self, past=(*self.past, *heard))

    def _is_endless(self) -> bool:
        return True

    def _is_timeless(self) -> bool:
        return False

    def _measure(self, _run: object) -> None:
        return None

    def _falls(self) -> list[float]:
        reducer = self.reducer()
        return [t for t, metric in self.past if reducer.see(metric)]

    def _build(self) -> Formula:
        falls = self._falls()
        factors = [self.after(k) for k in range(len(falls) + 1)]
        if not falls:
            return lambda _t, _xp: 1.0
        return lambda t, xp: xp.take(factors, xp.find(falls, t), t)

    def _corners(self, low: float, high: float) -> Iterator[float]:
        yield from (t for t in self._falls() if low < t <= high)

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        yield self, local

    def _with_plateaus(
        self, make: Callable[[PlateauLike], Schedule], _parts: Sequence[Schedule]
    ) -> Schedule:
        return make(self)

    def _write(self) -> str:
        bare = Plateau(self.metric)
        given = [json.dumps(self.metric, ensure_ascii=False)]
        for name, value in self._fields().items():
            if name not in ("metric", "past") and value != getattr(bare, name):
                code = write(value) if isinstance(value, float) else f"{value}"
                given.append(f'{name}="{code}"' if isinstance(value, str) else f"{name}={code}")
        if self.past:
            given.append(f"past={write_past(self.past)}")
        return f"Plateau({', '.join(given)})"
