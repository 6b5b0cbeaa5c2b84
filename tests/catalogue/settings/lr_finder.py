"""Settings of torch_lr_finder's ramps."""

_RAMPS = [
    {"end_lr": end, "num_iter": n}
    for end, n in ((10, 100), (1.0, 2), (100, 37), (0.5, 200), (1e-6, 50))
]

SETTINGS = {
    "LinearLR": _RAMPS,
    "ExponentialLR": _RAMPS,
    "range_test": [
        *({"start_lr": 1e-7, **each} for each in _RAMPS),
        {"start_lr": 1e-5, "end_lr": 1, "num_iter": 60, "step_mode": "linear"},
        {},
    ],
}
