"""What the files of several libraries use: lengths, choices, warm-ups, waves."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeVar

from passo.ground.checks import brief, exact, real, write_exact
from passo.ground.errors import PassoError
from passo.schedules import Constant, Cosine, Linear, Schedule, base, steps
from passo.schedules.algebra.atoms import Value

T = TypeVar("T")


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


def left(whole: Fraction, part: Fraction, name: str, of_part: str) -> Fraction:
    """What is left of a length; raises PassoError where the part is longer.

    >>> left(Fraction(100), Fraction(10), "num_training_steps", "num_warmup_steps")
    Fraction(90, 1)
    """
    if part > whole:
        msg = f"{name} must be at least {of_part}, got {write_exact(whole)} and {write_exact(part)}"
        raise PassoError(msg)
    return whole - part


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


def share(factor: float, peak: Value = base) -> Value:
    """A share of the peak, as one would write it.

    >>> share(0.1), share(1.0), share(0.0)
    (0.1 * base, base, 0.0)
    """
    return peak if factor == 1 else 0.0 if factor == 0 else factor * peak


def rise(warmup: Fraction, start: Value = 0.0, peak: Value = base) -> Schedule:
    """A straight warm-up; `then` drops it where it has no length."""
    return Linear(start, peak, steps(warmup))


def swing(high: Value, low: Value, half: Fraction) -> Schedule:
    """A cosine that climbs again, for ever; each way takes `half`."""
    return Cosine(high, low, steps(half)).then(Cosine(low, high, steps(half))).repeat()


def moved(schedule: Schedule, ahead: float) -> Schedule:
    """The schedule of a clock that is ahead."""
    return schedule.skip(steps(ahead)) if ahead else schedule


def for_ever(schedule: Schedule, value: Value) -> Schedule:
    """A schedule and then a value, so that what runs beside it never stops."""
    return schedule.then(Constant(value))
