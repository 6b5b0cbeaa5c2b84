"""Parts one after another: `Then`, and the same part again: `Repeat`."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, islice, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, final

from passo.schedules.algebra.atoms import as_part
from passo.schedules.algebra.crossings import MOST_CORNERS
from passo.schedules.algebra.cycles import counter, growing_starts, total_growth
from passo.schedules.algebra.node import ATOM, MOST_PARTS
from passo.schedules.algebra.place import UNKNOWN, Length, Place, total_length
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.errors import PassoError
from passo.schedules.numbers import brief, decimal, exact, real, whole, write, write_exact
from passo.schedules.ops import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from passo.schedules.algebra.node import Localize
    from passo.schedules.feedback import Plateau
    from passo.schedules.ops import Formula
    from passo.schedules.time import Run, Span

_ENDLESS: Final = attrgetter("_endless")
_OPEN: Final = attrgetter("_open")


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Then(Schedule):
    """Parts one after another, each in its own time; a join belongs to the part that begins.

    s(t) = part_k(t - begin_k),    begin_k <= t < begin_(k+1)
    """

    parts: tuple[Schedule, ...]

    @classmethod
    def of(cls, parts: Iterable[Schedule]) -> Schedule:
        """The parts flattened, those of no length dropped; one part is itself."""
        flat: list[Schedule] = []
        for part in parts:
            one = as_part(part, "a part of then")
            flat.extend(one.parts if isinstance(one, Then) else (one,))
        lasting = tuple(part for part in flat if not _is_nothing(part)) or tuple(flat[-1:])
        return lasting[0] if len(lasting) == 1 else cls(lasting)

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["parts"])

    def _check(self) -> None:
        if not 0 < len(self.parts) <= MOST_PARTS:
            msg = (
                f"then joins 1 to {MOST_PARTS} parts, got {len(self.parts)}; "
                "write a Table, or use repeat"
            )
            raise PassoError(msg)
        for part, after in pairwise(self.parts if any(map(_ENDLESS, self.parts[:-1])) else ()):
            if part._endless:
                msg = (
                    f"{brief(part)} never ends, so {brief(after)} would never begin; "
                    "give it an end with .until(...) or over="
                )
                raise PassoError(msg)
        if sum(map(_OPEN, self.parts)) > 1:
            both = " and ".join(brief(part) for part in self.parts if part._open)
            msg = f"at most one part of a then can be as long as 'rest', got {both}"
            raise PassoError(msg)

    def _parts(self) -> Iterator[Schedule]:
        return iter(self.parts)

    def _spans(self) -> Iterator[Span]:
        return iter(())

    def _is_endless(self) -> bool:
        return self.parts[-1]._endless

    def _measure(self, run: Run | None) -> Length | None:
        lengths = [part._length(run) for part in self.parts]
        return None if lengths[-1] is None else total_length(lengths)

    def _places(self, place: Place) -> Sequence[Place]:
        """`rest` in a part is what its siblings leave; a part cut by `until` could fill the run."""
        fixed = sum(_amount(part, place.run) for part in self.parts if not part._open)
        places, gone = [], Fraction(0)
        for part in self.parts:
            if part._open:
                places.append(place.with_left(place.left - fixed))
                gone += places[-1].left
            else:
                places.append(Place(place.run, max(place.left - gone, Fraction(0))))
                gone += _amount(part, place.run)
        return places

    def _begins(self) -> list[Fraction]:
        return [Fraction(0), *accumulate(_amount(part) for part in self.parts[:-1])]

    def _build(self) -> Formula:
        starts = [float(begin) for begin in self._begins()]
        formulas = [part._compiled() for part in self.parts]
        final, last = starts[-1], formulas[-1]

        def value(t: Any, xp: Any) -> Any:
            if xp is not NUMBERS:
                return xp.chain(t, starts, formulas)
            if t >= final:
                return last(t - final, xp)
            k = bisect_right(starts, t) - 1
            return formulas[k](t - starts[k], xp)

        return value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        starts = [float(begin) for begin in self._begins()]
        for start, end, part in zip(starts, [*starts[1:], math.inf], self.parts, strict=True):
            if start > high:
                return
            if low < start:
                yield start
            if end > low:
                for corner in part._corners(max(low - start, 0.0), min(high, end) - start):
                    yield start + corner

    def _plateaus(self, local: Localize) -> Iterator[tuple[Plateau, Localize]]:
        begins = self._begins()
        for k, part in enumerate(self.parts):
            end = begins[k + 1] if k + 1 < len(begins) else None
            yield from part._plateaus(_segment(local, begins[k], end))

    def _write(self) -> str:
        first, *others = self.parts
        return f"{first._inner(ATOM)}.then({', '.join(map(repr, others))})"


def _is_nothing(part: Schedule) -> bool:
    length = part._length()
    return length is not None and length.known and length.amount == 0


def _amount(part: Schedule, run: Run | None = None) -> Fraction:
    length = part._length(run)
    return Fraction(0) if length is None else length.amount


def _segment(local: Localize, begin: Fraction, end: Fraction | None) -> Localize:
    start, stop = float(begin), None if end is None else float(end)

    def inside(t: float) -> float | None:
        at = local(t)
        if at is None or at < start or (stop is not None and at >= stop):
            return None
        return at - start

    return inside


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
    def of(cls, part: Schedule, times: int | None, grow: object, scale: object) -> Schedule:
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
        if _is_nothing(self.part):
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

    def _measure(self, run: Run | None) -> Length | None:
        if self.times is None:
            return None
        length = self.part._length(run) or UNKNOWN
        return length.times(total_growth(self.grow, self.times))

    def _places(self, place: Place) -> Sequence[Place]:
        if not self.part._open or self.times is None:
            return [place]
        return [place.with_left(place.left / total_growth(self.grow, self.times))]

    def _filled(self, place: Place, parts: Sequence[Any]) -> Schedule:
        return parts[0] if _is_nothing(parts[0]) else self._with(parts, place.measured)  # type: ignore[no-any-return]

    def _build(self) -> Formula:
        return self._even() if self.grow == 1 else self._growing()

    def _even(self) -> Formula:
        formula, scale, period = self.part._compiled(), self.scale, float(_amount(self.part))
        count, last = counter(_amount(self.part)), None if self.times is None else self.times - 1
        if last is None and scale == 1.0:
            return lambda t, xp: formula(count(t)[1], xp)

        def value(t: Any, xp: Any) -> Any:
            cycle, local = count(t)
            if last is not None:
                local = xp.where(cycle > last, local * 0.0 + period, local)
                cycle = xp.minimum(cycle, float(last))
            inner = formula(local, xp)
            return inner if scale == 1.0 else scale**cycle * inner

        return value

    def _growing(self) -> Formula:
        formula, scale, grow = self.part._compiled(), self.scale, float(self.grow)
        starts = growing_starts(_amount(self.part), self.grow, self.times)
        lengths = [grow**k for k in range(len(starts))]
        scales = [scale**k for k in range(len(starts))]
        period, edges = float(_amount(self.part)), starts[1:]
        end = math.inf if self.times is None else float(_amount(self))

        def value(t: Any, xp: Any) -> Any:
            cycle = xp.find(edges, t)
            local = (t - xp.take(starts, cycle, t)) / xp.take(lengths, cycle, t)
            local = xp.where(t >= end, local * 0.0 + period, local)
            return xp.take(scales, cycle, t) * formula(xp.minimum(local, period), xp)

        return value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        period = float(_amount(self.part))
        own = [0.0, *islice(self.part._corners(0.0, period), MOST_CORNERS)]
        for start, growth in self._cycles(low):
            if start > high:
                return
            for corner in own:
                if low < start + corner * growth <= high:
                    yield start + corner * growth

    def _cycles(self, low: float) -> Iterator[tuple[float, float]]:
        """Where each cycle begins, and how much longer it is than the first, from `low` on."""
        length, grow = _amount(self.part), float(self.grow)
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
