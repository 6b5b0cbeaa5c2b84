"""timm: the classes of timm.scheduler, and the names of create_scheduler_v2."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import (
    at_least,
    by_epoch,
    choice,
    expression,
    left,
    length,
    listed,
    rise,
    value_at,
)
from passo.catalogue.like.libraries.timm_parts import (
    CURVE,
    EPOCHS,
    FIRST,
    SCALE,
    above_zero,
    cycles_of,
    warm_up,
)
from passo.catalogue.like.plateau import falling
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Geometric,
    InversePower,
    KDecay,
    KDecayCosine,
    Linear,
    Polynomial,
    Power,
    Schedule,
    Span,
    Tanh,
    base,
    epochs,
    steps,
    torchs,
)
from passo.schedules.algebra.atoms import Value

_NOISE: Final = "its values are those of torch's own generator, and no expression has them"
TIMM: Final = Library(
    "timm",
    {
        "optimizer": ...,
        "initialize": ...,
        "noise_pct": ...,
        "noise_std": ...,
        "noise_seed": ...,
        "noise_type": ...,
    },
    refused={"noise_range_t": _NOISE, "noise": _NOISE},
)


@called_like('like.timm("CosineLRScheduler", t_initial=300, warmup_t=5)')
def timm(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of timm, by its class in timm.scheduler or its name in create_scheduler_v2.

        the rate of name(optimizer, ...) at its own t, as an expression

    Each has the arguments of its own: the class `t_initial`, the name `num_epochs`. t is in epochs,
    held through each, unless t_in_epochs=False or step_on_epochs=False. Every one holds past its
    end. Raises PassoError for a name or a value without meaning, WrongCall for arguments that it
    does not take. Source: timm 1.0.31.

    >>> timm("CosineLRScheduler", t_initial=100, warmup_t=5, t_in_epochs=False, warmup_prefix=True)
    Linear(0, base, steps(5)).then(Cosine(base, 0, steps(100)))
    """
    made: Schedule = TIMM.answer(name, arguments, past)
    return made


