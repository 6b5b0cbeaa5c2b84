"""`Leaf` and `Ramp`: what formulas share. A leaf is one formula; a ramp goes from start to end."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any

from passo.ground.checks import real, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_number, as_value, write_value
from passo.schedules.algebra.length import Length, length_of
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.time import Run, Span, as_span, rest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.schedules.formula import Formula

_MOST_UNEQUAL = 1e300


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Leaf(Schedule):
    """One formula; its code is its class and the fields that are not at their default."""

    def _write(self) -> str:
        given = []
        for each in fields(self):
            value = getattr(self, each.name)
            if each.default is MISSING:
                given.append(_code(value))
            elif value != each.default:
                given.append(_code(value) if each.name == "over" else f"{each.name}={_code(value)}")
        return f"{type(self).__name__}({', '.join(given)})"


def _code(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return write_value(value) if isinstance(value, (float, Schedule)) else repr(value)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Ramp(Leaf):
    """From `start` at t = 0 to exactly `end` at t = `over`, held from there on."""

    start: Value
    end: Value
    over: Span = rest

    def _check(self) -> None:
        self._set(start=as_value(self.start, "start"), end=as_value(self.end, "end"))
        as_span(self.over, "over")
        self._check_shape()

    def _check_shape(self) -> None:
        """Refuse what this shape alone cannot be."""

    def _is_open(self) -> bool:
        return self.over.unit == "rest"

    def _is_endless(self) -> bool:
        return False

    def _measure(self, run: Run | None) -> Length:
        return length_of(self.over, run)

    def _build(self) -> Formula:
        start, end = as_number(self.start), as_number(self.end)
        length = float(self.over.amount)
        if length == 0.0:
            return lambda _t, _xp: end
        return self._formula_between(start, end, length)

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        """The formula for t in [0, n] and, held, beyond."""
        raise NotImplementedError  # pragma: no cover

    def _corners(self, low: float, high: float) -> Iterator[float]:
        if low < self.over.amount <= high:
            yield float(self.over.amount)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Endless(Leaf):
    """A formula without an end."""

    def _is_endless(self) -> bool:
        return True

    def _is_open(self) -> bool:
        return False

    def _measure(self, _run: object) -> None:
        return None

    def _is_timeless(self) -> bool:
        return False

    def _corners(self, _low: float, _high: float) -> Iterator[float]:
        return iter(())


def positive(value: object, name: str) -> float:
    """A finite number above 0.

    >>> positive(2, "power")
    2.0
    """
    number = real(value, name)
    if number <= 0:
        msg = f"{name} must be more than 0, got {write(number)}"
        raise PassoError(msg)
    return number


def same_sign(start: Value, end: Value, shape: str) -> None:
    """Refuse ends between which no ratio leads."""
    if isinstance(start, Schedule) or isinstance(end, Schedule):
        return
    if not (start > 0 < end or start < 0 > end):
        largest = max(start, end, key=abs)
        small = (
            f"; write 1e-3 * {write(largest)} for the zero"
            if 1e-3 * largest and 0 in (start, end)
            else ""
        )
        msg = (
            f"{shape} needs two ends of one sign and not zero, got start={write(start)}, "
            f"end={write(end)}{small}"
        )
        raise PassoError(msg)
    if not _MOST_UNEQUAL > start / end > 1 / _MOST_UNEQUAL:
        msg = f"{shape} needs ends at most 1e300 apart, got {write(start)} and {write(end)}"
        raise PassoError(msg)
