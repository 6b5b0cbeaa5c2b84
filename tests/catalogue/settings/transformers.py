"""Settings of transformers' schedules."""

_RUNS = [(0, 10), (4, 10), (10, 10), (30, 100), (1, 64), (37, 211), (20, 10), (9, 0)]


def _runs(*more):
    rows = [{"num_warmup_steps": w, "num_training_steps": t} for w, t in _RUNS]
    return [
        *rows,
        *({"num_warmup_steps": 7, "num_training_steps": 100, **each} for each in more),
    ]


SETTINGS = {
    "constant": [{}],
    "constant_with_warmup": [{"num_warmup_steps": w} for w in (0, 1, 2, 10, 100)],
    "linear": _runs(),
    "cosine": _runs(*({"num_cycles": c} for c in (0.5, 1, 1.5, 0.3, 3.25, 0))),
    "cosine_with_restarts": _runs(*({"num_cycles": c} for c in (1, 2, 3, 7, 2.5))),
    "polynomial": [
        {"num_warmup_steps": w, "num_training_steps": t, "lr_end": end, "power": power}
        for w, t in _RUNS
        if w != t
        for end, power in ((1e-7, 1.0), (0.0, 2.0), (0.01, 0.5), (0.05, 3.0), (0.05, 0.0))
    ],
    "inverse_sqrt": [
        *({"num_warmup_steps": w} for w in (0, 1, 10, 100)),
        *({"num_warmup_steps": w, "timescale": s} for w, s in ((0, 5), (10, 37), (20, 4))),
    ],
    "cosine_with_min_lr": [
        {**each, **floor}
        for each in _runs({"num_cycles": 1.5}, {"num_cycles": 0.25})
        for floor in ({"min_lr_rate": 0.1}, {"min_lr": 0.02}, {"min_lr_rate": 0})
    ],
    "cosine_warmup_with_min_lr": [
        {**each, **floor, **rate}
        for each in _runs({"num_cycles": 1.5})
        for floor in ({"min_lr_rate": 0.1}, {"min_lr": 0.02})
        for rate in ({}, {"warmup_lr_rate": 0.3})
    ],
    "warmup_stable_decay": [
        {"num_warmup_steps": w, "num_decay_steps": d, **more}
        for w, d in ((0, 0), (4, 3), (10, 50), (1, 1), (13, 0))
        for more in (
            {"num_training_steps": 100},
            {"num_training_steps": 45, "min_lr_ratio": 0.1},
            {"num_training_steps": 45, "num_cycles": 1.25},
            {"num_training_steps": 5},
            {"num_stable_steps": 20, "warmup_type": "cosine", "decay_type": "linear"},
            {"num_stable_steps": 0, "warmup_type": "1-sqrt", "decay_type": "1-sqrt"},
            {"num_stable_steps": 9, "min_lr_ratio": 0.1, "decay_type": "1-sqrt"},
            {"num_stable_steps": 9, "min_lr_ratio": 0.2, "num_cycles": 1.25},
        )
    ],
    "reduce_lr_on_plateau": [
        {},
        {"patience": 2, "factor": 0.5},
        {"mode": "max", "patience": 1, "cooldown": 3},
        {"threshold": 0.1, "threshold_mode": "abs", "patience": 0},
        {"patience": 1, "min_lr": 0.02, "factor": 0.3},
    ],
    "greedy": [
        {"lr": 0.1, **each}
        for each in (
            {},
            {"patience": 2, "factor": 0.5},
            {"mode": "max", "patience": 1, "cooldown": 3, "warmup": 2},
            {"threshold": 0.1, "threshold_mode": "rel", "patience": 0, "factor": 0.8},
            {"patience": 1, "min_lr": 0.02, "max_lr": 0.3, "factor": 0.7},
        )
    ],
}
