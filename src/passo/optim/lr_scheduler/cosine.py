"""`CosineAnnealingLR`: the chainable class with a floor, which climbs again from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler as torchs

from passo.optim.lr_scheduler.older import takes_verbose
from passo.optim.lr_scheduler.rates import as_float
from passo.optim.lr_scheduler.relative import Relative
from passo.optim.lr_scheduler.shape import Parameter
from passo.schedules import PassoError
from passo.schedules.torchs import swing

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from passo.optim.lr_scheduler.shape import Shape
    from passo.schedules import Schedule


class CosineAnnealingLR(Relative, torchs.CosineAnnealingLR):
    """Each group's rate swings between its base and `eta_min`, half a swing in `T_max` steps.

        lr(t) = eta_min + (base_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2

    Signature, warnings and states are torch's CosineAnnealingLR's, and like it this climbs again
    after `T_max`. Raises PassoError for a T_max of 0. Source: Loshchilov and Hutter 2017,
    arXiv:1608.03983; torch.optim.lr_scheduler.CosineAnnealingLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> CosineAnnealingLR(optimizer, T_max=4).schedule
    Cosine(1, 0, steps(4)).then(Cosine(0, 1, steps(4))).repeat()
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if not T_max:
            msg = f"T_max must be the steps of half a swing, 1 or more, got {T_max}"
            raise PassoError(msg)
        self._before(optimizer)
        torchs.CosineAnnealingLR.__init__(self, optimizer, T_max, eta_min, last_epoch)

    _turns = True
    T_max = Parameter()
    eta_min = Parameter()

    def _expression(self, peak: Any) -> Schedule:
        return swing(peak, self.eta_min, self.T_max)

    def _unit(self) -> Schedule:
        return swing(1.0, 0.0, self.T_max)

    @property
    def _floor(self) -> float:
        return float(self.eta_min)

    def _adapt(self, shape: Shape) -> None:
        """At the bottom of the swing torch climbs by what the base gives, whatever was there."""
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            share, floor, slots = shape(self.last_epoch), self.eta_min, self._slots()
            stay = [
                same and top is not None
                for same, top in zip(self._are_ours(slots), self._tops, strict=True)
            ]
            self._tops = [
                as_float(base) + (0.0 if stays else (as_float(slot) - floor) / share)
                for slot, base, stays in zip(slots, self.base_lrs, stay, strict=True)
            ]
            rates = [self._rate(top, share) for top in self._tops if top is not None]
            self._keep(shape, rates, share)
        else:
            super()._adapt(shape)
