"""transformers: factories of LambdaLR, by name or by function."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from passo.catalogue.like.common import (
    above_zero,
    at_least,
    choice,
    count,
    counted,
    left,
    length,
    rise,
    share,
)
from passo.catalogue.like.plateau import PLATEAU, SMALL, reduce_on_plateau
from passo.catalogue.like.registry import Either, Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Greedy,
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

TRANSFORMERS: Final = Library("transformers", {"optimizer": ..., "last_epoch": -1})
_WARM: Final = {"num_warmup_steps": 100}
_RUN: Final = {"num_warmup_steps": 100, "num_training_steps": 1000}
_FALL: Final = 0.5  # of a wave
_CLIMBS: Final = "Past num_training_steps it climbs again."
_OF_DEFAULTS: Final = (
    "{} is turned into a share of the optimizer's default rate, and each group ends at that share "
    "of its own; the expression is that of a group which has the default rate."
)


@called_like('like.transformers("cosine", num_warmup_steps=100, num_training_steps=1000)')
def transformers(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of transformers, by its name in `lr_scheduler_type` or its function.

        transformers.get_scheduler(name, optimizer, ...) as an expression

    Lengths are in updates. `past` "theirs" climbs again where theirs does, "hold" holds the last
    value. Raises PassoError for a name or a value without meaning, WrongCall for arguments that the
    schedule does not take. Source: transformers.optimization, 5.23.0.

    >>> transformers("cosine", num_warmup_steps=4, num_training_steps=10, past="hold")
    Linear(0, base, steps(4)).then(Cosine(base, 0, steps(6)))
    """
    made: Schedule = TRANSFORMERS.answer(name, arguments, past)
    return made


@TRANSFORMERS.schedule("constant", "get_constant_schedule", example={})
def _constant() -> Schedule:
    return Constant(base)


@TRANSFORMERS.schedule("constant_with_warmup", "get_constant_schedule_with_warmup", example=_WARM)
def _constant_with_warmup(num_warmup_steps: Any) -> Schedule:
    return rise(count(num_warmup_steps, "num_warmup_steps")).then(Constant(base))


@TRANSFORMERS.schedule("linear", "get_linear_schedule_with_warmup", example=_RUN)
def _linear(num_warmup_steps: Any, num_training_steps: Any) -> Schedule:
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    return rise(warmup).then(Linear(base, 0.0, steps(fall)) if fall else Constant(0.0))


@TRANSFORMERS.schedule(
    "cosine", "get_cosine_schedule_with_warmup", example=_RUN, remarks=(_CLIMBS,)
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
    remarks=(_OF_DEFAULTS.format("lr_end"), "lr_end is 1e-7 where it is not given, and not 0."),
)
def _polynomial(
    num_warmup_steps: Any, num_training_steps: Any, lr_end: Any = 1e-7, power: Any = 1.0
) -> Schedule:
    warmup, fall = _lengths(num_warmup_steps, num_training_steps)
    if fall == 0:
        msg = "num_training_steps must be above num_warmup_steps, they are equal"
        raise PassoError(msg)
    end = at_least(lr_end, "lr_end")
    return rise(warmup).then(Polynomial(base, end, steps(fall), power=power))


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
    remarks=(_CLIMBS, _OF_DEFAULTS.format("min_lr"), "One of min_lr and min_lr_rate is needed."),
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
    return Either(up.then(theirs), up.then(hold))


