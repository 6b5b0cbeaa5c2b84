"""composer: multipliers of the group's rate, in time strings such as "10ep" and "0.1dur"."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final

from passo.catalogue.like.common import above, at_least, listed, share
from passo.catalogue.like.library import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, exact, real, whole
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
    epochs,
    percent,
    rest,
    samples,
    steps,
    tokens,
)
from passo.schedules.algebra.atoms import Value
from passo.schedules.algebra.limits import MOST_PARTS

COMPOSER: Final = Library("composer", {})
_TIME: Final = re.compile(r"(.+?)(iter|ep|ba|sp|tok|dur|sec)", re.IGNORECASE)
_FARTHEST: Final = 10**12  # no clock of a training goes beyond it
_COUNTED: Final[dict[str, Callable[[Any], Span]]] = {
    "ep": epochs,
    "ba": steps,
    "sp": samples,
    "tok": tokens,
}
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
    without meaning, WrongCall for arguments that the schedule does not take. Source:
    composer.optim.scheduler, 0.32.1.

    >>> composer("CosineAnnealingWithWarmupScheduler", t_warmup="100ba")
    Linear(0, base, steps(100)).then(Cosine(base, 0))
    """
    made: Schedule = COMPOSER.answer(name, arguments, past)
    return made


@dataclass(frozen=True, slots=True)
class _Clock:
    """What composer's trainer knows: how long it trains, its loader, its scale_schedule_ratio."""

    max_duration: Any
    dataloader_len: Any
    ssr: Any

    def span(self, given: Any, name: str, *, scaled: bool = True) -> Span:
        """A time as a span, cut where composer cuts it and all that it needs is known."""
        value, unit = _read(given, name)
        ratio = above(self.ssr, "ssr") if scaled else Fraction(1)
        if unit == "dur":
            return self._share(value, name)
        if unit == "ep" and self.dataloader_len is not None:
            return steps(int(value * self._batches() * ratio))
        if unit == "ep" and ratio != 1:
            msg = f"ssr cuts {name}={given!r} to whole batches; give dataloader_len=..."
            raise PassoError(msg)
        return _COUNTED[unit](int(value * ratio))

    def _batches(self) -> int:
        return whole(self.dataloader_len, "dataloader_len")

    def _share(self, value: Fraction, name: str) -> Span:
        """A share of the duration: theirs is a float, cut to whole batches, samples or tokens."""
        if self.max_duration is None:
            return 100 * percent(value)
        amount, unit = _read(self.max_duration, "max_duration")
        if unit == "dur":
            msg = f'max_duration must be a time such as "10ep", got {self.max_duration!r}'
            raise PassoError(msg)
        if unit != "ep":
            return _COUNTED[unit](int(float(value) * int(amount)))
        if self.dataloader_len is None:
            msg = f"{name} is cut to whole batches of max_duration; give dataloader_len=..."
            raise PassoError(msg)
        return steps(int(float(value) * self._batches() * int(amount)))

    def after(self, warmup: Span, t_max: Any) -> Span | None:
        """What of t_max the warm-up leaves; None where it leaves nothing."""
        whole_fall = self.span(t_max, "t_max")
        self._check_reaches(whole_fall, t_max)
        if whole_fall.unit == warmup.unit:
            return whole_fall - warmup if whole_fall.amount > warmup.amount else None
        if whole_fall == percent(100):
            return rest
        msg = (
            f"t_warmup and t_max must be in one unit, got {warmup!r} and {whole_fall!r}; give "
            "dataloader_len=... and max_duration=..."
        )
        raise PassoError(msg)

    def _check_reaches(self, whole_fall: Span, t_max: Any) -> None:
        """composer refuses a warm-up schedule that ends before the training does."""
        if self.max_duration is None:
            return
        end = self.span(self.max_duration, "max_duration", scaled=False)
        if whole_fall.unit == end.unit and whole_fall.amount < end.amount:
            msg = (
                f"t_max must be at least max_duration, got {t_max!r} and {self.max_duration!r}; "
                'write t_max="1dur"'
            )
            raise PassoError(msg)


def _timed(make: Callable[..., Schedule]) -> Callable[..., Schedule]:
    """A schedule that takes the clock as three more arguments: the trainer's, as it calls them."""

    def timed(
        max_duration: Any = None, dataloader_len: Any = None, ssr: Any = 1.0, **arguments: Any
    ) -> Schedule:
        return make(_Clock(max_duration, dataloader_len, ssr), **arguments)

    own = list(inspect.signature(make).parameters.values())[1:]
    more = list(inspect.signature(timed).parameters.values())[:-1]
    timed.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]
    return timed


