"""The one write path: a field of a param group, read as a float and written in its own type."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest
from passo.optim.ground.groups import parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

_ELEMENT = re.compile(r"(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Field:
    """One number in a param group: `group[key]`, or `group[key][index]` of a tuple.

    >>> field = Field("betas", 1)
    >>> group = {"betas": (0.9, 0.999)}
    >>> field.write(group, 0.99)
    >>> group["betas"], field.read(group)
    ((0.9, 0.99), 0.99)
    """

    key: str
    index: int | None = None

    @property
    def name(self) -> str:
        """As a plan writes it.

        >>> Field("betas", 1).name
        'betas[1]'
        """
        return self.key if self.index is None else f"{self.key}[{self.index}]"

    def read(self, group: dict[str, Any]) -> float:
        """The number that is there now."""
        return number_in(self.slot(group))

    def slot(self, group: dict[str, Any]) -> Any:
        """What holds the number: a float, an int, or a Tensor of one element."""
        value = group[self.key]
        return value if self.index is None else value[self.index]

    def most(self, group: dict[str, Any]) -> float:
        """The largest number that it can hold, or that torch takes for these parameters."""
        slot = self.slot(group)
        if isinstance(slot, torch.Tensor):
            return torch.finfo(slot.dtype).max
        wide = any(parameter.dtype == torch.float64 for parameter in parameters(group))
        return torch.finfo(torch.float64 if wide else torch.float32).max

    def write(self, group: dict[str, Any], value: float) -> None:
        """Put `value` there: a Tensor is filled in place, anything else replaced by a float."""
        slot = self.slot(group)
        if isinstance(slot, torch.Tensor):
            with torch.no_grad():
                slot.fill_(value)
        else:
            self.put(group, value)

    def put(self, group: dict[str, Any], slot: Any) -> None:
        """Make `slot` itself what holds the number."""
        if self.index is None:
            group[self.key] = slot
        else:
            held = group[self.key]
            group[self.key] = (*held[: self.index], slot, *held[self.index + 1 :])


def number_in(slot: Any) -> float:
    """What a slot holds.

    >>> number_in(torch.tensor(0.5)), number_in(2)
    (0.5, 2.0)
    """
    if type(slot) is float:
        return slot
    return float(slot.detach() if isinstance(slot, torch.Tensor) else slot)


_BELOW_ONE: Final = math.nextafter(1.0, 0.0)
_ABOVE_ONE: Final = math.nextafter(1.0, 2.0)
_ABOVE_ZERO: Final = math.nextafter(0.0, 1.0)
_EDGES: Final = {_BELOW_ONE: "below 1", _ABOVE_ONE: "above 1", _ABOVE_ZERO: "above 0"}
_LIMITS: Final = {
    "lr": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "momentum": (0.0, math.inf),
    "betas[0]": (0.0, _BELOW_ONE),
    "betas[1]": (0.0, _BELOW_ONE),
    "eps": (0.0, math.inf),
    "rho": (0.0, 1.0),
    "alpha": (0.0, math.inf),
    "lr_decay": (0.0, math.inf),
    "momentum_decay": (0.0, math.inf),
    "initial_accumulator_value": (0.0, math.inf),
    "beta2_decay": (-math.inf, 0.0),
    "d": (1.0, math.inf),
    "etas[0]": (_ABOVE_ZERO, _BELOW_ONE),
    "etas[1]": (_ABOVE_ONE, math.inf),
}


def check_range(field: Field, key: str, low: float, high: float, where: str) -> None:
    """Refuse a schedule whose values torch's optimizers do not accept in this field.

    >>> check_range(Field("betas", 0), "momentum", 0.85, 0.95, "param group 0")
    """
    bounds = broken_bounds(field, low, high)
    if not bounds:
        return
    msg = (
        f"{key!r} of {where} must stay {bounds}, and its schedule goes from "
        f"{low:.6g} to {high:.6g}; write .clip(...), or another schedule"
    )
    raise PassoError(msg)


def broken_bounds(field: Field, low: float, high: float) -> str:
    """The bounds of a field in words, where values from `low` to `high` leave them; else nothing.

    >>> broken_bounds(Field("betas", 0), 0.85, 1.5)
    'at least 0 and below 1'
    """
    least, most = _LIMITS.get(field.name, _LIMITS.get(field.key, (-math.inf, math.inf)))
    if least <= low and high <= most:
        return ""
    bounds = [_EDGES.get(least, f"at least {least:g}")] if least > -math.inf else []
    bounds += [_EDGES.get(most, f"at most {most:g}")] if most < math.inf else []
    return " and ".join(bounds)


def find(key: str, group: dict[str, Any], where: str) -> Field:
    """The field that a plan's key names in this group.

    "momentum" is SGD's, or `betas[0]` where the group has betas. Raises PassoError for a name
    that the group does not have, with the names that it has, and for a field without a number.

    >>> find("momentum", {"lr": 0.1, "betas": (0.9, 0.999)}, "group 0")
    Field(key='betas', index=0)
    """
    if isinstance(key, str) and "[" not in key and _is_number(group.get(key)):
        return _field(key, None)
    element = _ELEMENT.fullmatch(key) if isinstance(key, str) else None
    name, index = (element[1], int(element[2])) if element else (key, None)
    if key == "momentum" and "momentum" not in group and "betas" in group:
        name, index = "betas", 0
    known = names(group)
    if not isinstance(key, str) or (key not in known and (name, index) != ("betas", 0)):
        hint = closest(key, known) if isinstance(key, str) else ""
        msg = f"{where} has no field {brief(key)}{hint}; it has {', '.join(known)}"
        raise PassoError(msg)
    return _field(name, index)


@lru_cache
def _field(name: str, index: int | None) -> Field:
    """One value for all groups that have such a field."""
    return Field(name, index)


def names(group: dict[str, Any]) -> list[str]:
    """The numbers in a group that a plan may name.

    >>> names({"params": [], "lr": 0.1, "betas": (0.9, 0.999), "nesterov": False})
    ['lr', 'betas[0]', 'betas[1]', 'momentum']
    """
    found = list(_numbers(group))
    if "betas[0]" in found and "momentum" not in found:
        found.append("momentum")
    return found


def _numbers(group: dict[str, Any]) -> Iterable[str]:
    for key, value in group.items():
        if _is_number(value):
            yield key
        elif isinstance(value, (tuple, list)) and key != "params":
            yield from (f"{key}[{k}]" for k, each in enumerate(value) if _is_number(each))


def _is_number(value: object) -> bool:
    if type(value) is float:
        return True
    if isinstance(value, torch.Tensor):
        return value.numel() == 1 and value.is_floating_point()
    return isinstance(value, Real) and not isinstance(value, bool)
