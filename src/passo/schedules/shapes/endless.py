"""Formulas that may have no end: exponential and power-law decay, and registered functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from passo.ground.calls import built_like
from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest
from passo.schedules.algebra.atoms import Value, as_number, as_value
from passo.schedules.algebra.length import Length, length_of
from passo.schedules.algebra.periods import as_quotient
from passo.schedules.formula import NUMBERS
from passo.schedules.precise import product
from passo.schedules.shapes import homonym
from passo.schedules.shapes.homonym import also_called
from passo.schedules.shapes.leaf import Endless, Leaf, positive
from passo.schedules.time import Run, Span, as_span, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from passo.schedules.formula import Formula

    Registered = TypeVar("Registered", bound=Callable[[Any], Any])


@built_like("Exponential(0.1, 0.99)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Exponential(Endless):
    """`start`, multiplied by `gamma` for each `every`, for ever.

        s(t) = start * gamma ** (t / every)

    `gamma` is a number above 0. Give it an end with `.until(...)`, stairs with `.staircase(every)`.
    Source: torch's ExponentialLR; keras's ExponentialDecay.

    >>> from passo import steps
    >>> Exponential(1, 0.5, steps(10))(20)
    0.25
    """

    start: Value
    gamma: float
    every: Span = steps(1)

    def _check(self) -> None:
        self._set(start=as_value(self.start, "start"), gamma=positive(self.gamma, "gamma"))
        as_span(self.every, "every", zero=False, relative=False)

    def _build(self) -> Formula:
        start, gamma = as_number(self.start), self.gamma
        p, q = as_quotient(self.every.amount)
        # Whole periods and the rest are raised one by one: gamma ** (t / p) would lose to the
        # rounding of t / p a digit for each digit of t.
        if q == 1.0:
            return lambda t, _xp: start * (gamma ** (t // p) * gamma ** (t % p / p))

        def value(t: Any, _xp: Any) -> Any:
            scaled, lost = product(t, q)
            return start * (gamma ** (scaled // p) * gamma ** ((scaled % p + lost) / p))

        return value


@built_like("InversePower(0.1, steps(100))")
@final
@also_called("power")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class InversePower(Endless):
    """`start`, falling as a power of time, for ever.

        s(t) = start * (1 + t / scale) ** -power

    `scale` is the span after which the value is start / 2 ** power; `power` is above 0.
    Source: Zhai et al. 2022, arXiv:2106.04560 (reciprocal square root, power 0.5); keras's
    InverseTimeDecay (power 1).

    >>> from passo import steps
    >>> InversePower(1, steps(100))(300)
    0.5
    """

    start: Value
    scale: Span
    power: homonym.Power = homonym.Power(0.5)

    def _check(self) -> None:
        self._set(start=as_value(self.start, "start"), power=positive(self.power, "power"))
        as_span(self.scale, "scale", zero=False, relative=False)

    def _build(self) -> Formula:
        start, power, scale = as_number(self.start), float(self.power), float(self.scale.amount)
        return lambda t, _xp: start * (1.0 + t / scale) ** -power


_functions: Final[dict[str, Callable[[Any], Any]]] = {}


def register(name: str) -> Callable[[Registered], Registered]:
    """Make a function of t available as `Function(name)` in this process.

    The function gets t on the run's axis, a float or an array of the library that was given.
    A name is taken once, unless the very same function registers again.

    >>> @register("triangle-of-the-doctest")
    ... def triangle(t):
    ...     return abs(t % 2 - 1)
    >>> Function("triangle-of-the-doctest")(2)
    1.0
    """
    _check_name(name)

    def put(function: Registered) -> Registered:
        if not callable(function):
            msg = f"{name!r} must be a function of t, got {function!r}"
            raise PassoError(msg)
        if name in _functions and _functions[name] is not function:
            msg = f"{name!r} is already registered for another function; choose another name"
            raise PassoError(msg)
        _functions[name] = function
        return function

    return put


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        msg = f'a function is registered under a name such as "my-curve", got {brief(name)}'
        raise PassoError(msg)


@built_like('Function("mine")')
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Function(Leaf):
    """A function that was registered in this process, for ever; with a span, of the share gone.

        s(t) = f(t); with `over`, s(t) = f(u), u = min(t / over, 1)

    f is what @passo.register(name) stands above, and must be pure; t is in the unit of the run's
    axis. Only the name is kept: text, JSON and pickles never import or run anything. Raises
    PassoError where no function has that name.

    >>> from passo import register, rest, steps
    >>> f = register("half-of-the-doctest")(lambda t: t / 2)
    >>> (2 * Function("half-of-the-doctest"))(3), Function("half-of-the-doctest", steps(4))(3)
    (3.0, 0.375)
    """

    name: str
    over: Span | None = None

    def _check(self) -> None:
        _check_name(self.name)
        if self.name not in _functions:
            name = brief(self.name)
            code = name if name == repr(self.name) else "name"
            msg = (
                f"no function is registered as {name}; write @passo.register({code}) above it "
                f"first{closest(self.name, _functions)}"
            )
            raise PassoError(msg)
        if self.over is not None:
            as_span(self.over, "over")

    def _is_open(self) -> bool:
        return self.over is not None and self.over.unit == "rest"

    def _is_endless(self) -> bool:
        return self.over is None

    def _is_timeless(self) -> bool:
        return False

    def _measure(self, run: Run | None) -> Length | None:
        return None if self.over is None else length_of(self.over, run)

    def _build(self) -> Formula:
        function = _functions[self.name]
        n = 1.0 if self.over is None else float(self.over.amount)

        def value(t: Any, xp: Any) -> Any:
            if self.over is not None:
                t = xp.minimum(t, n) / n if n else 1.0 + 0.0 * t
            return float(function(t)) if xp is NUMBERS else function(t)

        return value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        if self.over is not None and low < self.over.amount <= high:
            yield float(self.over.amount)
