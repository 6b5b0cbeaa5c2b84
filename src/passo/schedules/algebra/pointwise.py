"""One part with other values at the same times: `Clip`, `Raise`, `Round`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, final

from passo.ground.checks import brief, real, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_number, as_part, as_value, write_value
from passo.schedules.algebra.schedule import ATOM, Schedule
from passo.schedules.crossings import MOST_CORNERS, changes
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.schedules.algebra.length import Length
    from passo.schedules.formula import Formula
    from passo.schedules.time import Run


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

    def _is_whole(self) -> bool:
        bounds = [each for each in (self.low, self.high) if each is not None]
        return self.part.whole and all(
            isinstance(each, float) and each.is_integer() for each in bounds
        )

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


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Raise(Schedule):
    """s(t) = part(t) ** exponent, written `a.power(exponent)`."""

    part: Schedule
    exponent: float

    @classmethod
    def of(cls, part: Schedule, exponent: float) -> Schedule:
        """The first power is the part itself."""
        node = cls(as_part(part, "what is raised to a power"), exponent)
        return part if node.exponent == 1 else node

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["part"], values["exponent"])

    def _check(self) -> None:
        self._set(exponent=real(self.exponent, "exponent", "write .power(0.5)"))

    def _is_whole(self) -> bool:
        return self.part.whole and self.exponent.is_integer() and self.exponent >= 0

    def _measure(self, run: Run | None) -> Length | None:
        return self.part.length(run)

    def _build(self) -> Formula:
        formula, exponent = self.part.compiled(), self.exponent
        has_all, has_zero = exponent.is_integer(), exponent >= 0

        def value(t: Any, xp: Any) -> Any:
            inner = formula(t, xp)
            if isinstance(inner, float) and not (
                inner > 0 or (has_zero if inner == 0 else has_all or inner != inner)  # noqa: PLR0124
            ):
                raise PassoError(self._no_power(inner))
            return inner**exponent

        return value

    def _no_power(self, inner: float) -> str:
        if inner == 0:
            return (
                f"0 has no power {write(self.exponent)}, and {brief(self.part)} is 0 there; "
                f"write .maximum(1e-8) before .power({write(self.exponent)})"
            )
        return (
            f"{write(inner)} has no power {write(self.exponent)}, and {brief(self.part)} is that "
            f"there; write .maximum(0) before .power({write(self.exponent)})"
        )

    def _write(self) -> str:
        return f"{self.part._inner(ATOM)}.power({write(self.exponent)})"


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Round(Schedule):
    """s(t) = to * round(part(t) / to), half to even, written `a.round(to)`; ints if `to` is one."""

    part: Schedule
    to: float = 1

    @classmethod
    def of(cls, part: Schedule, to: float) -> Schedule:
        """The same rounding twice is one."""
        node = cls(as_part(part, "what is rounded"), to)
        same = isinstance(part, Round) and repr(part.to) == repr(node.to)
        return part if same else node

    @classmethod
    def _make(cls, **values: Any) -> Schedule:
        return cls.of(values["part"], values.get("to", 1))

    def _check(self) -> None:
        number = real(self.to, "to", "write .round(8)")
        if number <= 0:
            msg = f"to must be more than 0, got {write(number)}; write round(8) for multiples of 8"
            raise PassoError(msg)
        if not isinstance(self.to, int):
            self._set(to=number)

    def _is_whole(self) -> bool:
        return isinstance(self.to, int)

    def _measure(self, run: Run | None) -> Length | None:
        return self.part.length(run)

    def _build(self) -> Formula:
        formula, to = self.part.compiled(), float(self.to)
        return lambda t, xp: xp.round(formula(t, xp) / to) * to

    def _corners(self, low: float, high: float) -> Iterator[float]:
        own = list(islice(self.part._corners(low, high), MOST_CORNERS))
        yield from own
        formula = self.compiled()
        yield from changes(lambda t: formula(t, NUMBERS), own, low, high)

    def _write(self) -> str:
        to = "" if self.to == 1 and self._is_whole() else repr(self.to)
        return f"{self.part._inner(ATOM)}.round({to})"
