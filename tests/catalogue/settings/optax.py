"""Settings of optax's schedules."""

from tests.catalogue.settings import Nested

FALLS = (
    {"transition_steps": 100},
    {"transition_steps": 37, "transition_begin": 13},
    {"transition_steps": 1},
    {"transition_steps": 0},
    {"transition_steps": -3, "transition_begin": 5},
    {"transition_steps": 90, "transition_begin": -4},
    {"transition_steps": 250, "transition_begin": 40},
)
ENDS = ({"init_value": 0.1, "end_value": 0.001}, {"init_value": 0.0, "end_value": 3.0})
SCALES = (
    {},
    {"boundaries_and_scales": None},
    {"boundaries_and_scales": {10: 0.1, 60: 0.5}},
    {"boundaries_and_scales": {60: 3.0, 10: 0.1, 200: 0.0}},
    {"boundaries_and_scales": {0: 0.5, 7: 2.0}},
)
RATES = (
    {"transition_steps": 10, "decay_rate": 0.5},
    {"transition_steps": 7, "decay_rate": 0.9, "staircase": True, "transition_begin": 4},
    {"transition_steps": 10, "decay_rate": 0.5, "end_value": 0.01},
    {"transition_steps": 50, "decay_rate": 2.0, "end_value": 0.3, "transition_begin": 10},
    {"transition_steps": 0, "decay_rate": 0.5},
    {"transition_steps": 10, "decay_rate": 0},
    {"transition_steps": 10, "decay_rate": 0.5, "end_value": 0.5},
    {"transition_steps": 20, "decay_rate": 1.0, "end_value": 0.05},
)
WARM = (
    {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 10},
    {"init_value": 0.02, "peak_value": 0.1, "warmup_steps": 0},
    {"init_value": 0.5, "peak_value": 0.1, "warmup_steps": 33},
    {"init_value": 0.1, "peak_value": 0.0, "warmup_steps": 20},
)
CYCLES = (
    {"transition_steps": 200, "peak_value": 0.1},
    {"transition_steps": 101, "peak_value": 1.0, "pct_start": 0.25, "div_factor": 10.0},
    {"transition_steps": 50, "peak_value": 0.1, "final_div_factor": 10.0},
    {"transition_steps": 30, "peak_value": 0.1, "pct_start": 0.01},
    {"transition_steps": 250, "peak_value": 3.0, "pct_start": 0.5, "div_factor": 2.0},
)
_PARTS = [
    Nested("linear_schedule", {"init_value": 0.0, "end_value": 0.1, "transition_steps": 40}),
    Nested("exponential_decay", {"init_value": 0.1, "transition_steps": 20, "decay_rate": 0.5}),
    Nested("cosine_decay_schedule", {"init_value": 0.1, "decay_steps": 60}),
]
SETTINGS = {
    "constant_schedule": [{"value": value} for value in (0.1, 0, -1.5, 3, 1e-7)],
    "polynomial_schedule": [
        {**ends, **fall, "power": power}
        for ends in ENDS
        for fall in FALLS
        for power in (1, 2, 0.5, 0)
    ],
    "linear_schedule": [{**ends, **fall} for ends in ENDS for fall in FALLS],
    "piecewise_constant_schedule": [{"init_value": 0.3, **scales} for scales in SCALES],
    "piecewise_interpolate_schedule": [
        {"init_value": 0.3, "interpolate_type": shape, **scales}
        for scales in SCALES
        for shape in ("linear", "cosine")
    ],
    "exponential_decay": [{"init_value": 0.1, **rate} for rate in RATES],
    "cosine_decay_schedule": [
        {"init_value": 0.1, "decay_steps": 200},
        {"init_value": 0.1, "decay_steps": 33, "alpha": 0.1},
        {"init_value": 2.0, "decay_steps": 200, "exponent": 2.0},
        {"init_value": 0.1, "decay_steps": 200, "alpha": 0.2, "exponent": 0.7},
        {"init_value": 0.1, "decay_steps": 1, "alpha": 1.5},
        {"init_value": 0.1, "decay_steps": 50, "exponent": 0.0},
    ],
    "linear_onecycle_schedule": [
        *CYCLES,
        {"transition_steps": 99, "peak_value": 0.1, "pct_start": 0.85},
        {"transition_steps": 99, "peak_value": 0.1, "pct_final": 1.0},
    ],
    "cosine_onecycle_schedule": CYCLES,
    "warmup_constant_schedule": [*WARM, {**WARM[0], "warmup_steps": 1}],
    "warmup_cosine_decay_schedule": [
        {**warm, "decay_steps": 120, **more}
        for warm in WARM
        for more in ({}, {"end_value": 0.01}, {"end_value": 0.01, "exponent": 2.0})
    ],
    "warmup_exponential_decay_schedule": [{**warm, **rate} for warm in WARM for rate in RATES],
    "sgdr_schedule": [
        {"cosine_kwargs": [{**warm, "decay_steps": 40 + 10 * k} for k in range(cycles)]}
        for cycles in (1, 2, 4)
        for warm in WARM[:3]
    ],
    "reduce_on_plateau": [
        {},
        {"factor": 0.5, "patience": 2},
        {"factor": 0.5, "patience": 1, "cooldown": 3},
        {"factor": 0.1, "patience": 2, "rtol": 0.0, "atol": 0.05, "cooldown": 1},
        {"factor": 0.5, "patience": 1, "min_scale": 0.2},
        {"factor": 0.7, "patience": 3, "rtol": 0.1},
    ],
    "join_schedules": [
        {"schedules": _PARTS, "boundaries": edges}
        for edges in ([10, 50], [0, 50], [30, 30], [5, 200], [100, 101])
    ],
}
