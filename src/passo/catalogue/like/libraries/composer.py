"""composer: multipliers of the group's rate, in time strings such as "10ep" and "0.1dur"."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final

from passo.catalogue.like.common import above, at_least, listed, share
from passo.catalogue.like.composer_clock import Clock, cut_lengths, not_nothing, timed_by_trainer
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Polynomial,
    Schedule,
    Span,
    Table,
    base,
    steps,
)
from passo.schedules.algebra.atoms import Value
from passo.schedules.algebra.limits import MOST_PARTS

COMPOSER: Final = Library("composer", {})
_CUT: Final = (
    "Every time is cut to a whole number of batches, samples or tokens; the expression does so "
    'where max_duration is given (and dataloader_len, for times in "ep"), else it does not.'
)
_WARM: Final = (
    "The warm-up is not stretched by ssr. With scale_warmup=True its slope is and its end is not, "
    "so that an ssr above 1 jumps to the peak."
)


@called_like('like.composer("CosineAnnealingScheduler", t_max="1dur")')
def composer(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of composer, by the name of its class.

        composer.optim.NAME(...) as an expression of `base`

    Times are composer's: "10ep", "500ba", "1000sp", "1e6tok", "0.5dur". `max_duration`,
    `dataloader_len` and `ssr` are those of its trainer: with them each time is cut to a whole
    number as composer cuts it, without them the answer has spans in epochs and percent. composer
    holds what has an end, so `past` changes nothing. Raises PassoError for a name or a value
    without meaning, WrongCall for arguments that the schedule does not take.
    Source: composer.optim.scheduler, 0.32.1.

    >>> composer("CosineAnnealingWithWarmupScheduler", t_warmup="100ba")
    Linear(0, base, steps(100)).then(Cosine(base, 0))
    """
    made: Schedule = COMPOSER.answer(name, arguments, past)
    return made


@COMPOSER.schedule("StepScheduler", example={"step_size": "300ba"}, remarks=(_CUT,))
@timed_by_trainer
def _step(clock: Clock, step_size: Any, gamma: Any = 0.1) -> Schedule:
    every = not_nothing(clock.span(step_size, "step_size"), "step_size")
    if real(gamma, "gamma") == 0:
        return Constant(base, every).then(Constant(0.0))
    return Exponential(base, gamma, every).staircase(every)


@COMPOSER.schedule(
    "MultiStepScheduler", example={"milestones": ["300ba", "600ba"]}, remarks=(_CUT,)
)
@timed_by_trainer
def _multi_step(clock: Clock, milestones: Any, gamma: Any = 0.1) -> Schedule:
    return _steps(clock, milestones, gamma)


def _steps(clock: Clock, milestones: Any, gamma: Any) -> Schedule:
    """The base, gamma times less at each milestone, for ever."""
    spans = [clock.span(each, "a milestone") for each in listed(milestones, "milestones")]
    factor = real(gamma, "gamma")
    if len({span.unit for span in spans}) > 1:  # which comes first, a Run will tell
        product: Schedule = Constant(base)
        for span in spans:
            product *= Constant(1.0, span).then(Constant(factor))
        return product
    factors = accumulate([1.0, *[factor] * len(spans)], lambda kept, more: kept * more)
    begins = [Span(Fraction(0), spans[0].unit) if spans else steps(0), *sorted(spans, key=_amount)]
    points = {begin: share(value) for begin, value in zip(begins, factors, strict=True)}
    table = Table(list(points.items()), kind="step")
    return table.then(Constant(table.points[-1][1]))


@COMPOSER.schedule(
    "ConstantScheduler",
    example={"alpha": 0.5, "t_max": "50ba"},
    remarks=("After t_max the multiplier is 1, whatever alpha is.", _CUT),
)
@timed_by_trainer
def _constant(clock: Clock, alpha: Any = 1.0, t_max: Any = "1dur") -> Schedule:
    factor = real(alpha, "alpha")
    if factor == 1:
        return Constant(base)
    return Constant(share(factor), clock.span(t_max, "t_max")).then(Constant(base))


