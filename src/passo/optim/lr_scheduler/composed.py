"""SequentialLR and ChainedScheduler: nested as deep as one likes, plateaus included."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.optim import lr_scheduler as torchs

from passo.ground.checks import brief, real
from passo.optim.ground.quiet import quiet
from passo.optim.lr_scheduler.base import LRScheduler
from passo.optim.lr_scheduler.joined import momentum_of, product_of, refuse_other_bases
from passo.optim.lr_scheduler.members import (
    active,
    begin_chain,
    begin_sequence,
    check,
    hand_over,
    is_plateau,
    ours_inside,
    schedule_of,
    told,
)
from passo.optim.lr_scheduler.older import takes_verbose
from passo.optim.lr_scheduler.rates import as_float, held_values, put, snapshot
from passo.schedules import PassoError, Schedule
from passo.schedules.torchs import sequence

if TYPE_CHECKING:
    from torch.optim import Optimizer


class Composed(LRScheduler):
    """What both have: members, their states, and leaving with them."""

    __slots__ = ()

    _needed = "_schedulers"
    _schedulers: Any

    def _can_begin(self) -> bool:
        return True

    def _leave(self, *, values: bool) -> None:
        """As for all that are in it, in the opposite order to that of their building."""
        inside = {each._footprint.number: each for each in ours_inside(self) if each._footprint}
        for _, scheduler in sorted(inside.items(), reverse=True):
            LRScheduler._leave(scheduler, values=values)

    def _check_state(self, state: Any) -> None:
        super()._check_state(state)
        saved = len(state["_schedulers"])
        if saved != len(self._schedulers):
            msg = (
                f"the state has {saved} schedulers and this {type(self).__name__} "
                f"{len(self._schedulers)}; build it as it was when it was saved"
            )
            raise PassoError(msg)
        for scheduler, each in zip(self._schedulers, state["_schedulers"], strict=True):
            if isinstance(scheduler, LRScheduler):
                scheduler._check_state(each)

    def _return_to_base(self) -> None:
        groups = self.optimizer.param_groups
        put(groups, [group.setdefault("initial_lr", snapshot(group["lr"])) for group in groups])

    def _update_lr(self, epoch: float | None = None) -> None:
        """As a member of torch's own composed schedulers."""
        if epoch is not None:
            self._return_to_base()
            self._begin(int(epoch))
        elif self._is_initial:
            self._begin(0)
        else:
            self.step()

    def _begin(self, at: int, *, onto: bool = False) -> None:
        raise NotImplementedError  # pragma: no cover


