"""The lever of a range test: one field of every group, moved together, before each update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from passo.optim.ground import fields
from passo.optim.ground.quiet import quiet
from passo.optim.ground.updates import Watch
from passo.schedules import PassoError

if TYPE_CHECKING:
    from torch.optim import Optimizer


class Lever:
    """Sets a field of every group, and counts the real updates made with it.

    The value is that of the first group that does not hold 0; the others keep their ratio to it.
    It is written in the optimizer's own hook, just before the update, so that nobody comes between.
    """

    def __init__(self, optimizer: Optimizer, key: str) -> None:
        self._optimizer = optimizer
        self._key = key
        self._fields = [
            fields.find(key, group, f"param group {place}")
            for place, group in enumerate(optimizer.param_groups)
        ]
        pairs = zip(self._fields, optimizer.param_groups, strict=True)
        held = [field.read(group) for field, group in pairs]
        first = next((each for each in held if each != 0.0), None)
        self._ratios = [1.0 if first is None else each / first for each in held]
        self._watch = Watch(optimizer)
        self._value: float | None = None
        self._carries = key == "lr" and isinstance(optimizer, torch.optim.SGD)
        self.updates = 0

    def check(self, low: float, high: float) -> None:
        """Refuse a range that torch's optimizers do not accept in some group."""
        for place, (field, ratio) in enumerate(zip(self._fields, self._ratios, strict=True)):
            ends = sorted((low * ratio, high * ratio))
            if not max(map(abs, ends)) <= field.most(self._optimizer.param_groups[place]):
                msg = (
                    f"{self._key!r} of param group {place} would go from {ends[0]:.6g} to "
                    f"{ends[1]:.6g}, which it cannot hold; write another low= or high="
                )
                raise PassoError(msg)
            bounds = fields.broken_bounds(field, *ends)
            if bounds:
                msg = (
                    f"{self._key!r} of param group {place} must stay {bounds}, and the test takes "
                    f"it from {ends[0]:.6g} to {ends[1]:.6g}; write another low= or high="
                )
                raise PassoError(msg)

    def hang(self) -> None:
        """Hang on the optimizer's hooks; `untouched` takes them away."""
        self.updates, self._value = 0, None
        self._optimizer.register_step_pre_hook(self._before)
        self._optimizer.register_step_post_hook(self._after)

    def set(self, value: float) -> None:
        """What the next updates use."""
        if self._carries and self._value:
            self._carry(self._value / value)
        self._value = value
        self._write()

    def _carry(self, share: float) -> None:
        """Keep the velocity, rate times buffer, that SGD's momentum carries from update to update.

        Else a rate that grows by a fifth with each update makes a momentum of 0.9 one above 1.
        """
        states = self._optimizer.state.values()
        buffers = [state.get("momentum_buffer") for state in states]
        kept = [buffer for buffer in buffers if buffer is not None]
        if kept and share != 1.0:
            torch._foreach_mul_(kept, share)  # pyright: ignore[reportPrivateImportUsage]

    def _write(self) -> None:
        if self._value is None:
            return
        groups = self._optimizer.param_groups
        for field, ratio, group in zip(self._fields, self._ratios, groups, strict=False):
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
