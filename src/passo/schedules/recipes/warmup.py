"""Recipes that begin with a linear warm-up. A recipe is a function and leaves no node behind."""

from __future__ import annotations

from passo.ground.checks import one_of, real, whole
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_value, base
from passo.schedules.algebra.cooldown import Descent
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.recipes.calls import recipe
from passo.schedules.shapes import Constant, Cosine, InversePower, Linear, Power
from passo.schedules.time import Span, as_span, percent, rest


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
    shape: Descent = "linear",
    floor: Value = 0.0,
    start: Value = 0.0,
) -> Schedule:
    """Warm-up, stable, decay: linear to `peak`, `peak` for the rest, then `cooldown` to `floor`.

        Linear(start, peak, warmup).then(Constant(peak, rest), shape(peak, floor, cooldown))

    `shape` of the cooldown is "linear", "cosine" or "1-sqrt". Source: Hu et al. 2024,
    arXiv:2404.06395; Haegele et al. 2024, arXiv:2405.18392 (1-sqrt).

    >>> wsd(peak=1e-3, shape="1-sqrt")  # doctest: +NORMALIZE_WHITESPACE
    Linear(0, 0.001, percent(5)).then(Constant(0.001, rest),
        Power(0.001, 0, percent(20), power=0.5))
    """
    as_span(cooldown, "cooldown")
    peak, floor = as_value(peak, "peak"), as_value(floor, "floor")
    one_of(shape, "shape", Descent)
    if shape == "1-sqrt":
        decay: Schedule = Power(peak, floor, cooldown, power=0.5)
    else:
        decay = (Linear if shape == "linear" else Cosine)(peak, floor, cooldown)
    return _warm(peak, warmup, start).then(Constant(peak, rest), decay)


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
