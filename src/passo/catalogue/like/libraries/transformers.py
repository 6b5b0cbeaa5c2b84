"""transformers: factories of LambdaLR, by name or by function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from passo.catalogue.like.common import (
    at_least,
    choice,
    count,
    length,
    moved,
    rise,
    share,
)
from passo.catalogue.like.registry import Either, Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    InversePower,
    Linear,
    Polynomial,
    Power,
    Schedule,
    Span,
    base,
    steps,
)
from passo.schedules.algebra.atoms import Value
from passo.schedules.torchs import swing

TRANSFORMERS: Final = Library(
    "transformers",
    {
        "optimizer": ...,
        "last_epoch": -1,
        "num_warmup_steps": ...,  # get_scheduler takes these two whatever the name is
        "num_training_steps": ...,
    },
    by_group=("min_lr",),
)
_WARM: Final = {"num_warmup_steps": 100}
_SPECIFIC: Final = "scheduler_specific_kwargs"
_RUN: Final = {"num_warmup_steps": 100, "num_training_steps": 1000}
_FALL: Final = 0.5  # of a wave
_CLIMBS: Final = "Past num_training_steps it climbs again."
_LONGER: Final = (
    "A warm-up that is longer than num_training_steps theirs goes through to its end, and what "
    "comes then is over within an update."
)
_OF_DEFAULTS: Final = (
    "{} is turned into a share of the optimizer's default rate, and each group ends at that share "
    "of its own; the expression is that of a group which has the default rate."
)


@called_like('like.transformers("cosine", num_warmup_steps=100, num_training_steps=1000)')
def transformers(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of transformers, by its name in `lr_scheduler_type` or its function.

        transformers.get_scheduler(name, optimizer, ...) as an expression

    Lengths are in updates. Arguments are those of its function, also within
    `scheduler_specific_kwargs`; a length that it has no use for moves nothing. `past` "theirs"
    climbs again where theirs does, "hold" holds the last value. Raises PassoError for a name or a
    value without meaning, WrongCall for arguments that the schedule does not take. Source:
    transformers.optimization, 5.23.0.

    >>> transformers("cosine", num_warmup_steps=4, num_training_steps=10, past="hold")
    Linear(0, base, steps(4)).then(Cosine(base, 0, steps(6)))
    """
    made: Schedule = TRANSFORMERS.answer(name, _flat(name, arguments), past)
    return made


