"""What may stand on the other side of an operator of a schedule."""

from __future__ import annotations

from numbers import Real
from typing import Any, Final

from passo.ground.calls import WrongCall
from passo.ground.checks import brief, real
from passo.schedules.time import Span

_REFLECTED: Final = {"+": "__radd__", "-": "__rsub__", "*": "__rmul__", "/": "__rtruediv__"}


def others(value: Any, sign: str) -> bool:
    """Whether it is for a class of somebody's own to say what its operator does.

    Schedules (they have a `compiled`) and finite numbers are ours, and False is the answer; of all
    else what no other class can make sense of is refused.

    >>> others(0.1, "+")
    False
    """
    if hasattr(value, "compiled"):
        return False
    if isinstance(value, Real) and not isinstance(value, bool):
        real(value, f"the other side of {sign}")
        return False
    kind, is_array = type(value), hasattr(value, "dtype")
    alien = kind.__module__ != "builtins" and not isinstance(value, Span)
    if alien and not is_array and hasattr(kind, _REFLECTED[sign]):
        return True
    write = f"schedule(t) {sign} array" if is_array else f"schedule {sign} 0.1"
    msg = (
        f"the other side of {sign} must be a number or a schedule, got {brief(value)}; "
        f"write {write}"
    )
    raise WrongCall(msg)
