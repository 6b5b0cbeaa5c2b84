"""The catalogue: triangles, saws, and what goes up once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passo.catalogue.entry import Family
from passo.schedules import (
    InversePower,
    Linear,
    Schedule,
    Span,
    base,
    cyclic,
    one_cycle,
    percent,
)

if TYPE_CHECKING:
    from passo.schedules.algebra.atoms import Value

FAMILY: Final = Family("cyclical")


@FAMILY.add(
    "triangular",
    r"\eta_{\min} + (\eta_{\max} - \eta_{\min}) \operatorname{tri}(t)",
    "Smith 2017, arXiv:1506.01186 (CLR)",
    aliases=("CLR", "cyclical learning rates", "triangular CLR"),
    torch="CyclicLR",
    ignite="LinearCyclicalScheduler",
    pytorch_optimizer="CyclicLR",
    lrsched="triangular",
    deepspeed="OneCycle",
    fairseq="triangular",
)
def _triangular(
    *, low: Value = 0.1 * base, peak: Value = base, rise: Span = percent(10)
) -> Schedule:
    return cyclic(low, peak=peak, rise=rise)


@FAMILY.add(
    "triangular2",
    r"\eta_{\min} + (\eta_{\max} - \eta_{\min}) \operatorname{tri}(t) 2^{-k}",
    "Smith 2017, arXiv:1506.01186",
    aliases=("CLR with halving triangles",),
    torch="CyclicLR",
    ignite="LinearCyclicalScheduler",
    lrsched="triangular2",
    fairseq="triangular",
)
def _triangular2(
    *, low: Value = 0.1 * base, peak: Value = base, rise: Span = percent(10)
) -> Schedule:
    return cyclic(low, peak=peak, rise=rise, mode="triangular2")


@FAMILY.add(
    "exp_range",
    r"\eta_{\min} + (\eta_{\max} - \eta_{\min}) \operatorname{tri}(t) \gamma^t",
    "Smith 2017, arXiv:1506.01186",
    aliases=("CLR with falling triangles",),
    torch="CyclicLR",
    lrsched="exp_range",
)
def _exp_range(
    *,
    low: Value = 0.1 * base,
    peak: Value = base,
    rise: Span = percent(10),
    gamma: float = 0.999,
) -> Schedule:
    return cyclic(low, peak=peak, rise=rise, mode="exp_range", gamma=gamma)


@FAMILY.add(
    "triangles with an amplitude of their own",
    r"\eta_{\min} + (\eta_{\max} - \eta_{\min}) \operatorname{tri}(t) / (1 + k)",
    "torch's CyclicLR(scale_fn)",
    aliases=("asymmetric triangles", "scale_fn"),
    notes="The k-th triangle is divided by 1 + k; another amplitude is another factor.",
    torch="CyclicLR",
    deepspeed="OneCycle",
)
def _own_amplitude(
    *,
    low: float = 0.1,
    rise: Span = percent(5),
    fall: Span = percent(15),
    peak: Value = base,
) -> Schedule:
    height = InversePower(1.0, rise + fall, power=1.0).staircase(rise + fall)
    triangles = Linear(0.0, 1.0, rise).then(Linear(1.0, 0.0, fall)).repeat()
    return low * peak + (1 - low) * height * triangles * peak


@FAMILY.add(
    "sawtooth",
    r"a + (b - a) (t \bmod T) / T",
    "ignite's LinearCyclicalScheduler(monotonic=True)",
    ignite="LinearCyclicalScheduler",
)
def _sawtooth(
    *, start: Value = 0.1 * base, end: Value = base, every: Span = percent(10)
) -> Schedule:
    return Linear(start, end, every).repeat()


@FAMILY.add(
    "one cycle",
    r"\eta_{\max} / d \nearrow \eta_{\max} \text{ in } \varphi T, "
    r"\text{ then } \searrow \eta_{\max} / (d f)",
    "Smith and Topin 2017, arXiv:1708.07120; Smith 2018, arXiv:1803.09820",
    aliases=("1cycle", "super-convergence"),
    notes="torch ends each phase one update early.",
    torch="OneCycleLR",
    mmengine="OneCycleLR, OneCycleParamScheduler",
    pytorch_optimizer="OneCycleLR",
    lrsched="one_cycle",
    optax="cosine_onecycle_schedule",
    fastai="fit_one_cycle, combined_cos",
)
def _one_cycle(
    *,
    peak: Value = base,
    rise: Span = percent(30),
    initial: float = 1 / 25,
    final: float = 1 / 250_000,
) -> Schedule:
    return one_cycle(peak=peak, rise=rise, initial=initial, final=final)


@FAMILY.add(
    "one cycle in three phases",
    r"\eta_{\max} / d \nearrow \eta_{\max} \searrow \eta_{\max} / d \searrow \eta_{\max} / (d f)",
    "Smith and Topin 2017, arXiv:1708.07120",
    aliases=("1cycle with annihilation", "three_phase"),
    torch="OneCycleLR",
    mmengine="OneCycleLR, OneCycleParamScheduler",
    optax="linear_onecycle_schedule",
)
def _three_phases(
    *,
    peak: Value = base,
    rise: Span = percent(30),
    initial: float = 1 / 25,
    final: float = 1 / 250_000,
) -> Schedule:
    return one_cycle(peak=peak, rise=rise, initial=initial, final=final, shape="linear", phases=3)


@FAMILY.add(
    "one cycle, then inverse time",
    r"\text{one cycle, then } \eta_{\min} / (1 + (t - C) / s)",
    "Smith 2018, arXiv:1803.09820; DeepSpeed's OneCycle",
    deepspeed="OneCycle",
)
def _cycle_and_decay(
    *,
    low: Value = 0.1 * base,
    peak: Value = base,
    rise: Span = percent(20),
    fall: Span = percent(20),
    every: Span = percent(10),
) -> Schedule:
    decay = InversePower(low, every, power=1.0)
    return Linear(low, peak, rise).then(Linear(peak, low, fall), decay)


@FAMILY.add(
    "slanted triangular",
    r"\eta_0 (1 + p_s (r - 1)) / r, \quad p_s = t / c, \text{ then } 1 - (t - c) / (T - c)",
    "Howard and Ruder 2018, arXiv:1801.06146 (ULMFiT)",
    aliases=("STLR", "ULMFiT"),
    pytorch_scheduler="SlantedTriangularScheduler",
)
def _slanted(*, cut: Span = percent(10), ratio: float = 32.0, peak: Value = base) -> Schedule:
    return Linear(1 / ratio * peak, peak, cut).then(Linear(peak, 1 / ratio * peak))
