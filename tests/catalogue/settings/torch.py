"""Settings of torch's schedules; nested ones are made in both worlds."""

from passo import Constant, Exponential
from tests.catalogue.settings import Nested

_LINE = Nested("LinearLR", {"start_factor": 0.25, "total_iters": 4})
_SHORT = Nested("ConstantLR", {"factor": 0.5, "total_iters": 3})
_GAMMA = Nested("ExponentialLR", {"gamma": 0.9})
_COSINE = Nested("CosineAnnealingLR", {"T_max": 7})
_POLY = Nested("PolynomialLR", {"total_iters": 20, "power": 2.0})
_STEPS = Nested("StepLR", {"step_size": 5})
_WARM = Nested("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2})

SETTINGS = {
    "LambdaLR": [{"lr_lambda": Exponential(1, gamma)} for gamma in (0.5, 0.9, 0.95, 0.99, 1.01)],
    "MultiplicativeLR": [{"lr_lambda": Constant(gamma)} for gamma in (0.5, 0.9, 0.95, 0.99, 1.01)],
    "StepLR": [
        {"step_size": size, "gamma": gamma}
        for size, gamma in ((1, 0.9), (5, 0.1), (7, 0.5), (30, 0.1), (10, 1.5), (7, 0))
    ],
    "MultiStepLR": [
        {"milestones": milestones, "gamma": gamma}
        for milestones, gamma in (
            ([3], 0.1),
            ([30, 80], 0.1),
            ([80, 30], 0.5),
            ([5, 5, 9], 0.5),
            ([0, 10], 0.2),
            ([1, 2, 3, 4], 0.9),
            ([], 0.5),
            ([4], 0),
        )
    ],
    "ConstantLR": [
        {},
        *(
            {"factor": f, "total_iters": n}
            for f, n in ((0.5, 4), (1.0, 3), (0.1, 0), (0.25, 1), (0.01, 50))
        ),
    ],
    "LinearLR": [
        {},
        *(
            {"start_factor": a, "end_factor": b, "total_iters": n}
            for a, b, n in (
                (0.1, 1.0, 10),
                (1.0, 0.0, 7),
                (0.5, 0.5, 5),
                (0.3, 0.9, 0),
                (1e-3, 1, 1),
            )
        ),
    ],
    "ExponentialLR": [{"gamma": gamma} for gamma in (0.5, 0.9, 0.95, 0.99, 1.01, 0)],
    "PolynomialLR": [
        {},
        *(
            {"total_iters": n, "power": p}
            for n, p in ((10, 2.0), (50, 0.5), (7, 3.0), (0, 1.0), (1, 1.0), (9, 0))
        ),
    ],
    "CosineAnnealingLR": [
        {"T_max": n, "eta_min": low}
        for n, low in ((1, 0.0), (2, 0.01), (7, 0.0), (10, 0.05), (50, 1e-4), (33, 0.2))
    ],
    "CosineAnnealingWarmRestarts": [
        {"T_0": n, "T_mult": m, "eta_min": low}
        for n, m, low in ((1, 1, 0.0), (10, 1, 0.01), (5, 2, 0.0), (3, 3, 0.02), (50, 1, 1e-4))
    ],
    "CyclicLR": [
        {"base_lr": 0.001, "max_lr": 0.01, **each}
        for each in (
            {"step_size_up": 20},
            {"step_size_up": 5, "step_size_down": 15},
            {"step_size_up": 10, "mode": "triangular2"},
            {"step_size_up": 7, "mode": "exp_range", "gamma": 0.99},
            {"step_size_up": 4, "cycle_momentum": False},
            {"step_size_up": 6, "base_momentum": 0.5, "max_momentum": 0.99},
            {"step_size_up": 5, "scale_fn": Exponential(1, 0.5), "scale_mode": "cycle"},
            {"step_size_up": 5, "scale_fn": Exponential(1, 0.97), "scale_mode": "iterations"},
        )
    ],
    "OneCycleLR": [
        {"max_lr": 0.1, **each}
        for each in (
            {"total_steps": 100},
            {"epochs": 5, "steps_per_epoch": 11},
            {"total_steps": 40, "three_phase": True},
            {"total_steps": 33, "anneal_strategy": "linear", "pct_start": 0.25},
            {"total_steps": 50, "div_factor": 10.0, "final_div_factor": 100.0},
            {"total_steps": 50, "cycle_momentum": False},
            {"total_steps": 20, "base_momentum": 0.8, "max_momentum": 0.99, "three_phase": True},
            {"total_steps": 20, "pct_start": 0.0},
        )
    ],
    "SWALR": [
        {"swa_lr": low, "anneal_epochs": n, "anneal_strategy": how}
        for low, n, how in (
            (0.05, 10, "cos"),
            (0.05, 10, "linear"),
            (0.5, 3, "cos"),
            (0.01, 0, "linear"),
            (0.02, 1, "cos"),
        )
    ],
    "ReduceLROnPlateau": [
        {},
        {"patience": 2, "factor": 0.5},
        {"mode": "max", "patience": 1, "cooldown": 3},
        {"threshold": 0.1, "threshold_mode": "abs", "patience": 0},
        {"patience": 1, "min_lr": 0.02, "factor": 0.3},
        {"patience": 3, "eps": 0.0, "threshold": 0.05},
    ],
    "SequentialLR": [
        {"schedulers": [_LINE, _COSINE], "milestones": [4]},
        {"schedulers": [_LINE, _GAMMA], "milestones": [10]},
        {"schedulers": [_SHORT, _LINE, _STEPS], "milestones": [2, 9]},
        {"schedulers": [_POLY, _WARM], "milestones": [6]},
        {"schedulers": [_LINE, _POLY, _GAMMA, _COSINE], "milestones": [4, 10, 15]},
        {"schedulers": [_GAMMA], "milestones": []},
    ],
    "ChainedScheduler": [
        {"schedulers": [_SHORT, _GAMMA]},
        {"schedulers": [_LINE, _STEPS, _GAMMA]},
        {"schedulers": [_POLY, _LINE]},
        {"schedulers": [_LINE, _WARM]},
        {"schedulers": [_GAMMA]},
        {"schedulers": [_GAMMA, Nested("LambdaLR", {"lr_lambda": Exponential(1, 0.8)})]},
    ],
}
