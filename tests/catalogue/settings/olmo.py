"""Settings of OLMo-core's schedulers."""

from tests.catalogue.settings import Nested

WARM = [
    {"warmup": 10},
    {"warmup": 7, "warmup_min_lr": 0.05},
    {"warmup_fraction": 0.105},
    {"warmup": 1},
    {"warmup_fraction": 0.35, "warmup_min_lr": 0.01},
]
WHOLE = {"warmup_fraction": 1.0}  # of the run
DECAYS = [
    {},
    {"decay": 30, "decay_fraction": None},
    {"decay_fraction": 0.25, "decay_min_lr": 0.005},
    {"decay": 1, "decay_fraction": None, "decay_min_lr": 0.0001},
]
FLOORS = [{}, {"alpha_f": 0.0}, {"alpha_f": 0.3}, {"alpha_f": 1.0}]
STAGES = [
    [{"duration": 20, "start_lr": 0.0, "end_lr_fraction": 1.0}],
    [
        {"duration": 20, "start_lr_fraction": 0.1, "end_lr_fraction": 1.0},
        {"duration": 30, "shape": "cosine", "end_lr": 0.05},
        {"duration": 5, "start_lr": 0.2, "end_lr_fraction": 0.0},
    ],
    [{"duration": 50, "shape": "cosine", "end_lr_fraction": 0.5}],
]
OVERRIDES = [
    None,
    {"start": 30, "duration": 20, "end_lr": 0.01},
    {"start": 0, "duration": 40, "shape": "cosine", "end_lr_fraction": 0.1},
]
_ROWS = {
    "ConstantScheduler": [{}] * 5,
    "ConstantWithWarmup": WARM,
    "WSD": [{**warm, **decay} for warm in WARM for decay in DECAYS],
    "PowerLR": [
        {**warm, **decay, **more} for warm in WARM for decay in DECAYS for more in ({}, {"b": -0.8})
    ],
    "LinearWithWarmup": [{**warm, **floor} for warm in (*WARM, WHOLE) for floor in FLOORS],
    "InvSqrtWithWarmup": [{**warm, **floor} for warm in WARM for floor in FLOORS],
    "CosWithWarmup": [{**warm, **floor} for warm in (*WARM, WHOLE) for floor in FLOORS],
    "HalfCosWithWarmup": [{**warm, **floor} for warm in WARM for floor in FLOORS],
    "CosWithWarmupAndLinearDecay": [
        {**warm, **floor, **decay} for warm in WARM[:2] for floor in FLOORS for decay in DECAYS[:3]
    ],
    "ComposableScheduler": [
        {"stages": stages, "override_decay": override}
        for stages in STAGES
        for override in OVERRIDES
    ],
    "WSDS": [
        {**warm, **decay, "period_lengths": periods, **more}
        for warm in WARM[:3]
        for decay in ({"decay": 10}, {"decay_fraction": 0.155, "decay_min_lr": 0.01})
        for periods, more in (
            ([70], {}),
            ([40, 60], {}),
            ([40, 30, 20], {"period_lr_multipliers": [1.0, 0.5, 2.0]}),
        )
    ],
    "ExponentialScheduler": [{"lr_min": each} for each in (1e-9, 1e-6, 0.01, 0.3, 2.0)],
}

SEQUENCES = [
    [("LinearWithWarmup", {"warmup": 10, "alpha_f": 0.5}), ("CosWithWarmup", {"warmup": 0})],
    [("ConstantWithWarmup", {"warmup": 10}), ("CosWithWarmup", {"warmup": 5, "alpha_f": 0.2})],
    [
        ("CosWithWarmup", {"warmup": 10, "warmup_min_lr": 0.05}),
        ("WSD", {"warmup": 3, "decay": 5, "decay_fraction": None, "decay_min_lr": 0.001}),
        ("LinearWithWarmup", {"warmup_fraction": 0.1, "alpha_f": 0.5}),
    ],
    [("WSD", {"warmup": 4, "decay_min_lr": 0.02}), ("CosWithWarmup", {"warmup": 6})],
    [("ExponentialScheduler", {"lr_min": 0.001}), ("LinearWithWarmup", {"warmup": 0})],
]
CUTS = {2: [30], 3: [30, 25]}
SETTINGS = {
    **{name: [{**given, "t_max": 100} for given in rows] for name, rows in _ROWS.items()},
    "SequentialScheduler": [
        {
            "schedulers": [Nested(name, {**given, "t_max": 20}) for name, given in sequence],
            "schedulers_max": [20] * (len(sequence) - 1),
            "t_max": 20 * len(sequence),
        }
        for sequence in SEQUENCES
    ],
}
