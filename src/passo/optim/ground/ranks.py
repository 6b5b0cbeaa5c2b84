"""Several processes: reports and points that all of them agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import distributed

from passo.ground.checks import brief, mean
from passo.schedules import PassoError
from passo.schedules.reports import as_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

Reduction = Literal["mean", "rank0"]


def reduced(metrics: Mapping[str, Any], how: str | None) -> dict[str, float]:
    """The metrics as floats, the same on every rank unless `how` is None."""
    if how not in (*get_args(Reduction), None):
        msg = f"reduce must be 'mean', 'rank0' or None, got {brief(how)}"
        raise PassoError(msg)
    told = {name: _metric(name, value) for name, value in metrics.items()}
    if not told:
        msg = "report needs at least one metric; write report(val_loss=0.3)"
        raise PassoError(msg)
    if how is None or not several():
        return told
    everywhere = gathered(told)
    if any(set(each) != set(told) for each in everywhere):
        names = " | ".join(", ".join(sorted(each)) for each in everywhere)
        msg = f"the ranks reported different metrics: {names}; report the same names on each"
        raise PassoError(msg)
    if how == "rank0":
        return {name: everywhere[0][name] for name in told}
    return {name: mean([each[name] for each in everywhere]) for name in told}


def gathered(told: Any) -> list[Any]:
    """What each rank tells, in their order: the same list on each."""
    everywhere: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(everywhere, told)
    return everywhere


def mean_point(loss: float, device: torch.device, *, made: bool) -> tuple[float, bool]:
    """The mean loss over the ranks, and whether any made an update: the same answer on each."""
    if not several():
        return loss, made
    told = torch.tensor([loss, float(made)], dtype=torch.float64, device=device)
    everywhere = [torch.empty_like(told) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everywhere, told)
    points = [each.tolist() for each in everywhere]
    return mean([loss for loss, _ in points]), any(made for _, made in points)


def several() -> bool:
    """Whether more than one process trains."""
    ready = distributed.is_available() and distributed.is_initialized()
    return ready and distributed.get_world_size() > 1


def _metric(name: str, value: Any) -> float:
    item = getattr(value, "item", None)  # Tensors, NumPy's and JAX's arrays have one
    try:
        return as_metric(item() if callable(item) else value)
    except (PassoError, RuntimeError, TypeError, ValueError):
        msg = (
            f"the metric {name!r} must be a number, or a Tensor or an array of one element, got "
            f"{brief(value)}"
        )
        raise PassoError(msg) from None


def place() -> dict[str, int]:
    """This process among those that train together: its rank and how many; else nothing."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return {}
    return {"rank": distributed.get_rank(), "world": distributed.get_world_size()}
