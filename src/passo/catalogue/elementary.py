"""The catalogue: constants, lines, stairs, powers, tables."""

from __future__ import annotations

from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING, Any, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    Constant,
    Exponential,
    Function,
    Geometric,
    InversePower,
    Linear,
    Polynomial,
    Power,
    Schedule,
    Span,
    Table,
    base,
    exponential_decay,
    multistep_decay,
    percent,
    register,
    step_decay,
    warmup_linear,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("elementary")
EXAMPLE: Final = "example of the catalogue"
"""The name under which a function is registered, so that an entry about functions can be drawn."""


@register(EXAMPLE)
def _example(u: Any) -> Any:
    return (1 - u) * (1 - u)


@FAMILY.add(
    "constant",
    r"\eta_0",
    "the plainest of all",
    torch="LambdaLR, ConstantLR",
    timm="constant",
    transformers="get_constant_schedule, constant",
    pytorch_scheduler="IdentityScheduler",
    lrsched="constant",
    torch_schedule_anything="constant_schedule",
    anyschedule="constant",
    fvcore="ConstantParamScheduler",
    optax="constant_schedule",
    fastai="SchedNo",
    composer="ConstantScheduler",
    olmo="ConstantScheduler",
    megatron="constant",
)
def _constant(*, peak: Value = base) -> Schedule:
    return Constant(peak)


@FAMILY.add(
    "constant factor",
    r"\eta_0 f \text{ for } t < N, \text{ then } \eta_0",
    "torch's ConstantLR",
    aliases=("constant factor, then base",),
    torch="ConstantLR",
    mmengine="ConstantLR",
    pytorch_optimizer="ConstantLR",
    composer="ConstantScheduler",
)
def _constant_factor(
    *, factor: float = 0.5, over: Span = percent(5), peak: Value = base
) -> Schedule:
    return Constant(factor * peak, over).then(Constant(peak))


@FAMILY.add(
    "linear",
    r"\eta_0 (s + (e - s) \min(t, N) / N)",
    "torch's LinearLR; optax's linear_schedule",
    aliases=("linear between two factors",),
    torch="LinearLR",
    mmengine="LinearLR, LinearParamScheduler",
    lrsched="linear",
    fvcore="LinearParamScheduler",
    optax="linear_schedule",
    keras="PolynomialDecay",
    fastai="SchedLin",
    composer="LinearScheduler",
    deepspeed="LRRangeTest",
)
def _linear(
    *, start: float = 0.2, end: float = 1.0, over: Span = percent(20), peak: Value = base
) -> Schedule:
    return Linear(start * peak, end * peak, over)


@FAMILY.add(
    "linear decay",
    r"\eta_{\min} + (\eta_0 - \eta_{\min}) (1 - p)",
    "Li et al. 2020, arXiv:1905.04753; Bergsma et al. 2025, arXiv:2502.15938",
    aliases=("linear with warm-up", "D2Z", "decay to zero", "budgeted linear"),
    transformers="get_linear_schedule_with_warmup, linear",
    pytorch_optimizer="LinearScheduler",
    pytorch_scheduler="LinearDecayScheduler",
    torch_schedule_anything="linear_schedule_with_warmup",
    composer="LinearWithWarmupScheduler",
    olmo="LinearWithWarmup",
    deepspeed="WarmupDecayLR",
    megatron="linear",
    torchtitan="linear",
    nanotron="linear",
)
def _linear_decay(*, warmup: Span = percent(5), peak: Value = base, floor: Value = 0.0) -> Schedule:
    return warmup_linear(peak=peak, warmup=warmup, floor=floor)


@FAMILY.add(
    "step decay",
    r"\eta_0 \gamma^{\lfloor t / s \rfloor}",
    "He et al. 2016, arXiv:1512.03385; torch's StepLR",
    aliases=("staircase exponential",),
    torch="StepLR",
    timm="StepLRScheduler, step",
    ignite="StepStateScheduler",
    mmengine="StepLR, StepParamScheduler",
    pytorch_optimizer="StepLR",
    lrsched="step_decay",
    anyschedule="step",
    fvcore="StepWithFixedGammaParamScheduler",
    optax="exponential_decay",
    keras="ExponentialDecay",
    composer="StepScheduler",
    fairseq="step",
)
def _step(*, every: Span = percent(30), gamma: float = 0.1, peak: Value = base) -> Schedule:
    return step_decay(every, gamma=gamma, peak=peak)


