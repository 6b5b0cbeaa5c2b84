"""OLMo-core: dataclasses that give a rate for a count of steps or tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from passo.catalogue.like.common import at_least, share
from passo.catalogue.like.olmo_clock import Clock, lengths
from passo.catalogue.like.registry import Either, Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Geometric,
    InversePower,
    Linear,
    Schedule,
    Span,
    base,
    rest,
)
from passo.schedules.algebra.atoms import Value


def _spell(name: str, given: Mapping[str, Any]) -> str:
    """A call as code; a schedule within it is the call that gave it."""
    code = {key: repr(value) for key, value in given.items()}
    if "schedulers" in given:
        code["schedulers"] = f"[{', '.join(_PARTS)}]"
    arguments = "".join(f", {key}={value}" for key, value in code.items())
    return f'like.olmo("{name}"{arguments})'.replace("'", '"')


OLMO: Final = Library("olmo", {"lr_field": ..., "initial_lr_field": ...}, spell=_spell)
_PARTS: Final = (
    'like.olmo("LinearWithWarmup", warmup=100, alpha_f=0.5)',
    'like.olmo("CosWithWarmup", warmup=0, alpha_f=0.1)',
)
TRAINER: Final = (
    "Its trainer counts from 1, so that its first update uses the rate of 1: write "
    ".skip(steps(1)) for that."
)
_BELOW: Final = "Past t_max its decay goes on below decay_min_lr, where t_max is given."
_TENTH: Final = "It ends at a tenth of the rate where alpha_f is not given, and not at 0."
_RUN: Final = {"warmup": 100, "t_max": 1000}


@called_like('like.olmo("CosWithWarmup", warmup=100, t_max=1000)')
def olmo(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of OLMo-core, by the name of its class or its registered name.

        NAME(...).get_lr(base, t, t_max) as an expression of `base`

    Lengths are in updates, or in tokens with units="tokens". `t_max` is what the trainer hands
    over; without it the schedule fills its run, and shares of it are percent and not rounded.
    `past` "theirs" goes on below the floor where theirs does, "hold" holds the last value. Raises
    PassoError for a name or a value without meaning, WrongCall for arguments that the schedule does
    not take. Source: olmo_core.optim.scheduler, 3.0.0.

    >>> olmo("CosWithWarmup", warmup=4, t_max=10)
    Linear(0, base, steps(4)).then(Cosine(base, 0.1 * base, steps(6)))
    """
    made: Schedule = OLMO.answer(name, arguments, past)
    return made


@OLMO.schedule("ConstantScheduler", "constant", example={})
@lengths()
def _constant(_clock: Clock) -> Schedule:
    return Constant(base)


@OLMO.schedule(
    "ConstantWithWarmup", "constant_with_warmup", example={"warmup": 100}, remarks=(TRAINER,)
)
@lengths("warmup")
def _constant_warmup(_clock: Clock, warmup: Span, warmup_min_lr: Any = 0.0) -> Schedule:
    return _up(warmup, warmup_min_lr).then(Constant(base))


@OLMO.schedule("WSD", "wsd", example={**_RUN, "decay_fraction": 0.2}, remarks=(TRAINER, _BELOW))
@lengths("warmup", "decay")
def _wsd(
    clock: Clock, warmup: Span, decay: Span, warmup_min_lr: Any = 0.0, decay_min_lr: Any = 0.0
) -> Either | Schedule:
    end = at_least(decay_min_lr, "decay_min_lr")
    up = _up(warmup, warmup_min_lr)
    if not decay.amount:
        return up.then(Constant(base))
    stable = clock.stable(warmup, decay)
    down = up.then(Constant(base, stable), Linear(base, end, decay))
    return clock.goes_on(down, 1.0, end, decay)


@OLMO.schedule(
    "PowerLR", "power_lr", example={**_RUN, "decay_fraction": 0.2}, remarks=(TRAINER, _BELOW)
)
@lengths("warmup", "decay")
def _power(
    clock: Clock,
    warmup: Span,
    decay: Span,
    b: Any = -0.51,
    warmup_min_lr: Any = 0.0,
    decay_min_lr: Any = 0.0,
) -> Either | Schedule:
    exponent, end = real(b, "b"), at_least(decay_min_lr, "decay_min_lr")
    if exponent >= 0:
        msg = f"b must be below 0, got {brief(b)}"
        raise PassoError(msg)
    scale = clock.counted(warmup, "warmup")
    trunk = _up(warmup, warmup_min_lr).then(InversePower(base, scale, power=-exponent))
    if not decay.amount:
        return trunk
    clock.stable(warmup, decay)
    at = clock.before_end(decay)
    down = trunk.cooldown(at, decay, end=end)
    if at.unit != scale.unit:
        return down
    return clock.goes_on(down, float(at.amount / scale.amount) ** exponent, end, decay)


