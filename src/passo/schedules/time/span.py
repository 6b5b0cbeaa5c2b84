"""`Span`: how long, with a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from passo.ground.checks import Exact, brief, exact, write_exact
from passo.ground.errors import PassoError
from passo.ground.wanted import Value

Unit: TypeAlias = Literal["steps", "epochs", "samples", "tokens", "percent", "rest"]
"""What a span is counted in."""

UNITS: Final = get_args(Unit)
LONGEST: Final = 10**18
_FINEST: Final = 10**300
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True, repr=False)
class Span(Value):
    """How long, with a unit. Made by `steps`, `epochs`, `samples`, `tokens`, `percent`, or `rest`.

    The amount is kept as the fraction that was written, so that nothing is lost on the way:
    `percent(7)` and `percent(93)` are together the whole run. Spans of one unit add, subtract
    and scale; spans of two units are unequal and do not mix before a run is known.

    Raises PassoError for a negative, infinite or NaN amount, for an unknown unit, and for more
    than 100 percent.

    >>> epochs(3) + epochs(0.5), 2 * percent(5), steps(10) / 3
    (epochs(3.5), percent(10), steps("10/3"))
    """

    amount: Fraction
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            msg = f"a span's unit must be one of {', '.join(UNITS)}, got {brief(self.unit)}"
            raise PassoError(msg)
        amount = exact(self.amount, f"the amount of {self.unit}")
        if amount.denominator > _FINEST and amount * LONGEST >= 1:
            amount = amount.limit_denominator(_FINEST)
        object.__setattr__(self, "amount", amount)
        if self.unit == "rest" and amount:
            msg = f"rest has no amount of its own, got {brief(self.amount)}; write rest"
            raise PassoError(msg)
        if amount < 0:
            msg = f"a span cannot be negative, got {brief(self)}"
            raise PassoError(msg)
        if amount and not 1 <= amount * LONGEST <= LONGEST**2:
            msg = f"a span is between 10**-18 and 10**18 long, or nothing, got {brief(self)}"
            raise PassoError(msg)
        if self.unit == "percent" and amount > _WHOLE:
            msg = f"a percentage of the run is at most 100, got {self!r}"
            raise PassoError(msg)

    def __repr__(self) -> str:
        return "rest" if self.unit == "rest" else f"{self.unit}({write_exact(self.amount)})"

    def _same_unit(self, other: Span, sign: str) -> None:
        if "rest" in (self.unit, other.unit):
            msg = (
                f"{self!r} {sign} {other!r} is not a span: rest has no length of its own, it is "
                "what the other parts of a then leave"
            )
            raise PassoError(msg)
        if self.unit != other.unit:
            both = f"run.measure({self!r}) {sign} run.measure({other!r})"
            msg = (
                f"{self!r} {sign} {other!r} is not a span: only spans of one unit add and "
                f"subtract, others need a run to measure them; write steps({both})"
            )
            raise PassoError(msg)

    def __add__(self, other: object) -> Span:
        if not isinstance(other, Span):
            return NotImplemented
        self._same_unit(other, "+")
        return Span(self.amount + other.amount, self.unit)

    def __sub__(self, other: object) -> Span:
        if not isinstance(other, Span):
            return NotImplemented
        self._same_unit(other, "-")
        if other.amount > self.amount:
            msg = f"{self!r} - {other!r} would be less than nothing"
            raise PassoError(msg)
        return Span(self.amount - other.amount, self.unit)

    def __mul__(self, factor: object) -> Span:
        if isinstance(factor, bool) or not isinstance(factor, (int, float, Fraction)):
            return NotImplemented
        return self._scaled(exact(factor, "a span's factor"), f"{brief(factor)} * {self!r}")

    __rmul__ = __mul__

    def __truediv__(self, divisor: object) -> Span:
        if isinstance(divisor, bool) or not isinstance(divisor, (int, float, Fraction)):
            return NotImplemented
        if divisor == 0:
            msg = f"{self!r} cannot be divided by zero"
            raise PassoError(msg)
        return self._scaled(1 / exact(divisor, "a span's divisor"), f"{self!r} / {brief(divisor)}")

    def _scaled(self, factor: Fraction, what: str) -> Span:
        if self.unit == "rest" or factor < 0:
            why = "rest has no length of its own" if factor >= 0 else "a span cannot be negative"
            msg = f"{what} is not a span: {why}"
            raise PassoError(msg)
        return Span(self.amount * factor, self.unit)

    def to_spec(self) -> dict[str, Any]:
        """The span as plain data.

        >>> steps(5).to_spec()
        {'span': '5', 'unit': 'steps'}
        """
        return {"span": str(self.amount), "unit": self.unit}


def _amount(amount: Exact) -> Fraction:
    """Handed on as it is: `Span` reads numbers and text, and says what it cannot read."""
    return cast("Fraction", amount)


def steps(amount: Exact) -> Span:
    """`amount` updates of the weights, fractions allowed.

    >>> steps(500)
    steps(500)
    """
    return Span(_amount(amount), "steps")


def epochs(amount: Exact) -> Span:
    """`amount` passes over the data; needs the run's steps_per_epoch.

    >>> epochs(0.5)
    epochs(0.5)
    """
    return Span(_amount(amount), "epochs")


def samples(amount: Exact) -> Span:
    """`amount` training examples; needs the run's samples_per_step.

    >>> samples(1e6)
    samples(1000000)
    """
    return Span(_amount(amount), "samples")


def tokens(amount: Exact) -> Span:
    """`amount` tokens; needs the run's tokens_per_step.

    >>> tokens(2e9)
    tokens(2000000000)
    """
    return Span(_amount(amount), "tokens")


def percent(amount: Exact) -> Span:
    """So many hundredths of the whole run: 5 is a twentieth of it, 0.3 is three thousandths.

    >>> percent(5)
    percent(5)
    """
    return Span(_amount(amount), "percent")


rest: Final = Span(Fraction(0), "rest")


def as_span(
    value: object,
    name: str,
    *,
    zero: bool = True,
    relative: bool = True,
    units: Sequence[Unit] = ("steps", "epochs", "percent"),
) -> Span:
    """`value` if it is a span that may stand here, else an error that says what to write.

    `units` are those of the example: what may stand here.

    >>> as_span(steps(3), "over")
    steps(3)
    """
    if not isinstance(value, Span):
        given = brief(value) if not isinstance(value, str) else f"the text {brief(value)}"
        msg = f"{name} must be a span, got {given}; write {_example(value, units, zero=zero)}"
        raise PassoError(msg)
    if not zero and value.amount == 0 and value.unit != "rest":
        msg = f"{name} must be longer than nothing, got {value!r}"
        raise PassoError(msg)
    if not relative and value.unit == "rest":
        msg = f"{name} cannot be rest: it needs a length of its own, such as steps(500)"
        raise PassoError(msg)
    return value


def _example(value: object, units: Sequence[Unit], *, zero: bool) -> str:
    """The span that a number was probably meant as, or one that may stand anywhere."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if 1 <= value <= LONGEST or (value == 0 and zero):
            number = write_exact(exact(value, "an amount"))
            return " or ".join(f"{unit}({number})" for unit in units if unit != "percent")
        if "percent" in units and 1 <= value * LONGEST <= LONGEST:
            return repr(percent(exact(value, "a share") * 100))
    return "steps(500)"


def span_from_spec(spec: object) -> Span:
    """The span that `Span.to_spec` wrote.

    >>> span_from_spec({"span": "1/3", "unit": "epochs"})
    epochs("1/3")
    """
    if not isinstance(spec, dict) or set(spec) != {"span", "unit"}:
        msg = f'a span\'s spec is {{"span": "5", "unit": "steps"}}, got {brief(spec)}'
        raise PassoError(msg)
    return Span(spec["span"], spec["unit"])
