"""Which number is whose: lists with one for each param group, whatever becomes of the groups."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.optim.ground.groups import names_of, pair, pair_saved, parameters
from passo.optim.lr_scheduler.footprint import is_known
from passo.optim.lr_scheduler.rates import LR, as_float

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NAMES: Final = "_group_names"


class Roster:
    """The groups of an optimizer as a scheduler's lists have them, and those lists then."""

    __slots__ = ("can_be_equal", "groups", "lists", "optimizer")

    def __init__(self, optimizer: Any, size: int | None = None) -> None:
        self.optimizer = optimizer
        self.lists: dict[str, list[Any]] = {}
        self.know(optimizer.param_groups[:size])

    def know(self, groups: Sequence[dict[str, Any]]) -> None:
        """Those are the groups, in the places that they have in the lists."""
        self.groups = list(groups)
        self.can_be_equal = any(map(_can_equal_another, groups))

    def is_in_line(self, groups: Sequence[Any]) -> bool:
        """Whether the same dicts stand in the same places."""
        known = self.groups
        if len(groups) == 1:
            return len(known) == 1 and groups[0] is known[0]
        # `==` looks first whether they are the same, and is twenty times quicker than `is` on each.
        if not self.can_be_equal:
            try:
                return bool(groups == known)
            except (RuntimeError, TypeError, ValueError):  # Tensors of others, which it compares
                return False
        return len(groups) == len(known) and all(map(is_, groups, known))

    def places(self, optimizer: Any) -> list[int | None]:
        """The place in the lists of each group of today; another optimizer's are as they were."""
        groups, known = optimizer.param_groups, self.groups
        if optimizer is not self.optimizer and len(groups) == len(known):
            return list(range(len(groups)))

        def copied(number: int, place: int) -> bool:
            group = groups[place]  # one that another scheduler has met already has the base of then
            return not is_known(optimizer, group) and _is_copy(known[number], group)

        return pair(known, groups, copied)

    def arranged(
        self,
        name: str,
        given: list[Any],
        places: Sequence[int | None],
        late: Callable[[int], Any],
    ) -> list[Any]:
        """A list in today's order; one that somebody has put into it already stays as it is."""
        size, kept = len(self.groups), self.lists.get(name)
        if kept is not None and len(given) == len(places) and not _are_same(given[:size], kept):
            wanted = [None if place is None else kept[place] for place in places]
            if len(given) != size or _are_same(given, wanted):
                return given
        known, added = given[:size], given[size:]
        found = []
        for today, place in enumerate(places):
            if place is not None and place < len(known):
                found.append(known[place])
            else:
                found.append(added.pop(0) if added else late(today))
        return found


def part_tensors(optimizer: Any, late: Sequence[int] = ()) -> None:
    """Give each group a rate of its own where several share a Tensor; the first one keeps it.

    It is the optimizer's default, which torch gives to all. A late group begins at what that was
    before the first one moved it.
    """
    owners: dict[int, dict[str, Any]] = {}
    for place, group in enumerate(optimizer.param_groups):
        slot = group["lr"]
        if not isinstance(slot, torch.Tensor):
            continue
        owner = owners.setdefault(id(slot), group)
        if owner is not group:
            group["lr"] = slot.detach().clone()
            if place in late and "initial_lr" in owner:
                LR.write(group, as_float(owner["initial_lr"]))


def with_names(state: dict[str, Any], groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A state that says whose its numbers are, where all groups have names that differ."""
    names = names_of(groups)
    return state if names is None else {**state, _NAMES: names}


def in_todays_order(
    state: dict[str, Any], groups: Sequence[Mapping[str, Any]], lists: Sequence[str]
) -> dict[str, Any]:
    """A state without the names, its lists in the order of the groups that have these names."""
    names = state.pop(_NAMES, None)
    today = names_of(groups)
    if names is None or today is None or sorted(names) != sorted(today):
        return state
    places = pair_saved(names, groups)
    for name in lists:
        given = state.get(name)
        if isinstance(given, list) and len(given) == len(names):
            arranged = list(given)
            for saved, now in places.items():
                arranged[now] = given[saved]
            state[name] = arranged
    return state


def _is_copy(known: Mapping[str, Any], group: Mapping[str, Any]) -> bool:
    """Whether a group carries what a scheduler has written into that one."""
    base, other = known.get("initial_lr"), group.get("initial_lr")
    if base is None or other is None or set(known) != set(group):
        return False
    return as_float(base) == as_float(other)


def _can_equal_another(group: Mapping[str, Any]) -> bool:
    """Whether `==` may hold for another group: Tensors of more than one number have no truth."""
    try:
        return all(each.numel() == 1 for each in parameters(group))
    except (AttributeError, RuntimeError, TypeError, ValueError):  # one without a shape yet
        return True


def _are_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
