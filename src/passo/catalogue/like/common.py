"""What the files of several libraries use: lengths, choices, warm-ups, waves."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, TypeVar

from passo.ground.checks import brief, exact, real, whole, write_exact
from passo.ground.errors import PassoError
from passo.schedules import Constant, Linear, Schedule, base, epochs, from_spec, steps
from passo.schedules.algebra.atoms import Value

T = TypeVar("T")
LONGEST: Final = 10**15
"""No training has more updates, samples or tokens; a float counts them all."""


def length(value: Any, name: str, *, least: float = 0) -> Fraction:
    """How many updates something takes, as the fraction that was written.

    >>> length(100, "T_max")
    Fraction(100, 1)
    """
    amount = exact(value, name)
    if isinstance(value, str) or amount < Fraction(least):
        msg = f"{name} must be a number of at least {least:g}, got {brief(value)}"
        raise PassoError(msg)
    return amount


def above(value: Any, name: str) -> Fraction:
    """A length that is not nothing.

    >>> above(100, "decay_steps")
    Fraction(100, 1)
    """
    amount = exact(value, name)
    if isinstance(value, str) or amount <= 0:
        msg = f"{name} must be a number above 0, got {brief(value)}"
        raise PassoError(msg)
    return amount


def listed(value: Any, name: str) -> list[Any]:
    """The members of a list.

    >>> listed((30, 80), "milestones")
    [30, 80]
    """
    if not isinstance(value, (list, tuple)):
        msg = f"{name} must be a list, got {brief(value)}"
        raise PassoError(msg)
    return list(value)


def count(value: Any, name: str, *, least: int = 0) -> Fraction:
    """How many updates, where a share of the run is a mistake that theirs takes in silence.

    >>> count(100, "num_warmup_steps")
    Fraction(100, 1)
    """
    amount = length(value, name, least=least)
    if 0 < amount < 1:
        msg = f"{name} counts updates and must be 0 or at least 1, got {brief(value)}"
        raise PassoError(msg)
    return amount


def counted(value: Any, name: str, *, least: int = 1) -> int:
    """A whole number that can be a length.

    >>> counted(100, "total_steps")
    100
    """
    return whole(value, name, least=least, most=10**15)


def left(total: Fraction, part: Fraction, name: str, of_part: str) -> Fraction:
    """What is left of a length; raises PassoError where the part is longer.

    >>> left(Fraction(100), Fraction(10), "num_training_steps", "num_warmup_steps")
    Fraction(90, 1)
    """
    if part > total:
        msg = f"{name} must be at least {of_part}, got {write_exact(total)} and {write_exact(part)}"
        raise PassoError(msg)
    return total - part


def choice(value: Any, name: str, among: dict[str, T]) -> T:
    """What a word stands for.

    >>> choice("a", "mode", {"a": 1, "b": 2})
    1
    """
    if not isinstance(value, str) or value not in among:
        msg = f"{name} must be one of {', '.join(map(repr, among))}, got {brief(value)}"
        raise PassoError(msg)
    return among[value]


def at_least(value: Any, name: str, least: float = 0.0) -> float:
    """A finite number that is not below the least.

    >>> at_least(0.1, "min_lr")
    0.1
    """
    number = real(value, name)
    if number < least:
        msg = f"{name} must be at least {least:g}, got {brief(value)}"
        raise PassoError(msg)
    return number


def above_zero(value: Any, name: str) -> float:
    """A finite number above 0.

    >>> above_zero(0.1, "lr")
    0.1
    """
    number = real(value, name)
    if number <= 0:
        msg = f"{name} must be above 0, got {brief(value)}"
        raise PassoError(msg)
    return number


def share(factor: float, peak: Value = base) -> Value:
    """A share of the peak, as one would write it.

    >>> share(0.1), share(1.0), share(0.0)
    (0.1 * base, base, 0.0)
    """
    return peak if factor == 1 else 0.0 if factor == 0 else factor * peak


def rise(warmup: Fraction | int, start: Value = 0.0, peak: Value = base) -> Schedule:
    """A straight warm-up; `then` drops it where it has no length."""
    return Linear(start, peak, steps(warmup))


def moved(schedule: Schedule, ahead: float | Fraction) -> Schedule:
    """The schedule of a clock that is ahead."""
    return schedule.skip(steps(ahead)) if ahead else schedule


def within(value: Any, name: str, low: float, high: float) -> float:
    """A finite number between two, both included.

    >>> within(0.5, "factor", 0, 1)
    0.5
    """
    number = real(value, name)
    if not low <= number <= high:
        msg = f"{name} must be from {low:g} to {high:g}, got {brief(value)}"
        raise PassoError(msg)
    return number


def divisor(value: Any, name: str) -> float:
    """A number that something is divided by.

    >>> divisor(25, "div_factor")
    25.0
    """
    number = real(value, name)
    if number == 0:
        msg = f"{name} must not be 0"
        raise PassoError(msg)
    return number


def falling_by(value: Any, name: str = "factor") -> float:
    """What a plateau falls by: these libraries have none that rises.

    >>> falling_by(0.1)
    0.1
    """
    number = real(value, name)
    if not 0 <= number < 1:
        msg = f"{name} must be at least 0 and below 1, got {brief(value)}"
        raise PassoError(msg)
    return number


def expression(value: Any, name: str) -> Schedule:
    """A function of the steps made as a schedule; a plain function is refused."""
    if isinstance(value, Schedule):
        return value
    if callable(value):
        msg = (
            f'{name} is your own function: give it a name by @passo.register("name"), and write '
            f'{name}=Function("name"), or an expression such as {name}=Exponential(1, 0.95)'
        )
        raise PassoError(msg)
    msg = f"{name} must be an expression, got {brief(value)}; write {name}=Exponential(1, 0.95)"
    raise PassoError(msg)


def each_of(value: Any, name: str) -> list[Any]:
    """The members of a list or a tuple that has some."""
    if not isinstance(value, (list, tuple)) or not value:
        msg = f"{name} must be a list with something in it, got {brief(value)}"
        raise PassoError(msg)
    return list(value)


def value_at(schedule: Schedule, at: float | Fraction) -> Value:
    """The value at a moment, of the base and a number.

    >>> value_at(Linear(base, 0.2, steps(4)), 2)
    0.1 + 0.5 * base
    """
    one, none = schedule.with_base(1.0)(at), schedule.with_base(0.0)(at)
    of_base = share(one - none)
    if of_base == 0 or none == 0:
        return none if of_base == 0 else of_base
    return none + of_base


def lasting(schedule: Schedule) -> Schedule:
    """The schedule for ever: what runs beside one that ends would end with it.

    >>> lasting(Linear(0, base, steps(4)))
    Linear(0, base, steps(4)).then(Constant(base))
    """
    end = schedule.length()
    if end is None:
        return schedule
    return schedule.then(Constant(value_at(schedule, end.amount)))


def by_epoch(schedule: Schedule) -> Schedule:
    """A schedule in steps of a clock that moves once an epoch: in epochs, held through each.

    >>> by_epoch(Linear(0, 1, steps(4)))
    Linear(0, 1, epochs(4)).staircase(epochs(1))
    """
    end = schedule.length()
    if end is not None and end.amount.denominator != 1:  # its last stair would be before its end
        schedule = lasting(schedule)
    told = from_spec(_in_epochs(schedule.to_spec()))
    return told.staircase(epochs(1)) if told.units else told


def _in_epochs(spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: "epochs" if key == "unit" else _in_epochs(each) for key, each in spec.items()}
    return [_in_epochs(each) for each in spec] if isinstance(spec, list) else spec
