"""The rule of the chainable classes: a top for each group, and one shape for all."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from torch.optim import lr_scheduler as torchs

from passo.optim.ground.quiet import quiet
from passo.optim.lr_scheduler.base import LRScheduler, complain
from passo.optim.lr_scheduler.rates import are_floats, as_float, held_slots, put, scaled
from passo.optim.lr_scheduler.shape import Shape
from passo.schedules import PassoError
from passo.schedules.algebra.atoms import base
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passo.schedules import Schedule


_ANOTHERS: Final = object()  # what is there now will be written by another before


class Relative(LRScheduler):
    """A rate is `top * share(t) + floor * (1 - share(t))`, and the top is the group's base.

    Where another hand wrote a rate, the top becomes the one whose curve passes through it: that
    is torch's one-step rule, `lr * share(t) / share(t - 1)`. Where the share is 0 there is no
    such top (None), and the group takes torch's own rule from then on.
    """

    # Why not torch's rule, applied at each step? It multiplies what is there, so that rounding adds
    # up over the run, and a loaded rate depends on the way that led to it. And why not the closed
    # form of the base alone? It would write over what another hand, or another scheduler of a
    # chain, has put there; whoever chains schedulers relies on their product.

    __slots__ = ()

    _follows_rule = True
    _turns = False
    _lists = (*LRScheduler._lists, "_tops", "_state_of_rule")
    _tops: list[float | None]

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

    @quiet
    def step(self, epoch: float | None = None) -> None:
        """One step on; to `epoch` where one is given, as torch does it, with torch's warnings."""
        shape, made = self._quick, self._step_count
        # One float in one group is the usual case, and is written out here: calling `_move`, with
        # its lists of one, would cost as much again as all that it does.
        if epoch is None and made > 1 and shape is not None:
            groups = self.optimizer.param_groups
            if len(groups) == 1 and groups[0] is shape.home:
                group = groups[0]
                held = group["lr"]
                # `is`, not `==`, which would wait for a device where a Tensor took its place.
                ours = held is shape.lone and not shape.bent and shape.at == self.last_epoch
                if (ours and shape.last) or self._is_easy(shape, held):
                    self.last_epoch = shape.at = t = self.last_epoch + 1
                    share = shape.last = shape.formula(float(t), NUMBERS)
                    rate = shape.top * share + shape.floor * (1.0 - share)
                    group["lr"] = shape.lone = rate
                    self._last_lr = [rate]
                    self._step_count = made + 1
                    return
            if self._move(shape):
                self._step_count = made + 1
                return
        if made == 1 or epoch is not None:
            complain(self, epoch)
        self._step_count = made + 1
        self._update_lr(epoch)

    def _is_easy(self, shape: Shape, held: Any) -> bool:
        """Whether the only group's float is ours, or one that its curve can be made to pass."""
        last = shape.last
        if shape.lone is None or not last or type(held) is not float:
            return False
        if shape.at != self.last_epoch:
            return False
        if held is shape.lone:
            return True
        shape.top = shape.floor + (held - shape.floor) / last
        self._tops = shape.tops = [shape.top]
        shape.bent = True
        return True

    def _move(self, shape: Shape) -> bool:
        """One step of plain floats that follow the shape, written here or by another hand."""
        if not shape.usual or shape.at != self.last_epoch:
            return False
        if not shape.last and (shape.bent or shape.turns):
            return False
        groups = self.optimizer.param_groups
        if not self._roster.is_in_line(groups):
            return False
        held = held_slots(groups)
        same = held == self._last_lr
        if not same and not self._follow(shape, held):
            return False
        t = self.last_epoch + 1
        share = shape.formula(float(t), NUMBERS)
        if share != shape.last or not same:
            if not are_floats(held):
                return False
            self._last_lr = shape.write(groups, share)
        self.last_epoch = shape.at = t
        return True

    def _follow(self, shape: Shape, held: list[Any]) -> bool:
        """Let the curves pass through what is there; False where that takes a closer look."""
        before, floor = shape.last, shape.floor
        if not before or len(held) != len(shape.tops) or not are_floats(held):
            return False
        first, size = held[0], len(held)
        if held.count(first) == size:
            self._tops = [floor + (first - floor) / before] * size
        else:
            self._tops = [floor + (rate - floor) / before for rate in held]
        shape.follow(self._tops)
        shape.bent = True
        return True

    def _update_lr(self, epoch: float | None = None) -> None:
        self._meet()
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
        """The shape of the parameters; None where no schedule has them, though torch may."""
        if self._quick is None:
            with contextlib.suppress(PassoError):
                self._quick = Shape(self._unit(), self._floor, turns=self._turns)
        return cast("Shape | None", self._quick)

    def _changed(self) -> None:
        """A parameter has another value: the rates, where there are some, go on from there."""
        self._quick = None
        if "_last_lr" in vars(self) and (shape := self._shape()) is not None:
            self._settle(shape)

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
        self._tops = tops = self._base_floats()
        self._keep(shape, scaled(tops, share, shape.floor * (1.0 - share)), share)

    def _adapt(self, shape: Shape) -> None:
        """One step on, where a rate may be another hand's, a Tensor, or a new group's.

        To step 0 (somebody set last_epoch to -1) there is none before: torch's rule decides.
        """
        t = self.last_epoch
        before, share = shape(t - 1) if t > 0 else 0.0, shape(t)
        slots = self._slots()
        ours = self._are_ours(slots)
        by_torch: list[Any] | None = None
        rates = []
        for place, slot in enumerate(slots):
            if not ours[place]:
                self._tops[place] = self._top(as_float(slot), before)
            top = self._tops[place]
            if top is None:
                by_torch = self._by_torch() if by_torch is None else by_torch
                rates.append(as_float(by_torch[place]))
                if t == 0:
                    self._tops[place] = self._top(rates[-1], share)
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
        with torchs._enable_get_lr_call(self):
            return self.get_lr()

    def _slots(self) -> list[Any]:
        return held_slots(self.optimizer.param_groups)

    def _are_ours(self, slots: list[Any]) -> list[bool]:
        """Which rates are the ones that were written here last; a Tensor by its version."""
        written = self._state_of_rule or [None] * len(slots)
        return [_is_same(*each) for each in zip(slots, self._last_lr, written, strict=True)]

    def _meet(self) -> bool:
        changed = super()._meet()
        if changed and self._quick is not None:
            self._quick.usual, self._quick.home = False, None
        return changed

    def _for_late(self, name: str, given: list[Any], place: int) -> Any:
        """The rate that a group came with is its top, as if it had been there from the start."""
        if name == "_state_of_rule":
            return None
        if name == "_tops":
            return as_float(self.optimizer.param_groups[place]["lr"])
        return super()._for_late(name, given, place)

    def _welcome(self, late: list[int], others: Sequence[LRScheduler], *, first: bool) -> None:
        """The tops are those that the rates would have if they had been there from the start.

        Who writes after another finds that one's rate there, and goes on from it.
        """
        marks: list[Any] = self._state_of_rule or [None] * len(self._last_lr)
        for place in late:
            top = as_float(self.optimizer.param_groups[place]["lr"])
            for each in others:
                top = each._as_if_here(top)
            self._tops[place] = top
            if not first:
                marks[place] = _ANOTHERS
        self._state_of_rule = marks

    def _as_if_here(self, rate: float) -> float:
        shape = self._shape() if self._follows_rule else None
        return rate if shape is None else self._rate(rate, shape(max(self.last_epoch, 0)))

    def _keep(self, shape: Shape, rates: list[float], share: float) -> None:
        """Write the rates, and remember them as ours."""
        self._last_lr = put(self.optimizer.param_groups, rates)
        self._state_of_rule = None
        shape.usual = are_floats(self._last_lr) and None not in self._tops
        if not shape.usual:
            tensors = [each if isinstance(each, torch.Tensor) else None for each in self._slots()]
            self._state_of_rule = [
                None if each is None else (each, each._version) for each in tensors
            ]
        shape.last, shape.lone, shape.at = share, None, self.last_epoch
        shape.follow(self._tops)
        shape.bent = self._tops != self._base_floats()

    def _base_floats(self) -> list[Any]:
        bases = self.base_lrs
        return list(bases) if are_floats(bases) else [as_float(each) for each in bases]

    def _settle(self, shape: Shape) -> None:
        """Take the tops from the last rates: another shape, or a state without tops."""
        share = shape(max(self.last_epoch, 0))
        self._tops = []
        for last, its_base in zip(self._last_lr, self.base_lrs, strict=False):
            rate, usual = as_float(last), self._rate(as_float(its_base), share)
            near = abs(rate - usual) <= 1e-14 * abs(usual)
            self._tops.append(as_float(its_base) if near else self._top(rate, share))
        shape.usual, shape.lone = False, None

    def _after_load(self, state: Mapping[str, Any]) -> None:
        self._quick = self._state_of_rule = None
        shape = self._shape() if self._follows_rule else None
        if shape is not None and len(state.get("_tops", ())) != len(self._last_lr):
            self._settle(shape)


def _is_same(slot: Any, last: Any, written: Any) -> bool:
    if written is _ANOTHERS:
        return False
    if not isinstance(slot, torch.Tensor):
        return bool(slot == last)
    if written is None:
        return as_float(slot) == as_float(last)
    tensor, version = written
    return slot is tensor and slot._version == version
