"""`tensorize`: rates and betas as Tensors, so that a compiled step is compiled once."""

from __future__ import annotations

from typing import Any, TypeVar

import torch

Kind = TypeVar("Kind", bound=torch.optim.Optimizer)


def tensorize(optimizer: Kind) -> Kind:
    """Make lr and betas of every group Tensors of no dimension, in place; answers the optimizer.

    Each group gets Tensors of its own, also where several share one (torch gives the Tensor of
    its default to all).

    A step under torch.compile then sees one graph however they move. Weight decay and momentum
    stay floats: torch branches on them.

    >>> optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    >>> tensorize(optimizer).param_groups[0]["lr"]
    tensor(0.1000)
    """
    taken: set[int] = set()
    for group in optimizer.param_groups:
        group["lr"] = _tensor(group["lr"], taken)
        if "betas" in group:
            group["betas"] = tuple(_tensor(beta, taken) for beta in group["betas"])
    return optimizer


def _tensor(number: Any, taken: set[int]) -> torch.Tensor:
    """The number as a Tensor that nobody else has; `taken` are those of others."""
    if not isinstance(number, torch.Tensor):
        return torch.tensor(float(number))
    own = number.detach().clone() if id(number) in taken else number
    taken.add(id(own))
    return own
