"""NeMo: the policies of nemo.core.optim.lr_scheduler."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, NamedTuple

from passo.catalogue.like.common import at_least, counted, left, value_at, within
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    InversePower,
    Linear,
    Polynomial,
    Power,
    Schedule,
    base,
    steps,
)

NEMO: Final = Library("nemo", {"optimizer": ..., "last_epoch": -1})
_RUN: Final = {"warmup_steps": 100, "max_steps": 1000}
_AHEAD: Final = (
    "The clock of its warm-up is one ahead: update t uses (t + 1) / (warmup_steps + 1) of the rate."
)
_PAST: Final = "Past max_steps it is at min_lr."
_RATIO: Final = "A ratio is cut to whole steps."
_WARM: Final = (_AHEAD, _PAST, _RATIO)
_NO_HOLD: Final = (
    "Without hold_steps the curve is counted from update 0, under the warm-up, and leaps when that "
    "ends."
)
_CYCLE: Final = "cycle=True changes nothing: max_steps is where the first cycle ends."


@called_like('like.nemo("CosineAnnealing", warmup_steps=100, max_steps=1000)')
def nemo(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A policy of NeMo, by its class or the name in a config's `sched`.

        the rate of name(optimizer, ...), called once an update, as an expression

    Lengths are in updates. Every one holds past its end. Raises PassoError for a name or a value
    without meaning, WrongCall for arguments that the policy does not take. Source:
    nemo.core.optim.lr_scheduler, NeMo 3.0.0.

    >>> nemo("CosineAnnealing", warmup_steps=4, max_steps=10, min_lr=0.01)
    Linear(0, base, steps(5)).skip(steps(1)).then(Cosine(base, 0.01, steps(6)))
    """
    made: Schedule = NEMO.answer(name, arguments, past)
    return made


class _Plan(NamedTuple):
    """How long the warm-up, the warm-up with what is held, and the whole are."""

    warmup: int
    held: int
    whole: int
    low: float

    def up(self) -> Schedule:
        """The warm-up; one of no length is dropped by `then`."""
        return Linear(0.0, base, steps(self.warmup + 1)).skip(steps(1)) if self.warmup else _NOTHING

    def then(self, curve: Schedule, *, ends: bool = False) -> Schedule:
        """A curve that begins where the warm-up or what is held ends; `ends`: at min_lr by then."""
        begin = max(self.warmup, self.held)
        up = self.up().then(Constant(base, steps(begin - self.warmup)))
        if ends:
            return up.then(curve)
        return up.then(curve.until(steps(self.whole - begin + 1)), Constant(self.low))

    def after_hold(self, curve: Schedule) -> Schedule:
        """A curve that begins where what is held ends; where nothing may be, one `under`."""
        return self.then(curve, ends=True) if self.held else self.under(curve)

    def under(self, curve: Schedule) -> Schedule:
        """A curve that is counted from update 0, and seen after the warm-up."""
        if not self.warmup:
            return curve
        gone, ends = steps(self.warmup + 1), curve.length()
        short = ends is not None and ends.amount <= self.warmup + 1
        late = Constant(value_at(curve, self.warmup + 1)) if short else curve.skip(gone)
        return self.up().then(Constant(base, steps(1)), late)


_NOTHING: Final = Constant(base, steps(0))


def _plan(
    warmup_steps: Any,
    warmup_ratio: Any,
    max_steps: Any,
    min_lr: Any,
    hold_steps: Any = None,
    hold_ratio: Any = None,
) -> _Plan:
    total = counted(max_steps, "max_steps")
    warmup = _steps(warmup_steps, warmup_ratio, total, "warmup")
    hold = _steps(hold_steps, hold_ratio, total, "hold")
    given = hold_steps is not None or hold_ratio is not None
    held = warmup + hold if given else 0
    longest = max(warmup, held)
    if longest >= total:
        name = "warmup_steps + hold_steps" if given else "warmup_steps"
        msg = f"max_steps must be above {name}, got {total} and {longest}"
        raise PassoError(msg)
    return _Plan(warmup, held, total, at_least(min_lr, "min_lr"))


def _steps(count: Any, ratio: Any, total: int | None, name: str) -> int:
    if count is not None and ratio is not None:
        msg = f"{name}_steps and {name}_ratio are one thing, got both"
        raise PassoError(msg)
    if ratio is None:
        return 0 if count is None else counted(count, f"{name}_steps", least=0)
    if total is None:
        msg = f"{name}_ratio is a share of max_steps, which is not given"
        raise PassoError(msg)
    return int(within(ratio, f"{name}_ratio", 0, 1) * total)


