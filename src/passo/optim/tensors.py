"""`tensorize`: rates and betas as Tensors, so that a compiled step is compiled once."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.schedules import PassoWarning

if TYPE_CHECKING:
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


def warn_of_branches(driver: Driver) -> None:
    """A float that moves beside Tensors makes a compiled step compile again, or fall back."""
    if not any(each.tensor is not None for each in driver.driven):
        return
    for each in driver.driven:
        if (
            each.field is not None
            and each.field.key in _BRANCHING
            and not each.track.known._timeless
        ):
            text = (
                f"{each.key!r} moves as a float, and torch branches on it: a compiled step would "
                "compile again for each value, then fall back; write .staircase(epochs(1))"
            )
            warnings.warn(text, PassoWarning, stacklevel=4)
            return
