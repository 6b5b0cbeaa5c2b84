"""Settings of DeepSpeed's schedulers."""

WARM = [
    {"warmup_num_steps": 20},
    {"warmup_num_steps": 20, "warmup_type": "linear"},
    {"warmup_num_steps": 1},
    {"warmup_num_steps": 2, "warmup_type": "linear"},
    {"warmup_num_steps": 70, "warmup_type": "log"},
]
ENDS = [{"warmup_min_lr": 0.01, "warmup_max_lr": 0.1}, {"warmup_max_lr": 0.2}]
TOTALS = [{"total_num_steps": total} for total in (100, 71, 70, 40)]
CYCLES = [
    {},
    {"cycle_second_step_size": 30},
    {"cycle_second_step_size": 0},
    {"cycle_first_stair_count": 4},
    {"cycle_first_stair_count": 5, "cycle_second_step_size": 33, "cycle_second_stair_count": 7},
    {"cycle_first_stair_count": 3, "cycle_second_stair_count": 0},
    {"decay_step_size": 10, "decay_lr_rate": 0.5},
    {"decay_step_size": 7, "decay_lr_rate": 0.5, "decay_mom_rate": 0.01},
    {"decay_lr_rate": 0.5},
    {"cycle_min_mom": 0.7, "cycle_max_mom": 0.99, "cycle_first_step_size": 1},
]
SETTINGS = {
    "WarmupLR": [*WARM, *({**warm, **ends} for warm in WARM for ends in ENDS)],
    "WarmupDecayLR": [
        {**warm, **ends, **total} for warm in WARM for ends in ENDS for total in TOTALS
    ],
    "WarmupCosineLR": [
        {**warm, **total, **more}
        for warm in WARM
        for total in TOTALS
        for more in ({}, {"warmup_min_ratio": 0.1, "cos_min_ratio": 0.01})
    ],
    "LRRangeTest": [
        {},
        {"lr_range_test_step_size": 20},
        {"lr_range_test_step_size": 7, "lr_range_test_staircase": True},
        {"lr_range_test_min_lr": 0.1, "lr_range_test_step_rate": 0.0},
        {"lr_range_test_step_size": 30, "lr_range_test_step_rate": 2.5},
    ],
    "OneCycle": [
        {"cycle_min_lr": 0.01, "cycle_max_lr": 0.1, "cycle_first_step_size": 40, **cycle}
        for cycle in CYCLES
    ],
}
