"""Recipes that begin with a linear warm-up. A recipe is a function and leaves no node behind."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_value, base
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.recipes.calls import recipe
from passo.schedules.shapes import Constant, Cosine, Geometric, InversePower, Linear, Power
from passo.schedules.shapes.leaf import positive
from passo.schedules.time import Span, as_span, percent, rest

Cooldown: TypeAlias = Literal["linear", "cosine", "1-sqrt", "mirror", "exponential", "geometric"]
"""How `wsd` goes down; a number in its place is the power of `Power`."""

_COOLDOWNS: Final[tuple[Cooldown, ...]] = get_args(Cooldown)


@recipe
def warmup_cosine(
    *, peak: Value = base, warmup: Span = percent(5), floor: Value = 0.0, start: Value = 0.0
) -> Schedule:
    """Linear from `start` to `peak` over `warmup`, then half a cosine to `floor` over the rest.

        Linear(start, peak, warmup).then(Cosine(peak, floor))

    Values are numbers or expressions of `base`; `floor` is absolute. Source: Goyal et al. 2017,
    arXiv:1706.02677; transformers' get_cosine_schedule_with_warmup.

    >>> from passo import steps
    >>> warmup_cosine(peak=3e-4, warmup=steps(100))
    Linear(0, 0.0003, steps(100)).then(Cosine(0.0003, 0))
    """
    return _warm(peak, warmup, start).then(Cosine(peak, as_value(floor, "floor")))


@recipe
def warmup_linear(
    *, peak: Value = base, warmup: Span = percent(5), floor: Value = 0.0, start: Value = 0.0
) -> Schedule:
    """Linear from `start` to `peak` over `warmup`, then linear to `floor` over the rest.

        Linear(start, peak, warmup).then(Linear(peak, floor))

    Values are numbers or expressions of `base`; `floor` is absolute. Source: Bergsma et al. 2025,
    arXiv:2502.15938 (decay to zero); transformers' get_linear_schedule_with_warmup.

    >>> warmup_linear()
    Linear(0, base, percent(5)).then(Linear(base, 0))
    """
    return _warm(peak, warmup, start).then(Linear(peak, as_value(floor, "floor")))


@recipe
def warmup_constant(
    *, peak: Value = base, warmup: Span = percent(5), start: Value = 0.0
) -> Schedule:
    """Linear from `start` to `peak` over `warmup`, then `peak` for ever.

        Linear(start, peak, warmup).then(Constant(peak))

    Source: Goyal et al. 2017, arXiv:1706.02677; optax's warmup_constant_schedule.

    >>> from passo import epochs
    >>> warmup_constant(peak=0.1, warmup=epochs(5))
    Linear(0, 0.1, epochs(5)).then(Constant(0.1))
    """
    return _warm(peak, warmup, start).then(Constant(peak))


@recipe
def wsd(
    *,
    peak: Value = base,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    shape: Cooldown | float = "linear",
    floor: Value = 0.0,
    start: Value = 0.0,
) -> Schedule:
    """Warm-up, stable, decay: linear to `peak`, `peak` for the rest, then `cooldown` to `floor`.

        Linear(start, peak, warmup).then(Constant(peak, rest), shape(peak, floor, cooldown))

    `shape` of the cooldown is "linear", "cosine", "1-sqrt"; a number p, 1 - u ** p of what is left;
    "mirror", the cosine mirrored at the line; "exponential", Megatron's 2 * 0.5 ** u - 1; or
    "geometric", equal ratios to a floor above 0, as MiniCPM's. Source: Hu et al. 2024,
    arXiv:2404.06395; Haegele et al. 2024, arXiv:2405.18392 (1-sqrt); arXiv:2508.01483 (mirror).

    >>> wsd(peak=1e-3, shape="1-sqrt")  # doctest: +NORMALIZE_WHITESPACE
    Linear(0, 0.001, percent(5)).then(Constant(0.001, rest),
        Power(0.001, 0, percent(20), power=0.5))
    """
    as_span(cooldown, "cooldown")
    peak, floor = as_value(peak, "peak"), as_value(floor, "floor")
    decay = _cooldown(shape, peak, floor, cooldown)
    return _warm(peak, warmup, start).then(Constant(peak, rest), decay)


def _cooldown(shape: Cooldown | float, peak: Value, floor: Value, over: Span) -> Schedule:
    if isinstance(shape, (int, float)) and not isinstance(shape, bool):
        return Power(peak, floor, over, power=positive(shape, "shape"))
    if not isinstance(shape, str) or shape not in _COOLDOWNS:
        words = ", ".join(map(repr, _COOLDOWNS))
        msg = f"shape must be one of {words}, or the power of 1 - u ** power, got {brief(shape)}"
        raise PassoError(msg)
    if shape == "1-sqrt":
        return Power(peak, floor, over, power=0.5)
    if shape == "mirror":
        return 2 * Linear(peak, floor, over) - Cosine(peak, floor, over)
    if shape == "exponential":
        fall = 2 * Geometric(1.0, 0.5, over) - 1
        return peak * fall if floor == 0 else floor + (peak - floor) * fall
    if shape == "geometric" and floor == 0:
        raise PassoError('shape="geometric" needs a floor above 0; write floor=0.1 * base')
    shapes = {"linear": Linear, "cosine": Cosine, "geometric": Geometric}
    return shapes[shape](peak, floor, over)


@recipe
def inverse_sqrt(*, peak: Value = base, warmup: Span = percent(5)) -> Schedule:
    """Linear from 0 to `peak` over `warmup`, then falling with the square root of t, for ever.

        peak * t / warmup, then peak * sqrt(warmup / t)

    Source: Vaswani et al. 2017, arXiv:1706.03762; fairseq's inverse_sqrt.

    >>> from passo import steps
    >>> inverse_sqrt(peak=1.0, warmup=steps(100))(400)
    0.5
    """
    as_span(warmup, "warmup", zero=False, relative=False)
    return _warm(peak, warmup, 0.0).then(InversePower(peak, warmup))


@recipe
def noam(d_model: int, *, warmup: Span, scale: float = 1.0) -> Schedule:
    """The original Transformer's schedule: `inverse_sqrt` with the peak that the width gives.

        scale * d_model ** -0.5 * min(t ** -0.5, t * warmup ** -1.5)

    `warmup` must be in steps, since the peak depends on it. Source: Vaswani et al. 2017,
    arXiv:1706.03762.

    >>> from passo import steps
    >>> noam(256, warmup=steps(400))(400)
    0.003125
    """
    whole(d_model, "d_model", most=10**15)
    as_span(warmup, "warmup", zero=False, units=("steps",))
    if warmup.unit != "steps":
        msg = f"noam's peak depends on its warmup in steps, got {warmup!r}; write steps(4000)"
        raise PassoError(msg)
    return inverse_sqrt(
        peak=real(scale, "scale") * (d_model * float(warmup.amount)) ** -0.5, warmup=warmup
    )


def _warm(peak: Value, warmup: Span, start: Value) -> Schedule:
    ends = as_value(start, "start"), as_value(peak, "peak")
    return Linear(*ends, as_span(warmup, "warmup"))
