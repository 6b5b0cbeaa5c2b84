"""`tensorize`: rates and betas as Tensors, so that a compiled step is compiled once."""

from __future__ import annotations

from typing import Any, TypeVar

import torch

Kind = TypeVar("Kind", bound=torch.optim.Optimizer)


def tensorize(optimizer: Kind) -> Kind:
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
