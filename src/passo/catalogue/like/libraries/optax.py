"""optax: functions of the count, in absolute values."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import above, at_least, choice, left, length, listed
from passo.catalogue.like.library import Library, Past
from passo.ground.calls import called_like
from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Constant,
    Cosine,
    CosinePower,
    Exponential,
    Linear,
    Plateau,
    Polynomial,
    Schedule,
    Table,
    steps,
)
from passo.schedules.algebra.length import Length



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
_WARM: Final = {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 100}
_NO_STEPS: Final = "With transition_steps of 0 or less it stays at its first value."
_NO_BEGIN: Final = "A transition_begin below 0 counts as 0."
_NO_RATE: Final = "With a decay_rate of 0 it stays at its first value."
_CUT: Final = "Its phases end at int(pct * transition_steps): a share of an update is cut off."


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
    remarks=(_NO_STEPS, _NO_BEGIN),
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
    remarks=(_NO_STEPS, _NO_BEGIN),
)
def _linear(
    init_value: Any, end_value: Any, transition_steps: Any, transition_begin: Any = 0
) -> Schedule:
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
def _piecewise(
    interpolate_type: Any, init_value: Any, boundaries_and_scales: Any = None
) -> Schedule:
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
        _NO_STEPS,
        _NO_RATE,
        _NO_BEGIN,
        "end_value is a lower bound, but an upper one where decay_rate is 1 or more.",
    ),
)
def _exponential(  # noqa: PLR0913, PLR0917
    init_value: Any,
    transition_steps: Any,
    decay_rate: Any,
    transition_begin: Any = 0,
    staircase: Any = False,  # noqa: FBT002
    end_value: Any = None,
) -> Schedule:
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
    return _fall(first, real(alpha, "alpha") * first, above(decay_steps, "decay_steps"), power)


@OPTAX.schedule(
    "linear_onecycle_schedule",
    example={"transition_steps": 1000, "peak_value": 0.1},
    remarks=(_CUT, "It ends at peak_value / (div_factor * final_div_factor)."),
)
def _linear_onecycle(  # noqa: PLR0913, PLR0917
    transition_steps: Any,
    peak_value: Any,
    pct_start: Any = 0.3,
    pct_final: Any = 0.85,
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
) -> Schedule:
    count, div = whole(transition_steps, "transition_steps"), _divisor(div_factor, "div_factor")
    scales = {
        int(_share(pct_start, "pct_start") * count): div,
        int(_share(pct_final, "pct_final") * count): 1.0 / div,
        count: 1.0 / _divisor(final_div_factor, "final_div_factor"),
    }
    return _piecewise("linear", real(peak_value, "peak_value") / div, scales)


@OPTAX.schedule(
    "cosine_onecycle_schedule",
    example={"transition_steps": 1000, "peak_value": 0.1},
    remarks=(_CUT, "Its function takes one count, no array of them; the expression takes both."),
)
def _cosine_onecycle(
    transition_steps: Any,
    peak_value: Any,
    pct_start: Any = 0.3,
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
) -> Schedule:
    count, div = whole(transition_steps, "transition_steps"), _divisor(div_factor, "div_factor")
    scales = {
        int(_share(pct_start, "pct_start") * count): div,
        count: 1.0 / (div * _divisor(final_div_factor, "final_div_factor")),
    }
    return _piecewise("cosine", real(peak_value, "peak_value") / div, scales)


@OPTAX.schedule("warmup_constant_schedule", example=_WARM)
def _warmup_constant(init_value: Any, peak_value: Any, warmup_steps: Any) -> Schedule:
    return _linear(init_value, peak_value, warmup_steps)


@OPTAX.schedule(
    "warmup_cosine_decay_schedule",
    example={**_WARM, "decay_steps": 1000},
    remarks=(
        "decay_steps counts the warm-up too.",
        "With a peak_value of 0 end_value counts for nothing: it falls to 0.",
    ),
)
def _warmup_cosine(  # noqa: PLR0913, PLR0917
    init_value: Any,
    peak_value: Any,
    warmup_steps: Any,
    decay_steps: Any,
    end_value: Any = 0.0,
    exponent: Any = 1.0,
) -> Schedule:
    peak, end = real(peak_value, "peak_value"), real(end_value, "end_value")
    warmup = length(warmup_steps, "warmup_steps")
    fall = left(length(decay_steps, "decay_steps"), warmup, "decay_steps", "warmup_steps")
    power = at_least(exponent, "exponent")
    down = _fall(peak, end if peak else 0.0, above(fall, "decay_steps - warmup_steps"), power)
    return Linear(real(init_value, "init_value"), peak, steps(warmup)).then(down)


@OPTAX.schedule(
    "warmup_exponential_decay_schedule",
    example={**_WARM, "transition_steps": 100, "decay_rate": 0.5},
    remarks=(
        _NO_STEPS,
        _NO_RATE,
        _NO_BEGIN,
        "transition_begin counts from the end of the warm-up.",
        "end_value is a lower bound, but an upper one where decay_rate is 1 or more.",
    ),
)
def _warmup_exponential(  # noqa: PLR0913, PLR0917
    init_value: Any,
    peak_value: Any,
    warmup_steps: Any,
    transition_steps: Any,
    decay_rate: Any,
    transition_begin: Any = 0,
    staircase: Any = False,  # noqa: FBT002
    end_value: Any = None,
) -> Schedule:
    up = Linear(
        real(init_value, "init_value"),
        real(peak_value, "peak_value"),
        steps(length(warmup_steps, "warmup_steps")),
    )
    return up.then(
        _exponential(
            peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
        )
    )


@OPTAX.schedule(
    "sgdr_schedule",
    example={
        "cosine_kwargs": [
            {**_WARM, "decay_steps": 400},
            {**_WARM, "peak_value": 0.05, "decay_steps": 600},
        ]
    },
)
def _sgdr(cosine_kwargs: Any) -> Schedule:
    if not isinstance(cosine_kwargs, (list, tuple)) or not cosine_kwargs:
        msg = f"cosine_kwargs must be a list of at least one dict, got {brief(cosine_kwargs)}"
        raise PassoError(msg)
    method = OPTAX.find("warmup_cosine_decay_schedule")
    cycles = []
    for given in cosine_kwargs:
        if not isinstance(given, Mapping):
            msg = f"cosine_kwargs must be a list of at least one dict, got {brief(given)} in it"
            raise PassoError(msg)
        cycles.append(OPTAX.answer(method.names[0], given, "theirs"))
    return cycles[0].then(*cycles[1:])


@OPTAX.schedule(
    "join_schedules",
    example={
        "schedules": [Linear(0, 0.1, steps(100)), Cosine(0.1, 0, steps(900))],
        "boundaries": [100],
    },
    remarks=("optax takes a wrong number of boundaries and forgets the schedules that have none.",),
)
def _join(schedules: Any, boundaries: Any) -> Schedule:
    parts, edges = _schedules(schedules), _boundaries(boundaries)
    if len(edges) != len(parts) - 1:
        msg = (
            f"boundaries must be one less than schedules, got {len(edges)} for {len(parts)} "
            "schedules"
        )
        raise PassoError(msg)
    begins = [Fraction(0), *edges]
    cut = [
        _cut_to(part, after - begin)
        for part, begin, after in zip(parts, begins, edges, strict=False)
    ]
    first, *others = [*cut, parts[-1]]
    return first.then(*others)


@OPTAX.schedule(
    "reduce_on_plateau",
    example={"factor": 0.5, "patience": 5},
    remarks=(
        "It is a factor beside the schedule: write like.optax(...) * like.optax("
        '"reduce_on_plateau"), and report the value as scheduler.report(value=...).',
        "It falls at the report with which patience is reached, torch's at the one after.",
        "Of a value below 0 optax takes any as an improvement that is not worse by rtol.",
    ),
)
def _plateau(  # noqa: PLR0913, PLR0917
    factor: Any = 0.1,
    patience: Any = 10,
    rtol: Any = 1e-4,
    atol: Any = 0.0,
    cooldown: Any = 0,
    accumulation_size: Any = 1,
    min_scale: Any = 0.0,
) -> Schedule:
    share, amount = at_least(rtol, "rtol"), at_least(atol, "atol")
    if share and amount:
        msg = (
            f"a plateau here has one threshold, got rtol={brief(rtol)} and atol={brief(atol)}; "
            "write rtol=0 or atol=0"
        )
        raise PassoError(msg)
    if whole(accumulation_size, "accumulation_size") != 1:
        msg = (
            f"accumulation_size={accumulation_size} takes the mean of so many values; leave it at "
            "1, and report that mean"
        )
        raise PassoError(msg)
    return Plateau(
        "value",
        factor=real(factor, "factor"),
        patience=whole(patience, "patience") - 1,
        threshold=amount or share,
        threshold_mode="abs" if amount else "rel",
        cooldown=whole(cooldown, "cooldown", least=0),
        floor=real(min_scale, "min_scale"),
    )


def _waits(value: float, transition_begin: Any) -> Schedule:
    """The first value until the change begins."""
    begin = max(real(transition_begin, "transition_begin"), 0.0)
    return Constant(value, steps(length(begin, "transition_begin")))


def _fall(first: float, last: float, over: Fraction, power: float) -> Schedule:
    """A cosine, raised to a power; the power 0 does not fall."""
    if power == 0:
        return Constant(first)
    if power == 1:
        return Cosine(first, last, steps(over))
    return CosinePower(first, last, steps(over), power)


def _cut_to(part: Schedule, amount: Fraction) -> Schedule:
    """A part that is so long, whatever it was."""
    whole_part = part.length()
    fits = whole_part is not None and whole_part == Length(amount, "steps")
    return part if fits else part.until(steps(amount))


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


def _divisor(value: Any, name: str) -> float:
    number = real(value, name)
    if number == 0:
        msg = f"{name} must not be 0"
        raise PassoError(msg)
    return number


def _share(value: Any, name: str) -> float:
    number = at_least(value, name)
    if number > 1:
        msg = f"{name} must be from 0 to 1, got {brief(value)}"
        raise PassoError(msg)
    return number


def _schedules(given: Any) -> list[Schedule]:
    parts = listed(given, "schedules")
    wrong = [each for each in parts if not isinstance(each, Schedule)]
    if wrong or not parts:
        msg = f"schedules must be a list of what like.optax gave, got {brief((wrong or [given])[0])}"
        raise PassoError(msg)
    return parts


def _boundaries(given: Any) -> list[Fraction]:
    edges = [length(each, "a boundary") for each in listed(given, "boundaries")]
    if edges != sorted(edges):
        msg = f"boundaries must grow, got {brief(given)}"
        raise PassoError(msg)
    return edges
