"""Schedulers that move the momentum against the rate: where it is, and what type it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from passo.optim.ground.fields import Field
from passo.optim.lr_scheduler.absolute import Absolute
from passo.optim.lr_scheduler.base import MOMENTA
from passo.optim.lr_scheduler.rates import as_float

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOMENTUM: Final = Field("momentum")
_BETA: Final = Field("betas", 0)


class Cycling(Absolute):
    """Rates, and against them the momentum (SGD's, or the first beta)."""

    __slots__ = ()

    cycle_momentum: bool
    use_beta1: bool

    @property
    def _momentum(self) -> Field:
        return _BETA if self.use_beta1 else _MOMENTUM

    def _turn(self, momenta: list[Any]) -> None:
        """Write the momenta: a float is replaced, a Tensor filled."""
        key, is_first = ("betas", True) if self.use_beta1 else ("momentum", False)
        for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
            held = group[key]
            if is_first and type(held[0]) is float is type(momentum):
                group[key] = (momentum, *held[1:])
            elif type(held) is float is type(momentum):
                group[key] = momentum
            else:
                self._momentum.write(group, as_float(momentum))

    def _fields_now(self) -> dict[str, Any]:
        now = super()._fields_now()
        if self.cycle_momentum:
            now[MOMENTA] = [self._momentum.read(group) for group in self.optimizer.param_groups]
        return now

    def _write_fields(self, held: Mapping[str, Any]) -> None:
        super()._write_fields(held)
        if not self.cycle_momentum:
            return
        if MOMENTA not in held and self.last_epoch >= 0:
            self._rates()
        elif len(held.get(MOMENTA, ())) == len(self.optimizer.param_groups):
            self._turn(held[MOMENTA])


class types_kept:  # noqa: N801
    """What held the momentum holds it after torch's constructor: a float, or the same Tensor."""

    def __init__(self, optimizer: Any) -> None:
        groups = getattr(optimizer, "param_groups", ())
        found = [(group, _BETA if "betas" in group else _MOMENTUM) for group in groups]
        self._held = [
            (group, field, field.slot(group)) for group, field in found if field.key in group
        ]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for group, field, slot in self._held:
            number = field.read(group)
            if isinstance(slot, torch.Tensor):
                with torch.no_grad():
                    slot.fill_(number)
                field.put(group, slot)
            elif isinstance(field.slot(group), torch.Tensor):
                field.put(group, number)
