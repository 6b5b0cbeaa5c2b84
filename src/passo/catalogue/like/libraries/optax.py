"""optax: functions of the count, in absolute values."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import above, at_least, choice, length
from passo.catalogue.like.registry import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    CosinePower,
    Exponential,
    Linear,
    Polynomial,
    Schedule,
    Table,
    steps,
)


def _spell(name: str, given: Mapping[str, Any]) -> str:
    """A call as code; a schedule within it is the call that gave it."""
    code = {key: repr(value) for key, value in given.items()}
    if "schedules" in given:
        code["schedules"] = f"[{', '.join(_PARTS)}]"
    arguments = "".join(f", {key}={value}" for key, value in code.items())
    return f'like.optax("{name}"{arguments})'.replace("'", '"')


OPTAX: Final = Library("optax", {}, spell=_spell)
_PARTS: Final = (
    'like.optax("linear_schedule", init_value=0.0, end_value=0.1, transition_steps=100)',
    'like.optax("cosine_decay_schedule", init_value=0.1, decay_steps=900)',
)
_COSINE: Final = {"init_value": 0.1, "decay_steps": 1000}
WARM: Final = {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 100}
NO_STEPS: Final = "With transition_steps of 0 or less it stays at its first value."
NO_BEGIN: Final = "A transition_begin below 0 counts as 0."
NO_RATE: Final = "With a decay_rate of 0 it stays at its first value."


@called_like('like.optax("cosine_decay_schedule", init_value=0.1, decay_steps=1000)')
def optax(name: str, /, *, past: Past = "theirs", **arguments: Any) -> Schedule:
    """A schedule of optax, by the name of its function.

        optax.schedules.NAME(...) as an expression, in absolute values

    Lengths are in updates. optax holds every schedule past its end, so `past` changes nothing.
    Raises PassoError for a name or a value without meaning, WrongCall for arguments that the
    schedule does not take. Source: optax.schedules, 0.2.8.

    >>> optax("cosine_decay_schedule", init_value=0.1, decay_steps=10, alpha=0.5)
    Cosine(0.1, 0.05, steps(10))
    """
    made: Schedule = OPTAX.answer(name, arguments, past)
    return made


@OPTAX.schedule("constant_schedule", example={"value": 0.1})
def _constant(value: Any) -> Schedule:
    return Constant(real(value, "value"))


@OPTAX.schedule(
    "polynomial_schedule",
    example={"init_value": 0.1, "end_value": 0.01, "power": 2, "transition_steps": 1000},
    remarks=(NO_STEPS, NO_BEGIN),
)
def _polynomial(
    init_value: Any, end_value: Any, power: Any, transition_steps: Any, transition_begin: Any = 0
) -> Schedule:
    first, last = real(init_value, "init_value"), real(end_value, "end_value")
    count = real(transition_steps, "transition_steps")
    exponent = at_least(power, "power")
    if count <= 0 or exponent == 0:
        return Constant(first)
    over = steps(length(transition_steps, "transition_steps"))
    fall = Linear(first, last, over) if exponent == 1 else Polynomial(first, last, over, exponent)
    return _waits(first, transition_begin).then(fall)


@OPTAX.schedule(
    "linear_schedule",
    example={"init_value": 0.1, "end_value": 0.01, "transition_steps": 1000},
    remarks=(NO_STEPS, NO_BEGIN),
)
def linear(
    init_value: Any, end_value: Any, transition_steps: Any, transition_begin: Any = 0
) -> Schedule:
    """A line, or the first value where it has no steps."""
    return _polynomial(init_value, end_value, 1, transition_steps, transition_begin)


@OPTAX.schedule(
    "piecewise_constant_schedule",
    example={"init_value": 0.1, "boundaries_and_scales": {300: 0.1, 600: 0.1}},
    remarks=("Each scale multiplies what was there, it does not begin from init_value again.",),
)
def _piecewise_constant(init_value: Any, boundaries_and_scales: Any = None) -> Schedule:
    value = real(init_value, "init_value")
    points = {Fraction(0): value}
    for boundary, scale in _scales(boundaries_and_scales):
        value *= scale
        points[boundary] = value
    table = [(steps(boundary), value) for boundary, value in points.items()]
    return Constant(value) if len(table) == 1 else Table(table, kind="step")


@OPTAX.schedule(
    "piecewise_interpolate_schedule",
    example={
        "interpolate_type": "linear",
        "init_value": 0.1,
        "boundaries_and_scales": {300: 0.1, 600: 0.1},
    },
    remarks=("Each scale multiplies what was there, it does not begin from init_value again.",),
)
def piecewise(
    interpolate_type: Any, init_value: Any, boundaries_and_scales: Any = None
) -> Schedule:
    """Lines or cosines from one boundary to the next."""
    shape = choice(interpolate_type, "interpolate_type", {"linear": Linear, "cosine": Cosine})
    value = real(init_value, "init_value")
    parts: list[Schedule] = []
    begin = Fraction(0)
    for boundary, scale in _scales(boundaries_and_scales):
        if boundary:  # one at 0 is a jump before the first update
            parts.append(shape(value, value * scale, steps(boundary - begin)))
        value, begin = value * scale, boundary
    return parts[0].then(*parts[1:]) if parts else Constant(value)


@OPTAX.schedule(
    "exponential_decay",
    example={"init_value": 0.1, "transition_steps": 100, "decay_rate": 0.5},
    remarks=(
        NO_STEPS,
        NO_RATE,
        NO_BEGIN,
        "end_value is a lower bound, but an upper one where decay_rate is 1 or more.",
    ),
)
def exponential(
    init_value: Any,
    transition_steps: Any,
    decay_rate: Any,
    transition_begin: Any = 0,
    staircase: Any = False,  # noqa: FBT002
    end_value: Any = None,
) -> Schedule:
    """A decay by equal ratios, held at its end value."""
    first, rate = real(init_value, "init_value"), at_least(decay_rate, "decay_rate")
    if real(transition_steps, "transition_steps") <= 0 or rate == 0:
        return Constant(first)
    every = steps(length(transition_steps, "transition_steps"))
    fall: Schedule = Exponential(first, rate, every)
    fall = _waits(first, transition_begin).then(fall.staircase(every) if staircase else fall)
    if end_value is None:
        return fall
    end = real(end_value, "end_value")
    return fall.clip(low=end) if rate < 1 else fall.clip(high=end)


@OPTAX.schedule("cosine_decay_schedule", example=_COSINE)
def _cosine(init_value: Any, decay_steps: Any, alpha: Any = 0.0, exponent: Any = 1.0) -> Schedule:
    first, power = real(init_value, "init_value"), at_least(exponent, "exponent")
    return cosine_fall(
        first, real(alpha, "alpha") * first, above(decay_steps, "decay_steps"), power
    )


def _waits(value: float, transition_begin: Any) -> Schedule:
    """The first value until the change begins."""
    begin = max(real(transition_begin, "transition_begin"), 0.0)
    return Constant(value, steps(length(begin, "transition_begin")))


def cosine_fall(first: float, last: float, over: Fraction, power: float) -> Schedule:
    """A cosine, raised to a power; the power 0 does not fall."""
    if power == 0:
        return Constant(first)
    if power == 1:
        return Cosine(first, last, steps(over))
    return CosinePower(first, last, steps(over), power)


def _scales(given: Any) -> list[tuple[Fraction, float]]:
    """The boundaries in their order, each with its scale."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        msg = f"boundaries_and_scales must be a dict such as {{300: 0.1}}, got {brief(given)}"
        raise PassoError(msg)
    found = [
        (length(boundary, "a boundary"), at_least(scale, "a scale"))
        for boundary, scale in given.items()
    ]
    return sorted(found)
