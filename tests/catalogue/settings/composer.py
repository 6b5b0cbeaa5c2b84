"""Settings of composer's schedulers."""

WARM = ["20ba", "0.1dur", "2ep", "1ba", "0.07dur"]
ENDS = [{}, {"alpha_f": 0.1}, {"t_max": "12ep", "alpha_f": 0.3}]
_ROWS = {
    "StepScheduler": [
        {"step_size": "30ba"},
        {"step_size": "2ep", "gamma": 0.5},
        {"step_size": "0.3dur"},
        {"step_size": "1ba", "gamma": 0.99},
        {"step_size": "30ba", "gamma": 0},
        {"step_size": "7ba", "gamma": 1.5},
    ],
    "MultiStepScheduler": [
        {"milestones": ["30ba", "60ba"]},
        {"milestones": ["2ep", "0.77dur"], "gamma": 0.5},
        {"milestones": ["60ba", "30ba"]},
        {"milestones": ["30ba", "30ba", "0ba"], "gamma": 0.5},
        {"milestones": []},
        {"milestones": ["1000ba"]},
    ],
    "ConstantScheduler": [
        {},
        {"alpha": 0.5},
        {"alpha": 0.5, "t_max": "20ba"},
        {"alpha": 0.0, "t_max": "0.35dur"},
        {"alpha": 2.0, "t_max": "3ep"},
    ],
    "LinearScheduler": [
        {},
        {"alpha_i": 0.1, "alpha_f": 1.0, "t_max": "20ba"},
        {"alpha_f": 0.2, "t_max": "0.33dur"},
        {"t_max": "3ep"},
        {"alpha_i": 0.0, "alpha_f": 0.0},
    ],
    "ExponentialScheduler": [
        {"gamma": 0.5},
        {"gamma": 0.9, "decay_period": "1ba"},
        {"gamma": 0.5, "decay_period": "0.21dur"},
        {"gamma": 1.1, "decay_period": "50ba"},
        {"gamma": 0, "decay_period": "50ba"},
        {"gamma": 0.1, "decay_period": "3ep"},
    ],
    "CosineAnnealingScheduler": [
        {},
        {"alpha_f": 0.1},
        {"t_max": "40ba"},
        {"t_max": "0.51dur", "alpha_f": 0.3},
        {"t_max": "3ep"},
    ],
    "CosineAnnealingWarmRestartsScheduler": [
        {"t_0": "10ba"},
        {"t_0": "1ep", "t_mult": 2},
        {"t_0": "7ba", "t_mult": 1.5, "alpha_f": 0.1},
        {"t_0": "0.07dur", "t_mult": 2},
        {"t_0": "3ba", "t_mult": 1.1},
        {"t_0": "200ba", "t_mult": 0.5},
    ],
    "PolynomialScheduler": [
        {"power": 2.0},
        {"power": 0.5, "alpha_f": 0.1},
        {"power": 1.0, "t_max": "40ba"},
        {"power": 0, "t_max": "40ba"},
        {"power": 3, "t_max": "0.51dur", "alpha_f": 0.3},
    ],
    "MultiStepWithWarmupScheduler": [
        {"t_warmup": warm, "milestones": ["30ba", "60ba", "4ba"], **more}
        for warm in WARM
        for more in ({}, {"scale_warmup": True})
    ],
    "ConstantWithWarmupScheduler": [
        {"t_warmup": warm, **more}
        for warm in WARM
        for more in ({}, {"alpha": 0.5}, {"t_max": "12ep", "scale_warmup": True})
    ],
    "LinearWithWarmupScheduler": [
        {"t_warmup": warm, **end, **more}
        for warm in WARM
        for end in ENDS
        for more in ({}, {"alpha_i": 0.5, "scale_warmup": True})
    ],
    "CosineAnnealingWithWarmupScheduler": [
        {"t_warmup": warm, **end, **more}
        for warm in WARM
        for end in ENDS
        for more in ({}, {"scale_warmup": True})
    ],
    "PolynomialWithWarmupScheduler": [
        {"t_warmup": warm, **end, **more}
        for warm in WARM
        for end in ENDS
        for more in ({}, {"power": 0.5})
    ],
}
SETTINGS = {
    name: [{**given, "max_duration": "10ep", "dataloader_len": 13} for given in rows]
    for name, rows in _ROWS.items()
}
