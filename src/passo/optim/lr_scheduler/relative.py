"""The rule of the chainable classes: a top for each group, and one shape for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from passo.optim.lr_scheduler.base import LRScheduler, as_float, put, snapshot
from passo.schedules import PassoError
from passo.schedules.algebra.atoms import base
from passo.schedules.ops import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from passo.schedules import Schedule


class Shape:
    """A compiled shape, the parameters that it was made of, and what it gave last.

    `usual` says that all rates are plain floats that follow it; `top` is the groups' top where
    they have only one.
    """

    __slots__ = ("_formula", "key", "last", "top", "tops", "usual")

    def __init__(self, key: tuple[Any, ...], schedule: Schedule) -> None:
        self.key = key
        self._formula: Callable[[Any, Any], float] = schedule._compiled()
        self.last = 0.0
        self.usual = False
        self.tops: Sequence[float] = ()
        self.top: float | None = None

    def __call__(self, t: float) -> float:
        """The share of the top that is left at t."""
        return self._formula(float(t), NUMBERS)

    def rates(self, floor: float, share: float) -> list[float]:
        """The rate of each group."""
        if self.top is not None:
            return [self.top * share + floor * (1.0 - share)] * len(self.tops)
        return [top * share + floor * (1.0 - share) for top in self.tops]


class Relative(LRScheduler):
    """A rate is `top * share(t) + floor * (1 - share(t))`, and the top is the group's base.

    Where another hand wrote a rate, the top becomes the one whose curve passes through it: that
    is torch's one-step rule, `lr * share(t) / share(t - 1)`. Where the share is 0 there is no
    such top (None), and the group takes torch's own rule from then on.
    """

    __slots__ = ()

    _follows_rule = True
    _tops: list[float | None]

    def _key(self) -> tuple[Any, ...]:
        """The parameters that the shape depends on."""
        raise NotImplementedError  # pragma: no cover

    def _expression(self, peak: Any) -> Schedule:
        """The schedule of a group whose base is `peak`."""
        raise NotImplementedError  # pragma: no cover

    def _unit(self) -> Schedule:
        """The share: the schedule from one, above a floor of zero."""
        return self._expression(1.0)

    @property
    def _floor(self) -> float:
        return 0.0

    def _schedule_of(self, _place: int) -> Schedule:
        return self._expression(base)

    def _update_lr(self, epoch: float | None = None) -> None:
        shape = self._quick
        if shape is None or not shape.usual or epoch is not None or self._is_initial:
            self._update_slowly(epoch)
            return
        groups = self.optimizer.param_groups
        if [group["lr"] for group in groups] != self._last_lr or shape.key != self._key():
            self._update_slowly(None)
            return
        self.last_epoch = t = self.last_epoch + 1
        share = shape(t)
        if share != shape.last:
            shape.last = share
            self._last_lr = rates = shape.rates(self._floor, share)
            put(groups, rates)

    def _update_slowly(self, epoch: float | None) -> None:
        shape = self._shape() if self._follows_rule else None
        if shape is None or (epoch is not None and epoch < 0):
            super()._update_lr(cast("int | None", epoch))
        elif epoch is not None:
            self._return_to_base(shape, epoch)
        elif self._is_initial:
            self._begin(self.last_epoch + 1)
        else:
            self.last_epoch += 1
            self._adapt(shape)

    def _shape(self) -> Shape | None:
        """The shape for today's parameters; None where no schedule has them, though torch may."""
        shape, key = cast("Shape | None", self._quick), self._key()
        if shape is not None and shape.key == key:
            return shape
        try:
            self._quick = Shape(key, self._unit())
        except PassoError:
            self._quick = None
        else:
            if shape is not None:
                self._settle(self._quick)
        return cast("Shape | None", self._quick)

    def _can_begin(self) -> bool:
        return self._follows_rule and self._shape() is not None

    def _begin(self, at: int, *, onto: bool = False) -> None:
        """Be where so many steps lead, from the base; or, with `onto`, from what is there.

        A rate that is not the base's is what a checkpoint brought: it is the one to go on from.
        """
        shape = cast("Shape", self._shape())
        self.last_epoch, share = at, shape(at)
        self._tops, rates = [], []
        for slot, its_base in zip(self._slots(), self.base_lrs, strict=True):
            rate = as_float(slot)
            come = at > 0 and not onto and rate != as_float(its_base)
            top = self._top(rate, share) if come else rate
            self._tops.append(top)
            rates.append(rate if come or top is None else self._rate(top, share))
        self._keep(shape, rates, share)

    def _return_to_base(self, shape: Shape, epoch: float) -> None:
        self.last_epoch, share = cast("int", epoch), shape(epoch)
        self._meet()
        self._tops = [as_float(each) for each in self.base_lrs]
        self._keep(shape, [self._rate(cast("float", top), share) for top in self._tops], share)

    def _adapt(self, shape: Shape) -> None:
        """One step on, where a rate may be another hand's, a Tensor, or a new group's."""
        t = self.last_epoch
        before, share = shape(max(t - 1, 0)), shape(t)
        slots = self._slots()
        ours = self._are_ours(slots)
        self._meet()
        torchs: list[Any] | None = None
        rates = []
        for place, slot in enumerate(slots):
            if not ours[place]:
                self._tops[place] = self._top(as_float(slot), before)
            top = self._tops[place]
            if top is None:
                torchs = self._by_torch() if torchs is None else torchs
                rates.append(as_float(torchs[place]))
            else:
                rates.append(self._rate(top, share))
        self._keep(shape, rates, share)

    def _rate(self, top: float, share: float) -> float:
        return top * share + self._floor * (1.0 - share)

    def _top(self, rate: float, share: float) -> float | None:
        """The top whose curve passes through `rate` where `share` is left."""
        return self._floor + (rate - self._floor) / share if share else None

    def _by_torch(self) -> list[Any]:
        """What torch makes of what is there."""
        with _allowed(self):
            return self.get_lr()

    def _slots(self) -> list[Any]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _are_ours(self, slots: list[Any]) -> list[bool]:
        """Which rates are the ones that were written here last; a Tensor by its version."""
        written = self._state_of_rule or [None] * len(self._last_lr)
        known = zip(self._last_lr, written, strict=False)
        if len(slots) < len(self._last_lr):
            return [False] * len(slots)
        found = [_is_same(slot, *each) for slot, each in zip(slots, known, strict=False)]
        return found + [False] * (len(slots) - len(found))

    def _meet(self) -> None:
        """Take up groups that came, with the rate that they came with as their base."""
        groups = self.optimizer.param_groups
        if len(self.base_lrs) > len(groups):
            self.base_lrs = []
        for group in groups[len(self.base_lrs) :]:
            group.setdefault("initial_lr", snapshot(group["lr"]))
            self.base_lrs.append(snapshot(group["initial_lr"]))
        self._tops = [*self._tops[: len(groups)], *[None] * (len(groups) - len(self._tops))]

    def _keep(self, shape: Shape, rates: list[float], share: float) -> None:
        """Write the rates, and remember them as ours."""
        groups = self.optimizer.param_groups
        put(groups, rates)
        slots = self._slots()
        self._last_lr = [snapshot(slot) for slot in slots]
        tensors = [slot if isinstance(slot, torch.Tensor) else None for slot in slots]
        self._state_of_rule = [each if each is None else (each, each._version) for each in tensors]
        tops = [top for top in self._tops if top is not None]
        shape.last, shape.tops = share, tops
        shape.top = tops[0] if len(set(tops)) == 1 else None
        plain = all(type(slot) is float for slot in slots)
        shape.usual = plain and len(tops) == len(slots) and self._is_regular()

    def _is_regular(self) -> bool:
        """Whether one shape is the whole truth for these tops."""
        return True

    def _settle(self, shape: Shape) -> None:
        """Take the tops from the last rates: another shape, or a state without tops."""
        share = shape(max(self.last_epoch, 0))
        self._tops = []
        for last, its_base in zip(self._last_lr, self.base_lrs, strict=False):
            rate, usual = as_float(last), self._rate(as_float(its_base), share)
            near = abs(rate - usual) <= 1e-14 * abs(usual)
            self._tops.append(as_float(its_base) if near else self._top(rate, share))
        shape.usual = False

    def _after_load(self, state: Mapping[str, Any]) -> None:
        self._quick = self._state_of_rule = None
        shape = self._shape() if self._follows_rule else None
        if shape is not None and len(state.get("_tops", ())) != len(self._last_lr):
            self._settle(shape)


def _is_same(slot: Any, last: Any, written: Any) -> bool:
    if not isinstance(slot, torch.Tensor):
        return bool(slot == last)
    if written is None:
        return as_float(slot) == as_float(last)
    tensor, version = written
    return slot is tensor and slot._version == version


class _allowed:  # noqa: N801
    """`get_lr` may be asked within, as torch asks it."""

    def __init__(self, scheduler: LRScheduler) -> None:
        self._scheduler = scheduler

    def __enter__(self) -> None:
        self._scheduler._get_lr_called_within_step = True

    def __exit__(self, *_: object) -> None:
        self._scheduler._get_lr_called_within_step = False
