"""Several optimizers under one plan: by their names, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch.optim import Optimizer

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.optim.ground.advice import no_optimizer, shown
from passo.optim.ground.attached import HasGroups
from passo.optim.ground.foreign import refuse_scheduler
from passo.optim.ground.groups import parameters

Optimizers = Sequence[Optimizer | HasGroups] | Mapping[str, Optimizer | HasGroups]


class Together(Mapping[str, Any]):
    """Optimizers by their names, in order, with the param groups of all one after the other.

    >>> import torch
    >>> one, other = (torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]) for _ in range(2))
    >>> both = Together({"one": one, "other": other})
    >>> both["other"] is other, len(both.param_groups), both
    (True, 2, Together(one: SGD, other: SGD))
    """

    def __init__(self, optimizers: Mapping[str, Any]) -> None:
        self._optimizers = dict(optimizers)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all of them."""
        return [group for each in self._optimizers.values() for group in each.param_groups]

    def __getitem__(self, name: str) -> Any:
        return self._optimizers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __len__(self) -> int:
        return len(self._optimizers)

    def __repr__(self) -> str:
        held = ", ".join(f"{name}: {type(one).__name__}" for name, one in self._optimizers.items())
        return f"Together({held})"


def are_several(value: Any) -> bool:
    """Whether a list or a mapping is meant as several optimizers.

    >>> are_several([]), are_several({"params": [1]}), are_several("adam")
    (True, False, False)
    """
    if not isinstance(value, (list, tuple, Mapping)):
        return False
    several = given_of(value)
    return not several or any(hasattr(each, "param_groups") for each in several)


def given_of(value: Any) -> list[Any]:
    """The optimizers as they were given, one or several.

    >>> given_of({"muon": 1, "adamw": 2}), given_of(3)
    ([1, 2], [3])
    """
    if not isinstance(value, (list, tuple, Mapping)):
        return [value]
    return list(value.values() if isinstance(value, Mapping) else value)


def named(given: Any, call: str, unwrap: Callable[[Any], Any]) -> dict[str, Any]:
    """What `unwrap` makes of each, by its name: of a list by its class, `AdamW`, `AdamW#2`.

    Raises PassoError for none at all, for a name that is no text, for what is no optimizer, for
    one that is there twice and for a parameter that two of them hold.
    """
    if not given:
        msg = (
            f"{call} needs a torch optimizer, got {brief(given)}; write {call}([muon, adamw], ...)"
        )
        raise PassoError(msg)
    pairs = given.items() if isinstance(given, Mapping) else zip(_classes(given), given)  # noqa: B905
    found: dict[str, Any] = {}
    for name, each in pairs:
        if not isinstance(name, str) or not name:
            msg = (
                f"the name of an optimizer is a text that is not empty, got {brief(name)}; write "
                f'{call}({{"muon": muon, "adamw": adamw}}, ...)'
            )
            raise PassoError(msg)
        refuse_scheduler(each, call)
        if not hasattr(each, "param_groups"):
            msg = f"{call} needs a torch optimizer as {name!r}, got {shown(each)}"
            raise PassoError(f"{msg}{no_optimizer(each, call)}")
        one = unwrap(each)
        twice = next((known for known, other in found.items() if other is one), None)
        if twice is not None:
            msg = f"{name!r} is the optimizer {twice!r} once more; give each optimizer once"
            raise PassoError(msg)
        found[name] = one
    _refuse_shared(found)
    return found


def _classes(given: Any) -> list[str]:
    """The class of each, numbered from the second of its kind on."""
    seen: Counter[str] = Counter()
    found = []
    for each in given:
        kind = type(each).__name__
        seen[kind] += 1
        found.append(kind if seen[kind] == 1 else f"{kind}#{seen[kind]}")
    return found


def _refuse_shared(optimizers: Mapping[str, Any]) -> None:
    """As torch does for the groups of one: two updates of one weight are one too many."""
    owner: dict[int, str] = {}
    for name, one in optimizers.items():
        held = [(place, each) for place, g in enumerate(one.param_groups) for each in parameters(g)]
        for place, each in held:
            other = owner.setdefault(id(each), name)
            if other != name:
                msg = (
                    f"a parameter in param group {place} of {name!r} is in {other!r} too, and both "
                    "would update it; leave it out of one of them, or attach each by itself"
                )
                raise PassoError(msg)
