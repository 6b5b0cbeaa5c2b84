"""Several processes: reports that all of them agree on, and a watch that cannot hang."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import distributed

from passo.ground.checks import brief
from passo.schedules import PassoError, PassoWarning
from passo.schedules.reports import as_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.scheduler import Scheduler

_EVERY: Final = 25
_LATER: Final = 5
_KEPT: Final = 4
_REDUCTIONS: Final = ("mean", "rank0", None)


def reduced(metrics: Mapping[str, Any], how: str | None) -> dict[str, float]:
    """The metrics as floats, the same on every rank unless `how` is None."""
    if how not in _REDUCTIONS:
        msg = f"reduce must be 'mean', 'rank0' or None, got {brief(how)}"
        raise PassoError(msg)
    told = {name: _metric(name, value) for name, value in metrics.items()}
    if not told:
        msg = "report needs at least one metric; write report(val_loss=0.3)"
        raise PassoError(msg)
    if how is None or not _several():
        return told
    everywhere: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(everywhere, told)
    if any(set(each) != set(told) for each in everywhere):
        names = " | ".join(", ".join(sorted(each)) for each in everywhere)
        msg = f"the ranks reported different metrics: {names}; report the same names on each"
        raise PassoError(msg)
    if how == "rank0":
        return {name: everywhere[0][name] for name in told}
    return {name: math.fsum(each[name] for each in everywhere) / len(everywhere) for name in told}


def mean_point(loss: float, device: torch.device, *, made: bool) -> tuple[float, bool]:
    """The mean loss over the ranks, and whether any made an update: the same answer on each."""
    if not _several():
        return loss, made
    told = torch.tensor([loss, float(made)], dtype=torch.float64, device=device)
    everywhere = [torch.empty_like(told) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everywhere, told)
    points = [each.tolist() for each in everywhere]
    return sum(loss for loss, _ in points) / len(points), any(made for _, made in points)


def _several() -> bool:
    ready = distributed.is_available() and distributed.is_initialized()
    return ready and distributed.get_world_size() > 1


def _metric(name: str, value: Any) -> float:
    try:
        return as_metric(value.item() if isinstance(value, torch.Tensor) else value)
    except (PassoError, RuntimeError):
        msg = f"the metric {name!r} must be a number or a Tensor of one element, got {brief(value)}"
        raise PassoError(msg) from None


def compare(scheduler: Scheduler) -> None:
    """Each 25 updates, leave clock and values in the store; 5 later, look at what others left.

    Nothing waits. A rank that has not come as far by then (gradients keep ranks together to
    within an update), or that used other values at that update, is warned about once.
    """
    mark, since = divmod(scheduler.clock, _EVERY)
    if since not in (0, _LATER) or not mark or not _several():
        return
    store, rank = _store(), distributed.get_rank()
    if since == 0:
        scheduler.mark = mark
        store.set(_key(scheduler, mark, rank), _digest(scheduler))
        store.delete_key(_key(scheduler, mark - _KEPT, rank))
        return
    if scheduler.mark != mark:
        return
    ours = _read(store, _key(scheduler, mark, rank))
    for other in set(range(distributed.get_world_size())) - {rank}:
        theirs = _read(store, _key(scheduler, mark, other))
        if theirs is None:
            _warn(scheduler, f"rank {other} has made fewer updates than rank {rank}")
        elif theirs != ours:
            _warn(scheduler, f"rank {other} has another plan or other values than rank {rank}")


def _digest(scheduler: Scheduler) -> str:
    values = json.dumps([scheduler.clock, scheduler.values()], sort_keys=True)
    return hashlib.sha256(values.encode()).hexdigest()


def _key(scheduler: Scheduler, mark: int, rank: int) -> str:
    return f"passo/{scheduler.number}/{mark}/{rank}"


def _store() -> Any:
    return distributed.distributed_c10d._get_default_store()


def _read(store: Any, key: str) -> str | None:
    return store.get(key).decode() if store.check([key]) else None


def _warn(scheduler: Scheduler, what: str) -> None:
    if scheduler.told_apart:
        return
    scheduler.told_apart = True
    text = f"{what}, at update {scheduler.clock:,}: from here on the ranks train apart"
    warnings.warn(text, PassoWarning, stacklevel=6)


def place() -> dict[str, int]:
    """This process among those that train together: its rank and how many; else nothing."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return {}
    return {"rank": distributed.get_rank(), "world": distributed.get_world_size()}
