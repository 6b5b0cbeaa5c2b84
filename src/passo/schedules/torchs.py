"""torch's schedulers as expressions of their peak, by their own parameters.

The drop-in and `passo.like` stand on these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

from passo.ground.checks import exact, real
from passo.schedules.algebra.atoms import Constant, Value
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.recipes import (
    cyclic,
    exponential_decay,
    polynomial_decay,
    step_decay,
    warm_restarts,
)
from passo.schedules.recipes.cycles import Height
from passo.schedules.shapes import Cosine, Linear, Table
from passo.schedules.time import Span, steps

Anneal: TypeAlias = Literal["cos", "linear"]
"""How a phase of OneCycleLR, or SWALR, goes."""

_ANNEALS: Final[dict[Anneal, type[Cosine | Linear]]] = {"cos": Cosine, "linear": Linear}


def stairs(peak: Value, step_size: float | Fraction, gamma: float) -> Schedule:
    """StepLR.

    >>> stairs(1.0, 30, 0.1)
    Exponential(1, 0.1, every=steps(30)).staircase(steps(30))
    """
    if real(gamma, "gamma") == 0:
        return Constant(peak, steps(step_size)).then(Constant(0.0))
    return step_decay(steps(step_size), gamma=gamma, peak=peak)


def milestones_passed(peak: Value, milestones: Mapping[int, int], gamma: float) -> Schedule:
    """MultiStepLR; a milestone may be named more than once.

    >>> milestones_passed(1.0, {30: 1, 80: 2}, 0.5)
    Table([(steps(0), 1), (steps(30), 0.5), (steps(80), 0.125)], kind="step").then(Constant(0.125))
    """
    points, passed = [(steps(0), peak)], 0
    for milestone, times in sorted(milestones.items()):
        passed += times
        if milestone == 0:
            points.clear()
        points.append((steps(milestone), times_peak(gamma**passed, peak)))
    return Table(tuple(points), "step").then(Constant(points[-1][1]))


def factor_at_first(peak: Value, factor: float, total_iters: float) -> Schedule:
    """ConstantLR.

    >>> factor_at_first(1.0, 0.5, 4)
    Constant(0.5, steps(4)).then(Constant(1))
    """
    return Constant(times_peak(factor, peak), steps(total_iters)).then(Constant(peak))


def line(peak: Value, start_factor: float, end_factor: float, total_iters: float) -> Schedule:
    """LinearLR.

    >>> line(1.0, 0.5, 1.0, 4)
    Linear(0.5, 1, steps(4))
    """
    ends = times_peak(start_factor, peak), times_peak(end_factor, peak)
    return Linear(*ends, steps(total_iters))


def each_step(peak: Value, gamma: float) -> Schedule:
    """ExponentialLR.

    >>> each_step(1.0, 0.5)
    Exponential(1, 0.5)
    """
    if real(gamma, "gamma") == 0:
        return Constant(peak, steps(1)).then(Constant(0.0))
    return exponential_decay(gamma, peak=peak)


def polynomial(peak: Value, total_iters: float, power: float) -> Schedule:
    """PolynomialLR.

    >>> polynomial(1.0, 4, 2.0)
    Polynomial(1, 0, steps(4), power=2)
    """
    if total_iters == 0 or real(power, "power") == 0:
        return Constant(peak)
    return polynomial_decay(peak=peak, over=steps(total_iters), power=power)


def swing(high: Value, low: Value, half: float | Fraction) -> Schedule:
    """CosineAnnealingLR: a cosine that climbs again, for ever; each way takes `half`.

    >>> swing(1.0, 0.0, 4)
    Cosine(1, 0, steps(4)).then(Cosine(0, 1, steps(4))).repeat()
    """
    return Cosine(high, low, steps(half)).then(Cosine(low, high, steps(half))).repeat()


def restarts(peak: Value, first: float, mult: float, eta_min: float) -> Schedule:
    """CosineAnnealingWarmRestarts.

    >>> restarts(1.0, 10, 2, 0.0)
    Cosine(1, 0, steps(10)).repeat(grow=2)
    """
    return warm_restarts(first=steps(first), grow=mult, peak=peak, floor=eta_min)


def triangles(
    outer: float,
    inner: float,
    up: float | Fraction,
    down: float | Fraction,
    *,
    mode: Height,
    gamma: float,
    scale: Schedule | None,
    by_cycle: bool,
) -> Schedule:
    """CyclicLR from `outer` to `inner` and back; `scale` is a scale_fn of its own.

    >>> triangles(0, 1, 2, 2, mode="triangular", gamma=1.0, scale=None, by_cycle=True)
    Linear(0, 1, steps(2)).then(Linear(1, 0, steps(2))).repeat()
    """
    rise, fall = steps(up), steps(down)
    if scale is None:
        ratio = gamma if mode == "exp_range" else 1.0
        return cyclic(outer, peak=inner, rise=rise, fall=fall, mode=mode, gamma=ratio)
    if by_cycle:
        whole = rise + fall
        scale = scale.skip(steps(1)).stretch(whole.amount).staircase(whole)
    return outer + cyclic(0.0, peak=inner - outer, rise=rise, fall=fall) * scale


def phases(kind: Anneal, ends: Iterable[float], values: Sequence[tuple[float, float]]) -> Schedule:
    """OneCycleLR: phases that end at `ends`, each from a value to another.

    >>> phases("cos", [2, 9], [(0.04, 1), (1, 0)])
    Cosine(0.04, 1, steps(2)).then(Cosine(1, 0, steps(7)))
    """
    parts, begin = [], 0.0
    for end, (start, goal) in zip(ends, values, strict=True):
        if end > 0.0:
            part = anneal(kind, start, goal, end - begin)
            parts.append(part.skip(steps(-begin)) if begin < 0.0 else part)
        begin = end
    return parts[0].then(*parts[1:])


def anneal(kind: Anneal, start: Value, end: Value, over: float) -> Schedule:
    """SWALR, or a phase of OneCycleLR.

    >>> anneal("linear", 1.0, 0.5, 10)
    Linear(1, 0.5, steps(10))
    """
    return _ANNEALS[kind](start, end, steps(over))


def sequence(parts: Sequence[Schedule], milestones: Sequence[float | Fraction]) -> Schedule:
    """SequentialLR: each part begins anew at its milestone.

    >>> sequence([Linear(0, 1, steps(5)), Constant(1)], [5])
    Linear(0, 1, steps(5)).then(Constant(1))
    """
    ends = [exact(each, "a milestone") for each in milestones]
    lasting, begun = [], Fraction(0)
    for part, end in zip(parts, [*ends, None], strict=True):
        if end is None:
            lasting.append(part)
        elif end > begun:
            lasting.append(cut_to(part, steps(end - begun)))
            begun = end
    return lasting[0].then(*lasting[1:])


def cut_to(part: Schedule, span: Span) -> Schedule:
    """A part that lasts so long, whatever it was.

    >>> cut_to(Constant(1), steps(5)), cut_to(Linear(0, 1, steps(5)), steps(5))
    (Constant(1).until(steps(5)), Linear(0, 1, steps(5)))
    """
    length = part.length()
    fits = length is not None and (length.amount, length.unit) == (span.amount, span.unit)
    return part if fits else part.until(span)


def times_peak(factor: float, peak: Value) -> Any:
    """A factor of the peak; one times it is the peak itself.

    >>> times_peak(0.5, 2.0), times_peak(1, 3.0)
    (1.0, 3.0)
    """
    return peak if factor == 1 else factor * peak
