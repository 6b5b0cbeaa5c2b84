"""Who drives what: the Schedulers that are attached to an optimizer."""

from __future__ import annotations

import weakref
from typing import Any, Final, Protocol

from torch.optim import Optimizer

from passo.optim.ground.wrappers import layers


class HasGroups(Protocol):
    """What wraps an optimizer and shows its param groups, such as accelerate's."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups, each a dict with its "params"."""
        ...


# Weakly on both sides: the optimizer's hooks own a Scheduler, and a registry must own neither.
# Any, since a Scheduler is made two rooms above this one.
_attached: Final[weakref.WeakKeyDictionary[Any, list[weakref.ref[Any]]]] = (
    weakref.WeakKeyDictionary()
)
_faces: Final[weakref.WeakKeyDictionary[Any, weakref.ref[Any]]] = weakref.WeakKeyDictionary()


def add(optimizer: Any, scheduler: Any) -> bool:
    """Remember that this Scheduler drives the optimizer; False where that cannot be held weakly."""
    try:
        _attached[optimizer] = [weakref.ref(each) for each in (*drivers_of(optimizer), scheduler)]
    except TypeError:
        return False
    return True


def drop(optimizer: Any, scheduler: Any) -> None:
    """Forget that this Scheduler drives the optimizer."""
    left = [weakref.ref(each) for each in drivers_of(optimizer) if each is not scheduler]
    if left:
        _attached[optimizer] = left
    elif drivers_of(optimizer):
        del _attached[optimizer]


def lead(member: Any, face: Any) -> None:
    """Remember the Scheduler of several optimizers that this one of them works behind."""
    _faces[member] = weakref.ref(face)


def attached(optimizer: Any) -> tuple[Any, ...]:
    """The Schedulers of an optimizer, or of what a wrapper holds, in the order in which they came.

    One plan on several optimizers is the one Scheduler that `attach([...], ...)` answered with,
    while somebody keeps that.

    >>> import torch
    >>> from passo import Constant, attach
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = attach(optimizer, Constant(0.5))
    >>> attached(optimizer) == (scheduler,)
    True
    >>> scheduler.detach()
    >>> attached(optimizer)
    ()
    """
    found: dict[int, Any] = {}
    for layer in layers(optimizer):
        for each in drivers_of(layer):
            face = _faces[each]() if each in _faces else None
            one = each if face is None else face
            found[id(one)] = one
    return tuple(found.values())


def drivers_of(optimizer: Any) -> list[Any]:
    """The Schedulers that hang on this very optimizer now, in the order in which they came."""
    try:
        known = _attached.get(optimizer, [])
    except TypeError:
        return []
    return [each for ref in known if (each := ref()) is not None and each.attached]


def counted() -> int:
    """How many updates all Schedulers that are attached now have counted, together."""
    return sum(each.clock for optimizer in list(_attached) for each in drivers_of(optimizer))


def writers(groups: list[dict[str, Any]]) -> dict[tuple[int, Any], Any]:
    """The Scheduler that writes each field of these very groups, by place and field.

    Whatever optimizer it hangs on: a wrapper may show the groups of what it holds as its own.
    """
    places = {id(group): place for place, group in enumerate(groups)}
    found: dict[tuple[int, Any], Any] = {}
    for optimizer in list(_attached):
        schedulers = drivers_of(optimizer)
        if schedulers and places.keys().isdisjoint(map(id, optimizer.param_groups)):
            continue
        for scheduler in schedulers:
            scheduler.values()  # it looks which groups are there
            for each in scheduler.driver.driven:
                place = places.get(id(each.group))
                if each.field is not None and place is not None:
                    found[place, each.field] = scheduler
    return found


def describe(optimizer: Optimizer | HasGroups) -> str:
    """Who writes what in this optimizer: each passo Scheduler attached to it, in words.

    >>> import torch
    >>> from passo import Constant, attach
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = attach(optimizer, Constant(0.5))
    >>> print(describe(optimizer))
    Scheduler at update 0 of no run
      lr of group 0: Constant(0.5); last nothing yet, next 0.5
    """
    found = [each for layer in layers(optimizer) for each in drivers_of(layer)]
    return "\n".join(map(repr, found)) if found else "no passo Scheduler is attached to it"
