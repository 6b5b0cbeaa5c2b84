"""OLMo-core: schedules made of stages, of other schedules, or of periods."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from passo.catalogue.like.common import at_least, choice, each_of, listed, share
from passo.catalogue.like.libraries.olmo import OLMO, TRAINER
from passo.catalogue.like.olmo_clock import Clock, lengths
from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError
from passo.schedules import Constant, Cosine, Linear, Run, Schedule, Span, base, parse, steps
from passo.schedules.algebra.atoms import Value
from passo.schedules.algebra.cooldown import Descent

_STAGE: Final = (
    "duration",
    "shape",
    "start_lr",
    "start_lr_fraction",
    "end_lr",
    "end_lr_fraction",
)
_OVERRIDE: Final = ("start", "duration", "shape", "end_lr", "end_lr_fraction")
_BASE: Final = re.compile(r"(?:(?<![\w.])(\d[\d.]*(?:e[+-]?\d+)?) \* )?\bbase\b")
_ROUNDING: Final = 1e-14
_SHAPES: Final[dict[str, Callable[[Value, Value, Span], Schedule]]] = {
    "linear": Linear,
    "cosine": Cosine,
}


@OLMO.schedule(
    "ComposableScheduler",
    "composable",
    example={
        "stages": [
            {"duration": 100, "start_lr": 0.0, "end_lr_fraction": 1.0},
            {"duration": 900, "shape": "cosine", "end_lr": 0.001},
        ]
    },
    remarks=(TRAINER, "It knows no t_max: after its stages it holds the last end."),
)
@lengths()
def _composable(clock: Clock, stages: Any, override_decay: Any = None) -> Schedule:
    parts: list[Schedule] = []
    last: Value = base
    for stage in each_of(stages, "stages"):
        each = _fields(stage, _STAGE, "a stage")
        first = _rate(each, "start_lr", usual=last)
        last = _rate(each, "end_lr")
        parts.append(_shape(each)(first, last, clock.span(whole(each.get("duration"), "duration"))))
    return _overridden(clock, parts[0].then(*parts[1:]), override_decay)


@OLMO.schedule(
    "SequentialScheduler",
    "sequential",
    example={
        "schedulers": [
            Linear(0.0, base, steps(100)).then(Linear(base, 0.5 * base)),
            Cosine(base, 0.1 * base),
        ],
        "schedulers_max": [400],
        "t_max": 1000,
    },
    remarks=(
        TRAINER,
        "Each begins from the last rate of the one before it, and its own update 0 is not used.",
        "Past t_max theirs raises; here the last value is held.",
    ),
)
@lengths()
def _sequential(
    clock: Clock, schedulers: Any, schedulers_max: Any = None, override_decay: Any = None
) -> Schedule:
    given, ends = each_of(schedulers, "schedulers"), listed(schedulers_max, "schedulers_max")
    for each in given:
        if not isinstance(each, Schedule):
            msg = f"schedulers must be what like.olmo gave, got {brief(each)}"
            raise PassoError(msg)
    if len(ends) not in (len(given), len(given) - 1):
        msg = f"schedulers_max must be one less than schedulers, got {len(ends)} for {len(given)}"
        raise PassoError(msg)
    first = (1.0, 0.0)
    gone, parts = 0, []
    for number, scheduler in enumerate(given):
        last_one = number == len(given) - 1
        end = None if last_one else whole(ends[number], "a member of schedulers_max")
        whole_one = _beginning_from(_placed(clock, scheduler, end, gone), *first)
        begun = whole_one.skip(clock.span(1)) if number else whole_one
        if end is None:
            parts.append(begun)
        else:
            # Its last update is its own: the next one begins behind it.
            parts.append(begun.until(clock.span(end if number else end + 1)))
            first, gone = _last(whole_one, end), gone + end
    return _overridden(clock, parts[0].then(*parts[1:]), override_decay)


@OLMO.schedule(
    "WSDS",
    "wsds",
    example={"period_lengths": [400, 600], "warmup": 100, "decay": 50},
    remarks=(
        TRAINER,
        "The end of a period, at decay_min_lr, still belongs to it.",
        "The first period counts the warm-up too.",
    ),
)
@lengths("warmup", of="the first of period_lengths")
def _wsds(  # noqa: PLR0917
    clock: Clock,
    warmup: Span,
    period_lengths: Any = (),
    period_lr_multipliers: Any = None,
    decay: Any = None,
    decay_fraction: Any = None,
    warmup_min_lr: Any = 0.0,
    decay_min_lr: Any = 0.0,
) -> Schedule:
    periods = [whole(each, "a period") for each in each_of(period_lengths, "period_lengths")]
    given = [1.0] * len(periods) if period_lr_multipliers is None else period_lr_multipliers
    peaks = [real(each, "a multiplier") for each in listed(given, "period_lr_multipliers")]
    if len(peaks) != len(periods):
        msg = (
            "period_lengths and period_lr_multipliers must be equally long, got "
            f"{len(periods)} and {len(peaks)}"
        )
        raise PassoError(msg)
    end = at_least(decay_min_lr, "decay_min_lr")
    parts: list[Schedule] = [
        Linear(at_least(warmup_min_lr, "warmup_min_lr"), share(peaks[0]), warmup)
    ]
    for number, (period, peak) in enumerate(zip(periods, peaks, strict=True)):
        lasts = period - (0 if number else int(warmup.amount))
        fall = Clock(period, clock.units).length("decay", decay, decay_fraction)
        stable = lasts - int(fall.amount)
        if stable < 0 or not fall.amount:
            msg = (
                f"a decay must be at least 1 and fit into its period, got {fall!r} in a period of "
                f"{lasts}"
            )
            raise PassoError(msg)
        whole_period = Constant(share(peak), clock.span(stable)).then(
            Linear(share(peak), end, fall)
        )
        if number:
            whole_period = whole_period.skip(clock.span(1))
        parts.append(whole_period.until(clock.span(lasts if number else lasts + 1)))
    return parts[0].then(*parts[1:])


def _fields(given: Any, known: tuple[str, ...], what: str) -> Mapping[str, Any]:
    """A stage or an override, as a dict of its fields."""
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        msg = f"{what} must be a dict with some of {', '.join(known)}, got {brief(given)}"
        raise PassoError(msg)
    return given


def _rate(given: Mapping[str, Any], name: str, usual: Value | None = None) -> Value:
    """A rate, absolute or as a fraction of the base."""
    absolute, fraction = given.get(name), given.get(f"{name}_fraction")
    if absolute is None and fraction is None and usual is not None:
        return usual
    if (absolute is None) == (fraction is None):
        msg = f"give one of {name} and {name}_fraction, got {brief(dict(given))}"
        raise PassoError(msg)
    if absolute is not None:
        return at_least(absolute, name)
    return share(at_least(fraction, f"{name}_fraction"))


def _shape(given: Mapping[str, Any]) -> Callable[[Value, Value, Span], Schedule]:
    return choice(given.get("shape", "linear"), "shape", _SHAPES)


def _overridden(clock: Clock, trunk: Schedule, override_decay: Any) -> Schedule:
    """The trunk, or from the start of the override on a last fall from where it then is."""
    if override_decay is None:
        return trunk
    given = _fields(override_decay, _OVERRIDE, "override_decay")
    shape: Descent = "cosine" if _shape(given) is Cosine else "linear"
    start = clock.span(whole(given.get("start"), "start", least=0))
    over = clock.span(whole(given.get("duration"), "duration"))
    return trunk.cooldown(start, over, end=_rate(given, "end_lr"), shape=shape)


def _placed(clock: Clock, scheduler: Schedule, end: int | None, gone: int) -> Schedule:
    """One of a sequence on the part of the run that it has."""
    left = end
    if left is None and clock.t_max is not None:
        left = clock.t_max - gone
    if left is not None and left > 0:
        return scheduler.on(Run(clock.span(left), axis=clock.axis))
    if left is not None or scheduler.units & {"percent"}:
        msg = "the last of schedulers has no length; give a longer t_max=..."
        raise PassoError(msg)
    return scheduler


def _beginning_from(scheduler: Schedule, moving: float, fixed: float) -> Schedule:
    """The same where its base is the rate at which the one before it ended."""
    if (moving, fixed) == (1.0, 0.0):
        return scheduler

    def written(found: re.Match[str]) -> str:
        factor = float(found[1] or 1.0)
        rate = share(factor * moving) + factor * fixed if fixed else share(factor * moving)
        return repr(rate) if not isinstance(rate, Schedule) or not fixed else f"({rate!r})"

    return parse(_BASE.sub(written, repr(scheduler)))


def _last(scheduler: Schedule, end: int) -> tuple[float, float]:
    """Its last rate: how many times the base, and what is added."""
    if not scheduler.relative:
        return 0.0, scheduler(end)
    one = scheduler.with_base(1.0)(end)
    moving = scheduler.with_base(2.0)(end) - one
    # A rounding is not an absolute part.
    fixed = one - moving if abs(one - moving) > _ROUNDING * one else 0.0
    return one - fixed, fixed
