"""The catalogue: numbers beside the rate, from momentum and batch size to temperatures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    Function,
    InversePower,
    Linear,
    Schedule,
    Span,
    Table,
    Tanh,
    base,
    one_cycle_momentum,
    percent,
    register,
    rest,
    steps,
    warmup_cosine,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("other numbers")
HALVED: Final = "half-life of the catalogue"
"""The name under which two to the power of -1 / t is registered."""
LEAST: Final = 1e-300  # at t = 0 it makes a 0 of 0.5 ** (1 / t), and changes no other t


@FAMILY.add(
    "momentum against the rate",
    r"m_{\max} \searrow m_{\min} \text{ in } \varphi T, \text{ then } \nearrow m_{\max}",
    "Smith 2018, arXiv:1803.09820",
    aliases=("cycle_momentum", "one cycle's momentum"),
    torch="OneCycleLR, CyclicLR",
    mmengine="LinearMomentum, OneCycleParamScheduler",
    fastai="fit_one_cycle",
    deepspeed="OneCycle",
)
def _momentum(*, low: float = 0.85, high: float = 0.95, rise: Span = percent(30)) -> Schedule:
    return one_cycle_momentum(low=low, high=high, rise=rise)


@FAMILY.add(
    "weight-decay ramp",
    r"w_s + \tfrac12 (w_e - w_s) (1 - \cos \pi u)",
    "Caron et al. 2021, arXiv:2104.14294 (DINO); Megatron's wd_incr_style",
    aliases=("cosine weight decay",),
    megatron="wd_incr_style",
    mmengine="CosineAnnealingParamScheduler",
    torch_schedule_anything="cosine_annealing_with_warmup",
    optax="inject_hyperparams",
    fastai="ParamScheduler",
)
def _weight_decay(*, start: float = 0.04, end: float = 0.4, over: Span = percent(100)) -> Schedule:
    return Cosine(start, end, over)


@FAMILY.add(
    "linear weight decay to zero",
    r"w (1 - u)",
    "Karpathy 2025, nanochat",
    megatron="wd_incr_style",
)
def _weight_decay_to_zero(*, start: Value = base, over: Span = percent(100)) -> Schedule:
    return Linear(start, 0.0, over)


@FAMILY.add(
    "weight decay in step with the rate",
    r"w \, \eta(t) / \eta_0",
    "Defazio 2025, arXiv:2506.02285 (AdamC)",
    aliases=("AdamC",),
    notes="The shape is written twice, once for each field.",
)
def _corrected(*, warmup: Span = percent(5), decay: Value = base) -> Schedule:
    return decay * warmup_cosine(peak=1.0, warmup=warmup)


@FAMILY.add(
    "batch size in steps",
    r"B_k \text{ for } m_k \le t < m_{k+1}",
    "Smith et al. 2018, arXiv:1711.00489",
    aliases=("batch size schedule",),
    ignite="BatchSizeScheduler",
    olmo="BatchSizeSchedulerCallback",
)
def _batch_size(
    *,
    points: Sequence[tuple[Span, float]] = (
        (percent(0), 32),
        (percent(30), 64),
        (percent(60), 128),
    ),
) -> Schedule:
    return Table(points, "step").round()


@FAMILY.add(
    "batch size ramp",
    r"B_0 + \Delta \lfloor t / s \rfloor, \text{ to } B_1",
    "Megatron's rampup-batch-size",
    aliases=("rampup batch size",),
    megatron="rampup_batch_size",
)
def _batch_ramp(
    *, start: int = 32, add: int = 32, to: int = 256, over: Span = percent(50)
) -> Schedule:
    count = (to - start) // add
    points = tuple((k * (over / count), start + add * k) for k in range(count + 1))
    return Table(points, "step").then(Constant(to)).round()


@FAMILY.add(
    "Seesaw, the rate",
    r"\eta_0 \alpha^{-\lfloor t / s \rfloor / 2}",
    "Meterez et al. 2025, arXiv:2510.14717 (Seesaw)",
    notes="Beside a step decay by alpha: the rate falls by its root, the batch grows by alpha.",
)
def _seesaw_rate(*, every: Span = percent(20), alpha: float = 2.0, peak: Value = base) -> Schedule:
    return Exponential(peak, alpha**-0.5, every).staircase(every)


@FAMILY.add(
    "Seesaw, the batch size",
    r"B_0 \alpha^{\lfloor t / s \rfloor}",
    "Meterez et al. 2025, arXiv:2510.14717 (Seesaw)",
)
def _seesaw_batch(
    *, every: Span = percent(20), alpha: float = 2.0, start: float = 64.0
) -> Schedule:
    return Exponential(start, alpha, every).staircase(every).round()


@FAMILY.add(
    "sequence length",
    r"d \lfloor (L_0 + (L_1 - L_0) u) / d \rceil",
    "Li et al. 2022, arXiv:2108.06084; DeepSpeed's curriculum",
    aliases=("sequence length warm-up", "curriculum"),
    olmo="SequenceLengthSchedulerCallback",
    deepspeed="curriculum_learning",
)
def _sequence_length(
    *, start: float = 64.0, end: float = 1024.0, to: int = 64, over: Span = percent(50)
) -> Schedule:
    return Linear(start, end, over).round(to)


@FAMILY.add(
    "Muon momentum warm-up",
    r"0.85 + 0.1 \min(1, t / 300)",
    "Jordan et al. 2024, modded-nanogpt",
)
def _muon(*, low: float = 0.85, high: float = 0.95, warmup: Span = steps(300)) -> Schedule:
    return Linear(low, high, warmup).then(Constant(high))


@FAMILY.add(
    "Muon momentum warm-up and cooldown",
    r"0.85 \nearrow 0.95, \text{ hold}, \searrow 0.85",
    "Jordan et al. 2024, modded-nanogpt",
)
def _muon_cooldown(
    *,
    low: float = 0.85,
    high: float = 0.95,
    warmup: Span = percent(15),
    cooldown: Span = percent(5),
) -> Schedule:
    return Linear(low, high, warmup).then(Constant(high, rest), Linear(high, low, cooldown))


@FAMILY.add(
    "Adafactor's beta2",
    r"1 - (t + 1)^{-0.8}",
    "Shazeer and Stern 2018, arXiv:1804.04235",
    aliases=("beta2 decay",),
)
def _adafactor(*, power: float = 0.8) -> Schedule:
    return 1 - InversePower(1.0, steps(1), power)


@FAMILY.add(
    "EMA decay, warmed up",
    r"\min(d, (1 + t) / (10 + t))",
    "TensorFlow's ExponentialMovingAverage(num_updates)",
    aliases=("EMA warm-up",),
)
def _ema(*, decay: float = 0.999, offset: float = 10.0) -> Schedule:
    gap = (1 - 1 / offset) * InversePower(1.0, steps(offset), power=1.0)
    return (1 - gap).minimum(decay)


@FAMILY.add(
    "EMA decay, power",
    r"\operatorname{clip}(1 - (1 + t / \gamma)^{-p}, 0, d)",
    "diffusers' EMAModel",
    diffusers="EMAModel",
)
def _ema_power(*, decay: float = 0.9999, scale: Span = steps(1), power: float = 2 / 3) -> Schedule:
    return (1 - InversePower(1.0, scale, power)).clip(low=0.0, high=decay)


@FAMILY.add(
    "post-hoc EMA",
    r"(1 - 1 / (t + 1))^{\gamma + 1}",
    "Karras et al. 2024, arXiv:2312.02696",
    aliases=("power function EMA",),
)
def _post_hoc(*, gamma: float = 6.94) -> Schedule:
    return (1 - InversePower(1.0, steps(1), power=1.0)).power(gamma + 1)


@register(HALVED)
def _halved(t: Any) -> Any:
    return 0.5 ** (1 / (t + LEAST))


@FAMILY.add(
    "EMA half-life ramp",
    r"0.5^{B / \min(h, r B t)}",
    "Karras et al. 2022, arXiv:2206.00364 (EDM)",
    notes=(
        "B images an update, a half-life of h images, at most r of those seen so far. Two to the "
        "power of -1 / t is a Function: only its name is kept, no text and no file runs it."
    ),
)
def _half_life(
    *, batch: float = 512.0, half_life: float = 500_000.0, ramp: float = 0.05
) -> Schedule:
    grown = Function(HALVED).stretch(1 / ramp)
    return grown.minimum(0.5 ** (batch / half_life))


@FAMILY.add(
    "DINO teacher temperature",
    r"\tau_s + (\tau_e - \tau_s) \min(1, t / W)",
    "Caron et al. 2021, arXiv:2104.14294",
)
def _teacher_temperature(
    *, start: float = 0.04, end: float = 0.07, warmup: Span = percent(30)
) -> Schedule:
    return Linear(start, end, warmup).then(Constant(end))


@FAMILY.add(
    "DINO teacher momentum",
    r"1 - \tfrac12 (1 - m) (1 + \cos \pi u)",
    "Grill et al. 2020, arXiv:2006.07733 (BYOL); Caron et al. 2021, arXiv:2104.14294",
    aliases=("BYOL target momentum",),
)
def _teacher_momentum(*, start: float = 0.996, over: Span = percent(100)) -> Schedule:
    return Cosine(start, 1.0, over)


@FAMILY.add(
    "DINO cosine",
    r"\eta_0 t / (W - 1), \text{ then } \eta_{\min} + "
    r"\tfrac12 (\eta_0 - \eta_{\min}) (1 + \cos \pi p)",
    "DINO's cosine_scheduler",
    notes="numpy.linspace includes its end: the peak is used twice.",
)
def _dino(
    *,
    warmup: Span = percent(5),
    step: Span = percent("0.1"),
    peak: Value = base,
    floor: Value = 0.1 * base,
) -> Schedule:
    ramp = Linear(0.0, peak, warmup - step)
    return ramp.then(Constant(peak, step), Cosine(peak, floor))


@FAMILY.add(
    "frozen at first",
    r"0 \text{ for } t < F, \text{ then } \eta(t)",
    "DINO's freeze_last_layer; fastai's fine_tune",
    aliases=("freeze the last layer",),
)
def _frozen(
    *, frozen: Span = percent(1), warmup: Span = percent(5), peak: Value = base
) -> Schedule:
    thawed = Constant(0.0, frozen).then(Constant(1.0))
    return thawed * warmup_cosine(peak=peak, warmup=warmup)


@FAMILY.add(
    "drop path over the run",
    r"d u",
    "Liu et al. 2023, arXiv:2303.01500",
    aliases=("linear drop path",),
)
def _drop_path(*, end: float = 0.3, over: Span = percent(100)) -> Schedule:
    return Linear(0.0, end, over)


@FAMILY.add(
    "early drop path",
    r"d \text{ for } t < E, \text{ then } 0",
    "Liu et al. 2023, arXiv:2303.01500 (early dropout)",
    aliases=("early dropout",),
)
def _early_dropout(*, rate: float = 0.1, early: Span = percent(20)) -> Schedule:
    return Constant(rate, early).then(Constant(0.0))


@FAMILY.add(
    "KL annealing, cyclical",
    r"\min(1, 2 (t \bmod T) / T)",
    "Fu et al. 2019, arXiv:1903.10145",
    aliases=("beta annealing",),
)
def _kl_cycles(*, cycles: int = 4, every: Span = percent(25)) -> Schedule:
    ramp = Linear(0.0, 1.0, every / 2).then(Constant(1.0, every / 2))
    return ramp.repeat(cycles).then(Constant(1.0))


@FAMILY.add(
    "KL annealing, sigmoid",
    r"1 / (1 + e^{-k (t - t_0)})",
    "Bowman et al. 2016, arXiv:1511.06349",
    notes="From -`steep` to `steep` over the run.",
)
def _kl_sigmoid(*, steep: float = 10.0, over: Span = percent(100)) -> Schedule:
    end = 1 / (1 + math.exp(-steep))
    return Tanh(1 - end, end, over, low=-steep / 2, high=steep / 2)


@FAMILY.add(
    "DANN lambda",
    r"2 / (1 + e^{-10 u}) - 1",
    "Ganin and Lempitsky 2015, arXiv:1409.7495",
    aliases=("gradient reversal", "domain adaptation"),
)
def _dann(*, steep: float = 10.0, over: Span = percent(100)) -> Schedule:
    return Tanh(0.0, math.tanh(steep / 2), over, low=0.0, high=steep / 2)


@FAMILY.add(
    "epsilon-greedy, linear",
    r"\max(\varepsilon_1, 1 - (1 - \varepsilon_1) t / N)",
    "Mnih et al. 2015 (DQN)",
    aliases=("DQN exploration",),
)
def _epsilon(*, start: float = 1.0, end: float = 0.05, over: Span = percent(10)) -> Schedule:
    return Linear(start, end, over).then(Constant(end))


@FAMILY.add(
    "epsilon-greedy, exponential",
    r"\varepsilon_1 + (\varepsilon_0 - \varepsilon_1) e^{-t / \tau}",
    "PyTorch's DQN tutorial",
)
def _epsilon_exponential(
    *, start: float = 0.9, end: float = 0.05, scale: Span = percent(25)
) -> Schedule:
    return end + (start - end) * Exponential(1.0, math.exp(-1), scale)


@FAMILY.add(
    "Gumbel temperature",
    r"\max(\tau_1, e^{-r t})",
    "Jang et al. 2017, arXiv:1611.01144",
    aliases=("Gumbel-softmax",),
)
def _gumbel(*, rate: float = 0.003, end: float = 0.5) -> Schedule:
    return Exponential(1.0, math.exp(-rate)).clip(low=end)


@FAMILY.add(
    "label smoothing decay",
    r"s (1 - u)",
    "Xu et al. 2020, arXiv:2006.11653 (two-stage label smoothing)",
)
def _smoothing(*, start: float = 0.1, over: Span = percent(50)) -> Schedule:
    return Linear(start, 0.0, over)


@FAMILY.add(
    "scheduled sampling, inverse sigmoid",
    r"k / (k + e^{t / k})",
    "Bengio et al. 2015, arXiv:1506.03099",
    aliases=("scheduled sampling",),
)
def _sampling(*, k: float = 100.0, over: Span = steps(1000)) -> Schedule:
    length = float(over.amount)
    low, high = -math.log(k) / 2, (length / k - math.log(k)) / 2
    start, end = k / (k + 1), k / (k + math.exp(length / k))
    return Tanh(start, end, over, low=low, high=high)
