"""Plain numbers at the edge: what is accepted, how it is printed."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import islice
from numbers import Real
from typing import Any, TypeAlias, get_args

from passo.ground.errors import PassoError

Exact: TypeAlias = "float | Fraction | str"
"""A number that is kept as the fraction that was written; as text it is one such as "1/3"."""

_LARGEST_PLAIN_INTEGER = 10**15
_LONGEST_BRIEF = 60
LATEST = sys.float_info.max
_FRACTION = re.compile(r"-?\d{1,500}(?:/\d{1,500}|\.\d{1,500})?", re.ASCII)
_ZERO_BELOW = re.compile(r"/0+$")


def brief(value: object) -> str:
    """`repr` in at most 60 characters, whatever it is.

    >>> brief("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
    """
    if isinstance(value, (str, bytes, list, tuple)):
        value = value[:_LONGEST_BRIEF]
    elif isinstance(value, dict):
        value = dict(islice(value.items(), _LONGEST_BRIEF))
    try:
        code = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"
    except Exception as error:  # noqa: BLE001  (it is somebody else's, and an error is under way)
        return shortened(f"a {type(value).__name__} whose repr raises {type(error).__name__}")
    return shortened(code)


def shortened(text: str, most: int = _LONGEST_BRIEF) -> str:
    """The text, its end left out where it is long.

    >>> shortened("Constant(0.1)"), shortened("Constant(0.1)", 10)
    ('Constant(0.1)', 'Constan...')
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def some(names: tuple[str, ...], most: int = 4) -> str:
    """The first few names, and how many more there are.

    >>> some(("lr", "momentum")), some(tuple("abcdef"))
    ('lr, momentum', 'a, b, c, d and 2 more')
    """
    shown = ", ".join(shortened(name, 40) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def real(value: object, name: str, advice: str = "") -> float:
    """`value` as a finite float; bools, strings, NaN and infinities are refused by name.

    >>> real(3, "gamma")
    3.0
    """
    write_so = f"; {advice}" if advice else ""
    if isinstance(value, bool) or not isinstance(value, Real):
        msg = f"{name} must be a number, got {brief(value)}{write_so}"
        raise PassoError(msg)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        msg = f"{name} must be finite, got {brief(value)}{write_so}"
        raise PassoError(msg)
    return number + 0.0


def mean(numbers: Sequence[float]) -> float:
    """The mean of floats, however large; of what is not finite it is what their sum is.

    >>> mean((1.7e308, 1.7e308)), mean((1.0, 2.0)), mean((float("inf"), float("-inf")))
    (1.7e+308, 1.5, nan)
    """
    if not all(map(math.isfinite, numbers)):
        return sum(each for each in numbers if not math.isfinite(each))
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:
        return float(sum(map(Fraction, numbers)) / len(numbers))


def as_time(t: object) -> float:
    """A number of any kind as a time; whatever else stands where a time is asked for is refused.

    >>> as_time(Fraction(1, 2))
    0.5
    """
    if isinstance(t, bool) or not isinstance(t, Real):
        need = "; write numpy.asarray(t)" if isinstance(t, (list, tuple)) else ""
        msg = f"t must be a number or an array of numbers, got {brief(t)}{need}"
        raise PassoError(msg)
    if not 0 <= t <= LATEST:  # type: ignore[operator]
        msg = f"t must be at least 0 and below 1.8e308, got {brief(t)}"
        raise PassoError(msg)
    return float(t)


def whole(value: object, name: str, *, least: int = 1, most: int | None = None) -> int:
    """`value` as an int of at least `least`, at most `most`; 3.0 is not an int.

    >>> whole(3, "times")
    3
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        msg = f"{name} must be a whole number of at least {least}, got {brief(value)}"
        raise PassoError(msg)
    if most is not None and value > most:
        msg = f"{name} must be at most {most:,}, got {brief(value)}"
        raise PassoError(msg)
    return value


def can_be_listed(values: object) -> bool:
    """Whether one can go through it: a class and a Tensor of no dimension only look so.

    >>> can_be_listed([1]), can_be_listed(dict), can_be_listed(3)
    (True, False, False)
    """
    many = getattr(values, "ndim", 1) != 0
    return many and hasattr(values, "__iter__") and not isinstance(values, type)


def one_of(value: object, name: str, words: Any) -> None:
    """Refuse what is none of the words of a `Literal`.

    >>> from typing import Literal
    >>> one_of("min", "mode", Literal["min", "max"])
    """
    allowed = get_args(words)
    if not isinstance(value, str) or value not in allowed:
        msg = f"{name} must be one of {', '.join(map(repr, allowed))}, got {brief(value)}"
        raise PassoError(msg)


def truth(value: object, name: str) -> bool:
    """Refuse a word in place of True or False: "no" would be True.

    >>> truth(False, "strict")
    False
    """
    if not isinstance(value, bool):
        msg = f"{name} must be True or False, got {brief(value)}"
        raise PassoError(msg)
    return value


def exact(value: object, name: str) -> Fraction:
    """The fraction that was written: 0.1 is one tenth, "1/3" a third.

    >>> exact(0.1, "amount"), exact("1/3", "amount")
    (Fraction(1, 10), Fraction(1, 3))
    """
    if isinstance(value, bool) or not isinstance(value, (Real, str)):
        msg = f"{name} must be a number, got {brief(value)}"
        raise PassoError(msg)
    if isinstance(value, str):
        return _read(value, name)
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    number = float(value)
    if not math.isfinite(number):
        msg = f"{name} must be finite, got {brief(value)}"
        raise PassoError(msg)
    return Fraction(repr(number))


def _read(text: str, name: str) -> Fraction:
    if _FRACTION.fullmatch(text) and not _ZERO_BELOW.search(text):
        return Fraction(text)
    msg = f'{name} as text must be a fraction such as "1/3", got {brief(text)}'
    raise PassoError(msg)


def write(number: float) -> str:
    """The shortest text that reads back as the same float; whole numbers lose their point.

    >>> write(1.0), write(0.1), write(1e300)
    ('1', '0.1', '1e+300')
    """
    if number == int(number) and abs(number) < _LARGEST_PLAIN_INTEGER:
        return str(int(number))
    return repr(number)


def write_exact(number: Fraction) -> str:
    """A fraction as code: an integer, the decimal it is, or quoted as "p/q".

    >>> write_exact(Fraction(5)), write_exact(Fraction(1, 10)), write_exact(Fraction(1, 3))
    ('5', '0.1', '"1/3"')
    """
    if number.denominator == 1 and abs(number) < 10**400:
        return str(number.numerator)
    try:
        decimal = repr(float(number))
    except OverflowError:
        decimal = "inf"
    if math.isfinite(float(decimal)) and Fraction(decimal) == number:
        return decimal
    return f'"{number.numerator}/{number.denominator}"'


def decimal(number: Fraction) -> str:
    """A fraction in a few digits, however large it is.

    >>> decimal(Fraction(1, 3)), decimal(Fraction(10) ** 400)
    ('0.333', 'more than 1e300')
    """
    return f"{float(number):.3g}" if abs(number) < 10**300 else "more than 1e300"
