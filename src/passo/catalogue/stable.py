"""The catalogue: warm-up, stable, decay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.catalogue.elementary import EXAMPLE
from passo.catalogue.entry import Family
from passo.schedules import (
    Constant,
    Cosine,
    Function,
    Geometric,
    Linear,
    Schedule,
    Span,
    Table,
    base,
    percent,
    rest,
    warmup_constant,
    warmup_cosine,
    wsd,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("warm-up, stable, decay")


@FAMILY.add(
    "WSD with a linear cooldown",
    r"\eta_0 (1 - q)",
    "Hu et al. 2024, arXiv:2404.06395; Haegele et al. 2024, arXiv:2405.18392",
    aliases=("WSD", "trapezoid", "warmup-stable-decay", "linear cooldown"),
    timm="WSDLRScheduler, wsd",
    transformers="get_wsd_schedule, warmup_stable_decay",
    pytorch_optimizer="get_wsd_schedule",
    pytorch_scheduler="TrapezoidalScheduler, WSDScheduler",
    lrsched="warmup_stable_decay",
    anyschedule="composer",
    olmo="WSD",
    megatron="WSD",
    torchtitan="decay_ratio",
    nanotron="lr_decay_starting_step",
    nemo="WarmupHoldAnnealLinear",
)
def _linear(
    *,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return wsd(peak=peak, warmup=warmup, cooldown=cooldown, floor=floor)


@FAMILY.add(
    "WSD with a cosine cooldown",
    r"\tfrac12 \eta_0 (1 + \cos \pi q)",
    "transformers' get_wsd_schedule; Megatron's WSD",
    aliases=("cosine cooldown",),
    timm="WSDLRScheduler",
    transformers="get_wsd_schedule, warmup_stable_decay",
    pytorch_optimizer="get_wsd_schedule",
    pytorch_scheduler="WSDScheduler, WarmupHoldCosineScheduler",
    megatron="WSD",
    torchtitan="decay_ratio",
    nanotron="cosine",
)
def _cosine(
    *,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return wsd(peak=peak, warmup=warmup, cooldown=cooldown, shape="cosine", floor=floor)


@FAMILY.add(
    "WSD with a 1-sqrt cooldown",
    r"\eta_0 (1 - \sqrt q)",
    "Haegele et al. 2024, arXiv:2405.18392",
    aliases=("1-sqrt cooldown", "minus_sqrt"),
    timm="WSDLRScheduler",
    transformers="get_wsd_schedule, warmup_stable_decay",
    pytorch_optimizer="get_wsd_schedule",
    pytorch_scheduler="WSDScheduler",
    lrsched="warmup_stable_decay",
    megatron="WSD",
    torchtitan="sqrt",
    nanotron="1-sqrt",
    nemo="WarmupHoldAnnealOneMinusSquareRoot",
)
def _sqrt(
    *,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return wsd(peak=peak, warmup=warmup, cooldown=cooldown, shape="1-sqrt", floor=floor)


@FAMILY.add(
    "WSD with a power cooldown",
    r"\eta_0 (1 - q^k)",
    "timm's WSDLRScheduler(decay_power); pytorch-optimizer's get_wsd_schedule",
    aliases=("1-square cooldown", "WSD with a square cooldown"),
    timm="WSDLRScheduler",
    pytorch_optimizer="get_wsd_schedule",
)
def _power(
    *,
    power: float = 2.0,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return wsd(peak=peak, warmup=warmup, cooldown=cooldown, shape=power, floor=floor)


@FAMILY.add(
    "WSD with an exponential cooldown",
    r"\eta_0 (r^q - r) / (1 - r)",
    "Megatron's WSD (r = 1/2, 2 · ½^q - 1); timm's WSDLRScheduler(decay_ratio=r)",
    aliases=("exponential cooldown",),
    notes="It reaches 0; MiniCPM's, WSD with a half-life cooldown, does not.",
    timm="WSDLRScheduler",
    megatron="WSD",
)
def _exponential(
    *,
    ratio: float = 0.5,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
) -> Schedule:
    fall = (Geometric(1.0, ratio, cooldown) - ratio) / (1 - ratio)
    return Linear(0.0, peak, warmup).then(Constant(peak, rest), peak * fall)


@FAMILY.add(
    "WSD with a half-life cooldown",
    r"\eta_0 2^{-(t - S) / \tau}",
    "Hu et al. 2024, arXiv:2404.06395 (MiniCPM)",
    aliases=("geometric cooldown", "MiniCPM cooldown"),
    notes="It halves every cooldown / halvings, and stops there: wsd(shape='geometric').",
)
def _half_life(
    *,
    halvings: float = 4.0,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
) -> Schedule:
    floor = 0.5**halvings * peak
    return wsd(peak=peak, warmup=warmup, cooldown=cooldown, shape="geometric", floor=floor)


@FAMILY.add(
    "WSD with a cooldown of your own",
    r"\eta_0 f(q)",
    "timm's WSDLRScheduler(decay_fn)",
    notes="Only the name of f is kept: no text and no file runs it.",
    timm="WSDLRScheduler",
)
def _own(
    *,
    name: str = EXAMPLE,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
) -> Schedule:
    return Linear(0.0, peak, warmup).then(Constant(peak, rest), peak * Function(name, cooldown))


@FAMILY.add(
    "WSD-S",
    r"\text{hold, decay, hold, decay, ...}",
    "Wen et al. 2024, arXiv:2410.05192",
    aliases=("WSD with repeated decays",),
    olmo="WSDS",
)
def _repeated(
    *,
    warmup: Span = percent(5),
    holds: Sequence[Span] = (percent(30), percent(45)),
    cooldown: Span = percent(10),
    peak: Value = base,
    floor: Value = 0.1 * base,
) -> Schedule:
    parts = [(Constant(peak, hold), Linear(peak, floor, cooldown)) for hold in holds]
    return Linear(0.0, peak, warmup).then(*(part for pair in parts for part in pair))


@FAMILY.add(
    "late cooldown",
    r"\eta(t) \text{ for } t < s, \text{ then linear from } \eta(s) \text{ to } \eta_{\min}",
    "OLMo-core's override_decay",
    aliases=("late branch", "override decay"),
    olmo="ComposableScheduler, SequentialScheduler",
)
def _late(
    *,
    at: Span = percent(50),
    over: Span = percent(20),
    warmup: Span = percent(5),
    peak: Value = base,
    end: Value = 0.01 * base,
) -> Schedule:
    return warmup_cosine(peak=peak, warmup=warmup).cooldown(at, over, end)


@FAMILY.add(
    "tri-stage",
    r"\eta_0 \nearrow, \text{ hold, then } \eta_0 f^q",
    "Park et al. 2019, arXiv:1904.08779; fairseq's tri_stage",
    fairseq="tri_stage",
)
def _tri_stage(
    *,
    start: float = 0.01,
    warmup: Span = percent(10),
    hold: Span = percent(40),
    final: float = 0.05,
    peak: Value = base,
) -> Schedule:
    ramp = Linear(start * peak, peak, warmup)
    return ramp.then(Constant(peak, hold), Geometric(peak, final * peak))


@FAMILY.add(
    "infinite",
    r"\eta_c + \tfrac12 (\eta_0 - \eta_c) (1 + \cos \pi p), \quad \eta_c, "
    r"\quad \eta_c (\eta_{\min} / \eta_c)^q",
    "Ibrahim et al. 2024, arXiv:2403.08763; Singh et al. 2025, arXiv:2503.02844",
    aliases=("infinite learning rate", "cosine to constant, then anneal"),
)
def _infinite(
    *,
    warmup: Span = percent(5),
    fall: Span = percent(25),
    anneal: Span = percent(20),
    constant: float = 0.3,
    end: float = 0.01,
    peak: Value = base,
) -> Schedule:
    held = constant * peak
    fallen = Linear(0.0, peak, warmup).then(Cosine(peak, held, fall))
    return fallen.then(Constant(held, rest), Geometric(held, end * peak, anneal))


@FAMILY.add(
    "knee",
    r"\eta_0 \text{ while exploring, then } \eta_0 (1 - p)",
    "Iyer et al. 2020, arXiv:2003.03977",
    aliases=("explore and exploit",),
)
def _knee(
    *, warmup: Span = percent(5), explore: Span = percent(45), peak: Value = base
) -> Schedule:
    return Linear(0.0, peak, warmup).then(Constant(peak, explore), Linear(peak, 0.0))


@FAMILY.add(
    "WSD with a mirrored cosine cooldown",
    r"\eta_0 (2 (1 - q) - \tfrac12 (1 + \cos \pi q))",
    "Dremov et al. 2025, arXiv:2508.01483",
    aliases=("mirror cosine",),
)
def _mirror(
    *, warmup: Span = percent(5), cooldown: Span = percent(20), peak: Value = base
) -> Schedule:
    return wsd(peak=peak, warmup=warmup, cooldown=cooldown, shape="mirror")


@FAMILY.add(
    "WSD with a lowered linear cooldown",
    r"f \eta_0 (1 - q)",
    "Dremov et al. 2025, arXiv:2508.01483",
    aliases=("lowered linear",),
)
def _lowered(
    *,
    factor: float = 0.7,
    warmup: Span = percent(5),
    cooldown: Span = percent(20),
    peak: Value = base,
) -> Schedule:
    fall = Linear(factor * peak, 0.0, cooldown)
    return Linear(0.0, peak, warmup).then(Constant(peak, rest), fall)


@FAMILY.add(
    "WSM",
    r"\eta_0 \nearrow, \text{ then hold: merged checkpoints stand for the decay}",
    "Tian et al. 2025, arXiv:2507.17634",
    aliases=("warmup-stable-merge",),
)
def _merge(*, warmup: Span = percent(5), peak: Value = base) -> Schedule:
    return warmup_constant(peak=peak, warmup=warmup)


@FAMILY.add(
    "DeepSeek multi-step",
    r"\eta_0, \quad 0.316 \eta_0 \text{ from } 80\,\%, \quad 0.1 \eta_0 \text{ from } 90\,\%",
    "DeepSeek-AI 2024, arXiv:2401.02954",
)
def _deepseek(*, warmup: Span = percent(1), gamma: float = 0.316, peak: Value = base) -> Schedule:
    stairs = Table(((percent(0), 1.0), (percent(80), gamma), (percent(90), gamma**2)), "step")
    warm = Linear(0.0, 1.0, warmup).then(Constant(1.0))
    return peak * warm * stairs.then(Constant(gamma**2))


@FAMILY.add(
    "speedrun trapezoid",
    r"\eta_0 \min(1, (t + 1) / W), \text{ then hold, then } \eta_0 (1 - q)",
    "Karpathy 2025, nanochat; Jordan et al. 2024, modded-nanogpt",
    notes="Their clock is one ahead.",
)
def _speedrun(
    *,
    warmup: Span = percent(4),
    cooldown: Span = percent(40),
    ahead: Span = percent("0.1"),
    peak: Value = base,
) -> Schedule:
    ramp = Linear(0.0, peak, warmup).skip(ahead)
    return ramp.then(Constant(peak, rest), Linear(peak, 0.0, cooldown))