@FAMILY.add(
    "multi-step decay",
    r"\eta_0 \gamma^{\#\{m_i \le t\}}",
    "He et al. 2016, arXiv:1512.03385; torch's MultiStepLR",
    aliases=("multistep",),
    notes="timm's milestone m acts at t = m - 1.",
    torch="MultiStepLR",
    timm="MultiStepLRScheduler, multistep",
    ignite="MultiStepStateScheduler",
    mmengine="MultiStepLR, MultiStepParamScheduler",
    pytorch_optimizer="MultiStepLR",
    lrsched="multi_step",
    composer="MultiStepScheduler, MultiStepWithWarmupScheduler",
)
def _multistep(
    *,
    milestones: Sequence[Span] = (percent(30), percent(60), percent(90)),
    gamma: float = 0.1,
    peak: Value = base,
) -> Schedule:
    return multistep_decay(milestones, gamma=gamma, peak=peak)


@FAMILY.add(
    "piecewise constant",
    r"v_k \text{ for } m_k \le t < m_{k+1}",
    "optax's piecewise_constant_schedule; keras's PiecewiseConstantDecay",
    fvcore="MultiStepParamScheduler, StepParamScheduler",
    optax="piecewise_constant_schedule",
    keras="PiecewiseConstantDecay",
    fairseq="manual",
)
def _piecewise_constant(
    *,
    points: Sequence[tuple[Span, Value]] = (
        (percent(0), base),
        (percent(30), 0.4 * base),
        (percent(60), 0.7 * base),
    ),
) -> Schedule:
    return Table(points, "step")


@FAMILY.add(
    "exponential decay",
    r"\eta_0 \gamma^t",
    "torch's ExponentialLR",
    aliases=("exponential per step",),
    torch="ExponentialLR",
    ignite="ExpStateScheduler",
    mmengine="ExponentialLR, ExponentialParamScheduler",
    lrsched="exponential",
    anyschedule="step",
)
def _exponential(*, gamma: float = 0.95, every: Span = percent(1), peak: Value = base) -> Schedule:
    return exponential_decay(gamma, every=every, peak=peak)


@FAMILY.add(
    "exponential decay with an end",
    r"\max(\eta_0 r^{t / s}, \eta_{\min})",
    "optax's exponential_decay; keras's ExponentialDecay",
    aliases=("exponential with a time constant",),
    lrsched="exponential_decay",
    fvcore="ExponentialParamScheduler",
    optax="exponential_decay, warmup_exponential_decay_schedule",
    keras="ExponentialDecay",
    composer="ExponentialScheduler",
)
def _exponential_to_an_end(
    *,
    rate: float = 0.5,
    every: Span = percent(10),
    peak: Value = base,
    end: Value = 0.01 * base,
) -> Schedule:
    return Exponential(peak, rate, every).clip(low=end)


@FAMILY.add(
    "geometric ramp",
    r"a (b / a)^{t / T}",
    "Smith 2017, arXiv:1506.01186 (range test); fastai's SchedExp",
    aliases=("exponential interpolation", "range test"),
    ignite="FastaiLRFinder",
    fastai="SchedExp, lr_find",
    olmo="ExponentialScheduler",
    lr_finder="ExponentialLR",
)
def _geometric(*, start: float = 1e-7, end: float = 10.0, over: Span = percent(100)) -> Schedule:
    return Geometric(start, end, over)