@COMPOSER.schedule("StepScheduler", example={"step_size": "300ba"}, remarks=(_CUT,))
@_timed
def _step(clock: _Clock, step_size: Any, gamma: Any = 0.1) -> Schedule:
    every = _lasting(clock.span(step_size, "step_size"), "step_size")
    return Exponential(base, real(gamma, "gamma"), every).staircase(every)


@COMPOSER.schedule(
    "MultiStepScheduler", example={"milestones": ["300ba", "600ba"]}, remarks=(_CUT,)
)
@_timed
def _multi_step(clock: _Clock, milestones: Any, gamma: Any = 0.1) -> Schedule:
    return _steps(clock, milestones, gamma)


def _steps(clock: _Clock, milestones: Any, gamma: Any) -> Schedule:
    """The base, gamma times less at each milestone, for ever."""
    spans = [clock.span(each, "a milestone") for each in listed(milestones, "milestones")]
    factor = real(gamma, "gamma")
    if len({span.unit for span in spans}) > 1:  # which comes first, a Run will tell
        product: Schedule = Constant(base)
        for span in spans:
            product *= Constant(1.0, span).then(Constant(factor))
        return product
    factors = accumulate([1.0, *[factor] * len(spans)], lambda kept, more: kept * more)
    begins = [Span(0, spans[0].unit) if spans else steps(0), *sorted(spans, key=_amount)]
    points = {begin: share(value) for begin, value in zip(begins, factors, strict=True)}
    table = Table(list(points.items()), kind="step")
    return table.then(Constant(table.points[-1][1]))


@COMPOSER.schedule(
    "ConstantScheduler",
    example={"alpha": 0.5, "t_max": "50ba"},
    remarks=("After t_max the multiplier is 1, whatever alpha is.", _CUT),
)
@_timed
def _constant(clock: _Clock, alpha: Any = 1.0, t_max: Any = "1dur") -> Schedule:
    factor = real(alpha, "alpha")
    if factor == 1:
        return Constant(base)
    return Constant(share(factor), clock.span(t_max, "t_max")).then(Constant(base))


@COMPOSER.schedule("LinearScheduler", example={"alpha_f": 0.1}, remarks=(_CUT,))
@_timed
def _linear(
    clock: _Clock, alpha_i: Any = 1.0, alpha_f: Any = 0.0, t_max: Any = "1dur"
) -> Schedule:
    over = _lasting(clock.span(t_max, "t_max"), "t_max")
    return Linear(share(real(alpha_i, "alpha_i")), share(real(alpha_f, "alpha_f")), over)


@COMPOSER.schedule("ExponentialScheduler", example={"gamma": 0.95, "decay_period": "10ba"}, remarks=(_CUT,))
@_timed
def _exponential(clock: _Clock, gamma: Any, decay_period: Any = "1ep") -> Schedule:
    every = _lasting(clock.span(decay_period, "decay_period"), "decay_period")
    return Exponential(base, real(gamma, "gamma"), every)


@COMPOSER.schedule("CosineAnnealingScheduler", example={"alpha_f": 0.1}, remarks=(_CUT,))
@_timed
def _cosine(clock: _Clock, t_max: Any = "1dur", alpha_f: Any = 0.0) -> Schedule:
    over = _lasting(clock.span(t_max, "t_max"), "t_max")
    return Cosine(base, share(real(alpha_f, "alpha_f")), over)


@COMPOSER.schedule(
    "CosineAnnealingWarmRestartsScheduler",
    example={"t_0": "100ba", "t_mult": 2},
    remarks=(
        "Each cycle is cut to a whole number: t_mult times the one before it.",
        "With a t_mult below 1 the cycles come to nothing and composer raises there; here the "
        "last one is held.",
        _CUT,
    ),
)
@_timed
def _restarts(clock: _Clock, t_0: Any, t_mult: Any = 1.0, alpha_f: Any = 0.0) -> Schedule:
    first = _lasting(clock.span(t_0, "t_0"), "t_0")
    grow, floor = above(t_mult, "t_mult"), share(real(alpha_f, "alpha_f"))
    if grow.denominator == 1:
        return Cosine(base, floor, first).repeat(grow=grow)
    if first.unit in ("epochs", "percent"):
        msg = (
            f"t_mult={brief(t_mult)} cuts each cycle to whole batches; give dataloader_len=..., "
            "or a whole t_mult"
        )
        raise PassoError(msg)
    falls = [Cosine(base, floor, Span(amount, first.unit)) for amount in _cut(first.amount, grow)]
    if grow < 1 or len(falls) == MOST_PARTS:
        return falls[0].then(*falls[1:])
    return falls[0].then(*falls[1:], falls[-1].repeat())


