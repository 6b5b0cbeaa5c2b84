"""`Plateau`: a factor that reports make fall."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, final

from passo.ground.checks import brief, real, whole, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.length import need_axis
from passo.schedules.algebra.node import Node
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.reducer import Reducer, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from passo.schedules.algebra.node import Localize
    from passo.schedules.formula import Formula

_MODES: Final = ("min", "max")
_THRESHOLD_MODES: Final = ("rel", "abs")
_RANGES: Final[tuple[tuple[str, Callable[[float], bool], str], ...]] = (
    ("factor", lambda value: 0 <= value < 1, "at least 0 and below 1"),
    ("floor", lambda value: 0 <= value <= 1, "from 0 to 1"),
    ("threshold", lambda value: value >= 0, "at least 0"),
)
_NAN: Final = float("nan")
_PAIR: Final = 2


@final
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
    mode: str = "min"
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    threshold_mode: str = "rel"
    cooldown: int = 0
    floor: float = 0.0
    past: tuple[tuple[float, float], ...] = ()

    def _check(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            msg = (
                f'metric must be the name of a report such as "val_loss", got {brief(self.metric)}'
            )
            raise PassoError(msg)
        _one_of(self.mode, _MODES, "mode")
        _one_of(self.threshold_mode, _THRESHOLD_MODES, "threshold_mode")
        whole(self.patience, "patience", least=0)
        whole(self.cooldown, "cooldown", least=0)
        for name, fits, need in _RANGES:
            value = real(getattr(self, name), name)
            if not fits(value):
                msg = f"{name} must be {need}, got {write(value)}"
                raise PassoError(msg)
            self._set(**{name: value})
        self._set(past=_as_past(self.past))

    def reducer(self) -> Reducer:
        """The memory of this plateau before any report.

        >>> memory = Plateau("loss", patience=0).reducer()
        >>> memory.see(1.0), memory.see(1.0)
        (False, True)
        """
        return Reducer(
            Rule(self.mode, self.threshold, self.threshold_mode, self.patience, self.cooldown)
        )

    def after(self, reductions: int) -> float:
        """The factor after so many reductions."""
        return max(self.factor**reductions, self.floor)

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

    def _plateaus(self, local: Localize) -> Iterator[tuple[Plateau, Localize]]:
        yield self, local

    def _write(self) -> str:
        bare = Plateau(self.metric)
        given = [json.dumps(self.metric, ensure_ascii=False)]
        for name, value in self._fields().items():
            if name not in ("metric", "past") and value != getattr(bare, name):
                code = write(value) if isinstance(value, float) else f"{value}"
                given.append(f'{name}="{code}"' if isinstance(value, str) else f"{name}={code}")
        if self.past:
            given.append(f"past=[{', '.join(_write_report(*report) for report in self.past)}]")
        return f"Plateau({', '.join(given)})"


def _one_of(value: object, allowed: tuple[str, ...], name: str) -> None:
    if not isinstance(value, str) or value not in allowed:
        msg = f"{name} must be one of {', '.join(map(repr, allowed))}, got {brief(value)}"
        raise PassoError(msg)


def _as_past(past: Any) -> tuple[tuple[float, float], ...]:
    reports = tuple(_seen(each) for each in _listed(past, "past"))
    for (before, _), (after, _) in pairwise(reports):
        if after < before:
            late = f"t={write(after)} after t={write(before)}"
            msg = f"reports must be in the order they were made, got {late}"
            raise PassoError(msg)
    if reports and reports[0][0] < 0:
        msg = f"a report cannot be made before t=0, got t={write(reports[0][0])}"
        raise PassoError(msg)
    return reports


def _seen(pair: Any) -> tuple[float, float]:
    if not isinstance(pair, (tuple, list)) or len(pair) != _PAIR:
        msg = f"a past holds (t, metric) pairs, got {brief(pair)}"
        raise PassoError(msg)
    return real(pair[0], "the time of a report"), as_metric(pair[1])


def as_metric(value: Any) -> float:
    """A reported metric as a float; NaN and infinities are allowed, they happen."""
    if isinstance(value, str) and value in ("nan", "inf", "-inf"):
        return _NAN if value == "nan" else float(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        msg = f"a metric must be a number, got {brief(value)}"
        raise PassoError(msg)
    number = float(value)
    return _NAN if math.isnan(number) else number


def _write_report(t: float, metric: float) -> str:
    code = write(metric) if math.isfinite(metric) else f'"{metric}"'
    return f"({write(t)}, {code})"


def told(schedule: Node, reports: Iterable[tuple[float, Mapping[str, float]]]) -> Schedule:
    """`schedule` with each of its plateaus given the reports that it may see."""
    need_axis(schedule)
    made = [_report(each) for each in _listed(reports, "reports")]
    pasts = []
    for plateau, local in schedule._plateaus(lambda t: t):
        seen = list(plateau.past)
        for t, metrics in made:
            if plateau.metric in metrics and (at := local(t)) is not None:
                seen.append((at, as_metric(metrics[plateau.metric])))
        pasts.append(tuple(seen))
    remaining = iter(pasts)

    def change(node: Any, parts: Sequence[Any]) -> Any:
        if isinstance(node, Plateau):
            return replace(node, past=next(remaining))
        return node._with(parts)

    return schedule._changed(change)


def _report(report: Any) -> tuple[float, dict[str, Any]]:
    if not isinstance(report, (tuple, list)) or len(report) != _PAIR:
        msg = f'a report is a pair such as (10, {{"val_loss": 0.3}}), got {brief(report)}'
        raise PassoError(msg)
    t, metrics = report
    if not isinstance(metrics, Mapping):
        msg = f'metrics are a mapping such as {{"val_loss": 0.3}}, got {brief(metrics)}'
        raise PassoError(msg)
    return real(t, "the time of a report"), dict(metrics)


def _listed(values: Any, what: str) -> Iterable[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
        msg = f"{what} must be a list of pairs, got {brief(values)}"
        raise PassoError(msg)
    return values  # type: ignore[no-any-return]
