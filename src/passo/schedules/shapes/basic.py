"""The elementary ramps: straight, half a cosine, powers, geometric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from passo.ground.calls import built_like
from passo.schedules.precise import left_of, raised, ratio
from passo.schedules.ramps import half_cosine, powered, straight
from passo.schedules.shapes import homonym
from passo.schedules.shapes.homonym import also_called
from passo.schedules.shapes.leaf import Ramp, positive, same_sign

if TYPE_CHECKING:
    from passo.schedules.formula import Formula


@built_like("Linear(0.1, 0)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Linear(Ramp):
    """From `start` to `end` along a straight line, then stays at `end`.

        s(t) = start * (1 - u) + end * u,    u = t / over

    `start` and `end` are numbers or expressions of `base`; `over` is a span.
    Source: Goyal et al. 2017, arXiv:1706.02677 (warm-up); torch's LinearLR.

    >>> from passo import steps
    >>> Linear(0, 1, steps(4))(3)
    0.75
    """

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        return straight(a, b, n)


@built_like("Cosine(0.1, 0.001)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Cosine(Ramp):
    """From `start` to `end` along half a cosine, then stays at `end`.

        s(t) = end + (start - end) * (1 + cos(pi * u)) / 2,    u = t / over

    `start` and `end` are numbers or expressions of `base`; `over` is a span.
    Source: Loshchilov and Hutter 2017, arXiv:1608.03983; torch's CosineAnnealingLR.

    >>> from passo import steps
    >>> Cosine(1.0, 0.0, steps(4))(2)
    0.5
    """

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        return half_cosine(a, b, n)


@built_like("Polynomial(0.1, 0.001, power=2)")
@final
@also_called("power")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Polynomial(Ramp):
    """From `start` to `end` with the power on what is left, then stays at `end`.

        s(t) = end + (start - end) * (1 - u) ** power,    u = t / over

    `power` is a number above 0: 1 is a line, 2 falls fast at first, 0.5 falls fast at the end.
    Source: Chen et al. 2016, arXiv:1606.00915; torch's PolynomialLR.

    >>> from passo import steps
    >>> Polynomial(1, 0, steps(4), power=2)(2)
    0.25
    """

    power: homonym.Power = homonym.Power(1.0)

    def _check_shape(self) -> None:
        self._set(power=positive(self.power, "power"))

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        power = float(self.power)

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            left, lost = ratio(*left_of(n, t), n)
            gone = -xp.expm1(power * xp.log_share(left, t / n))
            return a * raised(left, lost, power, xp) + b * gone

        return value


@built_like("Power(0.1, 0, power=0.5)")
@final
@also_called("power")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Power(Ramp):
    """From `start` to `end` with the power on what is gone, then stays at `end`.

        s(t) = start + (end - start) * u ** power,    u = t / over

    `power` is a number above 0. With 0.5 it is the "1-sqrt" cooldown, with 2 a quadratic warm-up.
    Source: Haegele et al. 2024, arXiv:2405.18392 (1-sqrt); fastai's SchedPoly.

    >>> from passo import steps
    >>> Power(1, 0, steps(4), power=0.5)(1)
    0.5
    """

    power: homonym.Power = homonym.Power(1.0)

    def _check_shape(self) -> None:
        self._set(power=positive(self.power, "power"))

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        return powered(a, b, n, float(self.power))


@built_like("Geometric(0.1, 0.001)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Geometric(Ramp):
    """From `start` to `end` by equal ratios, then stays at `end`.

        s(t) = start * (end / start) ** u,    u = t / over

    Both ends must have one sign and not be zero. Source: Smith 2017, arXiv:1506.01186 (range
    test); fastai's SchedExp.

    >>> from passo import steps
    >>> Geometric(1e-4, 1, steps(4))(2)
    0.01
    """

    def _check_shape(self) -> None:
        same_sign(self.start, self.end, "Geometric")

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        up, down = b / a, a / b

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            left = n - t
            share = xp.minimum(t, left) / n
            return xp.where(t < left, a * up**share, b * down**share)

        return value
