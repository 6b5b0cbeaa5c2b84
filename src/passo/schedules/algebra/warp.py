"""One part in another time: `Stretch`, `Skip`, `Until`, `Staircase`; and `Clip`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, final

from passo.ground.checks import Exact, decimal, exact, write, write_exact
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_number, as_part, as_value, write_value
from passo.schedules.algebra.length import UNKNOWN, Length, Place, length_of
from passo.schedules.algebra.periods import as_quotient
from passo.schedules.algebra.schedule import ATOM, Schedule
from passo.schedules.crossings import MOST_CORNERS, changes
from passo.schedules.formula import NUMBERS
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


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Clip(Schedule):
    """s(t) = min(max(part(t), low), high), written `a.clip(low, high)`."""

    part: Schedule
    low: Value | None
    high: Value | None

    @classmethod
    def of(cls, part: Schedule, low: Value | None, high: Value | None) -> Schedule:
        """The same clip twice is one clip; no bound at all is the part itself."""
        node = cls(as_part(part, "what is clipped"), low, high)
        if node.low is None and node.high is None:
            return part
        same = isinstance(part, Clip) and (part.low, part.high) == (node.low, node.high)
        return part if same else node

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["part"], values["low"], values["high"])

    def _check(self) -> None:
        for name in ("low", "high"):
            if (bound := getattr(self, name)) is not None:
                self._set(**{name: as_value(bound, name)})
        low, high = self.low, self.high
        if isinstance(low, float) and isinstance(high, float) and low > high:
            msg = f"clip needs low <= high, got low={write(low)}, high={write(high)}"
            raise PassoError(msg)

    def _measure(self, run: Run | None) -> Length | None:
        return self.part.length(run)

    def _build(self) -> Formula:
        formula = self.part.compiled()
        low = None if self.low is None else as_number(self.low)
        high = None if self.high is None else as_number(self.high)

        def value(t: Any, xp: Any) -> Any:
            inner = formula(t, xp)
            if low is not None:
                inner = xp.maximum(inner, low)
            return inner if high is None else xp.minimum(inner, high)

        return value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        own = list(islice(self.part._corners(low, high), MOST_CORNERS))
        yield from own
        least = -math.inf if self.low is None else as_number(self.low)
        most = math.inf if self.high is None else as_number(self.high)
        formula = self.part.compiled()

        def held(t: float) -> tuple[bool, bool]:
            value = formula(t, NUMBERS)
            return value < least, value > most

        yield from changes(held, own, low, high)

    def _write(self) -> str:
        bounds = {"low": self.low, "high": self.high}
        given = [f"{k}={write_value(v)}" for k, v in bounds.items() if v is not None]
        return f"{self.part._inner(ATOM)}.clip({', '.join(given)})"