@NEMO.schedule("WarmupPolicy", example={"warmup_steps": 100}, remarks=_WARM)
def _warmup(
    warmup_steps: Any = None, warmup_ratio: Any = None, max_steps: Any = None, min_lr: Any = 0.0
) -> Schedule:
    if max_steps is None:
        warmup = _steps(warmup_steps, warmup_ratio, None, "warmup")
        return _Plan(warmup, 0, 0, 0.0).then(Constant(base), ends=True)
    return _plan(warmup_steps, warmup_ratio, max_steps, min_lr).then(Constant(base))


@NEMO.schedule("WarmupHoldPolicy", example=_RUN, remarks=_WARM)
def _warmup_hold(
    max_steps: Any,
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    hold_steps: Any = None,
    hold_ratio: Any = None,
    min_lr: Any = 0.0,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr, hold_steps, hold_ratio)
    return plan.then(Constant(base))


@NEMO.schedule("SquareAnnealing", example=_RUN, remarks=(*_WARM, "min_lr is 1e-5 unless given."))
def _square(
    max_steps: Any, warmup_steps: Any = None, warmup_ratio: Any = None, min_lr: Any = 1e-5
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr)
    fall = Polynomial(base, 0.0, steps(plan.whole - plan.warmup), power=2.0)
    return plan.then(_not_below(fall, plan.low), ends=True)


@NEMO.schedule(
    "SquareRootAnnealing",
    example=_RUN,
    remarks=(*_WARM, "The curve is counted from update 0, and leaps when the warm-up ends."),
)
def _square_root(
    max_steps: Any, warmup_steps: Any = None, warmup_ratio: Any = None, min_lr: Any = 0.0
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr)
    return plan.under(_not_below(Polynomial(base, 0.0, steps(plan.whole), power=0.5), plan.low))


@NEMO.schedule(
    "CosineAnnealing",
    example=_RUN,
    remarks=(
        *_WARM,
        (
            "With constant_steps the warm-up is not ahead, the floor is reached that much before "
            "max_steps, and all groups have the rate of the first."
        ),
    ),
)
def _cosine(
    max_steps: Any,
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    constant_steps: Any = None,
    constant_ratio: Any = None,
    min_lr: Any = 0.0,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr)
    constant = _steps(constant_steps, constant_ratio, plan.whole, "constant")
    if not constant:
        return plan.then(Cosine(base, plan.low, steps(plan.whole - plan.warmup)), ends=True)
    both = Fraction(plan.warmup + constant)
    fall = left(Fraction(plan.whole), both, "max_steps", "warmup_steps + constant_steps")
    if fall == 0:
        raise PassoError("max_steps must be above warmup_steps + constant_steps, they are equal")
    up = Linear(0.0, base, steps(plan.warmup))
    return up.then(Cosine(base, plan.low, steps(fall)))


@NEMO.schedule(
    "NoamAnnealing",
    example={"d_model": 512, "warmup_steps": 4000},
    remarks=(
        "The rate is a factor: 1 is the published schedule.",
        "Update 0 has the value of update 1.",
        "min_lr is no floor within the warm-up, and max_steps moves nothing.",
        _RATIO,
    ),
)
def _noam(
    d_model: Any,
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    max_steps: Any = None,
    min_lr: Any = 0.0,
) -> Schedule:
    total = None if max_steps is None else counted(max_steps, "max_steps")
    warmup = _steps(warmup_steps, warmup_ratio, total, "warmup")
    low, scale = at_least(min_lr, "min_lr"), counted(d_model, "d_model") ** -0.5
    if not warmup:
        flat = InversePower(scale * base, steps(1))
        return _not_below(Constant(scale * base, steps(1)).then(flat), low)
    peak = scale * warmup**-0.5
    first = Constant(peak / warmup * base, steps(1))
    up = first.then(Linear(0.0, peak * base, steps(warmup)).skip(steps(1)))
    fall: Schedule = InversePower(peak * base, steps(warmup))
    if low:
        fall = Constant(peak * base, steps(1)).then(fall.skip(steps(1)).clip(low=low))
    return up.then(fall)


@NEMO.schedule(
    "NoamHoldAnnealing",
    example={**_RUN, "hold_steps": 200},
    remarks=(*_WARM, "Unlike in NoamAnnealing the rate is the peak.", "It needs a warm-up."),
)
def _noam_hold(
    max_steps: Any,
    decay_rate: Any = 0.5,
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    hold_steps: Any = None,
    hold_ratio: Any = None,
    min_lr: Any = 0.0,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr, hold_steps, hold_ratio)
    if not plan.warmup:
        raise PassoError("warmup_steps must be above 0: the fall is counted in warm-ups")
    fall = InversePower(base, steps(plan.warmup), power=real(decay_rate, "decay_rate"))
    return plan.then(_not_below(fall, plan.low))


