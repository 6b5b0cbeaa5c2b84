"""The catalogue: other published shapes, and those that reports move."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    Bounce,
    Constant,
    Cosine,
    ExpHyperbolic,
    Greedy,
    Hyperbolic,
    InversePower,
    Linear,
    Plateau,
    Rex,
    Schedule,
    Span,
    base,
    chebyshev,
    htd,
    percent,
    warmup_cosine,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("other published shapes")
HEARING: Final = Family("moved by reports")


@FAMILY.add(
    "hyperbolic tangent decay",
    r"\eta_{\min} + \tfrac12 (\eta_0 - \eta_{\min}) (1 - \tanh(L + (U - L) u))",
    "Hsueh et al. 2019, arXiv:1806.01593 (HTD)",
    aliases=("HTD", "tanh"),
    timm="TanhLRScheduler, tanh",
    pytorch_scheduler="TanhDecayScheduler",
)
def _htd(
    *,
    low: float = -6.0,
    high: float = 3.0,
    over: Span = percent(100),
    peak: Value = base,
    floor: Value = 0.0,
) -> Schedule:
    return htd(peak=peak, over=over, floor=floor, low=low, high=high)


@FAMILY.add(
    "REX",
    r"\eta_0 (1 - u) / (1 - u / 2)",
    "Chen et al. 2022, arXiv:2107.04197",
    aliases=("reflected exponential",),
    pytorch_optimizer="REXScheduler",
    pytorch_scheduler="RexScheduler",
)
def _rex(*, over: Span = percent(100), peak: Value = base, floor: Value = 0.0) -> Schedule:
    return Rex(peak, floor, over)


@FAMILY.add(
    "HyperbolicLR",
    r"\eta_0 + (\eta_0 - \eta_{\inf}) (f(u) - f(0)), \quad "
    r"f(u) = \sqrt{(1 - u) (2 U - 1 - u)} / U",
    "Kim 2024, arXiv:2407.15200",
    notes="U is the upper bound in lengths of the run; the infimum is reached where U = 1.",
    pytorch_scheduler="HyperbolicLRScheduler",
)
def _hyperbolic(
    *,
    upper: float = 2.5,
    infimum: float = 0.1,
    over: Span = percent(100),
    peak: Value = base,
) -> Schedule:
    end = 1 - (1 - infimum) * math.sqrt(2 * upper - 1) / upper
    return Hyperbolic(peak, end * peak, over, upper=upper)


@FAMILY.add(
    "ExpHyperbolicLR",
    r"\eta_0 (\eta_0 / \eta_{\inf})^{f(u) - f(0)}, \quad "
    r"f(u) = \sqrt{(1 - u) (2 U - 1 - u)} / U",
    "Kim 2024, arXiv:2407.15200",
    pytorch_scheduler="ExpHyperbolicLRScheduler",
)
def _exp_hyperbolic(
    *,
    upper: float = 2.5,
    infimum: float = 0.1,
    over: Span = percent(100),
    peak: Value = base,
) -> Schedule:
    end = infimum ** (math.sqrt(2 * upper - 1) / upper)
    return ExpHyperbolic(peak, end * peak, over, upper=upper)


@FAMILY.add(
    "Chebyshev",
    r"\left[\tfrac12 (M + m) - \tfrac12 (M - m) \cos((\sigma(t) + \tfrac12) \pi / T)\right]^{-1}",
    "Agarwal, Goel and Zhang 2021, arXiv:2103.01338",
    aliases=("fractal Chebyshev steps",),
    notes="pytorch-scheduler's ChebyshevScheduler is a shifted cosine, not this.",
    pytorch_optimizer="get_chebyshev_schedule",
    pytorch_scheduler="ChebyshevScheduler",
)
def _chebyshev(
    *,
    count: int = 16,
    ratio: float = 0.05,
    over: Span = percent(100),
    peak: Value = base,
) -> Schedule:
    return chebyshev(count=count, every=over / count, ratio=ratio, peak=peak)


FAMILY.add(
    "noise",
    r"\eta(t) (1 + \varepsilon_t)",
    "timm's noise_range_t, noise_pct, noise_std, noise_seed",
    aliases=("learning rate noise",),
    notes=(
        "There is no expression: its values are those of one generator of one library. As drawn, "
        "they are a Table."
    ),
    timm="Scheduler",
)(None)


@FAMILY.add(
    "anneal to an averaging rate",
    r"\eta(t) \text{ for } t < s, \text{ then half a cosine from } \eta(s) "
    r"\text{ to } \eta_{swa}",
    "Izmailov et al. 2018, arXiv:1803.05407 (SWA)",
    aliases=("SWA",),
    torch="SWALR",
)
def _swa(
    *,
    at: Span = percent(75),
    over: Span = percent(5),
    rate: Value = 0.5 * base,
    warmup: Span = percent(5),
    peak: Value = base,
) -> Schedule:
    return warmup_cosine(peak=peak, warmup=warmup).cooldown(at, over, rate, "cosine")


@FAMILY.add(
    "proportional to another",
    r"a + (b - a) (\eta(t) - \eta_{\min}) / (\eta_{\max} - \eta_{\min})",
    "Zhuang et al. 2022, arXiv:2203.08065 (GSAM); pytorch-optimizer's ProportionScheduler",
    pytorch_optimizer="ProportionScheduler",
)
def _proportional(*, low: float = 0.02, high: float = 0.1, warmup: Span = percent(5)) -> Schedule:
    return low + (high - low) * warmup_cosine(peak=1.0, warmup=warmup)


@FAMILY.add(
    "product of factors",
    r"\prod_i f_i(t)",
    "t5x's factors = 'constant * linear_warmup * rsqrt_decay'",
    torch="ChainedScheduler",
    mmengine="OptimWrapper",
    t5x="create_learning_rate_scheduler",
)
def _product(
    *, warmup: Span = percent(5), scale: Span = percent(5), peak: Value = base
) -> Schedule:
    warm = Linear(0.0, 1.0, warmup).then(Constant(1.0))
    return peak * warm * InversePower(1.0, scale)


@FAMILY.add(
    "one after another",
    r"f_k(t - m_k) \text{ for } m_k \le t < m_{k+1}",
    "torch's SequentialLR; optax's join_schedules",
    aliases=("sequence", "composite"),
    notes="Here it is .then, and the join belongs to what follows.",
    torch="SequentialLR",
    ignite="ConcatScheduler",
    lrsched="sequential",
    fvcore="CompositeParamScheduler",
    optax="join_schedules",
    olmo="SequentialScheduler",
)
def _sequence(
    *,
    parts: Sequence[Schedule] = (
        Linear(0.0, base, percent(5)),
        Constant(0.5 * base, percent(45)),
        Cosine(base, 0.0),
    ),
) -> Schedule:
    return parts[0].then(*parts[1:])


@HEARING.add(
    "reduce on plateau",
    r"\eta_0 \max(f^k, f_{\min})",
    "torch's ReduceLROnPlateau",
    aliases=("plateau",),
    torch="ReduceLROnPlateau",
    timm="PlateauLRScheduler, plateau",
    transformers="get_reduce_on_plateau_schedule, reduce_lr_on_plateau",
    ignite="ReduceLROnPlateauScheduler",
    mmengine="ReduceOnPlateauLR, ReduceOnPlateauParamScheduler",
    optax="reduce_on_plateau",
    keras="ReduceLROnPlateau",
    fastai="ReduceLROnPlateau",
    fairseq="reduce_lr_on_plateau",
)
def _plateau(
    *,
    metric: str = "val_loss",
    factor: float = 0.1,
    patience: int = 10,
    past: Sequence[tuple[float, float]] = (),
    peak: Value = base,
) -> Schedule:
    return peak * Plateau(metric, factor=factor, patience=patience, past=past)


@HEARING.add(
    "GreedyLR",
    r"\eta \leftarrow \eta / f \text{ or } \eta f, \text{ within bounds}",
    "Subramanian et al. 2025, arXiv:2512.14527",
    aliases=("greedy",),
    notes="Bounds are factors here and rates there; a running mean is the caller's.",
    transformers="GreedyLR, get_greedy_schedule, greedy",
)
def _greedy(
    *,
    metric: str = "val_loss",
    factor: float = 0.95,
    patience: int = 10,
    past: Sequence[tuple[float, float]] = (),
    peak: Value = base,
) -> Schedule:
    return peak * Greedy(metric, factor=factor, patience=patience, past=past)


@HEARING.add(
    "ABEL",
    r"\eta \leftarrow f \eta \text{ on a bounce of } \lVert w \rVert^2",
    "Lewkowycz 2021, arXiv:2103.12682",
    aliases=("bouncing into equilibration",),
    notes="What is reported is the squared norm of all weights, once an epoch.",
    abel_pytorch="ABEL",
)
def _abel(
    *,
    metric: str = "weight_norm",
    factor: float = 0.1,
    past: Sequence[tuple[float, float]] = (),
    peak: Value = base,
) -> Schedule:
    return peak * Bounce(metric, factor=factor, past=past)


FAMILY.add(
    "UBA",
    r"\eta_t(\varphi)",
    "Tang et al. 2025, arXiv:2505.24452 (Unified Budget-Aware)",
    aliases=("budget-aware", "stepsize anything"),
    notes=(
        "There is no expression: no published code was found to hold its formula against. It is a "
        "ratio of cosines, which .power(-1) of a schedule can divide by."
    ),
)(None)
