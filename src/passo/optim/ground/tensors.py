"""`tensorize`: rates and betas as Tensors, so that a compiled step is compiled once."""

from __future__ import annotations

import warnings
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.schedules import PassoWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch.optim import Optimizer

    from passo.optim.scheduler.driver import Driven, Driver

_BRANCHING: Final = ("weight_decay", "momentum", "dampening")
_RECOMPILES: Final = 8
_SAMPLES: Final = 64


def tensorize(optimizer: Optimizer) -> Optimizer:
    """Make lr and betas of every group Tensors of no dimension, in place; answers the optimizer.

    A step under torch.compile then sees one graph however they move. Weight decay and momentum
    stay floats: torch branches on them.

    >>> optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> tensorize(optimizer).param_groups[0]["lr"]
    tensor(0.1000)
    """
    for group in optimizer.param_groups:
        group["lr"] = _tensor(group["lr"])
        if "betas" in group:
            group["betas"] = tuple(_tensor(beta) for beta in group["betas"])
    return optimizer


def _tensor(number: Any) -> torch.Tensor:
    return number if isinstance(number, torch.Tensor) else torch.tensor(float(number))


def warn_of_branches(driver: Driver, groups: Sequence[Mapping[str, Any]], end: float) -> None:
    """Beside Tensors, a float that moves makes a compiled step compile again, or fall back."""
    if not any(_has_tensor(group) for group in groups):
        return
    for each in driver.driven:
        branches = each.field is not None and each.field.key in _BRANCHING
        if each.field is None or (each.tensor is not None and not branches):
            continue
        values = _values(each, end)
        if values <= _RECOMPILES:
            continue
        how = "is a Tensor that torch branches on" if each.tensor is not None else "is a float"
        text = (
            f"{each.key!r} {how} and takes {values} values or more: a compiled step would compile "
            f"again for each, and fall back after {_RECOMPILES}; write .staircase(percent(20)), or "
            "do not compile the step"
        )
        warnings.warn(text, PassoWarning, stacklevel=5)
        return


def _values(driven: Driven, end: float) -> int:
    """How many values it takes, as far as 64 points and the first corners tell."""
    if driven.shared is None:
        return 1
    formula = driven.shared.formula
    times = [end * k / _SAMPLES for k in range(_SAMPLES)]
    times += list(islice(formula.corners(0.0, end), _SAMPLES))
    return len({formula(t) for t in times if t < end})


def _has_tensor(group: Mapping[str, Any]) -> bool:
    slots = [group.get("lr"), *group.get("betas", ())]
    return any(isinstance(slot, torch.Tensor) for slot in slots)
