"""Recipes that only go down."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from passo.ground.checks import brief, whole, write
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_value, base
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.recipes.calls import recipe
from passo.schedules.shapes import Constant, Cosine, Exponential, Polynomial, Table
from passo.schedules.shapes.leaf import positive
from passo.schedules.time import Span, as_span, rest, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_NODES: Final = 1024


@recipe
def step_decay(every: Span, *, gamma: float = 0.1, peak: Value = base) -> Schedule:
    """`peak`, multiplied by `gamma` after each `every`, for ever.

        peak * gamma ** floor(t / every)

    Source: torch's StepLR.

    >>> from passo import epochs
    >>> step_decay(epochs(30))
    Exponential(base, 0.1, every=epochs(30)).staircase(epochs(30))
    """
    as_span(every, "every", zero=False, relative=False)
    return Exponential(as_value(peak, "peak"), gamma, every).staircase(every)


@recipe
def multistep_decay(
    milestones: Sequence[Span], *, gamma: float = 0.1, peak: Value = base
) -> Schedule:
    """`peak`, multiplied by `gamma` at each milestone, for ever.

        peak * gamma ** (how many milestones are at or before t)

    Milestones are spans from the beginning and must grow. Source: torch's MultiStepLR.

    >>> from passo import steps
    >>> s = multistep_decay([steps(30), steps(80)], gamma=0.5, peak=1.0)
    >>> s(29), s(30), s(80)
    (1.0, 0.5, 0.25)
    """
    given = _milestones(milestones)
    ratio, top = positive(gamma, "gamma"), as_value(peak, "peak")
    values = [top if k == 0 else ratio**k * top for k in range(len(given) + 1)]
    zero = 0 * given[0]
    return Table(tuple(zip((zero, *given), values, strict=True)), "step").then(Constant(values[-1]))


@recipe
def exponential_decay(gamma: float, *, every: Span = steps(1), peak: Value = base) -> Schedule:
    """`peak`, falling smoothly by `gamma` for each `every`, for ever.

        peak * gamma ** (t / every)

    Source: torch's ExponentialLR; keras's ExponentialDecay.

    >>> from passo import steps
    >>> exponential_decay(0.5, every=steps(100), peak=1.0)(200)
    0.25
    """
    as_span(every, "every", zero=False, relative=False)
    return Exponential(as_value(peak, "peak"), gamma, every)


@recipe
def cosine_decay(*, peak: Value = base, over: Span = rest, floor: Value = 0.0) -> Schedule:
    """Half a cosine from `peak` to `floor`.

        Cosine(peak, floor, over)

    `floor` is absolute; write `0.1 * base` for a relative one. Source: Loshchilov and Hutter
    2017, arXiv:1608.03983; torch's CosineAnnealingLR.

    >>> cosine_decay(floor=0.1 * base)
    Cosine(base, 0.1 * base)
    """
    return Cosine(as_value(peak, "peak"), as_value(floor, "floor"), over)


@recipe
def polynomial_decay(
    *, peak: Value = base, over: Span = rest, power: float = 1.0, floor: Value = 0.0
) -> Schedule:
    """From `peak` to `floor` with the power on what is left.

        Polynomial(peak, floor, over, power=power)

    Source: Chen et al. 2016, arXiv:1606.00915; torch's PolynomialLR.

    >>> polynomial_decay(peak=1.0, power=2)
    Polynomial(1, 0, power=2)
    """
    return Polynomial(as_value(peak, "peak"), as_value(floor, "floor"), over, power=power)


@recipe
def htd(
    *,
    peak: Value = base,
    over: Span = rest,
    floor: Value = 0.0,
    low: float = -6.0,
    high: float = 3.0,
) -> Schedule:
    """Hyperbolic tangent decay as it was published: its ends stop short of `peak` and `floor`.

        floor + (peak - floor) * (1 - tanh(low + (high - low) * u)) / 2,    u = t / over

    `Tanh(peak, floor, over, low, high)` is the same curve with both ends reached. Source: Hsueh et
    al. 2019, arXiv:1806.01593; timm's TanhLRScheduler.

    >>> htd(peak=1.0, low=-3, high=3)
    Tanh(0.9975273768433653, 0.0024726231566347743, low=-3)
    """
    from passo.schedules.shapes import Tanh

    shape = Tanh(0.0, 1.0, over, low, high)  # refuses bounds that are none
    top, bottom = as_value(peak, "peak"), as_value(floor, "floor")
    start, end = (
        _logistic(-2 * at) * top
        if bottom == 0
        else _logistic(-2 * at) * top + _logistic(2 * at) * bottom
        for at in (shape.low, shape.high)
    )
    return Tanh(start, end, over, low, high)


@recipe
def chebyshev(
    *, count: int, every: Span = steps(1), ratio: float = 0.05, peak: Value = base
) -> Schedule:
    """Chebyshev steps in fractal order: a table of `count` values, each held for `every`.

        2 * peak * ratio / ((1 + ratio) - (1 - ratio) * cos(pi * (order(k) + 1/2) / count))

    `count` is a power of two, at most 1024; `ratio` is the smallest curvature over the largest,
    above 0 and at most 1, and the values lie between `ratio * peak` and `peak`. Raises PassoError
    for other numbers. Source: Agarwal, Goel and Zhang 2021, arXiv:2103.01338; pytorch-optimizer's
    get_chebyshev_schedule, whose peak is 20 times the base.

    >>> s = chebyshev(count=4, ratio=0.25, peak=1.0)
    >>> [round(s(t), 3) for t in range(4)]
    [0.898, 0.257, 0.519, 0.325]
    """
    whole(count, "count", most=_MOST_NODES)
    if count & (count - 1):
        below = 1 << (count.bit_length() - 1)
        msg = f"count must be a power of two, got {count}; write {below} or {2 * below}"
        raise PassoError(msg)
    small = positive(ratio, "ratio")
    if small > 1:
        msg = f"ratio must be at most 1, got {write(small)}"
        raise PassoError(msg)
    as_span(every, "every", zero=False, relative=False)
    top, order = as_value(peak, "peak"), [0]
    while len(order) < count:
        last = 2 * len(order) - 1
        order = [each for k in order for each in (k, last - k)]
    nodes = [math.sin(math.pi * (k + 0.5) / (2 * count)) ** 2 for k in order]
    values = [small / (small + (1 - small) * node) * top for node in nodes]
    points = tuple((k * every, value) for k, value in enumerate(values))
    return Table(points, "step").then(Constant(values[-1], every))


def _logistic(x: float) -> float:
    """1 / (1 + e ** -x), with all digits at both ends."""
    return 1 / (1 + math.exp(-x))


def _milestones(milestones: Sequence[Span]) -> tuple[Span, ...]:
    if isinstance(milestones, (Span, str)) or not hasattr(milestones, "__iter__"):
        example = repr(milestones) if isinstance(milestones, Span) else "epochs(30)"
        msg = f"milestones must be a list of spans, got {brief(milestones)}; write [{example}]"
        raise PassoError(msg)
    given = tuple(as_span(m, "a milestone", zero=False, relative=False) for m in milestones)
    if not given:
        msg = "multistep_decay needs at least one milestone; write [epochs(30), epochs(60)]"
        raise PassoError(msg)
    for before, after in pairwise(given):
        if before.unit == after.unit and before.amount >= after.amount:
            msg = f"milestones must grow, got {after!r} after {before!r}"
            raise PassoError(msg)
    return given
