"""The classes whose rate does not depend on what is there: lambdas, restarts, cycles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler as torchs

from passo.ground.checks import real
from passo.optim.ground.quiet import quiet
from passo.optim.lr_scheduler.base import LRScheduler
from passo.optim.lr_scheduler.functions import as_function
from passo.optim.lr_scheduler.older import IS_OLD, takes_verbose
from passo.optim.lr_scheduler.rates import held_slots, put, scaled
from passo.schedules import Schedule
from passo.schedules.algebra.atoms import base
from passo.schedules.formula import NUMBERS
from passo.schedules.torchs import restarts

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer


class Absolute(LRScheduler):
    """The rates of a step are a function of `last_epoch` and of what each group was told."""

    __slots__ = ()

    _follows_rule = True

    def _update_lr(self, epoch: float | None = None) -> None:
        if not self._follows_rule:
            super()._update_lr(epoch)
            return
        groups = self.optimizer.param_groups
        if not self._roster.is_in_line(groups):
            self._meet()
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch  # type: ignore[assignment]
        self._last_lr = put(groups, self._rates())

    def _rates(self) -> list[Any]:
        """The rate of each group at `last_epoch`; momenta are written on the way."""
        raise NotImplementedError  # pragma: no cover

    def _can_begin(self) -> bool:
        return self._follows_rule

    def _begin(self, at: int, *, onto: bool = False) -> None:  # noqa: ARG002
        """Be where so many steps lead, whatever is there."""
        self._update_lr(at)


class LambdaLR(Absolute, torchs.LambdaLR):
    """Each group's rate is its base times a function of the steps made.

        lr(t) = base_lr * lr_lambda(t)

    `lr_lambda` is one function, or a list with one for each group. Functions that are the same
    object are called once a step. Signature, warnings and states are torch's LambdaLR's. Source:
    torch.optim.lr_scheduler.LambdaLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> LambdaLR(optimizer, lambda t: 0.5**t).schedule(2)
    0.25
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.LambdaLR.__init__(self, optimizer, lr_lambda, last_epoch)

    _lists = (*Absolute._lists, "lr_lambdas")

    def _schedule_of(self, place: int) -> Schedule:
        return base * as_function(self.lr_lambdas[place])

    def _rates(self) -> list[Any]:
        t: Any = self.last_epoch  # a float after step(1.5), as in torch
        functions = self.lr_lambdas
        first, factor = functions[0], functions[0](t)
        if functions.count(first) == len(functions):
            return scaled(self.base_lrs, factor)
        return [
            each * (factor if function is first else function(t))
            for each, function in zip(self.base_lrs, functions, strict=True)
        ]


class CosineAnnealingWarmRestarts(Absolute, torchs.CosineAnnealingWarmRestarts):
    """Half a cosine from the base to `eta_min` over `T_0` steps, again and `T_mult` times longer.

        lr(t) = eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2

    `step(epoch)` takes fractions of an epoch. Signature and states are those of torch's class;
    the cycle of an epoch is found without rounding. Source: Loshchilov and Hutter 2017,
    arXiv:1608.03983; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=3)
    >>> scheduler.step(1210)
    >>> scheduler.get_last_lr()
    [1.0]
    """

    __slots__ = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.CosineAnnealingWarmRestarts.__init__(
            self, optimizer, T_0, T_mult, eta_min, last_epoch
        )

    def _schedule_of(self, _place: int) -> Schedule:
        return restarts(base, self.T_0, self.T_mult, self.eta_min)

    @quiet
    def step(self, epoch: float | None = None) -> None:
        """One step on, or to an epoch or a part of one; raises ValueError for one below 0."""
        if epoch is None:
            self._one_on()
        elif real(epoch, "epoch") < 0:
            msg = f"Expected non-negative epoch, but got {epoch}"
            raise ValueError(msg)
        else:
            self._place(epoch)
        if self._follows_rule:
            Absolute._update_lr(self, self.last_epoch)
        else:
            LRScheduler._update_lr(self, self.last_epoch)

    def _update_lr(self, epoch: float | None = None) -> None:
        """As a member; one that begins does so with the length that it was built with."""
        if epoch == 0 and self.T_cur == 0 and self._follows_rule:
            Absolute._update_lr(self, 0)
        else:
            self.step(epoch)

    def _one_on(self) -> None:
        if self.last_epoch < 0 or self._is_initial:
            self._place(max(self.last_epoch + 1, 0))
            return
        self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur %= self.T_i
            self.T_i *= self.T_mult
        self.last_epoch += 1

    def _place(self, epoch: float) -> None:
        """The cycle that holds an epoch: its length, and what is gone of it."""
        length, begin = self.T_0, 0
        if self.T_mult == 1 and epoch >= length:
            length, begin = self.T_i, int(epoch // length) * length
        else:
            while epoch >= begin + length:
                begin += length
                length *= self.T_mult
        self.T_i, self.T_cur = length, epoch - begin  # type: ignore[assignment]
        self.last_epoch = math.floor(epoch)

    def _rates(self) -> list[Any]:
        gone, rest = self.T_cur / self.T_i, (self.T_i - self.T_cur) / self.T_i
        if rest < 0:  # a T_i that was written by hand: torch's wave goes on, up again
            gone = min(gone % 2, 2 - gone % 2)
            rest = 1 - gone
        share = NUMBERS.half_wave(1.0, 0.0, gone, rest)
        floor = self.eta_min * (1.0 - share)
        return scaled(self.base_lrs, share, floor)


class MultiplicativeLR(LRScheduler, torchs.MultiplicativeLR):
    """Each group's rate is multiplied by a function of the steps made, at every step.

        lr(t) = lr(t - 1) * lr_lambda(t)

    There is no closed form: `schedule` raises PassoError, `passo.optim.lift` simulates. Signature,
    warnings and states are torch's MultiplicativeLR's. Source:
    torch.optim.lr_scheduler.MultiplicativeLR.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = MultiplicativeLR(optimizer, lambda t: 0.5)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    __slots__ = ()

    _follows_rule = True
    _lists = (*LRScheduler._lists, "lr_lambdas")

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self._before(optimizer)
        torchs.MultiplicativeLR.__init__(self, optimizer, lr_lambda, last_epoch)

    def _update_lr(self, epoch: float | None = None) -> None:
        groups = self.optimizer.param_groups
        if self._is_initial or not self._follows_rule or (IS_OLD and self._is_to_0(epoch)):
            super()._update_lr(epoch)
            return
        if not self._roster.is_in_line(groups):
            self._meet()
        self.last_epoch = t = self.last_epoch + 1 if epoch is None else epoch  # type: ignore[assignment]
        functions = self.lr_lambdas
        first, factor = functions[0], functions[0](t)  # type: ignore[arg-type]
        held = held_slots(groups)
        if functions.count(first) == len(functions):
            rates = scaled(held, factor)
        else:
            rates = [
                each * (factor if function is first else function(t))  # type: ignore[arg-type]
                for each, function in zip(held, functions, strict=True)
            ]
        self._last_lr = put(groups, rates)

    def _is_to_0(self, epoch: float | None) -> bool:
        """Where an older torch multiplies by nothing, however step 0 is come to."""
        return not (self.last_epoch + 1 if epoch is None else epoch)
