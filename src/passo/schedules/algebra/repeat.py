"""`Repeat`: cycles of one part, each longer or smaller than the last."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, final

from passo.ground.checks import (
    Exact,
    brief,
    decimal,
    exact,
    real,
    whole,
    write,
    write_exact,
)
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import as_part
from passo.schedules.algebra.length import UNKNOWN, Length, Place
from passo.schedules.algebra.periods import counter, growing_starts, total_growth
from passo.schedules.algebra.schedule import ATOM, Schedule
from passo.schedules.algebra.sequence import amount_of, is_nothing
from passo.schedules.crossings import MOST_CORNERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.schedules.formula import Formula
    from passo.schedules.time import Run


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Repeat(Schedule):
    """Cycles of one part, each `grow` times longer and `scale` times the value of the last.

    s(t) = scale**k * part((t - begin_k) / grow**k)
    """

    part: Schedule
    times: int | None
    grow: Fraction
    scale: float

    @classmethod
    def of(cls, part: Schedule, times: int | None, grow: Exact, scale: float) -> Schedule:
        """Once is the part itself, and a repeat of a plain repeat is one repeat."""
        as_part(part, "what is repeated")
        node = cls(part, times, exact(grow, "grow"), real(scale, "scale"))
        if times == 1:
            return part
        inner = node.part
        if isinstance(inner, Repeat) and node._is_plain() and inner._is_plain():
            if times is None or inner.times is None:
                return cls(inner.part, None, node.grow, node.scale)
            return cls(inner.part, times * inner.times, node.grow, node.scale)
        return node

    def _is_plain(self) -> bool:
        return self.grow == 1 and self.scale == 1.0

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(**values)

    def _check(self) -> None:
        if self.times is not None:
            whole(self.times, "times", most=10**15)
        if not 10**-9 <= self.grow <= 10**9:
            msg = f"grow must be between 1e-9 and 1e9, got {decimal(self.grow)}"
            raise PassoError(msg)
        if self.times is None and self.grow < 1:
            msg = (
                f"repeat with grow={write_exact(self.grow)} needs times=...: for ever, its cycles "
                "would become infinitely short"
            )
            raise PassoError(msg)
        if self.part._endless:
            msg = f"{brief(self.part)} never ends, so it cannot be repeated; give it .until(...)"
            raise PassoError(msg)
        if is_nothing(self.part):
            msg = f"{brief(self.part)} has no length, so it cannot be repeated"
            raise PassoError(msg)
        if self.times is None and self.part._open:
            msg = f"repeat needs times=...: {brief(self.part)} is as long as 'rest'"
            raise PassoError(msg)
        if next(self.part._plateaus(lambda t: t), None) is not None:
            msg = "a plateau cannot be inside repeat; write schedule.repeat(...) * Plateau(...)"
            raise PassoError(msg)

    def _is_endless(self) -> bool:
        return self.times is None

    def _is_whole(self) -> bool:
        return self.part.whole and self.scale.is_integer()

    def _measure(self, run: Run | None) -> Length | None:
        if self.times is None:
            return None
        length = self.part.length(run) or UNKNOWN
        return length.times(total_growth(self.grow, self.times))

    def _places(self, place: Place) -> Sequence[Place]:
        if not self.part._open or self.times is None:
            return [place]
        return [place.with_left(place.left / total_growth(self.grow, self.times))]

    def _filled(self, place: Place, parts: Sequence[Any]) -> Schedule:
        return parts[0] if is_nothing(parts[0]) else self._with(parts, place.measured)

    def _build(self) -> Formula:
        return self._even() if self.grow == 1 else self._growing()

    def _even(self) -> Formula:
        formula, scale, period = self.part.compiled(), self.scale, float(amount_of(self.part))
        count, last = counter(amount_of(self.part)), None if self.times is None else self.times - 1
        if last is None and scale == 1.0:
            return lambda t, xp: formula(count(t)[1], xp)

        def value(t: Any, xp: Any) -> Any:
            cycle, local = count(t)
            if last is not None:
                # local * 0.0, so that the period is an array where local is one.
                local = xp.where(cycle > last, local * 0.0 + period, local)
                cycle = xp.minimum(cycle, float(last))
            inner = formula(local, xp)
            return inner if scale == 1.0 else scale**cycle * inner

        return value

    def _growing(self) -> Formula:
        formula, scale, grow = self.part.compiled(), self.scale, float(self.grow)
        starts = growing_starts(amount_of(self.part), self.grow, self.times)
        lengths = [grow**k for k in range(len(starts))]
        scales = [scale**k for k in range(len(starts))]
        period = float(amount_of(self.part))
        end = math.inf if self.times is None else float(amount_of(self))
        if self.times is not None and len(starts) < self.times:  # the end is that of the last cycle
            starts, lengths = [*starts, end], [*lengths, 1.0]
            scales.append(scale ** (self.times - 1))
        edges = starts[1:]

        def value(t: Any, xp: Any) -> Any:
            cycle = xp.find(edges, t)
            local = (t - xp.take(starts, cycle, t)) / xp.take(lengths, cycle, t)
            local = xp.where(t >= end, local * 0.0 + period, local)
            return xp.take(scales, cycle, t) * formula(xp.minimum(local, period), xp)

        return value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        period = float(amount_of(self.part))
        own = [0.0, *islice(self.part._corners(0.0, period), MOST_CORNERS)]
        for start, growth in self._cycles(low):
            if start > high:
                return
            for corner in own:
                if low < start + corner * growth <= high:
                    yield start + corner * growth

    def _cycles(self, low: float) -> Iterator[tuple[float, float]]:
        """Where each cycle begins, and how much longer it is than the first, from `low` on."""
        length, grow = amount_of(self.part), float(self.grow)
        if self.grow == 1:
            cycle = int(low / float(length))
            while self.times is None or cycle < self.times:
                yield float(length * cycle), 1.0
                cycle += 1
            return
        starts = growing_starts(length, self.grow, self.times)
        for k in range(max(bisect_right(starts, low) - 1, 0), len(starts)):
            yield starts[k], grow**k

    def _write(self) -> str:
        given = [] if self.times is None else [str(self.times)]
        given += [f"grow={write_exact(self.grow)}"] if self.grow != 1 else []
        given += [f"scale={write(self.scale)}"] if self.scale != 1.0 else []
        return f"{self.part._inner(ATOM)}.repeat({', '.join(given)})"
