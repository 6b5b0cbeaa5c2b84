"""One part in another time: `Stretch`, `Skip`, `Until`, `Staircase`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, final

from passo.ground.checks import Exact, decimal, exact, write_exact
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import as_part
from passo.schedules.algebra.length import UNKNOWN, Length, Place, length_of
from passo.schedules.algebra.periods import as_quotient
from passo.schedules.algebra.schedule import ATOM, Schedule
from passo.schedules.time import LONGEST, Span, as_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.schedules.algebra.schedule import Localize, PlateauLike
    from passo.schedules.formula import Formula
    from passo.schedules.time import Run


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Stretch(Schedule):
    """s(t) = part(t / factor), written `a.stretch(factor)`."""

    part: Schedule
    factor: Fraction
    _keeps_ints: ClassVar[bool] = True

    @classmethod
    def of(cls, part: Schedule, factor: Exact) -> Schedule:
        """A stretch of a stretch is one stretch, and by 1 it is the part itself."""
        node = cls(as_part(part, "what is stretched"), exact(factor, "factor"))
        if isinstance(part, Stretch):
            return cls.of(part.part, part.factor * node.factor)
        return part if node.factor == 1 else node

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["part"], values["factor"])

    def _check(self) -> None:
        if not 1 <= self.factor * LONGEST <= LONGEST**2:
            msg = f"factor must be between 10**-18 and 10**18, got {decimal(self.factor)}"
            raise PassoError(msg)

    def _measure(self, run: Run | None) -> Length | None:
        length = self.part.length(run)
        return None if length is None else length.times(self.factor)

    def _places(self, place: Place) -> Sequence[Place]:
        return [place.with_left(place.left / self.factor)]

    def _build(self) -> Formula:
        formula, (p, q) = self.part.compiled(), as_quotient(self.factor)
        return lambda t, xp: formula(t * q / p, xp)

    def _corners(self, low: float, high: float) -> Iterator[float]:
        factor = float(self.factor)
        for corner in self.part._corners(low / factor, high / factor):
            yield corner * factor

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        factor = float(self.factor)
        yield from self.part._plateaus(lambda t: None if (at := local(t)) is None else at / factor)

    def _write(self) -> str:
        return f"{self.part._inner(ATOM)}.stretch({write_exact(self.factor)})"


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Skip(Schedule):
    """s(t) = part(t + span), written `a.skip(span)`: begin inside it."""

    part: Schedule
    span: Span
    _keeps_ints: ClassVar[bool] = True

    @classmethod
    def of(cls, part: Schedule, span: Span) -> Schedule:
        """Skipping nothing is the part itself."""
        as_part(part, "what is begun late")
        as_span(span, "what is skipped", relative=False)
        return part if span.amount == 0 else cls(part, span)

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["part"], values["span"])

    def _check(self) -> None:
        length, skipped = self.part.length(), length_of(self.span)
        if length is not None and length.unit == skipped.unit and length.amount < skipped.amount:
            msg = (
                f"cannot skip {self.span!r} of a schedule that is {length.unit}"
                f"({write_exact(length.amount)}) long: {self.part!r}"
            )
            raise PassoError(msg)

    def _measure(self, run: Run | None) -> Length | None:
        length, skipped = self.part.length(run), length_of(self.span, run)
        if length is None or length.unit != skipped.unit:
            return None if length is None else UNKNOWN
        return Length(length.amount - skipped.amount, length.unit)

    def _places(self, place: Place) -> Sequence[Place]:
        return [place.with_left(place.left + place.measured(self.span).amount)]

    def _build(self) -> Formula:
        formula, skipped = self.part.compiled(), float(self.span.amount)
        return lambda t, xp: formula(t + skipped, xp)

    def _corners(self, low: float, high: float) -> Iterator[float]:
        skipped = float(self.span.amount)
        for corner in self.part._corners(low + skipped, high + skipped):
            yield corner - skipped

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        skipped = float(self.span.amount)
        yield from self.part._plateaus(lambda t: None if (at := local(t)) is None else at + skipped)

    def _write(self) -> str:
        return f"{self.part._inner(ATOM)}.skip({self.span!r})"


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Until(Schedule):
    """s(t) = part(min(t, span)), written `a.until(span)`: end it early, or hold it until then."""

    part: Schedule
    span: Span
    _keeps_ints: ClassVar[bool] = True

    def _check(self) -> None:
        as_part(self.part, "what is ended")
        as_span(self.span, "until")

    def _is_open(self) -> bool:
        return self.span.unit == "rest"

    def _is_endless(self) -> bool:
        return False

    def _measure(self, run: Run | None) -> Length:
        return length_of(self.span, run)

    def _build(self) -> Formula:
        formula, end = self.part.compiled(), float(self.span.amount)
        return lambda t, xp: formula(xp.minimum(t, end), xp)

    def _corners(self, low: float, high: float) -> Iterator[float]:
        end = float(self.span.amount)
        yield from self.part._corners(low, min(high, end))
        if low < end <= high:
            yield end

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        end = float(self.span.amount)

        def before(t: float) -> float | None:
            at = local(t)
            return at if at is not None and at < end else None

        yield from self.part._plateaus(before)

    def _write(self) -> str:
        return f"{self.part._inner(ATOM)}.until({self.span!r})"


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Staircase(Schedule):
    """s(t) = part(span * floor(t / span)), written `a.staircase(span)`."""

    part: Schedule
    span: Span
    _keeps_ints: ClassVar[bool] = True

    def _check(self) -> None:
        as_part(self.part, "what gets stairs")
        as_span(self.span, "a stair", zero=False, relative=False)

    def _measure(self, run: Run | None) -> Length | None:
        return self.part.length(run)

    def _build(self) -> Formula:
        formula, (p, q) = self.part.compiled(), as_quotient(self.span.amount)
        length = self.part.length()
        if length is None:
            return lambda t, xp: formula((t * q // p) * p / q, xp)
        end = float(length.amount)
        return lambda t, xp: formula((xp.minimum(t, end) * q // p) * p / q, xp)

    def _corners(self, low: float, high: float) -> Iterator[float]:
        length, width = self.part.length(), self.span.amount
        last = high if length is None else min(high, float(length.amount))
        stair = int(Fraction(low) / width) + 1
        while (at := float(width * stair)) <= last:
            yield at
            stair += 1

    def _write(self) -> str:
        return f"{self.part._inner(ATOM)}.staircase({self.span!r})"
