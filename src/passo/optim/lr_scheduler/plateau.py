"""`ReduceLROnPlateau`, with the house's rule for what is better."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, SupportsFloat

from torch.optim import lr_scheduler as torchs

from passo.optim.ground.quiet import quiet
from passo.optim.lr_scheduler.base import LRScheduler
from passo.optim.lr_scheduler.older import takes_verbose
from passo.optim.lr_scheduler.rates import as_float, held_values
from passo.schedules import Plateau
from passo.schedules.algebra.atoms import base
from passo.schedules.reducer import counted, passes

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from passo.schedules import Schedule
    from passo.schedules.reducer import Mode, ThresholdMode


class ReduceLROnPlateau(LRScheduler, torchs.ReduceLROnPlateau):
    """Rates fall by `factor` when a metric has not improved for more than `patience` steps.

        lr = max(lr * factor, min_lr),    unless that changes it by no more than eps

    `step(metrics)` reports the metric. Signature, warnings and states are torch's
    ReduceLROnPlateau's; a relative threshold is a share of abs(best), so that a metric below
    zero improves where it falls (pytorch/pytorch#47513). It may stand in SequentialLR and
    ChainedScheduler. Source: torch.optim.lr_scheduler.ReduceLROnPlateau.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = ReduceLROnPlateau(optimizer, patience=0)
    >>> scheduler.step(0.5)
    >>> scheduler.step(0.5)
    >>> scheduler.get_last_lr()
    [0.1]
    """

    __slots__ = ()

    _follows_rule = True
    mode: Mode
    threshold_mode: ThresholdMode
    _lists = ("_last_lr", "_first_lrs", "min_lrs")

    @takes_verbose
    def __init__(  # noqa: PLR0917
        self,
        optimizer: Optimizer,
        mode: Mode = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: ThresholdMode = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        self._before(optimizer)
        torchs.ReduceLROnPlateau.__init__(
            self,
            optimizer,
            mode,
            factor,
            patience,
            threshold,
            threshold_mode,
            cooldown,
            min_lr,
            eps,
        )

        self._first_lrs = held_values(optimizer)
        self._enrol()

    def _bases(self) -> list[float]:
        return [as_float(rate) for rate in self._first_lrs]

    def _meet(self) -> bool:
        """Torch's own words ask for a min_lr of a group that came where there is a list of them."""
        changed = super()._meet()
        self.min_lrs = [each for each in self.min_lrs if each is not None]
        return changed

    def _for_late(self, name: str, given: list[Any], place: int) -> Any:
        if name == "min_lrs":
            return self.default_min_lr
        return super()._for_late("_last_lr", given, place)

    @quiet
    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Report a metric; a number or a Tensor of one element."""
        if epoch is not None:
            warnings.warn(torchs.EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if not self._roster.is_in_line(self.optimizer.param_groups):
            self._meet()
        current = float(metrics)
        better = self._is_better(current, self.best)
        if better:
            self.best = current
        falls, self.num_bad_epochs, self.cooldown_counter = counted(
            better, self.num_bad_epochs, self.cooldown_counter, self.patience, self.cooldown
        )
        if falls:
            self._reduce_lr(self.last_epoch)
        self._last_lr = held_values(self.optimizer)

    def _is_better(self, a: float, best: float) -> bool:
        mine: Any = self  # to torch's stub a mode is any string
        return passes(a, best, mine.mode, self.threshold, mine.threshold_mode)

    @property
    def _made(self) -> int:
        return getattr(self, "last_epoch", 0)

    def _schedule_of(self, place: int) -> Schedule:
        mine: Any = self
        plateau = Plateau(
            "metrics",
            mine.mode,
            self.factor,
            self.patience,
            self.threshold,
            mine.threshold_mode,
            self.cooldown,
        )
        lowest: Any = self.min_lrs[place]
        return (base * plateau).clip(low=lowest) if lowest else base * plateau
