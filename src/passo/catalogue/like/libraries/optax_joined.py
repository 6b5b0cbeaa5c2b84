"""optax: what it makes of several ramps, one cycle, warm-ups and joins; and its plateau."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from passo.catalogue.like.common import (
    LONGEST,
    at_least,
    divisor,
    each_of,
    falling_by,
    left,
    length,
    listed,
    within,
)
from passo.catalogue.like.libraries.optax import (
    NO_BEGIN,
    NO_RATE,
    NO_STEPS,
    OPTAX,
    WARM,
    cosine_fall,
    exponential,
    linear,
    piecewise,
)
from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError
from passo.schedules import Cosine, Linear, Plateau, Schedule, steps, torchs

_CUT: Final = "Its phases end at int(pct * transition_steps): a share of an update is cut off."


@OPTAX.schedule(
    "linear_onecycle_schedule",
    example={"transition_steps": 1000, "peak_value": 0.1},
    remarks=(_CUT, "It ends at peak_value / (div_factor * final_div_factor)."),
)
def _linear_onecycle(
    transition_steps: Any,
    peak_value: Any,
    pct_start: Any = 0.3,
    pct_final: Any = 0.85,
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
) -> Schedule:
    count, div = (
        whole(transition_steps, "transition_steps", most=LONGEST),
        divisor(div_factor, "div_factor"),
    )
    scales = {
        int(within(pct_start, "pct_start", 0, 1) * count): div,
        int(within(pct_final, "pct_final", 0, 1) * count): 1.0 / div,
        count: 1.0 / divisor(final_div_factor, "final_div_factor"),
    }
    return piecewise("linear", real(peak_value, "peak_value") / div, scales)


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
    count, div = (
        whole(transition_steps, "transition_steps", most=LONGEST),
        divisor(div_factor, "div_factor"),
    )
    scales = {
        int(within(pct_start, "pct_start", 0, 1) * count): div,
        count: 1.0 / (div * divisor(final_div_factor, "final_div_factor")),
    }
    return piecewise("cosine", real(peak_value, "peak_value") / div, scales)


@OPTAX.schedule("warmup_constant_schedule", example=WARM)
def _warmup_constant(init_value: Any, peak_value: Any, warmup_steps: Any) -> Schedule:
    return linear(init_value, peak_value, warmup_steps)


@OPTAX.schedule(
    "warmup_cosine_decay_schedule",
    example={**WARM, "decay_steps": 1000},
    remarks=(
        "decay_steps counts the warm-up too.",
        "With a peak_value of 0 end_value counts for nothing: it falls to 0.",
    ),
)
def _warmup_cosine(
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
    if not fall:
        msg = f"decay_steps must be more than warmup_steps, got {brief(decay_steps)} for both"
        raise PassoError(msg)
    down = cosine_fall(peak, end if peak else 0.0, fall, power)
    return Linear(real(init_value, "init_value"), peak, steps(warmup)).then(down)


@OPTAX.schedule(
    "warmup_exponential_decay_schedule",
    example={**WARM, "transition_steps": 100, "decay_rate": 0.5},
    remarks=(
        NO_STEPS,
        NO_RATE,
        NO_BEGIN,
        "transition_begin counts from the end of the warm-up.",
        "end_value is a lower bound, but an upper one where decay_rate is 1 or more.",
    ),
)
def _warmup_exponential(  # noqa: PLR0917
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
        exponential(
            peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
        )
    )


@OPTAX.schedule(
    "sgdr_schedule",
    example={
        "cosine_kwargs": [
            {**WARM, "decay_steps": 400},
            {**WARM, "peak_value": 0.05, "decay_steps": 600},
        ]
    },
)
def _sgdr(cosine_kwargs: Any) -> Schedule:
    cycles: list[Schedule] = []
    for given in each_of(cosine_kwargs, "cosine_kwargs"):
        if not isinstance(given, Mapping):
            msg = f"a cycle of cosine_kwargs must be a dict, got {brief(given)}"
            raise PassoError(msg)
        cycles.append(OPTAX.answer("warmup_cosine_decay_schedule", given, "theirs"))
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
    return torchs.sequence(parts, edges)


@OPTAX.schedule(
    "reduce_on_plateau",
    example={"factor": 0.5, "patience": 5},
    remarks=(
        (
            "It is a factor beside the schedule: write like.optax(...) * like.optax("
            '"reduce_on_plateau"), and report the value as scheduler.report(value=...).'
        ),
        "It falls at the report with which patience is reached, torch's at the one after.",
        "Of a value below 0 optax takes any as an improvement that is not worse by rtol.",
    ),
)
def _plateau(
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
        factor=falling_by(factor),
        patience=whole(patience, "patience") - 1,
        threshold=amount or share,
        threshold_mode="abs" if amount else "rel",
        cooldown=whole(cooldown, "cooldown", least=0),
        floor=real(min_scale, "min_scale"),
    )


def _schedules(given: Any) -> list[Schedule]:
    parts = each_of(given, "schedules")
    for each in parts:
        if not isinstance(each, Schedule):
            msg = f"schedules must be what like.optax gave, got {brief(each)}"
            raise PassoError(msg)
    return parts


def _boundaries(given: Any) -> list[Fraction]:
    edges = [length(each, "a boundary") for each in listed(given, "boundaries")]
    if edges != sorted(edges):
        msg = f"boundaries must grow, got {brief(given)}"
        raise PassoError(msg)
    return edges
