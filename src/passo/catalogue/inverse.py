"""The catalogue: what falls as a power of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    Constant,
    InversePower,
    Linear,
    Schedule,
    Span,
    base,
    inverse_sqrt,
    noam,
    percent,
    steps,
)

if TYPE_CHECKING:
    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("inverse powers")


@FAMILY.add(
    "Noam",
    r"d^{-1/2} \min(t^{-1/2}, t W^{-3/2})",
    "Vaswani et al. 2017, arXiv:1706.03762",
    aliases=("Transformer schedule", "attention is all you need"),
    nemo="NoamAnnealing",
    paddle="NoamDecay",
    opennmt="noam",
)
def _noam(*, d_model: int = 512, warmup: Span = steps(400), scale: float = 1.0) -> Schedule:
    return noam(d_model, warmup=warmup, scale=scale)


@FAMILY.add(
    "inverse square root",
    r"\eta_0 t / W \text{ for } t < W, \text{ then } \eta_0 \sqrt{W / t}",
    "Vaswani et al. 2017, arXiv:1706.03762; fairseq's inverse_sqrt",
    aliases=("rsqrt",),
    transformers="get_inverse_sqrt_schedule, inverse_sqrt",
    pytorch_scheduler="InverseSqrtScheduler",
    lrsched="inverse_sqrt",
    olmo="InvSqrtWithWarmup",
    megatron="inverse-square-root",
    fairseq="inverse_sqrt",
    nemo="InverseSquareRootAnnealing, T5InverseSquareRootAnnealing",
)
def _inverse_sqrt(*, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return inverse_sqrt(peak=peak, warmup=warmup)


@FAMILY.add(
    "inverse square root with a time scale",
    r"\eta_0 / \sqrt{1 + (t - W) / \tau}",
    "Zhai et al. 2022, arXiv:2106.04560; big_vision",
    aliases=("reciprocal square root", "rsqrt with timescale"),
    timm="WSDLRScheduler, rsqrt",
    transformers="get_inverse_sqrt_schedule",
    big_vision="rsqrt",
)
def _timescale(
    *, scale: Span = percent(10), warmup: Span = percent(5), peak: Value = base
) -> Schedule:
    return Linear(0.0, peak, warmup).then(InversePower(peak, scale))


@FAMILY.add(
    "inverse square root with a cooldown",
    r"\text{rsqrt, then linear to } \eta_{\min} \text{ over the last } D",
    "Zhai et al. 2022, arXiv:2106.04560",
    aliases=("rsqrt with cooldown",),
    timm="rsqrt",
    llm_foundry="InverseSquareRootWithWarmupScheduler",
    big_vision="rsqrt",
)
def _rsqrt_cooldown(
    *,
    warmup: Span = percent(5),
    at: Span = percent(80),
    over: Span = percent(20),
    peak: Value = base,
    end: Value = 0.0,
) -> Schedule:
    return inverse_sqrt(peak=peak, warmup=warmup).cooldown(at, over, end)


@FAMILY.add(
    "power law",
    r"\eta_0 (1 + (t - W) / \tau)^{-\alpha}",
    "timm's and OLMo-core's source",
    aliases=("power-law decay",),
    timm="WSDLRScheduler",
    pytorch_scheduler="PowerDecayScheduler",
    anyschedule="power",
    olmo="PowerLR",
)
def _power_law(
    *,
    power: float = 0.7,
    scale: Span = percent(10),
    warmup: Span = percent(5),
    peak: Value = base,
) -> Schedule:
    return Linear(0.0, peak, warmup).then(InversePower(peak, scale, power))


@FAMILY.add(
    "power scheduler",
    r"\min(\eta_{\max}, a t^{-b})",
    "Shen et al. 2024, arXiv:2408.13359",
    notes="`hold` is where the two meet. With a Run in tokens its n is tokens.",
    anyschedule="power",
    olmo="PowerLR",
)
def _power_scheduler(
    *, hold: Span = percent(10), power: float = 0.51, peak: Value = base
) -> Schedule:
    return Constant(peak, hold).then(InversePower(peak, hold, power))
