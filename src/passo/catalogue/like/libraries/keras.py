"""keras: serialisable schedules of the step, in absolute values, and a callback."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from passo.catalogue.like.common import above, at_least, choice, falling_by, length, listed
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, exact, real, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    InversePower,
    Linear,
    Plateau,
    Polynomial,
    Schedule,
    Table,
    base,
    steps,
)

KERAS: Final = Library("keras", {"name": ..., "verbose": ...})
_FALL: Final = {"initial_learning_rate": 0.1, "decay_steps": 1000}
_SINGLE: Final = "keras computes in its floatx, float32 unless it is set otherwise."


@called_like('like.keras("CosineDecay", initial_learning_rate=0.1, decay_steps=1000)')
def keras(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of keras, by the name of its class.

        keras.optimizers.schedules.NAME(...) as an expression, in absolute values

    Lengths are in updates. What has an end is held there, so `past` changes nothing. The callback
    "ReduceLROnPlateau" is an expression of `base`. Raises PassoError for a name or a value without
    meaning, WrongCall for arguments that the schedule does not take. Source: keras 3.15.1.

    >>> keras("CosineDecay", initial_learning_rate=0.1, decay_steps=10, alpha=0.5)
    Cosine(0.1, 0.05, steps(10))
    """
    made: Schedule = KERAS.answer(name, arguments, past)
    return made


@KERAS.schedule(
    "ExponentialDecay",
    example={**_FALL, "decay_rate": 0.5},
    remarks=(_SINGLE,),
)
def _exponential(
    initial_learning_rate: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: Any = False,  # noqa: FBT002
) -> Schedule:
    every = steps(above(decay_steps, "decay_steps"))
    first, rate = _first(initial_learning_rate), real(decay_rate, "decay_rate")
    if rate == 0:  # to the power of 0 it is 1
        return Constant(first, every if staircase else steps(1)).then(Constant(0.0))
    fall = Exponential(first, rate, every)
    return fall.staircase(every) if staircase else fall


@KERAS.schedule(
    "PiecewiseConstantDecay",
    example={"boundaries": [300, 600], "values": [0.1, 0.01, 0.001]},
    remarks=(
        "A boundary still has the value before it: the next begins one update later.",
        "Of a boundary with a fraction the fraction is cut off.",
        _SINGLE,
    ),
)
def _piecewise(boundaries: Any, values: Any) -> Schedule:
    edges = [Fraction(int(length(each, "a boundary"))) for each in listed(boundaries, "boundaries")]
    levels = [real(each, "a value") for each in listed(values, "values")]
    if len(levels) != len(edges) + 1:
        msg = (
            f"values must be one more than boundaries, got {len(levels)} for {len(edges)} "
            "boundaries"
        )
        raise PassoError(msg)
    if any(before >= after for before, after in pairwise(edges)):
        msg = f"boundaries must grow, got {brief(boundaries)}"
        raise PassoError(msg)
    if not edges:
        return Constant(levels[0])
    begins = [Fraction(0), *(edge + 1 for edge in edges)]
    return Table(
        [(steps(begin), level) for begin, level in zip(begins, levels, strict=True)], kind="step"
    )


@KERAS.schedule(
    "PolynomialDecay",
    example={**_FALL, "power": 2.0},
    remarks=(
        "end_learning_rate is 0.0001 where it is not given, and not 0.",
        (
            "With cycle=True each cycle ends at the update where the next would begin, and begins "
            "lower than the last: at 1 / k of the whole in cycle k with power 1."
        ),
        _SINGLE,
    ),
)
def _polynomial(
    initial_learning_rate: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: Any = False,  # noqa: FBT002
) -> Schedule:
    first, last = _first(initial_learning_rate), real(end_learning_rate, "end_learning_rate")
    exponent = at_least(power, "power")
    if exponent == 0:
        return Constant(first)
    if not cycle:
        over = steps(above(decay_steps, "decay_steps"))
        return (
            Linear(first, last, over) if exponent == 1 else Polynomial(first, last, over, exponent)
        )
    over = steps(whole(decay_steps, "decay_steps"))
    # Update t is t / (n * k) through cycle k, the updates after (k - 1) * n up to k * n: what is
    # left of the cycle by what k has, both of a clock that begins at update 1.
    left = Polynomial(1.0, 0.0, over, exponent).skip(steps(1)).until(over).repeat()
    lower = InversePower(1.0, over, exponent).staircase(over)
    return last + Constant(first - last, steps(1)).then((first - last) * (left * lower))