class SequentialLR(Composed, torchs.SequentialLR):
    """One scheduler after another; each begins anew at its milestone.

        lr(t) = schedulers[k].lr(t - milestones[k - 1]),    k = milestones at or before t

    Members may be sequences, chains and plateaus: `step(metrics)` hands the metric down. With
    `last_epoch=N` it stands where N + 1 steps lead. Signature, warnings and states are torch's
    SequentialLR's. Raises PassoError where a plateau is active and `step` got no metric. Source:
    torch.optim.lr_scheduler.SequentialLR; pytorch/pytorch#68978, #162591, #196243.

    >>> import torch
    >>> from passo.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> parts = [ConstantLR(optimizer, 0.5), ExponentialLR(optimizer, 0.9)]
    >>> SequentialLR(optimizer, parts, milestones=[3]).schedule
    Constant(0.5, steps(5)).then(Constant(1)).until(steps(3)).then(Exponential(1, 0.9))
    """

    __slots__ = ()

    _lists = ()

    @takes_verbose
    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        check(self, schedulers, optimizer)
        _check_milestones(milestones)
        if len(milestones) != len(schedulers) - 1:
            msg = (
                "Sequential Schedulers expects number of schedulers provided to be one more "
                f"than the number of milestone points, but got number of schedulers "
                f"{len(schedulers)} and the number of milestones to be equal to {len(milestones)}"
            )
            raise ValueError(msg)
        if sorted(milestones) != list(milestones):
            msg = f"milestones must grow, got {milestones}; write {sorted(milestones)}"
            raise PassoError(msg)
        if any(milestone != int(milestone) for milestone in milestones):
            whole = [math.ceil(milestone) for milestone in milestones]
            msg = f"milestones must be whole steps, got {milestones}; write {whole}"
            raise PassoError(msg)
        self._before(optimizer)
        self._schedulers = schedulers
        self._milestones = milestones
        self.optimizer = optimizer
        self._return_to_base()
        self._begin(last_epoch + 1)

    def _begin(self, at: int, *, onto: bool = False) -> None:
        begin_sequence(self, at, onto=onto)

    def _meet(self) -> bool:
        """The numbers are the members'; the last rates are there to be read."""
        changed = super()._meet()
        if changed:
            active = self._schedulers[bisect_right(self._milestones, self.last_epoch)]
            self._last_lr = active.get_last_lr()
        return changed

    @quiet
    def step(self, metrics: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step on; `metrics` is for a plateau, where one is active."""
        self.last_epoch = t = self.last_epoch + 1
        milestones = self._milestones
        place = bisect_right(milestones, t)
        scheduler = self._schedulers[place]
        if place and milestones[place - 1] == t:
            hand_over(scheduler, self._return_to_base, metrics)
        elif metrics is None and not is_plateau(scheduler):
            scheduler.step()
        else:
            told(scheduler, metrics)
        self._last_lr = scheduler._last_lr

    @property
    def _made(self) -> int:
        return getattr(self, "last_epoch", 0)

    def _active(self) -> list[LRScheduler]:
        return active(self._schedulers[bisect_right(self._milestones, self.last_epoch)])

    def _schedule_of(self, place: int) -> Schedule:
        refuse_other_bases(self, place)
        parts = [schedule_of(scheduler, place) for scheduler in self._schedulers]
        return sequence(parts, self._milestones)

    def _momentum_of(self, place: int) -> Schedule | None:
        return momentum_of(self._schedulers, self._milestones, place)


def _check_milestones(milestones: Any) -> None:
    """Refuse what is no list of whole steps."""
    if not isinstance(milestones, Sequence) or isinstance(milestones, str):
        msg = f"milestones must be a list of steps, got {brief(milestones)}; write milestones=[100]"
        raise PassoError(msg)
    for each in milestones:
        number = each.item() if isinstance(each, torch.Tensor) and each.numel() == 1 else each
        real(number, "a milestone", "write milestones=[100]")


class ChainedScheduler(Composed, torchs.ChainedScheduler):
    """Several schedulers at once: each step of it is a step of each of them, in their order.

    Members may be sequences, chains and plateaus: `step(metrics)` hands the metric down, and what
    a plateau has taken off stays off, whatever the others write. Signature and states are torch's
    ChainedScheduler's. `schedule` is the product of what its members multiply by (with a cosine
    among them: up to its T_max, where the cosine turns to the base alone). Raises PassoError where
    there is a plateau and `step` got no metric. Source:
    torch.optim.lr_scheduler.ChainedScheduler; pytorch/pytorch#68978.

    >>> import torch
    >>> from passo.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = ChainedScheduler([ConstantLR(optimizer, 0.5), ExponentialLR(optimizer, 0.9)])
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.45]
    """

    __slots__ = ()

    optimizer: Optimizer

    @takes_verbose
    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if len(schedulers) >= 1:
            optimizer = optimizer or getattr(schedulers[0], "optimizer", None)
        check(self, schedulers, optimizer)
        self._before(optimizer)
        self._schedulers = schedulers
        self.optimizer = cast("Optimizer", optimizer)
        self._last_lr = held_values(self.optimizer)
        if any(is_plateau(each) for each in schedulers):
            self._taken_off, self._untouched = [1.0] * len(self._last_lr), list(self._last_lr)

    _lists = ("_last_lr", "_taken_off", "_untouched")

    def _for_late(self, name: str, given: list[Any], place: int) -> Any:
        return 1.0 if name == "_taken_off" else super()._for_late("_last_lr", given, place)

    @quiet
    def step(self, metrics: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step on for each member; `metrics` is for the plateaus among them."""
        if not self._roster.is_in_line(self.optimizer.param_groups):
            self._meet()
        if "_taken_off" in self.__dict__:
            self._step_with_plateaus(metrics)
        else:
            for scheduler in self._schedulers:
                if metrics is None:
                    scheduler.step()
                else:
                    told(scheduler, metrics)
        self._last_lr = held_values(self.optimizer)

    def _step_with_plateaus(self, metrics: Any) -> None:
        """The others step as if no plateau had taken anything off; then that is taken off."""
        groups = self.optimizer.param_groups
        others = [each for each in self._schedulers if not is_plateau(each)]
        plateaus = [each for each in self._schedulers if is_plateau(each)]
        if metrics is None:
            told(plateaus[0], None)
        off = self._taken_off
        put(groups, self._without(off))
        for scheduler in others:
            told(scheduler, metrics)
        self._untouched = held_values(self.optimizer)
        taken = [as_float(rate) * share for rate, share in zip(self._untouched, off, strict=True)]
        put(groups, taken)
        for plateau in plateaus:
            plateau.step(metrics)
        left = [as_float(group["lr"]) for group in groups]
        self._taken_off = [
            share * now / rate if rate and now != rate else share
            for share, rate, now in zip(off, taken, left, strict=True)
        ]

    def _without(self, off: list[float]) -> list[float]:
        """The rates without what plateaus took off: as they were, or edited since."""
        rates = [as_float(group["lr"]) for group in self.optimizer.param_groups]
        ours = [as_float(last) for last in self._last_lr]
        before = [as_float(each) for each in self._untouched]
        return [
            untouched if rate == last else rate / share if share else rate
            for rate, last, untouched, share in zip(rates, ours, before, off, strict=True)
        ]

    def _begin(self, at: int, *, onto: bool = False) -> None:
        begin_chain(self, at, onto=onto)

    def _active(self) -> list[LRScheduler]:
        return [each for member in self._schedulers for each in active(member)]

    @property
    def _made(self) -> int:
        return sum(getattr(each, "_made", 1) for each in self._schedulers)

    def _schedule_of(self, place: int) -> Schedule:
        refuse_other_bases(self, place)
        return product_of(self._schedulers, place)

    def _momentum_of(self, place: int) -> Schedule | None:
        moved = [each._momentum_of(place) for each in ours_inside(self) if each is not self]
        return next((each for each in reversed(moved) if each is not None), None)