@COMPOSER.schedule("LinearScheduler", example={"alpha_f": 0.1}, remarks=(_CUT,))
@timed_by_trainer
def _linear(clock: Clock, alpha_i: Any = 1.0, alpha_f: Any = 0.0, t_max: Any = "1dur") -> Schedule:
    over = not_nothing(clock.span(t_max, "t_max"), "t_max")
    return Linear(share(real(alpha_i, "alpha_i")), share(real(alpha_f, "alpha_f")), over)


@COMPOSER.schedule(
    "ExponentialScheduler", example={"gamma": 0.95, "decay_period": "10ba"}, remarks=(_CUT,)
)
@timed_by_trainer
def _exponential(clock: Clock, gamma: Any, decay_period: Any = "1ep") -> Schedule:
    every = not_nothing(clock.span(decay_period, "decay_period"), "decay_period")
    if real(gamma, "gamma") == 0:
        return Constant(base, steps(1)).then(Constant(0.0))
    return Exponential(base, gamma, every)


@COMPOSER.schedule("CosineAnnealingScheduler", example={"alpha_f": 0.1}, remarks=(_CUT,))
@timed_by_trainer
def _cosine(clock: Clock, t_max: Any = "1dur", alpha_f: Any = 0.0) -> Schedule:
    over = not_nothing(clock.span(t_max, "t_max"), "t_max")
    return Cosine(base, share(real(alpha_f, "alpha_f")), over)


@COMPOSER.schedule(
    "CosineAnnealingWarmRestartsScheduler",
    example={"t_0": "100ba", "t_mult": 2},
    remarks=(
        "Each cycle is cut to a whole number: t_mult times the one before it.",
        (
            "With a t_mult below 1 the cycles come to nothing and composer raises there; here the "
            "last one is held."
        ),
        _CUT,
    ),
)
@timed_by_trainer
def _restarts(clock: Clock, t_0: Any, t_mult: Any = 1.0, alpha_f: Any = 0.0) -> Schedule:
    first = not_nothing(clock.span(t_0, "t_0"), "t_0")
    grow, floor = above(t_mult, "t_mult"), share(real(alpha_f, "alpha_f"))
    if grow.denominator == 1:
        return Cosine(base, floor, first).repeat(grow=grow)
    if first.unit in ("epochs", "percent"):
        msg = (
            f"t_mult={brief(t_mult)} cuts each cycle to whole batches; give dataloader_len=..., "
            "or a whole t_mult"
        )
        raise PassoError(msg)
    falls = [
        Cosine(base, floor, Span(Fraction(amount), first.unit))
        for amount in cut_lengths(first.amount, grow)
    ]
    if grow < 1 or len(falls) == MOST_PARTS:
        return falls[0].then(*falls[1:])
    return falls[0].then(*falls[1:], falls[-1].repeat())


@COMPOSER.schedule("PolynomialScheduler", example={"power": 2.0}, remarks=(_CUT,))
@timed_by_trainer
def _polynomial(clock: Clock, power: Any, t_max: Any = "1dur", alpha_f: Any = 0.0) -> Schedule:
    over = not_nothing(clock.span(t_max, "t_max"), "t_max")
    return _poly(power, alpha_f, over)


