"""Published curves that the algebra cannot express, each with both ends exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

from passo.ground.calls import built_like
from passo.ground.checks import real, write
from passo.ground.errors import PassoError
from passo.schedules.precise import raised, ratio
from passo.schedules.shapes import homonym
from passo.schedules.shapes.homonym import also_called
from passo.schedules.shapes.leaf import Endless, Ramp, positive, same_sign
from passo.schedules.time import Span, as_span, steps

if TYPE_CHECKING:
    from passo.schedules.formula import Formula

_STEEPEST: Final = 300
_FARTHEST: Final = 1e12
_LEAST_BETA: Final = 0.6
LANGEVIN: Final = (  # 4**k B(2 k) / (2 k)! for k from 12 down to 1, B the Bernoulli numbers
    -2.3411706819824882e-12,
    2.3106432599002624e-11,
    -2.2805151204592183e-10,
    2.2507846516808994e-09,
    -2.2214608789979678e-08,
    2.1925947851873778e-07,
    -2.1644042808063972e-06,
    2.1377799155576935e-05,
    -0.00021164021164021165,
    0.0021164021164021165,
    -0.022222222222222223,
    0.3333333333333333,
)


@built_like("CosinePower(0.1, 0.001, power=2)")
@final
@also_called("power")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CosinePower(Ramp):
    """From `start` to `end` along half a cosine raised to a power, then stays at `end`.

        s(t) = end + (start - end) * ((1 + cos(pi * u)) / 2) ** power,    u = t / over

    Source: optax's cosine_decay_schedule(exponent=power).

    >>> from passo import steps
    >>> CosinePower(1, 0, steps(4), power=2)(2)
    0.25
    """

    power: homonym.Power = homonym.Power(1.0)

    def _check_shape(self) -> None:
        self._set(power=positive(self.power, "power"))

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        power = float(self.power)

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            u = xp.minimum(t, n - t) / n
            early, near = t < n - t, xp.half_wave(0.0, 1.0, u, 1.0 - u)
            kept = xp.where(early, 1.0 - near, near)
            gone = -xp.expm1(power * xp.log_share(kept, xp.where(early, near, 1.0 - near)))
            return a * kept**power + b * gone

        return value


@built_like("KDecay(0.1, 0.001, k=2)")
@final
@also_called("power")
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KDecay(Ramp):
    """From `start` to `end` by a polynomial of u ** k, then stays at `end`.

        s(t) = end + (start - end) * (1 - u ** k) ** power,    u = t / over

    Source: Zhang and Li 2020, arXiv:2004.05909 (k-decay, polynomial).

    >>> from passo import steps
    >>> KDecay(1, 0, steps(4), k=2)(2)
    0.75
    """

    k: float = 1.0
    power: homonym.Power = homonym.Power(1.0)

    def _check_shape(self) -> None:
        self._set(k=positive(self.k, "k"), power=positive(self.power, "power"))

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        k, power = self.k, float(self.power)

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            share, lost = ratio(t, 0.0, n)
            warped = raised(share, lost, k, xp)
            left = -xp.expm1(k * xp.log_share(share, (n - t) / n))
            gone = -xp.expm1(power * xp.log_share(left, warped))
            return a * left**power + b * gone

        return value


@built_like("KDecayCosine(0.1, 0.001, k=2)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KDecayCosine(Ramp):
    """From `start` to `end` along half a cosine of u ** k, then stays at `end`.

        s(t) = end + (start - end) * (1 + cos(pi * u ** k)) / 2,    u = t / over

    Source: Zhang and Li 2020, arXiv:2004.05909 (k-decay, cosine); timm's k_decay.

    >>> from passo import steps
    >>> round(KDecayCosine(1, 0, steps(4), k=2)(2), 12)
    0.853553390593
    """

    k: float = 1.0

    def _check_shape(self) -> None:
        self._set(k=positive(self.k, "k"))

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        k = self.k

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            share, lost = ratio(t, 0.0, n)
            gone = raised(share, lost, k, xp)
            left = -xp.expm1(k * xp.log_share(share, (n - t) / n))
            return xp.half_wave(a, b, gone, left)

        return value


@built_like("Tanh(0.1, 0.001)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Tanh(Ramp):
    """From `start` to `end` along a hyperbolic tangent, then stays at `end`.

        s(t) = end + (start - end) * (tanh(high) - tanh(x)) / (tanh(high) - tanh(low)),
        x = low + (high - low) * u,    u = t / over

    The published curve stops short of both ends; this one is scaled to reach them. `low < high`
    are dimensionless, from -300 to 300. Source: Hsueh et al. 2019, arXiv:1806.01593 (HTD).

    >>> from passo import steps
    >>> Tanh(1, 0, steps(4), low=-3, high=3)(2)
    0.5
    """

    low: float = -6.0
    high: float = 3.0

    def _check_shape(self) -> None:
        low, high = real(self.low, "low"), real(self.high, "high")
        if not -_STEEPEST <= low < high <= _STEEPEST:
            msg = f"Tanh needs -300 <= low < high <= 300, got {write(low)} and {write(high)}"
            raise PassoError(msg)
        self._set(low=low, high=high)

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        low, wide = self.low, self.high - self.low
        scale = math.sinh(wide)
        from_start, from_end = math.cosh(low) / scale, math.cosh(self.high) / scale

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            gone, left = wide * (t / n), wide * ((n - t) / n)
            height = xp.cosh(xp.where(gone < left, low + gone, self.high - left))
            start = a * (xp.sinh(left) * from_start / height)
            between = start + b * (xp.sinh(gone) * from_end / height)
            return xp.where(gone <= 0.0, a, xp.where(left <= 0.0, b, between))

        return value


@built_like("Rex(0.1, 0.001)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rex(Ramp):
    """From `start` to `end` along a reflected exponential, then stays at `end`.

        s(t) = end + (start - end) * (1 - u) / (1 - u / 2),    u = t / over

    Source: Chen et al. 2022, arXiv:2107.04197 (REX).

    >>> from passo import steps
    >>> round(Rex(1, 0, steps(4))(2), 12)
    0.666666666667
    """

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            left = n - t
            return a * (2.0 * left / (n + left)) + b * (t / (n + left))

        return value


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class HyperbolicCurve(Ramp):
    """What the two hyperbolic shapes share: `upper`, the far horizon, in lengths of `over`."""

    upper: float = 1.0

    def _check_shape(self) -> None:
        upper = real(self.upper, "upper")
        if not 1 <= upper <= _FARTHEST:
            msg = f"upper must be from 1 to 1e12, in lengths of over, got {write(upper)}"
            raise PassoError(msg)
        self._set(upper=upper)
        self._check_ends()

    def _check_ends(self) -> None:
        """Refuse ends that the shape cannot join."""

    def _shares(self, n: float) -> Any:
        wide = 2.0 * (self.upper - 1.0) * n
        whole = n * (wide + n)

        def shares(t: Any, xp: Any) -> tuple[Any, Any]:
            left = n - t
            kept = xp.sqrt(left * (wide + left) / whole)
            return kept, t * (wide + n + left) / whole / (1.0 + kept)

        return shares


@built_like("Hyperbolic(0.1, 0.001)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Hyperbolic(HyperbolicCurve):
    """From `start` to `end` along a hyperbola, then stays at `end`.

        s(t) = end + (start - end) * f(u) / f(0),    f(u) = sqrt((1 - u) * (2 * upper - 1 - u))

    `upper` is the published upper bound of epochs, in lengths of `over`, at least 1.
    Source: Kim 2024, arXiv:2407.15200 (HyperbolicLR), whose infimum is reached where upper = 1.

    >>> from passo import steps
    >>> round(Hyperbolic(1, 0, steps(4))(2), 12)
    0.5
    """

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        shares = self._shares(n)

        def value(t: Any, xp: Any) -> Any:
            kept, gone = shares(xp.minimum(t, n), xp)
            return a * kept + b * gone

        return value


@built_like("ExpHyperbolic(0.1, 0.001)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ExpHyperbolic(HyperbolicCurve):
    """From `start` to `end` by ratios along a hyperbola, then stays at `end`.

        s(t) = start * (end / start) ** (1 - f(u) / f(0)),    f as in Hyperbolic

    Both ends must have one sign and not be zero. Source: Kim 2024, arXiv:2407.15200.

    >>> from passo import steps
    >>> round(ExpHyperbolic(1, 0.01, steps(4))(2), 12)
    0.1
    """

    def _check_ends(self) -> None:
        same_sign(self.start, self.end, "ExpHyperbolic")

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        shares, up, down = self._shares(n), b / a, a / b

        def value(t: Any, xp: Any) -> Any:
            kept, gone = shares(xp.minimum(t, n), xp)
            near = xp.minimum(kept, gone)
            return xp.where(gone < kept, a * up**near, b * down**near)

        return value


@built_like("Logarithmic(0.001, 0.1)")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Logarithmic(Ramp):
    """From `start` to `end` along a logarithm, then stays at `end`.

        s(t) = start + (end - start) * ln(1 + t / scale) / ln(1 + over / scale)

    Source: DeepSpeed's WarmupLR(warmup_type="log"), with over = steps(warmup_num_steps - 1).

    >>> from passo import steps
    >>> round(Logarithmic(0, 1, steps(3))(1), 12)
    0.5
    """

    scale: Span = steps(1)

    def _check_shape(self) -> None:
        as_span(self.scale, "scale", zero=False, relative=False)

    def _formula_between(self, a: float, b: float, n: float) -> Formula:
        scale = float(self.scale.amount)
        whole = math.log1p(n / scale)

        def value(t: Any, xp: Any) -> Any:
            t = xp.minimum(t, n)
            left = xp.log1p((n - t) / (scale + t)) / whole
            return a * left + b * (xp.log1p(t / scale) / whole)

        return value


@built_like("Rectified()")
@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Rectified(Endless):
    """RAdam's factor as a warm-up: 0 while the variance is not known, then rising to 1.

        s(t) = sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r)), 0 where r <= 4,
        R = 2 / (1 - beta2) - 1,    r = R - 2 n beta2 ** n / (1 - beta2 ** n),    n = t / every

    `beta2` is Adam's, above 0.6 and below 1; `every` is the span of one update. An optimizer counts
    its first update as 1: `Rectified().skip(steps(1))`. Raises PassoError for another beta2.
    Source: Liu et al. 2020, arXiv:1908.03265 (RAdam); pytorch_warmup's RAdamWarmup.

    >>> s = Rectified(0.999)
    >>> s(4), round(s(100), 6)
    (0.0, 0.215335)
    """

    beta2: float = 0.999
    every: Span = steps(1)

    def _check(self) -> None:
        beta2 = real(self.beta2, "beta2")
        if not _LEAST_BETA < beta2 < 1:
            msg = (
                f"beta2 must be above 0.6 and below 1, got {write(beta2)}: at 0.6 and below the "
                "factor is 0 for ever"
            )
            raise PassoError(msg)
        self._set(beta2=beta2)
        as_span(self.every, "every", zero=False, relative=False)

    def _numbers(self) -> tuple[float, float, float, float]:
        """What the formula is made of: r at 0, log(1 / beta2) / 2, the scale and `every`."""
        beta2 = Fraction(self.beta2)
        full = (1 + beta2) / (1 - beta2)
        half = -math.log1p(float(beta2 - 1)) / 2
        scale = float(full / ((full - 4) * (full - 2)))
        return half * _langevin(half), half, scale, float(self.every.amount)

    def _build(self) -> Formula:
        begin, half, scale, every = self._numbers()

        def value(t: Any, xp: Any) -> Any:
            # R = coth(half) and r = R + n - n coth(n half): with L(y) = coth(y) - 1 / y the large
            # terms, which are nearly equal, are gone.
            n = t / every
            y = n * half
            small, large = xp.minimum(y, 0.5), xp.maximum(y, 0.5)
            lost = n * (small * _langevin(small))
            far = n * (1.0 / large - 2.0 / xp.expm1(xp.minimum(2.0 * large, 700.0)))
            r = begin + xp.where(y < 0.5, n - lost, far)
            left = xp.maximum(begin + xp.where(y < 0.5, (n - 4.0) - lost, far - 4.0), 0.0)
            r = xp.maximum(r, 4.0)
            return xp.sqrt(left * ((r - 2.0) / r) * scale)

        return value


def _langevin(y: Any) -> Any:
    """(coth(y) - 1 / y) / y for y from 0 to 1/2, by its series."""
    square, found = y * y, 0.0
    for term in LANGEVIN:
        found = found * square + term
    return found