def _flat(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of get_scheduler as those of the function that it calls."""
    given = dict(arguments)
    specific = given.pop(_SPECIFIC, None)
    if specific is None:
        return given
    where = TRANSFORMERS.find(name).where(name)
    if not isinstance(specific, Mapping) or not all(isinstance(key, str) for key in specific):
        msg = f"{where}: {_SPECIFIC} must be a dict of arguments, got {brief(specific)}"
        raise PassoError(msg)
    twice = sorted(given.keys() & specific.keys())
    if twice:
        msg = f"{where}: {twice[0]} is given twice, beside {_SPECIFIC} and in it"
        raise PassoError(msg)
    return {**given, **specific}


@TRANSFORMERS.schedule("constant", "get_constant_schedule", example={})
def _constant() -> Schedule:
    return Constant(base)


@TRANSFORMERS.schedule("constant_with_warmup", "get_constant_schedule_with_warmup", example=_WARM)
def _constant_with_warmup(num_warmup_steps: Any) -> Schedule:
    return rise(count(num_warmup_steps, "num_warmup_steps")).then(Constant(base))


@TRANSFORMERS.schedule(
    "linear", "get_linear_schedule_with_warmup", example=_RUN, remarks=(_LONGER,)
)
def _linear(num_warmup_steps: Any, num_training_steps: Any) -> Schedule:
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    return rise(warmup).then(Linear(base, 0.0, steps(fall)) if fall else Constant(0.0))


@TRANSFORMERS.schedule(
    "cosine", "get_cosine_schedule_with_warmup", example=_RUN, remarks=(_CLIMBS, _LONGER)
)
def _cosine(num_warmup_steps: Any, num_training_steps: Any, num_cycles: Any = 0.5) -> Either:
    return _waves(num_warmup_steps, num_training_steps, num_cycles, 0.0)


@TRANSFORMERS.schedule(
    "cosine_with_restarts",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    example={**_RUN, "num_cycles": 3},
    remarks=(
        "num_cycles counts whole falls here and whole waves in cosine, whose half one is a fall.",
        "Where num_cycles is no whole number the last fall is cut at num_training_steps, to 0.",
        _LONGER,
    ),
)
def _restarts(num_warmup_steps: Any, num_training_steps: Any, num_cycles: Any = 1) -> Schedule:
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    cycles = length(num_cycles, "num_cycles")
    if fall == 0:  # theirs makes that 1
        fall = Fraction(1)
    if cycles == 0:
        return rise(warmup).then(Constant(base, steps(fall)), Constant(0.0))
    each = Cosine(base, 0.0, steps(fall / cycles))
    if cycles.denominator == 1:
        return rise(warmup).then(each.repeat(int(cycles)))
    return rise(warmup).then(each.repeat().until(steps(fall)), Constant(0.0))


@TRANSFORMERS.schedule(
    "polynomial",
    "get_polynomial_decay_schedule_with_warmup",
    example={**_RUN, "power": 2.0},
    remarks=(
        _OF_DEFAULTS.format("lr_end"),
        "lr_end is 1e-7 where it is not given, and not 0.",
        _LONGER,
    ),
)
def _polynomial(
    num_warmup_steps: Any, num_training_steps: Any, lr_end: Any = 1e-7, power: Any = 1.0
) -> Schedule:
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    if warmup == length(num_training_steps, "num_training_steps"):
        msg = "num_training_steps must be above num_warmup_steps, they are equal"
        raise PassoError(msg)
    end = at_least(lr_end, "lr_end")
    if fall and real(power, "power") == 0:  # the end is for what comes after the run
        return rise(warmup).then(Constant(base, steps(fall + 1)).then(Constant(end)))
    after = Polynomial(base, end, steps(fall), power=power) if fall else Constant(end)
    return rise(warmup).then(after)


@TRANSFORMERS.schedule(
    "inverse_sqrt",
    "get_inverse_sqrt_schedule",
    example=_WARM,
    remarks=("Without a warm-up and a timescale the timescale is 10,000 updates.",),
)
def _inverse_sqrt(num_warmup_steps: Any, timescale: Any = None) -> Schedule:
    warmup = count(num_warmup_steps, "num_warmup_steps")
    scale = (warmup or 10_000) if timescale is None else count(timescale, "timescale", least=1)
    return rise(warmup).then(InversePower(base, steps(scale)))


@TRANSFORMERS.schedule(
    "cosine_with_min_lr",
    "get_cosine_with_min_lr_schedule_with_warmup",
    example={**_RUN, "min_lr_rate": 0.1},
    remarks=(
        _CLIMBS,
        _LONGER,
        _OF_DEFAULTS.format("min_lr"),
        "One of min_lr and min_lr_rate is needed.",
    ),
)
def _min_lr(
    num_warmup_steps: Any,
    num_training_steps: Any,
    num_cycles: Any = 0.5,
    min_lr: Any = None,
    min_lr_rate: Any = None,
) -> Either:
    floor = _floor(min_lr, min_lr_rate)
    return _waves(num_warmup_steps, num_training_steps, num_cycles, floor)


@TRANSFORMERS.schedule(
    "cosine_warmup_with_min_lr",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    example={**_RUN, "min_lr_rate": 0.1},
    remarks=(
        "Its clock is one ahead: update 0 uses 1 / num_warmup_steps of the rate.",
        "It climbs again, from one update before num_training_steps on.",
        _LONGER,
        _OF_DEFAULTS.format("min_lr"),
    ),
)
def _warmup_rate(
    num_warmup_steps: Any,
    num_training_steps: Any,
    num_cycles: Any = 0.5,
    min_lr: Any = None,
    min_lr_rate: Any = None,
    warmup_lr_rate: Any = None,
) -> Either:
    floor = _floor(min_lr, min_lr_rate)
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    theirs, hold = _wave(fall, num_cycles, floor)
    if warmup <= 1 and (warmup == 0 or warmup_lr_rate is not None):
        start = Constant(share(real(warmup_lr_rate or 0.0, "warmup_lr_rate")), steps(warmup))
        return Either(*(start.then(each.skip(steps(1))) for each in (theirs, hold)))
    if warmup_lr_rate is None:
        up = rise(warmup).skip(steps(1))
    else:
        up = Linear(share(real(warmup_lr_rate, "warmup_lr_rate")), base, steps(warmup - 1))
    return Either(up.then(theirs), _held(up.then(hold), warmup, num_training_steps, ahead=1))


@TRANSFORMERS.schedule(
    "warmup_stable_decay",
    "get_wsd_schedule",
    example={"num_warmup_steps": 100, "num_decay_steps": 200, "num_training_steps": 1000},
    remarks=(
        "It begins at min_lr_ratio of the rate, not at 0.",
        "Where both are given num_stable_steps counts, and not num_training_steps.",
        "After a cosine of other num_cycles than 0.5 it jumps to min_lr_ratio of the rate.",
        (
            "Where num_training_steps is less than the warm-up and the descent together theirs "
            "warms up to the end and jumps into the descent; this does so too."
        ),
    ),
)
def _wsd(  # noqa: PLR0917
    num_warmup_steps: Any,
    num_decay_steps: Any,
    num_training_steps: Any = None,
    num_stable_steps: Any = None,
    warmup_type: Any = "linear",
    decay_type: Any = "cosine",
    min_lr_ratio: Any = 0,
    num_cycles: Any = 0.5,
) -> Schedule:
    warmup = count(num_warmup_steps, "num_warmup_steps")
    decay = count(num_decay_steps, "num_decay_steps")
    floor = share(at_least(min_lr_ratio, "min_lr_ratio"))
    up = choice(warmup_type, "warmup_type", _UPS)(floor, base, steps(warmup))
    if num_stable_steps is not None:
        stable = count(num_stable_steps, "num_stable_steps")
    elif num_training_steps is not None:
        stable = count(num_training_steps, "num_training_steps") - warmup - decay
    else:
        msg = "one of num_stable_steps and num_training_steps is needed"
        raise PassoError(msg)
    shape = choice(decay_type, "decay_type", _DOWNS)
    late = max(-stable, Fraction(0))  # how much of the descent lies within the warm-up
    if late >= decay:
        return up.then(Constant(base, steps(max(stable, Fraction(0)))), Constant(floor))
    if decay_type != "cosine" or real(num_cycles, "num_cycles") == _FALL:
        fall = shape(base, floor, steps(decay))
    else:
        wave = _wave(decay, num_cycles, floor).theirs
        fall = wave.until(steps(decay)).then(Constant(floor))
    up = up.then(Constant(base, steps(max(stable, Fraction(0)))))
    return up.then(moved(fall, late))


def _one_minus_root(start: Value, end: Value, over: Span) -> Schedule:
    return Power(start, end, over, power=0.5)


def _root_of_rest(start: Value, end: Value, over: Span) -> Schedule:
    return Polynomial(start, end, over, power=0.5)


_Ramp: TypeAlias = Callable[[Value, Value, Span], Schedule]
_UPS: Final[dict[str, _Ramp]] = {"linear": Linear, "cosine": Cosine, "1-sqrt": _root_of_rest}
_DOWNS: Final[dict[str, _Ramp]] = {"linear": Linear, "cosine": Cosine, "1-sqrt": _one_minus_root}


def _lengths(num_warmup_steps: Any, num_training_steps: Any) -> tuple[Fraction, Fraction]:
    """The warm-up, and what is left of the run: nothing where the warm-up is longer."""
    warmup = count(num_warmup_steps, "num_warmup_steps")
    whole = count(num_training_steps, "num_training_steps")
    return warmup, max(whole - warmup, Fraction(0))


def _floor(min_lr: Any, min_lr_rate: Any) -> Value:
    if (min_lr is None) == (min_lr_rate is None):
        given = "neither" if min_lr is None else "both"
        msg = f"one of min_lr and min_lr_rate is needed, got {given}"
        raise PassoError(msg)
    if min_lr is not None:
        return at_least(min_lr, "min_lr")
    return share(at_least(min_lr_rate, "min_lr_rate"))


def _waves(num_warmup_steps: Any, num_training_steps: Any, cycles: Any, floor: Value) -> Either:
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    wave = _wave(fall, cycles, floor)
    up = rise(warmup)
    return Either(up.then(wave.theirs), _held(up.then(wave.hold), warmup, num_training_steps))


def _held(
    schedule: Schedule, warmup: Fraction, num_training_steps: Any, ahead: int = 0
) -> Schedule:
    """A schedule that is held where the run ends, if that is within its warm-up."""
    whole = length(num_training_steps, "num_training_steps")
    return schedule.until(steps(max(whole - ahead, Fraction(0)))) if whole < warmup else schedule


class _Wave(NamedTuple):
    """A wave that goes on for ever, and the same held at the end of the run."""

    theirs: Schedule
    hold: Schedule


def _wave(fall: Fraction, num_cycles: Any, floor: Value) -> _Wave:
    """A cosine of so many whole waves within the fall; theirs makes a fall of 0 one of 1."""
    cycles = length(num_cycles, "num_cycles")
    if cycles == 0:
        return _Wave(Constant(base), Constant(base))
    half = (fall or 1) / (2 * cycles)
    theirs = swing(base, floor, half)
    if fall == 0:
        return _Wave(theirs, Constant(base))
    hold = Cosine(base, floor, steps(fall)) if cycles == _FALL else theirs.until(steps(fall))
    return _Wave(theirs, hold)