@TRANSFORMERS.schedule(
    "warmup_stable_decay",
    "get_wsd_schedule",
    example={"num_warmup_steps": 100, "num_decay_steps": 200, "num_training_steps": 1000},
    remarks=(
        "It begins at min_lr_ratio of the rate, not at 0.",
        "Where both are given num_stable_steps counts, and not num_training_steps.",
        "After a cosine of other num_cycles than 0.5 it jumps to min_lr_ratio of the rate.",
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
        whole, both = count(num_training_steps, "num_training_steps"), warmup + decay
        stable = left(whole, both, "num_training_steps", "num_warmup_steps + num_decay_steps")
    else:
        msg = "one of num_stable_steps and num_training_steps is needed"
        raise PassoError(msg)
    up = up.then(Constant(base, steps(stable)))
    fall = choice(decay_type, "decay_type", _DOWNS)
    if decay == 0:
        return up.then(Constant(floor))
    if decay_type != "cosine" or real(num_cycles, "num_cycles") == _FALL:
        return up.then(fall(base, floor, steps(decay)))
    wave = _wave(decay, num_cycles, floor).theirs
    return up.then(wave.until(steps(decay)), Constant(floor))


def _one_minus_root(start: Value, end: Value, over: Span) -> Schedule:
    return Power(start, end, over, power=0.5)


def _root_of_rest(start: Value, end: Value, over: Span) -> Schedule:
    return Polynomial(start, end, over, power=0.5)


TRANSFORMERS.schedule(
    "reduce_lr_on_plateau",
    "get_reduce_on_plateau_schedule",
    example={"patience": 5},
    remarks=PLATEAU,
)(reduce_on_plateau)


@TRANSFORMERS.schedule(
    "greedy",
    "get_greedy_schedule",
    "GreedyLR",
    example={"lr": 0.01, "patience": 5},
    remarks=(
        (
            "min_lr and max_lr are rates and not factors: lr, or the optimizer, tells the rate "
            "that it begins at, and the answer is for a group of that rate."
        ),
        (
            "With min_lr=1e-3, the default, theirs never lowers a rate below that, and raises "
            "it; here it is refused."
        ),
        "Where it fell reset_start times at min_lr theirs begins anew; this stays.",
        "A move smaller than eps theirs does not make; this makes it.",
        (
            "Theirs hears what step(metrics) is told; this hears reports of the name that metric "
            "has, val_loss where it is not given."
        ),
    ),
)
def _greedy(  # noqa: PLR0913, PLR0917
    lr: Any = None,
    optimizer: Any = None,
    mode: Any = "min",
    factor: Any = 0.95,
    patience: Any = 10,
    threshold: Any = 1e-6,
    threshold_mode: Any = "abs",
    cooldown: Any = 0,
    warmup: Any = 0,
    min_lr: Any = 1e-3,
    max_lr: Any = 1.0,
    eps: Any = 1e-8,
    smooth: Any = False,  # noqa: FBT002
    window_size: Any = 50,  # noqa: ARG001
    reset_start: Any = 500,
    metric: Any = "val_loss",
    verbose: Any = False,  # noqa: ARG001, FBT002
) -> Schedule:
    if smooth:
        raise PassoError("smooth=True is a running mean of the metric: report the mean")
    counted(reset_start, "reset_start")
    if at_least(eps, "eps") > SMALL:
        msg = f"no expression has moves that are left out where they are below eps={brief(eps)}"
        raise PassoError(msg)
    rate = _rate(lr, optimizer)
    low, high = at_least(min_lr, "min_lr"), real(max_lr, "max_lr")
    if not low <= rate <= high:
        msg = f"lr must be from min_lr to max_lr, got {rate:g} and {low:g} to {high:g}"
        raise PassoError(msg)
    return rate * Greedy(
        metric,
        mode=mode,
        factor=factor,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        cooldown=cooldown,
        warmup=warmup,
        floor=low / rate,
        ceiling=high / rate,
    )


def _rate(lr: Any, optimizer: Any) -> float:
    """The one rate that all groups have."""
    if lr is not None:
        return above_zero(lr, "lr")
    if optimizer is None:
        raise PassoError("min_lr and max_lr are rates: lr is needed, or the optimizer")
    rates = {float(group["lr"]) for group in optimizer.param_groups}
    if len(rates) != 1:
        msg = f"the optimizer must have one rate for all its groups, it has {len(rates)}"
        raise PassoError(msg)
    return above_zero(rates.pop(), "lr")


_Ramp: TypeAlias = Callable[[Value, Value, Span], Schedule]
_UPS: Final[dict[str, _Ramp]] = {"linear": Linear, "cosine": Cosine, "1-sqrt": _root_of_rest}
_DOWNS: Final[dict[str, _Ramp]] = {"linear": Linear, "cosine": Cosine, "1-sqrt": _one_minus_root}


def _lengths(num_warmup_steps: Any, num_training_steps: Any) -> tuple[Fraction, Fraction]:
    """The warm-up, and what is left of the run."""
    warmup = count(num_warmup_steps, "num_warmup_steps")
    whole = count(num_training_steps, "num_training_steps")
    return warmup, left(whole, warmup, "num_training_steps", "num_warmup_steps")


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
    return Either(rise(warmup).then(wave.theirs), rise(warmup).then(wave.hold))


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
