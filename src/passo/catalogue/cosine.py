"""The catalogue: cosines, their restarts, and what is cut out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    Constant,
    Cosine,
    CosinePower,
    KDecay,
    KDecayCosine,
    Linear,
    Schedule,
    Span,
    base,
    percent,
    warm_restarts,
    warmup_cosine,
    wave,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("cosine")


@FAMILY.add(
    "cosine",
    r"\eta_{\min} + \tfrac12 (\eta_0 - \eta_{\min}) (1 + \cos \pi p)",
    "Loshchilov and Hutter 2017, arXiv:1608.03983",
    aliases=("cosine annealing", "cosine decay", "cosine with warm-up"),
    notes="torch's, transformers' and torchtune's climb again past the end.",
    torch="CosineAnnealingLR",
    timm="CosineLRScheduler, cosine",
    transformers=(
        "get_cosine_schedule_with_warmup, cosine, get_cosine_with_min_lr_schedule_with_warmup, "
        "cosine_with_min_lr, get_cosine_with_min_lr_schedule_with_warmup_lr_rate, "
        "cosine_warmup_with_min_lr"
    ),
    mmengine="CosineAnnealingLR, CosineAnnealingParamScheduler",
    pytorch_optimizer="CosineScheduler",
    pytorch_scheduler="CosineWithWarmupScheduler",
    lrsched="cosine",
    anyschedule="cosine",
    fvcore="CosineParamScheduler",
    optax="cosine_decay_schedule, warmup_cosine_decay_schedule",
    keras="CosineDecay",
    fastai="SchedCos",
    composer="CosineAnnealingScheduler, CosineAnnealingWithWarmupScheduler",
    olmo="CosWithWarmup",
    deepspeed="WarmupCosineLR",
    megatron="cosine",
    torchtitan="cosine",
    torchtune="get_cosine_schedule_with_warmup",
    nanotron="cosine",
    nemo="CosineAnnealing",
    fairseq="cosine",
)
def _cosine(*, warmup: Span = percent(5), peak: Value = base, floor: Value = 0.0) -> Schedule:
    return warmup_cosine(peak=peak, warmup=warmup, floor=floor)


@FAMILY.add(
    "cosine waves",
    r"\tfrac12 \eta_0 (1 + \cos 2 \pi c p)",
    "transformers' num_cycles",
    aliases=("cosine that climbs again", "num_cycles"),
    notes="With c = 1/2 it is the usual half cycle.",
    transformers="get_cosine_schedule_with_warmup, get_wsd_schedule",
    pytorch_optimizer="get_wsd_schedule",
    torchtune="get_cosine_schedule_with_warmup",
)
def _waves(
    *,
    cycles: float = 1.5,
    over: Span = percent(95),
    warmup: Span = percent(5),
    peak: Value = base,
) -> Schedule:
    return Linear(0.0, peak, warmup).then(wave(cycles=cycles, over=over, peak=peak))


@FAMILY.add(
    "cosine with hard restarts",
    r"\tfrac12 \eta_0 (1 + \cos \pi ((c p) \bmod 1)), \quad 0 \text{ at } p \ge 1",
    "transformers' get_cosine_with_hard_restarts_schedule_with_warmup",
    aliases=("hard restarts",),
    timm="CosineLRScheduler",
    transformers="get_cosine_with_hard_restarts_schedule_with_warmup, cosine_with_restarts",
)
def _hard_restarts(
    *,
    cycles: int = 3,
    over: Span = percent(95),
    warmup: Span = percent(5),
    peak: Value = base,
) -> Schedule:
    cosines = Cosine(peak, 0.0, over / cycles).repeat(cycles)
    return Linear(0.0, peak, warmup).then(cosines, Constant(0.0))


@FAMILY.add(
    "warm restarts",
    r"\eta_{\min} + \tfrac12 (\eta_0 - \eta_{\min}) (1 + \cos \pi T_{cur} / T_i), "
    r"\quad T_i = T_0 m^i",
    "Loshchilov and Hutter 2017, arXiv:1608.03983 (SGDR)",
    aliases=("SGDR", "cosine annealing with warm restarts"),
    torch="CosineAnnealingWarmRestarts",
    timm="CosineLRScheduler",
    ignite="CosineAnnealingScheduler",
    pytorch_optimizer="CosineAnnealingWarmRestarts",
    pytorch_scheduler="CosineAnnealingWarmupRestarts",
    lrsched="cosine_restarts",
    keras="CosineDecayRestarts",
    fastai="fit_sgdr",
    composer="CosineAnnealingWarmRestartsScheduler",
)
def _warm_restarts(
    *,
    first: Span = percent(10),
    grow: float = 2.0,
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return warm_restarts(first=first, grow=grow, peak=peak, floor=floor)


@FAMILY.add(
    "warm restarts with falling peaks",
    r"\eta_{\min} + \tfrac12 (\eta_0 g^i - \eta_{\min}) (1 + \cos \pi T_{cur} / T_i)",
    "timm's cycle_decay; keras's m_mul",
    aliases=("SGDR with decaying peak",),
    timm="CosineLRScheduler",
    ignite="CosineAnnealingScheduler",
    pytorch_optimizer="CosineAnnealingWarmupRestarts",
    pytorch_scheduler="CosineAnnealingWarmupRestarts",
    keras="CosineDecayRestarts",
)
def _falling_restarts(
    *,
    first: Span = percent(20),
    grow: float = 1.0,
    shrink: float = 0.5,
    peak: Value = base,
    floor: Value = 0.01 * base,
) -> Schedule:
    return warm_restarts(first=first, grow=grow, shrink=shrink, peak=peak, floor=floor)


@FAMILY.add(
    "warm restarts with a warm-up in each cycle",
    r"g^i \eta_0 \cdot \{ t_i / w \text{ for } t_i < w, \text{ then } "
    r"\tfrac12 (1 + \cos \pi (t_i - w) / (T - w)) \}",
    "katsura-jp's pytorch-cosine-annealing-with-warmup",
    aliases=("SGDR with warm-up in every cycle",),
    ignite="CyclicalScheduler",
    pytorch_optimizer="CosineAnnealingWarmupRestarts",
    pytorch_scheduler="CosineAnnealingWarmupRestarts",
    optax="sgdr_schedule",
)
def _warmed_restarts(
    *,
    warmup: Span = percent(5),
    fall: Span = percent(20),
    shrink: float = 0.8,
    peak: Value = base,
) -> Schedule:
    return Linear(0.0, peak, warmup).then(Cosine(peak, 0.0, fall)).repeat(scale=shrink)


@FAMILY.add(
    "restarts of their own length and height",
    r"\tfrac12 w_k \eta_0 (1 + \cos \pi t_k / P_k)",
    "mmengine's CosineRestartLR",
    aliases=("cosine restarts with periods and weights",),
    mmengine="CosineRestartLR, CosineRestartParamScheduler",
    optax="sgdr_schedule",
)
def _own_restarts(
    *,
    periods: Sequence[Span] = (percent(40), percent(60)),
    weights: Sequence[float] = (1.0, 0.5),
    peak: Value = base,
) -> Schedule:
    first, *others = (
        Cosine(weight * peak, 0.0, period) for period, weight in zip(periods, weights, strict=True)
    )
    return first.then(*others)


@FAMILY.add(
    "cosine to a power",
    r"\eta_0 \left[ (1 - \alpha) (\tfrac12 (1 + \cos \pi p))^k + \alpha \right]",
    "optax's cosine_decay_schedule(exponent=k)",
    optax="cosine_decay_schedule, warmup_cosine_decay_schedule",
)
def _cosine_power(
    *, power: float = 2.0, over: Span = percent(100), peak: Value = base, floor: Value = 0.0
) -> Schedule:
    return CosinePower(peak, floor, over, power=power)


@FAMILY.add(
    "k-decay cosine",
    r"\eta_{\min} + \tfrac12 (\eta_0 - \eta_{\min}) (1 + \cos \pi u^k)",
    "Zhang and Li 2020, arXiv:2004.05909",
    aliases=("k-decay",),
    timm="CosineLRScheduler",
    pytorch_scheduler="KDecayScheduler",
)
def _k_decay_cosine(
    *, k: float = 2.0, over: Span = percent(100), peak: Value = base, floor: Value = 0.0
) -> Schedule:
    return KDecayCosine(peak, floor, over, k=k)


@FAMILY.add(
    "k-decay polynomial",
    r"\eta_{\min} + (\eta_0 - \eta_{\min}) (1 - u^k)^n",
    "Zhang and Li 2020, arXiv:2004.05909",
    aliases=("k-decay",),
    timm="PolyLRScheduler",
)
def _k_decay(
    *,
    k: float = 2.0,
    power: float = 1.0,
    over: Span = percent(100),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return KDecay(peak, floor, over, k=k, power=power)


@FAMILY.add(
    "quarter cosine",
    r"a + (\eta_0 - a) \cos(\tfrac12 \pi p)",
    "torch-schedule-anything's cosine_annealing_with_warmup",
    torch_schedule_anything="cosine_annealing_with_warmup",
)
def _quarter(
    *, over: Span = percent(95), warmup: Span = percent(5), peak: Value = base, end: Value = 0.0
) -> Schedule:
    quarter = Cosine(peak, 2 * end - peak, over).stretch(2).until(over)
    return Linear(0.0, peak, warmup).then(quarter)


@FAMILY.add(
    "second half of a cosine",
    r"\eta_{\min} + \tfrac12 (\eta_0 - \eta_{\min}) (1 + \cos \tfrac12 \pi (1 + p))",
    "OLMo-core's HalfCosWithWarmup",
    aliases=("half cosine",),
    olmo="HalfCosWithWarmup",
)
def _second_half(
    *,
    over: Span = percent(95),
    warmup: Span = percent(5),
    peak: Value = base,
    floor: Value = 0.1 * base,
) -> Schedule:
    half = Cosine(peak, floor, over).stretch(2).skip(over)
    return Linear(0.0, 0.5 * peak + 0.5 * floor, warmup).then(half)


@FAMILY.add(
    "flat, then cosine",
    r"\eta_0 \text{ for } u < \varphi, \text{ then } \tfrac12 \eta_0 (1 + \cos \pi p)",
    "fastai's fit_flat_cos",
    pytorch_scheduler="FlatCosineScheduler, WarmupHoldCosineScheduler",
    fastai="fit_flat_cos",
    anyschedule="composer",
)
def _flat_cosine(*, flat: Span = percent(75), peak: Value = base) -> Schedule:
    return Constant(peak, flat).then(Cosine(peak, 0.0))


@FAMILY.add(
    "cosine cut short, then linear",
    r"\text{cosine to } s, \text{ then linear from its value there to } \eta_{\min}",
    "OLMo-core's CosWithWarmupAndLinearDecay",
    olmo="CosWithWarmupAndLinearDecay",
)
def _cut_cosine(
    *,
    at: Span = percent(80),
    over: Span = percent(20),
    warmup: Span = percent(5),
    peak: Value = base,
    floor: Value = 0.1 * base,
    end: Value = 0.0,
) -> Schedule:
    return warmup_cosine(peak=peak, warmup=warmup, floor=floor).cooldown(at, over, end)


@FAMILY.add(
    "cosine under a line",
    r"\tfrac12 \eta_0 (1 + \cos \pi u) (1 - u)",
    "OLMo's CosLinearEnvelope",
    aliases=("cosine times linear envelope",),
)
def _cosine_line(*, over: Span = percent(100), peak: Value = base) -> Schedule:
    return Cosine(peak, 0.0, over) * Linear(1.0, 0.0, over)
