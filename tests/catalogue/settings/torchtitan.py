"""Settings of torchtitan's container."""

_RUNS = [
    {"training_steps": steps, "warmup_steps": warmup, "decay_type": shape, **more}
    for shape in ("linear", "sqrt", "cosine")
    for steps, warmup, more in (
        (100, 10, {}),
        (100, 0, {"decay_ratio": 0.2}),
        (73, 1, {"decay_ratio": 0.355, "min_lr_factor": 0.1}),
        (50, 20, {"decay_ratio": 0.9, "min_lr_factor": 0.01}),
        (1000, 10, {"total_steps": 60, "min_lr_factor": 1.0}),
        (41, 40, {}),
    )
]
SETTINGS = {"LRSchedulersContainer": _RUNS}
