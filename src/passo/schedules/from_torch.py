"""torch's scheduler classes in passo's words: one call of each, and the schedule that it makes."""

from __future__ import annotations

from typing import Final, NamedTuple


class Twin(NamedTuple):
    """A call of a class of torch.optim.lr_scheduler, our expression for it, and what differs."""

    name: str
    call: str
    expression: str
    remark: str = ""


_STAIRS: Final = (
    "Smooth within an epoch; torch's, stepped once an epoch, is .staircase(epochs(1)) of it."
)
TWINS: Final = (
    Twin(
        "StepLR",
        "StepLR(optimizer, step_size=30, gamma=0.1)",
        "step_decay(epochs(30), gamma=0.1)",
    ),
    Twin(
        "MultiStepLR",
        "MultiStepLR(optimizer, milestones=[30, 80], gamma=0.1)",
        "multistep_decay([epochs(30), epochs(80)], gamma=0.1)",
    ),
    Twin(
        "ExponentialLR",
        "ExponentialLR(optimizer, gamma=0.95)",
        "exponential_decay(0.95, every=epochs(1))",
        _STAIRS,
    ),
    Twin(
        "CosineAnnealingLR",
        "CosineAnnealingLR(optimizer, T_max=100, eta_min=0.001)",
        "cosine_decay(over=epochs(100), floor=0.001)",
        _STAIRS + " Past T_max torch climbs again; this holds its floor.",
    ),
    Twin(
        "ReduceLROnPlateau",
        'ReduceLROnPlateau(optimizer, mode="min", factor=0.1, patience=5)',
        'base * Plateau("val_loss", mode="min", factor=0.1, patience=5)',
        "Tell it with scheduler.report(val_loss=...), as often as you validate.",
    ),
    Twin(
        "OneCycleLR",
        "OneCycleLR(optimizer, max_lr=0.01, total_steps=1000, cycle_momentum=False)",
        "one_cycle(peak=0.01)",
        'The momentum is a key of its own: {"lr": one_cycle(peak=0.01), "momentum": '
        "one_cycle_momentum()}. torch ends each phase one update earlier.",
    ),
    Twin(
        "LinearLR",
        "LinearLR(optimizer, start_factor=0.1, end_factor=1.0, total_iters=5)",
        "Linear(0.1 * base, base, epochs(5))",
        _STAIRS,
    ),
    Twin(
        "SequentialLR",
        "SequentialLR(optimizer, [LinearLR(optimizer, 0.1, 1.0, 5), "
        "CosineAnnealingLR(optimizer, 95)], milestones=[5])",
        "Linear(0.1 * base, base, epochs(5)).then(Cosine(base, 0, epochs(95)))",
        "warmup_cosine() writes this for a whole run. " + _STAIRS,
    ),
    Twin(
        "ConstantLR",
        "ConstantLR(optimizer, factor=0.5, total_iters=5)",
        "Constant(0.5 * base, epochs(5)).then(Constant(base))",
    ),
    Twin(
        "PolynomialLR",
        "PolynomialLR(optimizer, total_iters=100, power=2.0)",
        "polynomial_decay(over=epochs(100), power=2)",
        _STAIRS,
    ),
    Twin(
        "CosineAnnealingWarmRestarts",
        "CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2)",
        "warm_restarts(first=epochs(10), grow=2)",
        _STAIRS,
    ),
    Twin(
        "CyclicLR",
        "CyclicLR(optimizer, base_lr=0.001, max_lr=0.01, step_size_up=20, cycle_momentum=False)",
        "cyclic(0.001, peak=0.01, rise=steps(20))",
        'The momentum is a key of its own: {"lr": ..., "momentum": cyclic_momentum(...)}.',
    ),
    Twin(
        "ChainedScheduler",
        "ChainedScheduler([ConstantLR(optimizer, 0.5, 4), ExponentialLR(optimizer, 0.9)])",
        "Constant(0.5, epochs(4)).then(Constant(1)) * exponential_decay(0.9, every=epochs(1))",
        "Schedules multiply, in any order. " + _STAIRS,
    ),
    Twin(
        "LambdaLR",
        "LambdaLR(optimizer, lambda epoch: 0.95**epoch)",
        "base * Exponential(1, 0.95, every=epochs(1))",
        "Most lambdas are an expression. For one that is not: @passo.register(name), and "
        "base * Function(name). " + _STAIRS,
    ),
    Twin(
        "MultiplicativeLR",
        "MultiplicativeLR(optimizer, lambda epoch: 0.95)",
        "base * Exponential(1, 0.95, every=epochs(1))",
        "A constant factor for each epoch is an exponential. " + _STAIRS,
    ),
    Twin(
        "SWALR",
        'SWALR(optimizer, swa_lr=0.05, anneal_epochs=10, anneal_strategy="cos")',
        "Cosine(base, 0.05, epochs(10))",
        "Write trunk.until(epochs(75)).then(...) to begin it at epoch 75. " + _STAIRS,
    ),
)
_BY_NAME: Final = {twin.name.lower(): twin for twin in TWINS}


def twin(name: str) -> Twin | None:
    """The twin of a class of torch, whatever its case; None for what is no such name.

    >>> twin("StepLR").expression
    'step_decay(epochs(30), gamma=0.1)'
    """
    return _BY_NAME.get(name.strip().lower())