@COMPOSER.schedule(
    "MultiStepWithWarmupScheduler",
    example={"t_warmup": "50ba", "milestones": ["300ba", "600ba"]},
    remarks=("A milestone within the warm-up counts from its end on.", _WARM, _CUT),
)
@timed_by_trainer
def _multi_step_warmup(
    clock: Clock,
    t_warmup: Any,
    milestones: Any,
    gamma: Any = 0.1,
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    warmup, up = _warmup(clock, t_warmup, 1.0, scale_warmup)
    return up.then(_steps(clock, milestones, gamma).skip(warmup))


@COMPOSER.schedule(
    "ConstantWithWarmupScheduler",
    example={"t_warmup": "50ba", "alpha": 0.5},
    remarks=("After t_max alpha stays, where its page says 1.", _WARM, _CUT),
)
@timed_by_trainer
def _constant_warmup(
    clock: Clock,
    t_warmup: Any,
    alpha: Any = 1.0,
    t_max: Any = "1dur",
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    return _warmed(clock, t_warmup, t_max, scale_warmup, alpha, lambda peak, _over: Constant(peak))


@COMPOSER.schedule(
    "LinearWithWarmupScheduler",
    example={"t_warmup": "50ba", "alpha_f": 0.1},
    remarks=("t_max counts the warm-up too.", _WARM, _CUT),
)
@timed_by_trainer
def _linear_warmup(
    clock: Clock,
    t_warmup: Any,
    alpha_i: Any = 1.0,
    alpha_f: Any = 0.0,
    t_max: Any = "1dur",
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    floor = share(real(alpha_f, "alpha_f"))
    return _warmed(
        clock, t_warmup, t_max, scale_warmup, alpha_i, lambda peak, over: Linear(peak, floor, over)
    )


@COMPOSER.schedule(
    "CosineAnnealingWithWarmupScheduler",
    example={"t_warmup": "50ba", "alpha_f": 0.1},
    remarks=("t_max counts the warm-up too.", _WARM, _CUT),
)
@timed_by_trainer
def _cosine_warmup(
    clock: Clock,
    t_warmup: Any,
    t_max: Any = "1dur",
    alpha_f: Any = 0.0,
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    floor = share(real(alpha_f, "alpha_f"))
    return _warmed(
        clock, t_warmup, t_max, scale_warmup, 1.0, lambda peak, over: Cosine(peak, floor, over)
    )


@COMPOSER.schedule(
    "PolynomialWithWarmupScheduler",
    example={"t_warmup": "50ba", "power": 2.0},
    remarks=("t_max counts the warm-up too.", _WARM, _CUT),
)
@timed_by_trainer
def _polynomial_warmup(
    clock: Clock,
    t_warmup: Any,
    power: Any = 2.0,
    t_max: Any = "1dur",
    alpha_f: Any = 0.0,
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    return _warmed(
        clock, t_warmup, t_max, scale_warmup, 1.0, lambda _peak, over: _poly(power, alpha_f, over)
    )


def _warmed(
    clock: Clock,
    t_warmup: Any,
    t_max: Any,
    scale_warmup: Any,
    alpha: Any,
    fall: Callable[[Value, Span], Schedule],
) -> Schedule:
    """A warm-up to a share of the base, and what falls over the rest of t_max."""
    peak = real(alpha, "alpha")
    warmup, up = _warmup(clock, t_warmup, peak, scale_warmup)
    over = clock.after(warmup, t_max)
    return up.then(Constant(share(peak)) if over is None else fall(share(peak), over))


def _warmup(clock: Clock, t_warmup: Any, peak: float, scale_warmup: Any) -> tuple[Span, Schedule]:
    """How long the warm-up is, and the warm-up: with scale_warmup only its slope is scaled."""
    warmup = clock.span(t_warmup, "t_warmup", scaled=False)
    slope = clock.span(t_warmup, "t_warmup", scaled=bool(scale_warmup))
    up = Linear(0.0, share(peak), slope)
    return warmup, up if slope == warmup else up.until(warmup)


def _poly(power: Any, alpha_f: Any, over: Span) -> Schedule:
    exponent, floor = at_least(power, "power"), share(real(alpha_f, "alpha_f"))
    return Constant(base) if exponent == 0 else Polynomial(base, floor, over, exponent)


def _amount(span: Span) -> Fraction:
    return span.amount
