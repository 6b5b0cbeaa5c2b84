"""`tensorize`: rates and betas as Tensors, so that a compiled step is compiled once."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.schedules import PassoWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch.optim import Optimizer

    from passo.optim.driver import Driver

_BRANCHING: Final = ("weight_decay", "momentum", "dampening")


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


def warn_of_branches(driver: Driver, groups: Sequence[Mapping[str, Any]]) -> None:
    """Beside Tensors, a float that moves makes a compiled step compile again, or fall back."""
    if not any(_has_tensor(group) for group in groups):
        return
    for each in driver.driven:
        branches = each.field is not None and each.field.key in _BRANCHING
        fine = each.tensor is not None and not branches
        if each.field is None or each.track.known._timeless or fine:
            continue
        how = "is a Tensor that torch branches on" if each.tensor is not None else "is a float"
        text = (
            f"{each.key!r} moves and {how}: a compiled step would compile again for its values, "
            "then fall back; write .staircase(epochs(1)), or do not compile the step"
        )
        warnings.warn(text, PassoWarning, stacklevel=4)
        return


def _has_tensor(group: Mapping[str, Any]) -> bool:
    slots = [group.get("lr"), *group.get("betas", ())]
    return any(isinstance(slot, torch.Tensor) for slot in slots)