@FAMILY.add(
    "polynomial decay",
    r"\eta_{\min} + (\eta_0 - \eta_{\min}) (1 - p)^k",
    "Chen et al. 2016, arXiv:1606.00915",
    aliases=("poly", "polynomial with warm-up"),
    torch="PolynomialLR",
    timm="PolyLRScheduler, poly",
    transformers="get_polynomial_decay_schedule_with_warmup, polynomial",
    mmengine="PolyLR, PolyParamScheduler",
    pytorch_optimizer="PolyScheduler",
    pytorch_scheduler="PolynomialScheduler",
    lrsched="polynomial, polynomial_decay",
    torch_schedule_anything=(
        "polynomial_schedule_with_warmup, quadratic_schedule_with_warmup, sqrt_schedule_with_warmup"
    ),
    anyschedule="polynomial",
    fvcore="PolynomialDecayParamScheduler",
    optax="polynomial_schedule",
    keras="PolynomialDecay",
    composer="PolynomialScheduler, PolynomialWithWarmupScheduler",
    fairseq="polynomial_decay",
    nemo="PolynomialDecayAnnealing",
)
def _polynomial(
    *,
    power: float = 2.0,
    warmup: Span = percent(5),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return Linear(0.0, peak, warmup).then(Polynomial(peak, floor, power=power))


@FAMILY.add(
    "polynomial, power on the way in",
    r"a + (b - a) u^k",
    "fastai's SchedPoly",
    fastai="SchedPoly",
)
def _power(
    *, start: Value = base, end: Value = 0.1 * base, over: Span = percent(100), power: float = 2.0
) -> Schedule:
    return Power(start, end, over, power=power)


@FAMILY.add(
    "polynomial with cycles",
    r"\eta_{\min} + (\eta_0 - \eta_{\min}) (1 - (t \bmod T) / T)^k",
    "timm's PolyLRScheduler; pytorch-scheduler's PolynomialScheduler(cycle=True)",
    notes="keras's cycle=True stretches T to the next multiple of itself instead.",
    timm="PolyLRScheduler",
    pytorch_scheduler="PolynomialScheduler",
)
def _polynomial_cycles(
    *,
    every: Span = percent(20),
    power: float = 2.0,
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return Polynomial(peak, floor, every, power=power).repeat()


@FAMILY.add(
    "inverse time decay",
    r"\frac{\eta_0}{1 + r t / s}",
    "keras's InverseTimeDecay",
    keras="InverseTimeDecay",
)
def _inverse_time(*, rate: float = 1.0, every: Span = percent(10), peak: Value = base) -> Schedule:
    return InversePower(peak, every / rate, power=1.0)


@FAMILY.add(
    "any function of time",
    r"\eta_0 f(u)",
    "torch's LambdaLR",
    aliases=("arbitrary function", "lambda"),
    notes="Only its name is kept: no text and no file runs it.",
    torch="LambdaLR",
    ignite="LambdaStateScheduler",
    keras="LearningRateScheduler",
)
def _function(*, name: str = EXAMPLE, over: Span = percent(100), peak: Value = base) -> Schedule:
    return peak * Function(name, over)


@FAMILY.add(
    "product of factors so far",
    r"\eta(t) = \eta(t - 1) \lambda(t)",
    "torch's MultiplicativeLR",
    aliases=("multiplicative recursion",),
    notes="A constant factor is an exponential decay. Others are multiplied beforehand, as here.",
    torch="MultiplicativeLR",
    pytorch_optimizer="MultiplicativeLR",
    keras="LearningRateScheduler",
)
def _multiplicative(
    *,
    factors: Sequence[float] = (0.9, 0.8, 0.7, 0.6, 0.5),
    every: Span = percent(15),
    peak: Value = base,
) -> Schedule:
    values = list(accumulate([1.0, *factors], mul))
    points = tuple((k * every, value * peak) for k, value in enumerate(values))
    return Table(points, "step").then(Constant(values[-1] * peak))


_POINTS: Final = ((percent(0), 0.0), (percent(20), 1.0), (percent(100), 0.1))


@FAMILY.add(
    "piecewise linear",
    r"\text{linear between } (m_k, v_k) \text{ and } (m_{k+1}, v_{k+1})",
    "ignite's PiecewiseLinear; optax's piecewise_interpolate_schedule",
    ignite="PiecewiseLinear, PiecewiseLinearStateScheduler",
    optax="piecewise_interpolate_schedule",
    olmo="ComposableScheduler",
)
def _piecewise_linear(*, points: Sequence[tuple[Span, Value]] = _POINTS) -> Schedule:
    return Table(points, "linear")


@FAMILY.add(
    "piecewise cosine",
    r"\text{half a cosine between } (m_k, v_k) \text{ and } (m_{k+1}, v_{k+1})",
    "optax's piecewise_interpolate_schedule; fastai's combine_scheds",
    optax="piecewise_interpolate_schedule",
    fastai="combine_scheds, SchedCos",
    olmo="ComposableScheduler",
)
def _piecewise_cosine(*, points: Sequence[tuple[Span, Value]] = _POINTS) -> Schedule:
    return Table(points, "cosine")
