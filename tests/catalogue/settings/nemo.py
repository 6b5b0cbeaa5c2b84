"""Settings of NeMo's policies."""

_RUNS = (
    {"max_steps": 100},
    {"warmup_steps": 10, "max_steps": 100},
    {"warmup_ratio": 0.07, "max_steps": 90, "min_lr": 0.01},
    {"warmup_steps": 30, "max_steps": 60, "min_lr": 0.02},
    {"warmup_steps": 1, "max_steps": 200},
    {"warmup_steps": 59, "max_steps": 60, "min_lr": 0.001},
)
_HOLDS = (
    {"warmup_steps": 10, "max_steps": 100},
    {"warmup_steps": 10, "hold_steps": 20, "max_steps": 100, "min_lr": 0.01},
    {"warmup_ratio": 0.1, "hold_ratio": 0.25, "max_steps": 120},
    {"warmup_steps": 5, "hold_steps": 0, "max_steps": 80, "min_lr": 0.02},
    {"warmup_steps": 30, "hold_steps": 69, "max_steps": 100},
    {"warmup_steps": 70, "max_steps": 100, "min_lr": 0.03},
)
_NO_WARMUP = ({"max_steps": 90, "hold_steps": 30}, {"max_steps": 70, "min_lr": 0.02})

SETTINGS = {
    "WarmupPolicy": [{}, {"warmup_steps": 10}, *_RUNS],
    "WarmupHoldPolicy": [*_HOLDS, *_NO_WARMUP],
    "SquareAnnealing": list(_RUNS),
    "SquareRootAnnealing": list(_RUNS),
    "CosineAnnealing": [
        *_RUNS,
        {"warmup_steps": 10, "max_steps": 100, "constant_steps": 20, "min_lr": 0.01},
        {"warmup_ratio": 0.1, "max_steps": 100, "constant_ratio": 0.3},
        {"max_steps": 80, "constant_steps": 30, "min_lr": 0.02},
    ],
    "NoamAnnealing": [
        {"d_model": d, "warmup_steps": w, "min_lr": low}
        for d, w, low in (
            (512, 100, 0.0),
            (64, 10, 0.001),
            (4, 0, 0.0),
            (16, 1, 0.02),
            (8, 40, 0.01),
        )
    ],
    "NoamHoldAnnealing": [
        *(each for each in _HOLDS),
        {"warmup_steps": 10, "hold_steps": 20, "max_steps": 200, "decay_rate": 1.0},
    ],
    "WarmupHoldAnnealOneMinusSquareRoot": [*_HOLDS, *_NO_WARMUP],
    "WarmupHoldAnnealLinear": [*_HOLDS, *_NO_WARMUP],
    "WarmupAnnealing": list(_RUNS),
    "InverseSquareRootAnnealing": list(_RUNS),
    "T5InverseSquareRootAnnealing": [
        {"max_steps": total, "constant_steps": constant, "min_lr": low}
        for total, constant, low in ((100, 10, 0.0), (200, 1, 0.01), (50, 50, 0.02), (90, 33, 0.0))
    ]
    + [{"max_steps": 40, "constant_steps": 60}],
    "PolynomialDecayAnnealing": [
        {**each, **more}
        for each in _RUNS
        for more in ({}, {"power": 2.0}, {"power": 0.5, "cycle": True})
    ],
    "PolynomialHoldDecayAnnealing": [
        *({**each, "power": 2.0} for each in (*_HOLDS, *_NO_WARMUP)),
        {**_HOLDS[1], "cycle": True},
    ],
}
