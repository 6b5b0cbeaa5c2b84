"""`Hearing`: what factors share that reports move. Each kind says what it remembers of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief, one_of, real, whole, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.reducer import Mode, ThresholdMode
from passo.schedules.reports import Past, Report, as_metric, as_past, write_past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from passo.schedules.algebra.schedule import Localize, PlateauLike
    from passo.schedules.formula import Formula
    from passo.schedules.reducer import Memory

_COUNTS: Final = ("patience", "cooldown", "warmup")


class Hearing(Schedule):
    """A factor that is 1.0 until reports of `metric` move it; a final kind has the fields.

    `past` holds the reports made so far, as (t, value) pairs, and is the last field.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        metric: str
        past: Past

    def reducer(self) -> Memory:
        """The memory before any report."""
        raise NotImplementedError  # pragma: no cover

    def factors(self, memory: Any) -> tuple[float, float]:
        """The factor before it moved last, and now."""
        raise NotImplementedError  # pragma: no cover

    def _check_heard(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            msg = (
                f'metric must be the name of a report such as "val_loss", got {brief(self.metric)}'
            )
            raise PassoError(msg)
        for name, value in self._fields().items():
            if name == "mode":
                one_of(value, name, Mode)
            elif name == "threshold_mode":
                one_of(value, name, ThresholdMode)
            elif name in _COUNTS:
                whole(value, name, least=0)
        self._set(past=as_past(self.past))

    def _within(self, name: str, fits: Callable[[float], bool], need: str) -> None:
        """A number of the rule, or an error that says which it may be."""
        value = real(getattr(self, name), name)
        if not fits(value):
            msg = f"{name} must be {need}, got {write(value)}"
            raise PassoError(msg)
        self._set(**{name: value})

    def having_heard(self, reports: Iterable[Report], local: Localize) -> Schedule:
        """The same with those of the reports in its past that were made while it was active.

        >>> from passo import Plateau
        >>> Plateau("loss").having_heard([(3, {"loss": 0.5, "accuracy": 0.9})], lambda t: t - 2)
        Plateau("loss", past=[(1, 0.5)])
        """
        heard = [
            (at, as_metric(metrics[self.metric]))
            for t, metrics in reports
            if self.metric in metrics and (at := local(t)) is not None
        ]
        mine: Any = self  # to a type checker only the final kinds are dataclasses
        return replace(mine, past=(*self.past, *heard))  # type: ignore[no-any-return]

    def _is_endless(self) -> bool:
        return True

    def _is_timeless(self) -> bool:
        return False

    def _measure(self, _run: object) -> None:
        return None

    def _moves(self) -> list[tuple[float, float]]:
        """When the reports of the past moved the factor, and to what."""
        memory = self.reducer()
        return [(t, self.factors(memory)[1]) for t, metric in self.past if memory.see(metric)]

    def _build(self) -> Formula:
        moves = self._moves()
        if not moves:
            return lambda _t, _xp: 1.0
        times, factors = [t for t, _ in moves], [1.0, *(factor for _, factor in moves)]
        return lambda t, xp: xp.take(factors, xp.find(times, t), t)

    def _corners(self, low: float, high: float) -> Iterator[float]:
        yield from (t for t, _ in self._moves() if low < t <= high)

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        yield self, local

    def _with_plateaus(
        self, make: Callable[[PlateauLike], Schedule], _parts: Sequence[Schedule]
    ) -> Schedule:
        return make(self)

    def _write(self) -> str:
        kind: Any = type(self)
        bare = kind(self.metric)
        given = [json.dumps(self.metric, ensure_ascii=False)]
        for name, value in self._fields().items():
            if name not in ("metric", "past") and value != getattr(bare, name):
                code = write(value) if isinstance(value, float) else f"{value}"
                given.append(f'{name}="{code}"' if isinstance(value, str) else f"{name}={code}")
        if self.past:
            given.append(f"past={write_past(self.past)}")
        return f"{kind.__name__}({', '.join(given)})"
