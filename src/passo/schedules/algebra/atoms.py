"""The two timeless atoms, `Constant` and `base`, and what may stand where a value is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

from passo.ground.calls import built_like
from passo.ground.checks import LATEST, brief, real, write
from passo.ground.errors import NeedsBase, PassoError
from passo.schedules.algebra.length import length_of
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.time import Run, Span, as_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.schedules.algebra.length import Length
    from passo.schedules.formula import Formula

Value: TypeAlias = "float | Schedule"
"""A number, or an expression of `base` such as `0.1 * base`."""


@built_like("Constant(0.1)")
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

    def _is_timeless(self) -> bool:
        return self.over is None

    def _is_integral(self) -> bool:
        return isinstance(self.value, float) and self.value.is_integer()

    def _measure(self, run: Run | None) -> Length | None:
        return None if self.over is None else length_of(self.over, run)

    def _build(self) -> Formula:
        value = as_number(self.value)
        return lambda _t, _xp: value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        if self.over is not None and low < self.over.amount <= high:
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

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        self._set(relative=True)

    def _is_endless(self) -> bool:
        return True

    def _is_timeless(self) -> bool:
        return True

    def _measure(self, _run: Run | None) -> None:
        return None

    def _based(self, number: float, _parts: Sequence[Any]) -> Constant:
        return Constant(number)

    def _build(self) -> Formula:
        msg = "'base' has no value yet; write schedule.with_base(0.1)"
        raise NeedsBase(msg)

    def _write(self) -> str:
        return "base"


base: Final = Base()


def as_value(value: object, name: str) -> Value:
    """A finite float, or an expression of `base` kept as it is.

    >>> as_value(3, "start"), as_value(0.1 * base, "start")
    (3.0, 0.1 * base)
    """
    if isinstance(value, Schedule):
        if not value._timeless:
            msg = f"{name} must be a number or an expression of base, got {brief(value)}"
            raise PassoError(msg)
        if value.relative:
            return value
        return value.value if isinstance(value, Constant) else float(value(0))
    return real(value, name)


def as_number(value: Value) -> float:
    """The number, or NeedsBase where `base` still waits for its own."""
    return float(value(0)) if isinstance(value, Schedule) else value


def as_part(value: Any, what: str) -> Schedule:
    """A schedule as it is; anything else is refused."""
    if not isinstance(value, Schedule):
        msg = f"{what} must be a schedule, got {brief(value)}{constant_of(value)}"
        raise PassoError(msg)
    return value


def constant_of(value: object) -> str:
    """What to write for a number that stands where a schedule is asked for; of others nothing.

    >>> constant_of(5), constant_of("5")
    ('; write Constant(5)', '')
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LATEST:
        return f"; write Constant({write(float(value))})"
    return ""


def as_schedule(value: Any, what: str) -> Schedule:
    """A schedule as it is; a number becomes a constant."""
    return value if isinstance(value, Schedule) else Constant(real(value, what))


def write_value(value: Value) -> str:
    """The code of a value."""
    return repr(value) if isinstance(value, Schedule) else write(value)