@NEMO.schedule(
    "WarmupHoldAnnealOneMinusSquareRoot",
    example={**_RUN, "hold_steps": 200},
    remarks=(*_WARM, _NO_HOLD),
)
def _one_minus_root(
    max_steps: Any,
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    hold_steps: Any = None,
    hold_ratio: Any = None,
    min_lr: Any = 0.0,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr, hold_steps, hold_ratio)
    fall = Power(base, 0.0, steps(plan.whole - plan.held), power=0.5)
    curve = _not_below(fall, plan.low)
    return plan.after_hold(curve)


@NEMO.schedule(
    "WarmupHoldAnnealLinear", example={**_RUN, "hold_steps": 200}, remarks=(*_WARM, _NO_HOLD)
)
def _linear(
    max_steps: Any,
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    hold_steps: Any = None,
    hold_ratio: Any = None,
    min_lr: Any = 0.0,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr, hold_steps, hold_ratio)
    curve = Linear(base, plan.low, steps(plan.whole - plan.held))
    return plan.after_hold(curve)


@NEMO.schedule(
    "WarmupAnnealing",
    example=_RUN,
    remarks=(*_WARM, "After the warm-up all groups have the rate of the first."),
)
def _warmup_annealing(
    max_steps: Any, warmup_steps: Any = None, warmup_ratio: Any = None, min_lr: Any = 0.0
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr)
    return plan.then(Linear(base, plan.low, steps(plan.whole - plan.warmup)), ends=True)


@NEMO.schedule("InverseSquareRootAnnealing", example=_RUN, remarks=_WARM)
def _inverse_root(
    max_steps: Any, warmup_steps: Any = None, warmup_ratio: Any = None, min_lr: Any = 0.0
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr)
    return plan.then(InversePower(base, steps(plan.warmup + 1)))


@NEMO.schedule(
    "T5InverseSquareRootAnnealing",
    example={"constant_steps": 100, "max_steps": 1000},
    remarks=(
        "It does not look at the rate: the values are 1 / sqrt(t), whatever the groups have.",
        "constant_ratio alone raises in theirs; it needs constant_steps.",
        _PAST,
    ),
)
def _t5(max_steps: Any, constant_steps: Any, min_lr: Any = 0.0) -> Schedule:
    total, constant = counted(max_steps, "max_steps"), counted(constant_steps, "constant_steps")
    low, high = Constant(at_least(min_lr, "min_lr")), constant**-0.5
    if constant >= total:
        return Constant(high, steps(constant + 1)).then(low)
    fall = InversePower(high, steps(constant)).skip(steps(1))
    return Constant(high, steps(constant + 1)).then(fall.until(steps(total - constant)), low)


@NEMO.schedule("PolynomialDecayAnnealing", example={**_RUN, "power": 2.0}, remarks=(*_WARM, _CYCLE))
def _polynomial(
    max_steps: Any,
    min_lr: Any = 0.0,
    power: Any = 1.0,
    cycle: Any = False,  # noqa: ARG001, FBT002
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr)
    fall = Polynomial(base, plan.low, steps(plan.whole - plan.warmup), power=power)
    return plan.then(fall, ends=True)


@NEMO.schedule(
    "PolynomialHoldDecayAnnealing",
    example={**_RUN, "hold_steps": 200, "power": 2.0},
    remarks=(*_WARM, _CYCLE, _NO_HOLD),
)
def _polynomial_hold(  # noqa: PLR0917
    max_steps: Any,
    min_lr: Any = 0.0,
    power: Any = 1.0,
    cycle: Any = False,  # noqa: FBT002
    warmup_steps: Any = None,
    warmup_ratio: Any = None,
    hold_steps: Any = None,
    hold_ratio: Any = None,
) -> Schedule:
    plan = _plan(warmup_steps, warmup_ratio, max_steps, min_lr, hold_steps, hold_ratio)
    fall = Polynomial(base, plan.low, steps(plan.whole - max(plan.warmup, plan.held)), power=power)
    if cycle and plan.warmup and not plan.held:
        raise PassoError("cycle=True over a warm-up needs hold_steps, which may be 0")
    return plan.after_hold(fall)


def _not_below(curve: Schedule, low: float) -> Schedule:
    return curve.clip(low=low) if low else curve