@OLMO.schedule("LinearWithWarmup", "linear_with_warmup", example=_RUN, remarks=(TRAINER, _TENTH))
@lengths("warmup")
def _linear(clock: Clock, warmup: Span, alpha_f: Any = 0.1, warmup_min_lr: Any = 0.0) -> Schedule:
    return _falls(Linear, clock, warmup, alpha_f, warmup_min_lr)


@OLMO.schedule(
    "InvSqrtWithWarmup",
    "inv_sqrt_with_warmup",
    example={"warmup": 100},
    remarks=(
        TRAINER,
        "What falls is the part of the rate above alpha_f of it, a tenth where it is not given.",
    ),
)
@lengths("warmup")
def _inv_sqrt(clock: Clock, warmup: Span, alpha_f: Any = 0.1, warmup_min_lr: Any = 0.0) -> Schedule:
    low = real(alpha_f, "alpha_f")
    falls = InversePower(share(1.0 - low), clock.counted(warmup, "warmup"))
    return _up(warmup, warmup_min_lr).then(low * base + falls if low else falls)


@OLMO.schedule("CosWithWarmup", "cos_with_warmup", example=_RUN, remarks=(TRAINER, _TENTH))
@lengths("warmup")
def _cosine(clock: Clock, warmup: Span, alpha_f: Any = 0.1, warmup_min_lr: Any = 0.0) -> Schedule:
    return _falls(Cosine, clock, warmup, alpha_f, warmup_min_lr)


@OLMO.schedule(
    "HalfCosWithWarmup",
    "half_cos_with_warmup",
    example=_RUN,
    remarks=(
        TRAINER,
        _TENTH,
        (
            "It is the second half of a cosine: the warm-up ends half-way between the rate and the "
            "floor, which is never above."
        ),
    ),
)
@lengths("warmup")
def _half_cosine(
    clock: Clock, warmup: Span, alpha_f: Any = 0.1, warmup_min_lr: Any = 0.0
) -> Schedule:
    fall = clock.counted(clock.after(warmup), "t_max")
    half = share((1.0 + real(alpha_f, "alpha_f")) / 2)
    up = Linear(at_least(warmup_min_lr, "warmup_min_lr"), half, warmup)
    return up.then(Cosine(base, _floor(alpha_f), 2 * fall).skip(fall))


@OLMO.schedule(
    "CosWithWarmupAndLinearDecay",
    "cos_with_warmup_and_linear_decay",
    example={**_RUN, "decay_fraction": 0.2},
    remarks=(TRAINER, _TENTH, "The linear decay ends at decay_min_lr.", _BELOW),
)
@lengths("warmup", "decay")
def _cosine_linear(
    clock: Clock,
    warmup: Span,
    decay: Span,
    alpha_f: Any = 0.1,
    warmup_min_lr: Any = 0.0,
    decay_min_lr: Any = 0.0,
) -> Either | Schedule:
    end, floor = at_least(decay_min_lr, "decay_min_lr"), _floor(alpha_f)
    trunk = _up(warmup, warmup_min_lr).then(Cosine(base, floor, clock.after(warmup)))
    if not decay.amount:
        return trunk
    at = clock.before_end(decay)
    down = trunk.cooldown(at, decay, end=end)
    if clock.t_max is None or at.amount < warmup.amount:
        return down
    return clock.goes_on(down, trunk.with_base(1.0)(at.amount), end, decay)


@OLMO.schedule(
    "ExponentialScheduler",
    "exponential",
    example={"lr_min": 1e-6, "t_max": 1000},
    remarks=(TRAINER, "It climbs to the rate: a range test."),
)
@lengths()
def _exponential(clock: Clock, lr_min: Any = 1e-9) -> Schedule:
    return Geometric(real(lr_min, "lr_min"), base, clock.whole())


def _up(warmup: Span, warmup_min_lr: Any) -> Schedule:
    """The warm-up from an absolute rate."""
    return Linear(at_least(warmup_min_lr, "warmup_min_lr"), base, warmup)


def _falls(
    shape: type[Linear | Cosine], clock: Clock, warmup: Span, alpha_f: Any, warmup_min_lr: Any
) -> Schedule:
    """The warm-up and a fall to the floor, which is there at once where the warm-up is the run."""
    floor, fall = _floor(alpha_f), clock.after(warmup)
    over = fall != rest and not fall.amount
    down = Constant(floor) if over else shape(base, floor, fall)
    return _up(warmup, warmup_min_lr).then(down)


def _floor(alpha_f: Any) -> Value:
    return share(real(alpha_f, "alpha_f"))
