"""The catalogue: ways to begin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Logarithmic,
    Polynomial,
    Power,
    Rectified,
    Schedule,
    Span,
    base,
    percent,
    steps,
    warmup_constant,
)

if TYPE_CHECKING:
    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("warm-ups")


@FAMILY.add(
    "linear warm-up",
    r"\eta_s + (\eta_0 - \eta_s) t / W",
    "Goyal et al. 2017, arXiv:1706.02677",
    aliases=("warmup", "gradual warm-up"),
    torch="LinearLR, SequentialLR",
    transformers="get_constant_schedule_with_warmup, constant_with_warmup",
    ignite="create_lr_scheduler_with_warmup",
    mmengine="LinearLR",
    pytorch_scheduler="WarmupScheduler",
    lrsched="with_warmup",
    torch_schedule_anything="constant_with_warmup",
    pytorch_warmup="LinearWarmup",
    optax="warmup_constant_schedule",
    composer="ConstantWithWarmupScheduler",
    olmo="ConstantWithWarmup",
    deepspeed="WarmupLR",
    nanotron="lr_warmup_style",
    nemo="WarmupPolicy",
)
def _linear(*, warmup: Span = percent(5), start: Value = 0.0, peak: Value = base) -> Schedule:
    return warmup_constant(peak=peak, warmup=warmup, start=start)


@FAMILY.add(
    "constant warm-up",
    r"f \eta_0 \text{ for } t < W, \text{ then } \eta_0",
    "Goyal et al. 2017, arXiv:1706.02677",
    torch="ConstantLR",
    mmengine="ConstantLR",
    nanotron="lr_warmup_style",
)
def _constant(*, factor: float = 0.1, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return Constant(factor * peak, warmup).then(Constant(peak))


@FAMILY.add(
    "exponential warm-up",
    r"\eta_0 (1 - e^{-(t + 1) / \tau})",
    "Ma and Yarats 2021, arXiv:1910.04209",
    pytorch_warmup="ExponentialWarmup",
)
def _exponential(
    *, scale: Span = steps(100), ahead: Span = steps(1), peak: Value = base
) -> Schedule:
    return peak * (1 - Exponential(1.0, math.exp(-1), scale).skip(ahead))


@FAMILY.add(
    "cosine warm-up",
    r"\tfrac12 \eta_0 (1 - \cos \pi t / W)",
    "transformers' get_wsd_schedule(warmup_type='cosine')",
    torch="OneCycleLR",
    transformers="get_wsd_schedule",
    pytorch_scheduler="WarmupScheduler",
    fastai="combined_cos",
)
def _cosine(*, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return Cosine(0.0, peak, warmup).then(Constant(peak))


@FAMILY.add(
    "1-sqrt warm-up",
    r"\eta_0 (1 - \sqrt{1 - t / W})",
    "transformers' get_wsd_schedule(warmup_type='1-sqrt')",
    transformers="get_wsd_schedule",
)
def _sqrt(*, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return Polynomial(0.0, peak, warmup, power=0.5).then(Constant(peak))


@FAMILY.add(
    "quadratic warm-up",
    r"\eta_0 (t / W)^2",
    "pytorch-scheduler's WarmupScheduler('exponential')",
    pytorch_scheduler="WarmupScheduler",
)
def _quadratic(*, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return Power(0.0, peak, warmup, power=2.0).then(Constant(peak))


@FAMILY.add(
    "logarithmic warm-up",
    r"\eta_0 \ln(t + 1) / \ln W",
    "DeepSpeed's WarmupLR(warmup_type='log')",
    deepspeed="WarmupLR, WarmupDecayLR, WarmupCosineLR",
)
def _logarithmic(*, warmup: Span = steps(100), peak: Value = base) -> Schedule:
    one = warmup / warmup.amount
    return Logarithmic(0.0, peak, warmup - one, scale=one).then(Constant(peak))


@FAMILY.add(
    "untuned linear warm-up",
    r"\eta_0 \min(1, \tfrac12 (1 - \beta_2) (t + 1))",
    "Ma and Yarats 2021, arXiv:1910.04209",
    pytorch_warmup="UntunedLinearWarmup",
)
def _untuned_linear(*, beta2: float = 0.99, peak: Value = base) -> Schedule:
    ramp = Linear(0.0, peak, steps(2 / (1 - beta2)))
    return ramp.then(Constant(peak)).skip(steps(1))


@FAMILY.add(
    "untuned exponential warm-up",
    r"\eta_0 (1 - e^{-(1 - \beta_2) (t + 1)})",
    "Ma and Yarats 2021, arXiv:1910.04209",
    pytorch_warmup="UntunedExponentialWarmup",
)
def _untuned_exponential(*, beta2: float = 0.99, peak: Value = base) -> Schedule:
    return peak * (1 - Exponential(1.0, math.exp(beta2 - 1)).skip(steps(1)))


@FAMILY.add(
    "RAdam's rectification",
    r"\eta_0 \sqrt{\frac{(\rho_n - 4) (\rho_n - 2) \rho_\infty}"
    r"{(\rho_\infty - 4) (\rho_\infty - 2) \rho_n}}, \quad n = t + 1",
    "Liu et al. 2020, arXiv:1908.03265; Ma and Yarats 2021, arXiv:1910.04209",
    aliases=("RAdam warm-up", "rectified Adam"),
    notes="pytorch-warmup's begins at the first update at which it is not 0.",
    pytorch_warmup="RAdamWarmup",
)
def _rectified(*, beta2: float = 0.99, peak: Value = base) -> Schedule:
    return peak * Rectified(beta2).skip(steps(1))


@FAMILY.add(
    "inverse warm-up",
    r"\eta_0 (R - (R - 1) t / W)",
    "torch-schedule-anything's *_with_inverse_warmup",
    torch_schedule_anything=(
        "cosine_annealing_with_inverse_warmup, polynomial_schedule_with_inverse_warmup, "
        "linear_schedule_with_inverse_warmup, quadratic_schedule_with_inverse_warmup, "
        "sqrt_schedule_with_inverse_warmup, constant_with_inverse_warmup"
    ),
)
def _inverse(*, factor: float = 20.0, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return Linear(factor * peak, peak, warmup).then(Constant(peak))
