"""The lever of a range test: one field of every group, moved together, before each update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from passo.optim.ground import fields
from passo.optim.ground.lent import around_steps, lender
from passo.optim.ground.quiet import quiet
from passo.optim.ground.updates import Watch
from passo.optim.ground.wrappers import lending
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.optim import Optimizer


class Lever:
    """Sets a field of every group of all optimizers, and counts the real updates made with it.

    The value is that of the first group that does not hold 0; the others keep their ratio to it.
    It is written in each optimizer's own hook, just before the update, so that nobody comes
    between. `updates` are those of the optimizer that made most.
    """

    def __init__(self, optimizers: Mapping[str, Optimizer], key: str) -> None:
        self._key = key
        self._arms = [_Arm(each, key, name) for name, each in optimizers.items()]
        held = [value for arm in self._arms for value in arm.held()]
        first = next((each for each in held if each != 0.0), None)
        for arm in self._arms:
            arm.ratios = [1.0 if first is None else each / first for each in arm.held()]

    @property
    def updates(self) -> int:
        """How many updates were made since it was hung on the hooks."""
        return max(arm.updates for arm in self._arms)

    def check(self, low: float, high: float) -> None:
        """Refuse a range that torch's optimizers do not accept in some group."""
        for arm in self._arms:
            for place, field, group, ratio in arm.groups():
                ends = sorted((low * ratio, high * ratio))
                if not max(map(abs, ends)) <= field.most(group):
                    msg = (
                        f"{self._key!r} of param group {place} would go from {ends[0]:.6g} to "
                        f"{ends[1]:.6g}, which it cannot hold; write another low= or high="
                    )
                    raise PassoError(msg)
                bounds = fields.broken_bounds(field, *ends)
                if bounds:
                    msg = (
                        f"{self._key!r} of param group {place} must stay {bounds}, and the test "
                        f"takes it from {ends[0]:.6g} to {ends[1]:.6g}; write another low= or high="
                    )
                    raise PassoError(msg)

    def hang(self) -> None:
        """Hang on the optimizers' hooks; `untouched` takes them away."""
        for arm in self._arms:
            arm.hang()

    def set(self, value: float) -> None:
        """What the next updates use."""
        for arm in self._arms:
            arm.set(value)


class _Arm:
    """The part of one optimizer."""

    def __init__(self, optimizer: Optimizer, key: str, name: str) -> None:
        self._optimizer = optimizer
        of = name and f" of {name!r}"
        self._places = [f"{k}{of}" for k in range(len(optimizer.param_groups))]
        self._fields = [
            fields.find(key, group, f"param group {place}")
            for place, group in zip(self._places, optimizer.param_groups, strict=True)
        ]
        self.ratios: list[float] = []
        self._watch = Watch(optimizer)
        self._value: float | None = None
        self._steps = lender(optimizer, lending(optimizer)) or optimizer
        self._carries = key == "lr" and isinstance(self._steps, torch.optim.SGD)
        self.updates = 0

    def held(self) -> list[float]:
        pairs = zip(self._fields, self._optimizer.param_groups, strict=True)
        return [field.read(group) for field, group in pairs]

    def groups(self) -> list[tuple[str, fields.Field, dict[str, Any], float]]:
        """Each group: what it is called, its field, itself, its ratio."""
        groups = self._optimizer.param_groups
        return list(zip(self._places, self._fields, groups, self.ratios, strict=True))

    def hang(self) -> None:
        self.updates, self._value = 0, None
        lent = lending(self._optimizer)
        hooks = around_steps(self._optimizer, lent, self._before, self._after)
        for where, register, hook in hooks:
            getattr(where, register)(hook)

    def set(self, value: float) -> None:
        if self._carries and self._value:
            self._carry(self._value / value)
        self._value = value
        self._write()

    def _carry(self, share: float) -> None:
        """Keep the velocity, rate times buffer, that SGD's momentum carries from update to update.

        Else a rate that grows by a fifth with each update makes a momentum of 0.9 one above 1.
        """
        states = self._steps.state.values()
        buffers = [state.get("momentum_buffer") for state in states]
        kept = [buffer for buffer in buffers if buffer is not None]
        if kept and share != 1.0:
            torch._foreach_mul_(kept, share)  # pyright: ignore[reportPrivateImportUsage]

    def _write(self) -> None:
        if self._value is None:
            return
        groups = self._optimizer.param_groups
        for field, ratio, group in zip(self._fields, self.ratios, groups, strict=False):
            field.write(group, self._value * ratio)
        self._watch.lr = groups[0].get("lr")

    @quiet
    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._write()
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        self._watch.before(optimizer.param_groups, closure)

    @quiet
    def _after(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        if self._watch.is_update(optimizer):
            self.updates += 1