@TIMM.schedule(
    "CosineLRScheduler", example={"t_initial": 300, "warmup_t": 5, "lr_min": 1e-5}, remarks=CURVE
)
def cosine(  # noqa: PLR0917
    t_initial: Any,
    lr_min: Any = 0.0,
    cycle_mul: Any = 1.0,
    cycle_decay: Any = 1.0,
    cycle_limit: Any = 1,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    warmup_prefix: Any = False,  # noqa: FBT002
    t_in_epochs: Any = True,  # noqa: FBT002
    k_decay: Any = 1.0,
) -> Schedule:
    """CosineLRScheduler."""
    k = real(k_decay, "k_decay")

    def curve(start: Value, end: Value, over: Span) -> Schedule:
        return Cosine(start, end, over) if k == 1 else KDecayCosine(start, end, over, k=k)

    cycles = cycles_of(curve, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return warm_up(warmup_t, warmup_lr_init, warmup_prefix, t_in_epochs).before(cycles)


@TIMM.schedule(
    "PolyLRScheduler", example={"t_initial": 300, "power": 2.0, "warmup_t": 5}, remarks=CURVE
)
def polynomial(  # noqa: PLR0917
    t_initial: Any,
    power: Any = 0.5,
    lr_min: Any = 0.0,
    cycle_mul: Any = 1.0,
    cycle_decay: Any = 1.0,
    cycle_limit: Any = 1,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    warmup_prefix: Any = False,  # noqa: FBT002
    t_in_epochs: Any = True,  # noqa: FBT002
    k_decay: Any = 1.0,
) -> Schedule:
    """PolyLRScheduler."""
    k, of_rest = real(k_decay, "k_decay"), real(power, "power")

    def curve(start: Value, end: Value, over: Span) -> Schedule:
        if of_rest == 0:
            return Constant(start, over)
        if k == 1:
            return Polynomial(start, end, over, power=of_rest)
        return KDecay(start, end, over, k=k, power=of_rest)

    cycles = cycles_of(curve, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    return warm_up(warmup_t, warmup_lr_init, warmup_prefix, t_in_epochs).before(cycles)


@TIMM.schedule(
    "TanhLRScheduler",
    example={"t_initial": 300, "warmup_t": 5, "warmup_prefix": True},
    remarks=(
        *CURVE,
        (
            "The curve begins below the peak and ends above lr_min, where the tangent stops; "
            "then it jumps to lr_min."
        ),
        "With warmup_prefix=False the warm-up ends on the curve, and not at the rate.",
    ),
)
def tanh(  # noqa: PLR0917
    t_initial: Any,
    lb: Any = -7.0,
    ub: Any = 3.0,
    lr_min: Any = 0.0,
    cycle_mul: Any = 1.0,
    cycle_decay: Any = 1.0,
    cycle_limit: Any = 1,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    warmup_prefix: Any = False,  # noqa: FBT002
    t_in_epochs: Any = True,  # noqa: FBT002
) -> Schedule:
    """TanhLRScheduler."""
    low, high = real(lb, "lb"), real(ub, "ub")
    first, last = (1.0 / (1.0 + math.exp(2.0 * each)) for each in (low, high))

    def curve(start: Value, end: Value, over: Span) -> Schedule:
        ends = _mixed(start, end, first), _mixed(start, end, last)
        return Tanh(ends[0], ends[1], over, low=low, high=high)

    cycles = cycles_of(curve, t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit)
    if cycles.units:
        cycles = cycles.then(Constant(at_least(lr_min, "lr_min")))
    warm = warm_up(warmup_t, warmup_lr_init, warmup_prefix, t_in_epochs)
    if warm.prefix or not warm.over:
        return warm.before(cycles)
    return warm.before(cycles, value_at(cycles, warm.over))


def _mixed(start: Value, end: Value, share: float) -> Value:
    """So much of one, and the rest of the other."""
    rest = 1.0 - share
    if isinstance(start, float) and isinstance(end, float):
        return share * start + rest * end
    return share * start if end == 0 else share * start + rest * end


@TIMM.schedule(
    "StepLRScheduler",
    example={"decay_t": 30, "decay_rate": 0.1, "warmup_t": 5},
    remarks=(EPOCHS, SCALE),
)
def step(
    decay_t: Any,
    decay_rate: Any = 1.0,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    warmup_prefix: Any = True,  # noqa: FBT002
    t_in_epochs: Any = True,  # noqa: FBT002
) -> Schedule:
    """StepLRScheduler."""
    every, rate = above_zero(decay_t, "decay_t"), real(decay_rate, "decay_rate")
    if isinstance(decay_t, float):
        every = Fraction(decay_t)  # as `t // 0.2` has it, which is 4 at t=1: 0.2 is a bit more
    stairs = Constant(base) if rate == 1 else torchs.stairs(base, every, rate)
    return warm_up(warmup_t, warmup_lr_init, warmup_prefix, t_in_epochs).before(stairs)


@TIMM.schedule(
    "MultiStepLRScheduler",
    example={"decay_t": [90, 180], "decay_rate": 0.1, "warmup_t": 5},
    remarks=("A milestone m acts at t = m - 1.", FIRST, EPOCHS, SCALE),
)
def multi_step(
    decay_t: Any,
    decay_rate: Any = 1.0,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    warmup_prefix: Any = True,  # noqa: FBT002
    t_in_epochs: Any = True,  # noqa: FBT002
) -> Schedule:
    """MultiStepLRScheduler."""
    marks = [length(each, "a milestone") for each in listed(decay_t, "decay_t")]
    if marks != sorted(marks):
        msg = f"milestones must grow, got {brief(decay_t)}"
        raise PassoError(msg)
    passed = Counter(max(math.ceil(each) - 1, 0) for each in marks)
    stairs = torchs.milestones_passed(base, passed, real(decay_rate, "decay_rate"))
    return warm_up(warmup_t, warmup_lr_init, warmup_prefix, t_in_epochs).before(stairs)


@TIMM.schedule(
    "WSDLRScheduler",
    example={"t_initial": 300, "decay_t": 60, "warmup_t": 5},
    remarks=(
        "The warm-up comes before t_initial, which has the stable phase and the decay.",
        "A stable phase that falls goes on falling through the decay.",
        EPOCHS,
        SCALE,
    ),
)
def wsd(  # noqa: PLR0917
    t_initial: Any,
    decay_t: Any,
    lr_min: Any = 0.0,
    stable_fn: Any = "constant",
    stable_timescale: Any = None,
    stable_power: Any = 0.5,
    decay_fn: Any = "1-sqrt",
    decay_power: Any = 0.5,
    decay_ratio: Any = 0.1,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    t_in_epochs: Any = True,  # noqa: FBT002
) -> Schedule:
    """WSDLRScheduler."""
    over, low = above_zero(decay_t, "decay_t"), at_least(lr_min, "lr_min")
    stable = left(above_zero(t_initial, "t_initial"), over, "t_initial", "decay_t")
    warm = warm_up(warmup_t, warmup_lr_init, prefix=True, in_epochs=t_in_epochs)
    power = real(decay_power, "decay_power")
    falls: Mapping[str, Callable[[Value, Value, Span], Schedule]] = {
        "linear": Linear,
        "cosine": Cosine,
        "1-sqrt": lambda start, end, span: Power(start, end, span, power=0.5),
        "power": lambda start, end, span: Power(start, end, span, power=power),
        "exp": lambda start, end, span: _exponential(start, end, span, decay_ratio),
    }

    def fall(start: Value, end: Value, span: Span) -> Schedule:
        if not callable(decay_fn):
            return choice(decay_fn, "decay_fn", dict(falls))(start, end, span)
        share = expression(decay_fn, "decay_fn").stretch(span.amount).until(span)
        return _scaled(start, end, share)

    if stable_fn == "constant":
        if low == 0:
            return warm.before(Constant(base, steps(stable)).then(fall(base, low, steps(over))))
        # Where lr_min is above the rate it is held, which no curve between the two does.
        if callable(decay_fn):
            kept = Constant(1.0, steps(stable)).then(fall(1.0, 0.0, steps(over)))
            return warm.before(low + (Constant(base) - low).clip(low=0.0) * kept)
        curve = Constant(base, steps(stable)).then(fall(base, low, steps(over)))
        return warm.before(curve.clip(low=low))
    exponent = choice(stable_fn, "stable_fn", {"rsqrt": 0.5, "power": stable_power, "constant": 0})
    scale = warm.over if stable_timescale is None else length(stable_timescale, "stable_timescale")
    if not scale:
        msg = f"stable_fn={stable_fn!r} needs a stable_timescale above 0, or a warm-up"
        raise PassoError(msg)
    slow = InversePower(base, steps(scale), power=real(exponent, "stable_power"))
    kept = Constant(1.0, steps(stable)).then(fall(1.0, 0.0, steps(over)))
    if low == 0:
        return warm.before(slow * kept)
    return warm.before(low + (slow - low).clip(low=0.0) * kept)


def _exponential(start: Value, end: Value, span: Span, ratio: Any) -> Schedule:
    """By equal ratios down to `ratio`, moved and scaled so that it reaches the end."""
    r = real(ratio, "decay_ratio")
    if not 0 < r < 1:
        msg = f"decay_ratio must be above 0 and below 1, got {brief(ratio)}"
        raise PassoError(msg)
    return _scaled(start, end, Geometric(1 / (1 - r), r / (1 - r), span) - r / (1 - r))


def _scaled(start: Value, end: Value, share: Schedule) -> Schedule:
    """End + (start - end) * share."""
    if end == 0:
        return share if start == 1 else start * share
    return end + (start - end) * share


PLATEAU: Final = (
    "It looks for a metric that grows, unless mode is min.",
    'Theirs hears the metric of step(epoch, metric); this hears reports named "val_loss".',
    "What is reported up to the end of the warm-up it does not hear.",
    "A fall smaller than 1e-8 theirs does not make; this makes it.",
    "A checkpoint of it has the best metric, but not what it counted.",
)


@TIMM.schedule("PlateauLRScheduler", example={"patience_t": 10, "warmup_t": 5}, remarks=PLATEAU)
def plateau(  # noqa: PLR0917
    decay_rate: Any = 0.1,
    patience_t: Any = 10,
    threshold: Any = 1e-4,
    cooldown_t: Any = 0,
    warmup_t: Any = 0,
    warmup_lr_init: Any = 0.0,
    lr_min: Any = 0.0,
    mode: Any = "max",
) -> Schedule:
    """PlateauLRScheduler."""
    plateau = falling(
        base,
        mode=mode,
        factor=decay_rate,
        patience=patience_t,
        threshold=threshold,
        cooldown=cooldown_t,
        min_lr=lr_min,
    )
    warm = warm_up(warmup_t, warmup_lr_init, prefix=True, in_epochs=True)
    if not warm.over:
        return plateau
    # The report at the very end of the warm-up is not heard: the plateau begins one epoch later.
    up = by_epoch(rise(warm.over, warm.start)).then(Constant(base, epochs(1)))
    return up.then(plateau)
