"""Settings of ignite's parameter schedulers."""

from passo import Exponential
from tests.catalogue.settings import Nested

_LR = {"param_name": "lr", "start_value": 0.1, "end_value": 0.01}
_CYCLES = [
    {**_LR, "cycle_size": 20},
    {**_LR, "cycle_size": 7, "cycle_mult": 2},
    {**_LR, "cycle_size": 10, "cycle_mult": 1.5},
    {**_LR, "cycle_size": 12, "start_value_mult": 0.5, "end_value_mult": 0.5},
    {**_LR, "cycle_size": 12, "start_value_mult": 0.9, "end_value_mult": 0.5},
    {**_LR, "cycle_size": 8, "param_name": "momentum"},
]
_WARM = [
    {**_LR, "cycle_size": 10, "warmup_duration": 4},
    {**_LR, "cycle_size": 10, "warmup_duration": 3, "cycle_mult": 2, "start_value_mult": 0.5},
    {**_LR, "cycle_size": 9, "warmup_duration": 5, "start_value_mult": 0.8, "end_value_mult": 0.5},
    {**_LR, "cycle_size": 9, "warmup_duration": 5, "cycle_mult": 1.4, "end_value_mult": 0.5},
]
_WAVE = Nested("CosineAnnealingScheduler", {**_LR, "cycle_size": 15})
_RAMP = Nested("PiecewiseLinear", {"param_name": "lr", "milestones_values": [(2, 0.0), (8, 0.2)]})


def _of_torch(name, **given):
    return Nested(f"torch.{name}", given)


_TORCHS = [
    _of_torch("ExponentialLR", gamma=0.95),
    _of_torch("CosineAnnealingLR", T_max=30),
    _of_torch("LinearLR", start_factor=0.25, total_iters=8),
    _of_torch("ConstantLR", factor=0.5, total_iters=6),
    _of_torch("StepLR", step_size=9),
    _of_torch("MultiStepLR", milestones=[5, 20], gamma=0.3),
    _of_torch("PolynomialLR", total_iters=40, power=2.0),
    _of_torch("CosineAnnealingWarmRestarts", T_0=11),
    _of_torch("LambdaLR", lr_lambda=Exponential(0.5, 0.9)),
]
_STATE = {"param_name": "weight"}

SETTINGS = {
    "LinearCyclicalScheduler": [
        *_CYCLES,
        *({**each, "monotonic": True} for each in (*_CYCLES, *_WARM)),
    ],
    "CosineAnnealingScheduler": [*_CYCLES, *_WARM],
    "PiecewiseLinear": [
        {"param_name": "lr", "milestones_values": each}
        for each in (
            [(0, 0.0), (10, 0.1), (50, 0.01)],
            [(10, 0.5), (20, 0.45), (21, 0.3), (30, 0.1), (40, 0.1)],
            [(5, 0.1)],
            [(0, 1.0), (1, 0.0)],
            [(3, 0.2), (90, 0.0)],
        )
    ],
    "ConcatScheduler": [
        {"schedulers": [_RAMP, _WAVE], "durations": [10]},
        {"schedulers": [_WAVE, _RAMP, _WAVE], "durations": [7, 9]},
        {"schedulers": [_WAVE, _WAVE], "durations": [40]},
        {"schedulers": [_RAMP, _RAMP], "durations": [1]},
        {"schedulers": [_RAMP, _WAVE, _RAMP, _WAVE], "durations": [3, 20, 11]},
    ],
    "LRScheduler": [{"lr_scheduler": each} for each in _TORCHS],
    "create_lr_scheduler_with_warmup": [
        *(
            {"lr_scheduler": each, "warmup_start_value": 0.0, "warmup_duration": 6}
            for each in _TORCHS
        ),
        *(
            {
                "lr_scheduler": each,
                "warmup_start_value": 0.01,
                "warmup_duration": 4,
                "warmup_end_value": 0.3,
            }
            for each in (_TORCHS[0], _WAVE)
        ),
        {"lr_scheduler": _WAVE, "warmup_start_value": 0.0, "warmup_duration": 5},
        {"lr_scheduler": _WAVE, "warmup_start_value": 0.0, "warmup_duration": 2},
        {
            "lr_scheduler": _WAVE,
            "warmup_start_value": 0.0,
            "warmup_duration": 7,
            "warmup_end_value": 0.1,
        },
    ],
    "ReduceLROnPlateauScheduler": [
        {"metric_name": "loss"},
        {"metric_name": "loss", "patience": 2, "factor": 0.5},
        {"metric_name": "accuracy", "mode": "max", "patience": 1, "cooldown": 3},
        {"metric_name": "loss", "threshold": 0.1, "threshold_mode": "abs", "patience": 0},
        {"metric_name": "loss", "patience": 3, "threshold": 0.05},
    ],
    "PiecewiseLinearStateScheduler": [
        {**_STATE, "milestones_values": each}
        for each in (
            [(0, 0.0), (10, 1.0)],
            [(5, 1.0), (9, 0.5), (30, 0.1)],
            [(0, 0.3)],
            [(2, 0.0), (3, 1.0)],
            [(0, 1.0), (60, 0.0)],
        )
    ],
    "ExpStateScheduler": [
        {**_STATE, "initial_value": start, "gamma": gamma}
        for start, gamma in ((1.0, 0.9), (10.0, 0.5), (0.1, 0.99), (1.0, 1.01), (3.0, 0.95))
    ],
    "StepStateScheduler": [
        {**_STATE, "initial_value": start, "gamma": gamma, "step_size": size}
        for start, gamma, size in (
            (1.0, 0.9, 3),
            (10.0, 0.5, 10),
            (0.1, 0.99, 1),
            (1.0, 1.1, 7),
            (3.0, 0.1, 25),
        )
    ],
    "MultiStepStateScheduler": [
        {**_STATE, "initial_value": start, "gamma": gamma, "milestones": at}
        for start, gamma, at in (
            (1.0, 0.9, [3]),
            (10.0, 0.5, [10, 20]),
            (0.1, 0.5, [1, 2, 3]),
            (1.0, 2.0, [30]),
            (3.0, 0.1, [5, 40]),
        )
    ],
    "LambdaStateScheduler": [
        {**_STATE, "lambda_obj": Exponential(1, gamma)} for gamma in (0.5, 0.9, 0.95, 0.99, 1.01)
    ],
}
