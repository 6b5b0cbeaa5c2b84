"""The two timeless atoms, `Constant` and `base`, and what may stand where a value is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

from passo.schedules.algebra.place import length_of
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.errors import NeedsBase, PassoError
from passo.schedules.numbers import real, write
from passo.schedules.time import Run, Span, as_span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.schedules.algebra.place import Length
    from passo.schedules.ops import Formula

Value: TypeAlias = "float | Schedule"
"""A number, or an expression of `base` such as `0.1 * base`."""


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Constant(Schedule):
    """`value` at every t, for `over` or (None) for ever.

        s(t) = value

    `value` is a number or an expression of `base`. The shape of torch's ConstantLR is
    `Constant(0.3 * base, steps(5)).then(Constant(base))`. Raises PassoError for NaN and infinity.

    >>> Constant(0.1)(10**9)
    0.1
    """

    value: Value
    over: Span | None = None

    def _check(self) -> None:
        self._set(value=as_value(self.value, "value"))
        if self.over is not None:
            as_span(self.over, "over")

    def _is_open(self) -> bool:
        return self.over is not None and self.over.unit == "rest"

    def _is_endless(self) -> bool:
        return self.over is None

    def _length(self, run: Run | None = None) -> Length | None:
        return None if self.over is None else length_of(self.over, run)

    def _build(self) -> Formula:
        value = as_number(self.value)
        return lambda _t, _xp: value

    def _corners(self, horizon: float) -> Iterator[float]:
        if self.over is not None and self.over.amount <= horizon:
            yield float(self.over.amount)

    def _write(self) -> str:
        over = "" if self.over is None else f", {self.over!r}"
        return f"Constant({write_value(self.value)}{over})"


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Base(Schedule):
    """The value that a param group had when it was attached; `base` is its one instance.

    >>> from passo import base
    >>> (0.5 * base).with_base(0.2)(0)
    0.1
    """

    def _is_endless(self) -> bool:
        return True

    def _length(self, _run: Run | None = None) -> None:
        return None

    def _with_base(self, number: float) -> Constant:
        return Constant(number)

    def _build(self) -> Formula:
        msg = "'base' has no value yet; write schedule.with_base(0.1)"
        raise NeedsBase(msg)

    def _write(self) -> str:
        return "base"


base: Final = Base()


def is_timeless(schedule: Schedule) -> bool:
    """Whether it is made of numbers and `base` alone."""
    if isinstance(schedule, Constant):
        return schedule.over is None
    parts = list(schedule._parts())
    if not parts:
        return isinstance(schedule, Base)
    return not list(schedule._spans()) and all(is_timeless(part) for part in parts)


def has_base(schedule: Schedule) -> bool:
    """Whether `base` stands anywhere in it.

    >>> has_base(2 * base)
    True
    """
    return isinstance(schedule, Base) or any(has_base(part) for part in schedule._parts())


def as_value(value: object, name: str) -> Value:
    """A finite float, or an expression of `base` kept as it is.

    >>> as_value(3, "start"), as_value(0.1 * base, "start")
    (3.0, 0.1 * base)
    """
    if isinstance(value, Schedule):
        if not is_timeless(value):
            msg = f"{name} must be a number or an expression of base, got {value!r}"
            raise PassoError(msg)
        return value if has_base(value) else float(value(0))
    return real(value, name)


def as_number(value: Value) -> float:
    """The number, or NeedsBase where `base` still waits for its own."""
    return float(value(0)) if isinstance(value, Schedule) else value


def as_schedule(value: Any, what: str) -> Schedule:
    """A schedule as it is; a number becomes a constant."""
    return value if isinstance(value, Schedule) else Constant(real(value, what))


def write_value(value: Value) -> str:
    """The code of a value."""
    return repr(value) if isinstance(value, Schedule) else write(value)
