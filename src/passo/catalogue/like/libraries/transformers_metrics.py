"""transformers: the two that listen to a metric, ReduceLROnPlateau and GreedyLR."""

from __future__ import annotations

from typing import Any

from passo.catalogue.like.common import above_zero, at_least, counted
from passo.catalogue.like.libraries.transformers import TRANSFORMERS
from passo.catalogue.like.plateau import PLATEAU, SMALL, reduce_on_plateau
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.schedules import Greedy, Schedule

TRANSFORMERS.schedule(
    "reduce_lr_on_plateau",
    "get_reduce_on_plateau_schedule",
    example={"patience": 5},
    remarks=PLATEAU,
)(reduce_on_plateau)


@TRANSFORMERS.schedule(
    "greedy",
    "get_greedy_schedule",
    "GreedyLR",
    example={"lr": 0.01, "patience": 5},
    remarks=(
        (
            "min_lr and max_lr are rates and not factors: lr, or the optimizer, tells the rate "
            "that it begins at, and the answer is for a group of that rate."
        ),
        (
            "With min_lr=1e-3, the default, theirs never lowers a rate below that, and raises "
            "it; here it is refused."
        ),
        "Where it fell reset_start times at min_lr theirs begins anew; this stays.",
        "A move smaller than eps theirs does not make; this makes it.",
        (
            "Theirs hears what step(metrics) is told; this hears reports of the name that metric "
            "has, val_loss where it is not given."
        ),
    ),
)
def _greedy(  # noqa: PLR0913, PLR0917
    lr: Any = None,
    optimizer: Any = None,
    mode: Any = "min",
    factor: Any = 0.95,
    patience: Any = 10,
    threshold: Any = 1e-6,
    threshold_mode: Any = "abs",
    cooldown: Any = 0,
    warmup: Any = 0,
    min_lr: Any = 1e-3,
    max_lr: Any = 1.0,
    eps: Any = 1e-8,
    smooth: Any = False,  # noqa: FBT002
    window_size: Any = 50,  # noqa: ARG001
    reset_start: Any = 500,
    metric: Any = "val_loss",
    verbose: Any = False,  # noqa: ARG001, FBT002
) -> Schedule:
    if smooth:
        raise PassoError("smooth=True is a running mean of the metric: report the mean")
    counted(reset_start, "reset_start")
    if at_least(eps, "eps") > SMALL:
        msg = f"no expression has moves that are left out where they are below eps={brief(eps)}"
        raise PassoError(msg)
    rate = _rate(lr, optimizer)
    low, high = at_least(min_lr, "min_lr"), real(max_lr, "max_lr")
    if not low <= rate <= high:
        msg = f"lr must be from min_lr to max_lr, got {rate:g} and {low:g} to {high:g}"
        raise PassoError(msg)
    return rate * Greedy(
        metric,
        mode=mode,
        factor=factor,
        patience=patience,
        threshold=threshold,
        threshold_mode=threshold_mode,
        cooldown=cooldown,
        warmup=warmup,
        floor=low / rate,
        ceiling=high / rate,
    )


def _rate(lr: Any, optimizer: Any) -> float:
    """The one rate that all groups have."""
    if lr is not None:
        return above_zero(lr, "lr")
    if optimizer is None:
        raise PassoError("min_lr and max_lr are rates: lr is needed, or the optimizer")
    rates = {float(group["lr"]) for group in optimizer.param_groups}
    if len(rates) != 1:
        msg = f"the optimizer must have one rate for all its groups, it has {len(rates)}"
        raise PassoError(msg)
    return above_zero(rates.pop(), "lr")
