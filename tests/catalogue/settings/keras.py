"""Settings of keras' schedules."""

FALLS = (
    {"initial_learning_rate": 0.1, "decay_steps": 100},
    {"initial_learning_rate": 0.1, "decay_steps": 7},
    {"initial_learning_rate": 3.0, "decay_steps": 1},
    {"initial_learning_rate": 0.02, "decay_steps": 333},
    {"initial_learning_rate": 0.1, "decay_steps": 12.5},
)
SETTINGS = {
    "ExponentialDecay": [
        {**fall, **more}
        for fall in FALLS
        for more in ({"decay_rate": 0.5}, {"decay_rate": 0.96, "staircase": True})
    ]
    + [{**FALLS[1], "decay_rate": 0.0}, {**FALLS[4], "decay_rate": 0, "staircase": True}],
    "PiecewiseConstantDecay": [
        {"boundaries": [30, 60], "values": [0.1, 0.01, 0.001]},
        {"boundaries": [0], "values": [0.1, 0.01]},
        {"boundaries": [1, 2, 3, 200], "values": [0.1, 0.5, 0.001, 3.0, 0.0]},
        {"boundaries": [10.7], "values": [1.0, 0.1]},
        {"boundaries": [229], "values": [1.0, 0.1]},
    ],
    "PolynomialDecay": [
        {**fall, **more}
        for fall in FALLS
        for more in (
            {},
            {"power": 2.0, "end_learning_rate": 0.0},
            {"power": 0.5, "end_learning_rate": 0.01},
            {"power": 0.0},
            *(
                [{"cycle": True}, {"cycle": True, "power": 2.0, "end_learning_rate": 0.01}]
                if isinstance(fall["decay_steps"], int)
                else []
            ),
        )
    ],
    "InverseTimeDecay": [
        {**fall, **more}
        for fall in FALLS
        for more in (
            {"decay_rate": 0.5},
            {"decay_rate": 3, "staircase": True},
            {"decay_rate": 0.0},
        )
    ],
    "CosineDecay": [
        {**fall, **more}
        for fall in FALLS
        for more in (
            {},
            {"alpha": 0.1, "warmup_steps": 20},
            {"alpha": 0.1, "warmup_target": 0.5, "warmup_steps": 20},
            {"warmup_target": 0.5},
        )
    ],
    "CosineDecayRestarts": [
        {"initial_learning_rate": 0.1, "first_decay_steps": 10},
        {"initial_learning_rate": 0.1, "first_decay_steps": 20, "t_mul": 1.0, "alpha": 0.1},
        {"initial_learning_rate": 2.0, "first_decay_steps": 30, "t_mul": 1.5, "m_mul": 0.5},
        {"initial_learning_rate": 0.1, "first_decay_steps": 7, "m_mul": 0.9, "alpha": 0.2},
        {"initial_learning_rate": 0.1, "first_decay_steps": 400},
    ],
    "ReduceLROnPlateau": [
        {},
        {"factor": 0.5, "patience": 2},
        {"factor": 0.5, "patience": 0, "min_delta": 0.05},
        {"factor": 0.5, "patience": 1, "cooldown": 3, "min_lr": 0.05},
        {"factor": 0.5, "patience": 2, "cooldown": 1, "mode": "max"},
        {"factor": 0.7, "patience": 1, "cooldown": 0, "min_lr": 0.5},
        {"factor": 0.7, "patience": 3, "cooldown": 2, "min_delta": 0.0},
    ],
}