@KERAS.schedule(
    "InverseTimeDecay",
    example={**_FALL, "decay_rate": 0.5},
    remarks=(_SINGLE,),
)
def _inverse_time(
    initial_learning_rate: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: Any = False,  # noqa: FBT002
) -> Schedule:
    first, every = _first(initial_learning_rate), above(decay_steps, "decay_steps")
    if at_least(decay_rate, "decay_rate") == 0:
        return Constant(first)
    scale = steps(every / exact(decay_rate, "decay_rate"))
    fall = InversePower(first, scale, 1)
    return fall.staircase(steps(every)) if staircase else fall


@KERAS.schedule(
    "CosineDecay",
    example={**_FALL, "alpha": 0.1},
    remarks=(
        "decay_steps does not count the warm-up, which optax's does.",
        "Without warmup_target warmup_steps counts for nothing.",
        "alpha is a share of warmup_target where that is given, else of initial_learning_rate.",
        _SINGLE,
    ),
)
def _cosine(
    initial_learning_rate: Any,
    decay_steps: Any,
    alpha: Any = 0.0,
    warmup_target: Any = None,
    warmup_steps: Any = 0,
) -> Schedule:
    first, floor = _first(initial_learning_rate), real(alpha, "alpha")
    over, warmup = above(decay_steps, "decay_steps"), length(warmup_steps, "warmup_steps")
    if warmup_target is None:
        return Cosine(first, floor * first, steps(over))
    peak = real(warmup_target, "warmup_target")
    return Linear(first, peak, steps(warmup)).then(Cosine(peak, floor * peak, steps(over)))


@KERAS.schedule(
    "CosineDecayRestarts",
    example={"initial_learning_rate": 0.1, "first_decay_steps": 100},
    remarks=(
        "m_mul makes the peaks lower, not the floor.",
        "Where a cycle begins comes from a logarithm: late ones may begin an update too late.",
        _SINGLE,
    ),
)
def _restarts(
    initial_learning_rate: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
) -> Schedule:
    first, floor = _first(initial_learning_rate), real(alpha, "alpha")
    cycle = steps(above(first_decay_steps, "first_decay_steps"))
    grow = length(t_mul, "t_mul", least=1)
    if real(m_mul, "m_mul") == 1:
        return Cosine(first, floor * first, cycle).repeat(grow=grow)
    falls = Cosine((1 - floor) * first, 0.0, cycle).repeat(grow=grow, scale=m_mul)
    return falls + floor * first if floor else falls


@KERAS.schedule(
    "ReduceLROnPlateau",
    example={"monitor": "val_loss", "factor": 0.5, "patience": 5},
    remarks=(
        (
            "It falls at the report with which patience is reached, torch's at the one after; a "
            "patience of 0 is one of 1."
        ),
        "A cooldown passes over one report less than it says.",
        "min_delta is an amount, not a share.",
        "keras hears a report after each epoch.",
    ),
)
def _plateau(
    monitor: Any = "val_loss",
    factor: Any = 0.1,
    patience: Any = 10,
    mode: Any = "auto",
    min_delta: Any = 0.0001,
    cooldown: Any = 0,
    min_lr: Any = 0.0,
) -> Schedule:
    way = choice(mode, "mode", {"min": "min", "max": "max", "auto": "auto"})
    if way == "auto" and monitor not in ("loss", "val_loss"):
        msg = (
            f'mode="auto" asks the model which way {brief(monitor)} goes; write mode="min" or '
            'mode="max"'
        )
        raise PassoError(msg)
    falls = base * Plateau(
        monitor,
        mode="max" if way == "max" else "min",
        factor=falling_by(factor),
        patience=max(whole(patience, "patience", least=0) - 1, 0),
        threshold=abs(real(min_delta, "min_delta")),
        threshold_mode="abs",
        cooldown=max(whole(cooldown, "cooldown", least=0) - 1, 0),
    )
    floor = at_least(min_lr, "min_lr")
    return falls.clip(low=floor).minimum(base) if floor else falls


def _first(value: Any) -> float:
    return real(value, "initial_learning_rate")
