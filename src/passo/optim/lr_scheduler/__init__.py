"""The drop-in for torch.optim.lr_scheduler: change one import line, and everything goes on.

Signatures, values, chaining by hand, warnings and states are torch's; docs/drop_in.md has a table
of what is better. What is not named here comes from torch's own module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler as _torchs
from torch.optim.lr_scheduler import EPOCH_DEPRECATION_WARNING

from passo.ground.names import no_such_name
from passo.optim.lr_scheduler.absolute import (
    CosineAnnealingWarmRestarts,
    LambdaLR,
    MultiplicativeLR,
)
from passo.optim.lr_scheduler.base import LRScheduler
from passo.optim.lr_scheduler.chainable import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from passo.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from passo.optim.lr_scheduler.cosine import CosineAnnealingLR
from passo.optim.lr_scheduler.momentum import CyclicLR, OneCycleLR
from passo.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = [
    "EPOCH_DEPRECATION_WARNING",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class _LRScheduler(LRScheduler):
    """`LRScheduler` under the name that it had before torch 2.0."""

    __slots__ = ()


if not TYPE_CHECKING:
    # A type checker takes a module with `__getattr__` for one that has every name.

    def __getattr__(name: str) -> Any:
        try:
            return getattr(_torchs, name)
        except AttributeError:
            raise no_such_name(__name__, name, __all__) from None