@COMPOSER.schedule("PolynomialScheduler", example={"power": 2.0}, remarks=(_CUT,))
@_timed
def _polynomial(
    clock: _Clock, power: Any, t_max: Any = "1dur", alpha_f: Any = 0.0
) -> Schedule:
    over = _lasting(clock.span(t_max, "t_max"), "t_max")
    return _poly(power, alpha_f, over)


@COMPOSER.schedule(
    "MultiStepWithWarmupScheduler",
    example={"t_warmup": "50ba", "milestones": ["300ba", "600ba"]},
    remarks=("A milestone within the warm-up counts from its end on.", _WARM, _CUT),
)
@_timed
def _multi_step_warmup(
    clock: _Clock,
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
@_timed
def _constant_warmup(
    clock: _Clock,
    t_warmup: Any,
    alpha: Any = 1.0,
    t_max: Any = "1dur",
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    return _warmed(
        clock, t_warmup, t_max, scale_warmup, alpha, lambda peak, _over: Constant(peak)
    )


@COMPOSER.schedule(
    "LinearWithWarmupScheduler",
    example={"t_warmup": "50ba", "alpha_f": 0.1},
    remarks=("t_max counts the warm-up too.", _WARM, _CUT),
)
@_timed
def _linear_warmup(  # noqa: PLR0913, PLR0917
    clock: _Clock,
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
@_timed
def _cosine_warmup(
    clock: _Clock,
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
@_timed
def _polynomial_warmup(  # noqa: PLR0913, PLR0917
    clock: _Clock,
    t_warmup: Any,
    power: Any = 2.0,
    t_max: Any = "1dur",
    alpha_f: Any = 0.0,
    scale_warmup: Any = False,  # noqa: FBT002
) -> Schedule:
    return _warmed(
        clock, t_warmup, t_max, scale_warmup, 1.0, lambda _peak, over: _poly(power, alpha_f, over)
    )


def _warmed(  # noqa: PLR0913, PLR0917
    clock: _Clock,
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


def _warmup(
    clock: _Clock, t_warmup: Any, peak: float, scale_warmup: Any
) -> tuple[Span, Schedule]:
    """How long the warm-up is, and the warm-up: with scale_warmup only its slope is scaled."""
    warmup = clock.span(t_warmup, "t_warmup", scaled=False)
    slope = clock.span(t_warmup, "t_warmup", scaled=bool(scale_warmup))
    up = Linear(0.0, share(peak), slope)
    return warmup, up if slope == warmup else up.until(warmup)


def _poly(power: Any, alpha_f: Any, over: Span) -> Schedule:
    exponent, floor = at_least(power, "power"), share(real(alpha_f, "alpha_f"))
    return Constant(base) if exponent == 0 else Polynomial(base, floor, over, exponent)


def _cut(first: Fraction, grow: Fraction) -> list[int]:
    """The lengths of cycles, each cut to a whole number, up to where they no longer change."""
    amounts = [int(first)]
    while len(amounts) < MOST_PARTS and sum(amounts) < _FARTHEST:
        amount = int(float(grow) * amounts[-1])
        if amount in (0, amounts[-1]):
            break
        amounts.append(amount)
    return amounts


def _read(given: Any, name: str) -> tuple[Fraction, str]:
    """The number and the unit of one of composer's times."""
    found = _TIME.fullmatch(given) if isinstance(given, str) else None
    try:
        value = exact(float(found[1]), name) if found else None
    except ValueError:
        value = None
    if found is None or value is None or value < 0:
        msg = f'{name} must be a time such as "10ep", "500ba" or "0.1dur", got {brief(given)}'
        raise PassoError(msg)
    unit = found[2].lower()
    if unit in ("iter", "sec"):
        msg = f"{name}={given!r} has no place in a run; write it in ep, ba, sp, tok or dur"
        raise PassoError(msg)
    if unit != "dur" and value.denominator != 1:
        msg = f"{name} must be a whole number of {unit}, got {given!r}"
        raise PassoError(msg)
    return value, unit


def _lasting(span: Span, name: str) -> Span:
    """A span that is not nothing: composer divides by it."""
    if span.amount == 0 and span != rest:
        msg = f"{name} comes to nothing here; make it longer"
        raise PassoError(msg)
    return span


def _amount(span: Span) -> Fraction:
    return span.amount
