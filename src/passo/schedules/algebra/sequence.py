"""`Then`: parts one after another."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, ClassVar, final

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import as_part
from passo.schedules.algebra.length import Length, Place, total_length
from passo.schedules.algebra.limits import MOST_PARTS
from passo.schedules.algebra.schedule import ATOM, ENDLESS, OPEN, Schedule
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from passo.schedules.algebra.schedule import Localize, PlateauLike
    from passo.schedules.formula import Formula
    from passo.schedules.time import Run, Span


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Then(Schedule):
    """Parts one after another, each in its own time; a join belongs to the part that begins.

    s(t) = part_k(t - begin_k),    begin_k <= t < begin_(k+1)
    """

    parts: tuple[Schedule, ...]
    _keeps_ints: ClassVar[bool] = True

    @classmethod
    def of(cls, parts: Iterable[Schedule]) -> Schedule:
        """The parts flattened, those of no length dropped; one part is itself."""
        flat: list[Schedule] = []
        for part in parts:
            one = as_part(part, "a part of then")
            flat.extend(one.parts if isinstance(one, Then) else (one,))
        lasting = tuple(part for part in flat if not is_nothing(part)) or tuple(flat[-1:])
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
        for part, after in pairwise(self.parts if any(map(ENDLESS, self.parts[:-1])) else ()):
            if part._endless:
                msg = (
                    f"{brief(part)} never ends, so {brief(after)} would never begin; "
                    "give it an end with .until(...) or over="
                )
                raise PassoError(msg)
        if sum(map(OPEN, self.parts)) > 1:
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
        lengths = [part.length(run) for part in self.parts]
        return None if lengths[-1] is None else total_length(lengths)

    def _places(self, place: Place) -> Sequence[Place]:
        """`rest` in a part is what its siblings leave; a part cut by `until` could fill the run."""
        fixed = sum(amount_of(part, place.run) for part in self.parts if not part._open)
        places, gone = [], Fraction(0)
        for part in self.parts:
            if part._open:
                places.append(place.with_left(place.left - fixed))
                gone += places[-1].left
            else:
                places.append(Place(place.run, max(place.left - gone, Fraction(0))))
                gone += amount_of(part, place.run)
        return places

    def _begins(self) -> list[Fraction]:
        return [Fraction(0), *accumulate(amount_of(part) for part in self.parts[:-1])]

    def _build(self) -> Formula:
        starts = [float(begin) for begin in self._begins()]
        formulas = [part.compiled() for part in self.parts]
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

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        begins = self._begins()
        for k, part in enumerate(self.parts):
            end = begins[k + 1] if k + 1 < len(begins) else None
            yield from part._plateaus(_segment(local, begins[k], end))

    def _write(self) -> str:
        first, *others = self.parts
        return f"{first._inner(ATOM)}.then({', '.join(map(repr, others))})"


def is_nothing(part: Schedule) -> bool:
    """Whether a part has no length at all."""
    length = part.length()
    return length is not None and length.known and length.amount == 0


def amount_of(part: Schedule, run: Run | None = None) -> Fraction:
    """How long a part is, in the unit of its spans; 0 for one that never ends."""
    length = part.length(run)
    return Fraction(0) if length is None else length.amount


def _segment(local: Localize, begin: Fraction, end: Fraction | None) -> Localize:
    start, stop = float(begin), None if end is None else float(end)

    def inside(t: float) -> float | None:
        at = local(t)
        if at is None or at < start or (stop is not None and at >= stop):
            return None
        return at - start

    return inside
