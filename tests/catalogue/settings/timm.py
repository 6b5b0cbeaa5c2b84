"""Settings of timm's schedulers, by class and by the names of create_scheduler_v2."""

_CYCLES = (
    {"t_initial": 50},
    {"t_initial": 40, "warmup_t": 5, "warmup_lr_init": 0.001},
    {"t_initial": 40, "warmup_t": 5, "warmup_prefix": True, "lr_min": 0.01},
    {"t_initial": 10, "cycle_limit": 3, "cycle_decay": 0.5, "lr_min": 0.01},
    {"t_initial": 10, "cycle_limit": 3, "cycle_mul": 2, "cycle_decay": 0.5},
    {"t_initial": 10, "cycle_limit": 4, "cycle_mul": 1.5, "lr_min": 0.02},
    {"t_initial": 10, "cycle_limit": 0, "lr_min": 0.02, "warmup_t": 3},
    {"t_initial": 10, "warmup_t": 20, "lr_min": 0.02},
    {"t_initial": 30, "t_in_epochs": False, "warmup_t": 7},
    {"t_initial": 20, "cycle_limit": 2, "warmup_t": 7, "cycle_decay": 0.1, "lr_min": 1e-5},
)
_K = ({"t_initial": 40, "k_decay": 2.0}, {"t_initial": 15, "cycle_limit": 2, "k_decay": 0.5})
_FACTORY = (
    {"num_epochs": 50},
    {"num_epochs": 40, "warmup_epochs": 5, "warmup_lr": 0.001},
    {"num_epochs": 40, "warmup_epochs": 5, "warmup_prefix": True, "min_lr": 0.01},
    {"num_epochs": 20, "step_on_epochs": False, "updates_per_epoch": 4, "warmup_epochs": 3},
    {"num_epochs": 30, "cooldown_epochs": 10, "min_lr": 0.001},
)
_FACTORY_CYCLES = (
    *_FACTORY,
    {"num_epochs": 10, "cycle_limit": 3},
    {"num_epochs": 10, "cycle_limit": 3, "cycle_mul": 2, "cycle_decay": 0.5, "min_lr": 0.01},
)
_WSD = (
    {"decay_fn": "1-sqrt"},
    {"decay_fn": "linear", "lr_min": 0.01},
    {"decay_fn": "cosine", "warmup_t": 5, "warmup_lr_init": 0.001},
    {"decay_fn": "power", "decay_power": 2.0, "lr_min": 0.02},
    {"decay_fn": "exp", "decay_ratio": 0.05, "lr_min": 0.01},
    {"decay_fn": "exp", "t_in_epochs": False},
    {"stable_fn": "rsqrt", "warmup_t": 5},
    {"stable_fn": "rsqrt", "stable_timescale": 13, "lr_min": 0.05},
    {"stable_fn": "power", "stable_power": 0.7, "warmup_t": 5, "decay_fn": "linear"},
    {"stable_fn": "power", "warmup_t": 4, "lr_min": 0.04, "decay_fn": "exp"},
    {"lr_min": 0.7, "warmup_t": 4},
)

SETTINGS = {
    "CosineLRScheduler": [*_CYCLES, *_K],
    "PolyLRScheduler": [
        *_CYCLES,
        *_K,
        {"t_initial": 40, "power": 2.0},
        {"t_initial": 20, "power": 0, "lr_min": 0.01, "warmup_t": 5},
        {"t_initial": 10, "power": 0, "cycle_limit": 3, "cycle_mul": 2, "cycle_decay": 0.5},
        {"t_initial": 40, "power": 0.0, "k_decay": 2.0, "warmup_t": 5, "warmup_prefix": True},
    ],
    "TanhLRScheduler": [*_CYCLES, {"t_initial": 40, "lb": -3.0, "ub": 2.0, "lr_min": 0.01}],
    "StepLRScheduler": [
        {"decay_t": 10, "decay_rate": 0.1},
        {"decay_t": 7, "decay_rate": 0.5, "warmup_t": 5},
        {"decay_t": 7, "decay_rate": 0.5, "warmup_t": 5, "warmup_prefix": False},
        {"decay_t": 2.5, "decay_rate": 0.9},
        {"decay_t": 0.2, "decay_rate": 0.99},
        {"decay_t": 2.2, "decay_rate": 0.9, "warmup_t": 3},
        {"decay_t": 30},
        {"decay_t": 10, "decay_rate": 0.3, "t_in_epochs": False, "warmup_t": 3},
        {"decay_t": 9, "decay_rate": 0, "warmup_t": 3, "warmup_prefix": False},
    ],
    "MultiStepLRScheduler": [
        {"decay_t": [10, 30], "decay_rate": 0.1},
        {"decay_t": [1, 20], "decay_rate": 0.5},
        {"decay_t": [10, 30], "decay_rate": 0.1, "warmup_t": 5},
        {"decay_t": [10, 30], "decay_rate": 0.1, "warmup_t": 5, "warmup_prefix": False},
        {"decay_t": [5, 5, 6], "decay_rate": 0.7, "t_in_epochs": False},
        {"decay_t": [], "decay_rate": 0.7, "warmup_t": 3},
        {"decay_t": [2.5, 8], "decay_rate": 0.7},
    ],
    "WSDLRScheduler": [
        {"t_initial": total, "decay_t": fall, **each}
        for total, fall in ((50, 10), (30, 30))
        for each in _WSD
    ],
    "PlateauLRScheduler": [
        {},
        {"patience_t": 2, "decay_rate": 0.5},
        {"patience_t": 1, "warmup_t": 5, "warmup_lr_init": 0.001},
        {"patience_t": 0, "mode": "min", "cooldown_t": 3, "threshold": 0.05},
        {"patience_t": 1, "lr_min": 0.02, "warmup_t": 1},
    ],
    "cosine": [*_FACTORY_CYCLES, {"num_epochs": 40, "k_decay": 2.0}],
    "tanh": list(_FACTORY_CYCLES),
    "poly": [*_FACTORY_CYCLES, {"num_epochs": 40, "k_decay": 2.0, "decay_rate": 1.5}],
    "step": [*_FACTORY, {"decay_epochs": 10, "decay_rate": 0.5, "warmup_epochs": 3}],
    "constant": list(_FACTORY),
    "multistep": [*_FACTORY, {"decay_milestones": [5, 9, 20], "decay_rate": 0.3}],
    "wsd": [*_FACTORY, {"decay_epochs": 10}, {"num_epochs": 40, "decay_fn": "cosine"}],
    "rsqrt": [
        *({**each, "stable_timescale": 6} for each in _FACTORY),
        {"num_epochs": 40, "warmup_epochs": 5},
    ],
    "plateau": [
        {},
        {"patience_epochs": 2, "decay_rate": 0.5},
        {"patience_epochs": 1, "warmup_epochs": 5},
        {"patience_epochs": 0, "plateau_mode": "min"},
        {"patience_epochs": 1, "min_lr": 0.02},
    ],
    "none": [{}],
}
