"""`Table`: a curve through given points."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from passo.ground.calls import built_like
from passo.ground.checks import brief, one_of
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_number, as_value, write_value
from passo.schedules.algebra.length import UNKNOWN, Length, length_of
from passo.schedules.shapes.leaf import Leaf
from passo.schedules.time import Run, Span, as_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.schedules.formula import Formula

Kind: TypeAlias = Literal["linear", "cosine", "step"]
"""How a table goes from one point to the next."""


@built_like("Table([(steps(0), 0.1), (steps(100), 0.01)])")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Table(Leaf):
    """The curve through `points`, (span, value) pairs from the beginning, then the last value.

        s(t) = value_k at t = span_k; between two points a line, half a cosine, or a step

    With kind "step" each value holds until the next point. Before the first point its value
    holds. Spans must grow; values are numbers or expressions of `base`. Source: optax's
    piecewise_interpolate_schedule; keras's PiecewiseConstantDecay.

    >>> from passo import steps
    >>> Table([(steps(0), 1.0), (steps(10), 0.5), (steps(20), 0.0)])(15)
    0.25
    """

    points: Sequence[tuple[Span, Value]]
    kind: Kind = "linear"

    def _check(self) -> None:
        one_of(self.kind, "kind", Kind)
        if isinstance(self.points, (str, bytes)) or not hasattr(self.points, "__iter__"):
            msg = f"points must be a list of (span, value) pairs, got {brief(self.points)}"
            raise PassoError(msg)
        points = tuple(_point(point) for point in self.points)
        if not points:
            msg = "a Table needs at least one point; write Table([(steps(0), 0.1)])"
            raise PassoError(msg)
        for (before, _), (after, _) in pairwise(points):
            if before.unit == after.unit and before.amount >= after.amount:
                msg = f"the spans of a Table must grow, got {after!r} after {before!r}"
                raise PassoError(msg)
        self._set(points=points)

    def _is_open(self) -> bool:
        return False

    def _is_endless(self) -> bool:
        return False

    def _measure(self, run: Run | None) -> Length:
        units = {span.unit for span, _ in self.points}
        return length_of(self.points[-1][0], run) if run or len(units) == 1 else UNKNOWN

    def _build(self) -> Formula:
        times = [float(span.amount) for span, _ in self.points]
        values = [as_number(value) for _, value in self.points]
        if self.kind == "step":
            edges = times[1:]
            return lambda t, xp: xp.take(values, xp.find(edges, t), t)
        return _between(times, values, straight=self.kind == "linear")

    def _corners(self, low: float, high: float) -> Iterator[float]:
        for span, _ in self.points:
            if low < span.amount <= high:
                yield float(span.amount)

    def _write(self) -> str:
        points = ", ".join(f"({span!r}, {write_value(value)})" for span, value in self.points)
        kind = "" if self.kind == "linear" else f", kind={json.dumps(self.kind)}"
        return f"Table([{points}]{kind})"


def _point(point: Any) -> tuple[Span, Value]:
    if not isinstance(point, (tuple, list)) or len(point) != 2:
        msg = f"a point of a Table is a (span, value) pair, got {brief(point)}"
        raise PassoError(msg)
    span, value = point
    return as_span(span, "a point's time", relative=False), as_value(value, "a point's value")


def _between(times: list[float], values: list[float], *, straight: bool) -> Formula:
    """Each piece blends its two ends; a flat piece stands after the last point."""
    first, last = times[0], times[-1]
    edges = times[1:]
    rights, ends = [*values[1:], values[-1]], [*edges, 2.0 * last + 1.0]

    def value(t: Any, xp: Any) -> Any:
        t = xp.minimum(xp.maximum(t, first), last)
        piece = xp.find(edges, t)
        begin, end = xp.take(times, piece, t), xp.take(ends, piece, t)
        left, right = xp.take(values, piece, t), xp.take(rights, piece, t)
        gone, kept = (t - begin) / (end - begin), (end - t) / (end - begin)
        if straight:
            return left * kept + right * gone
        return xp.half_wave(left, right, gone, kept)

    return value
