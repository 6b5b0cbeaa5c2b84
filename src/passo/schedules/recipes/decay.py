"""Recipes that only go down."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import Value, as_value, base
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.shapes import Constant, Cosine, Exponential, Polynomial, Table
from passo.schedules.shapes.leaf import positive
from passo.schedules.time import Span, as_span, rest, steps

if TYPE_CHECKING:
    from collections.abc import Sequence


def step_decay(every: Span, gamma: float = 0.1, peak: Value = base) -> Schedule:
    """`peak`, multiplied by `gamma` after each `every`, for ever.

        peak * gamma ** floor(t / every)

    Source: torch's StepLR.

    >>> from passo import epochs
    >>> step_decay(epochs(30))
    Exponential(base, 0.1, every=epochs(30)).staircase(epochs(30))
    """
    as_span(every, "every", zero=False, relative=False)
    return Exponential(as_value(peak, "peak"), gamma, every).staircase(every)


def multistep_decay(milestones: Sequence[Span], gamma: float = 0.1, peak: Value = base) -> Schedule:
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


def exponential_decay(gamma: float, every: Span = steps(1), peak: Value = base) -> Schedule:
    """`peak`, falling smoothly by `gamma` for each `every`, for ever.

        peak * gamma ** (t / every)

    Source: torch's ExponentialLR; keras's ExponentialDecay.

    >>> from passo import steps
    >>> exponential_decay(0.5, steps(100), peak=1.0)(200)
    0.25
    """
    as_span(every, "every", zero=False, relative=False)
    return Exponential(as_value(peak, "peak"), gamma, every)


def cosine_decay(peak: Value = base, over: Span = rest, floor: Value = 0.0) -> Schedule:
    """Half a cosine from `peak` to `floor`.

        Cosine(peak, floor, over)

    `floor` is absolute; write `0.1 * base` for a relative one. Source: Loshchilov and Hutter
    2017, arXiv:1608.03983; torch's CosineAnnealingLR.

    >>> cosine_decay(floor=0.1 * base)
    Cosine(base, 0.1 * base)
    """
    return Cosine(as_value(peak, "peak"), as_value(floor, "floor"), over)


def polynomial_decay(
    peak: Value = base, over: Span = rest, power: float = 1.0, floor: Value = 0.0
) -> Schedule:
    """From `peak` to `floor` with the power on what is left.

        Polynomial(peak, floor, over, power=power)

    Source: Chen et al. 2016, arXiv:1606.00915; torch's PolynomialLR.

    >>> polynomial_decay(1.0, power=2)
    Polynomial(1, 0, power=2)
    """
    return Polynomial(as_value(peak, "peak"), as_value(floor, "floor"), over, power=power)


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
