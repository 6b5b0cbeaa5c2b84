"""Settings of fairseq's schedules."""

SETTINGS = {
    "cosine": [
        {"warmup_updates": 10, "max_update": 100},
        {"lr": 0.5, "min_lr": 0.01, "lr_period_updates": 40},
        {"warmup_updates": 7, "warmup_init_lr": 0.001, "lr_period_updates": 20, "t_mult": 2.0},
        {"min_lr": 0.02, "lr_period_updates": 30, "t_mult": 1.5, "lr_shrink": 0.5},
        {"warmup_updates": 5, "lr_period_updates": 33, "lr_shrink": 1.0, "lr": [0.3]},
    ],
    "fixed": [
        {},
        {"lr": [0.1, 0.05, 0.05, 0.01]},
        {"lr": [0.1], "force_anneal": 3, "lr_shrink": 0.5, "warmup_updates": 4},
        {"lr": [0.2, 0.1], "force_anneal": 1, "lr_shrink": 0.9},
        {"lr": [0.3, 0.2], "force_anneal": 6, "warmup_updates": 25},
        {"force_anneal": 2, "warmup_updates": 1},
    ],
    "inverse_sqrt": [
        {},
        *(
            {"warmup_updates": w, **more}
            for w, more in (
                (1, {}),
                (10, {"lr": 0.5}),
                (40, {"warmup_init_lr": 1e-7}),
                (100, {"warmup_init_lr": 0.01, "lr": 0.02}),
            )
        ),
    ],
    "manual": [
        {"update2lr": {0: 0.1, 20: 0.05, 60: 0.01}},
        {"update2lr": '{"10": 0.5, "30,31": 0.2, "50-55": 0.3}'},
        {"epoch2lr": {1: 0.1, 3: 0.05}},
        {"epoch2lr": '{"2-4": 0.5, "7": 0.1}', "lr": 0.4},
        {"update2lr": {5: 0.2}},
    ],
    "polynomial_decay": [
        {"total_num_update": total, "warmup_updates": w, **more}
        for total, w, more in (
            (100, 0, {}),
            (100, 10, {"power": 2.0}),
            (100, 10, {"power": 0, "end_learning_rate": 0.01}),
            (60, 20, {"end_learning_rate": 0.01, "lr": 0.3}),
            (150, 1, {"power": 0.5, "end_learning_rate": 0.001}),
            (40, 39, {}),
        )
    ],
    "reduce_lr_on_plateau": [
        {},
        {"lr_patience": 2, "lr_shrink": 0.5},
        {"warmup_updates": 10, "lr_patience": 1},
        {"maximize_best_checkpoint_metric": True, "lr_threshold": 0.05, "lr_patience": 3},
        {"warmup_updates": 5, "warmup_init_lr": 0.01, "lr": 0.5},
    ],
    "step": [
        {"lr_decay_period": 20},
        {"warmup_updates": 10, "lr_decay_period": 15, "lr_decay": 0.3},
        {"min_lr": 0.01, "lr_decay_period": 10, "warmup_updates": 5},
        {"lr": 0.5, "warmup_init_lr": 0.05, "warmup_updates": 8, "lr_decay_period": 7},
        {"lr_decay_period": 30, "lr_decay": 0.9, "min_lr": 0.08},
    ],
    "tri_stage": [
        {"warmup_steps": 10, "hold_steps": 20, "decay_steps": 50},
        {"decay_steps": 60, "final_lr_scale": 0.05, "lr": 0.4},
        {"phase_ratio": [0.1, 0.4, 0.5], "max_update": 100},
        {"warmup_steps": 7, "decay_steps": 30, "init_lr_scale": 0.0},
        {"phase_ratio": (0.3, 0.3, 0.4), "max_update": 77, "init_lr_scale": 0.5},
    ],
    "triangular": [
        {"max_lr": 0.5, "lr_period_updates": 20},
        {"max_lr": 0.3, "lr_period_updates": 31, "lr_shrink": 0.5, "lr": 0.01},
        {"max_lr": 1.0, "lr_period_updates": 40, "lr_shrink": 0.8, "shrink_min": True},
        {"max_lr": 0.2, "lr_period_updates": 50, "lr_shrink": 1.0},
        {"max_lr": 0.2, "lr_period_updates": 2, "lr_shrink": 0.9},
    ],
}
