"""Which param group is this: one notion, for all that keeps something about a group."""

from __future__ import annotations

import weakref
from collections import Counter
from contextlib import suppress
from operator import is_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Group = Mapping[str, Any]


def pair(
    known: Sequence[Group],
    present: Sequence[Group],
    copied: Callable[[int, int], int] | None = None,
) -> list[int | None]:
    """For each group that is present the number of the known one that it is; None for a new one.

    A group is the dict that it was, wherever that stands now and whatever parameters it holds now.
    A dict that is new (loading an optimizer's state makes such) is the known group with which it
    has most parameters in common; and then that of which `copied(number, place)` says that the
    group at that place is a copy, with other parameters: 2 where it holds the very things, 1 where
    it holds equal numbers, 0 where it is none. No known group is found twice.

    Keep the dicts themselves as `known`: one that is held keeps its id, and tells what it holds
    today.

    >>> a, b, c = ({"params": [object()]} for _ in "abc")
    >>> loaded = {"params": a["params"], "lr": 0.5}
    >>> pair([a, b], [c, b, loaded])
    [None, 1, 0]
    """
    numbers = {id(group): number for number, group in enumerate(known)}
    found = [numbers.pop(id(group), None) for group in present]
    if numbers and None in found:
        _in_place(known, present, found)
        _by_parameters(known, present, found)
    if copied is not None and None in found:
        _by_copy(len(known), found, copied)
    return found


def parameters(group: Group) -> Sequence[Any]:
    """What a group holds; nothing where a wrapper's group has no such key.

    >>> parameters({"lr": 0.1})
    ()
    """
    held: Sequence[Any] = group.get("params", ())
    return held


def shares(one: Group, other: Group) -> bool:
    """Whether two groups are one dict, or hold a parameter in common.

    >>> weight = object()
    >>> shares({"params": [weight]}, {"params": [weight]}), shares({"params": []}, {"params": []})
    (True, False)
    """
    held = {id(each) for each in parameters(one)}
    return one is other or any(id(each) in held for each in parameters(other))


def weakly(group: Group) -> list[weakref.ref[Any]]:
    """What a group holds, without keeping it alive."""
    refs = []
    for each in parameters(group):
        with suppress(TypeError):  # a stand-in for a parameter, which cannot be referred to so
            refs.append(weakref.ref(each))
    return refs


def name_of(group: Group) -> str | None:
    """The name that somebody gave to a group.

    >>> name_of({"params": [], "name": "head"}), name_of({"params": []})
    ('head', None)
    """
    name = group.get("name")
    return name if isinstance(name, str) else None


def names_of(groups: Sequence[Group]) -> list[str] | None:
    """The names of the groups where all have one and all differ; else None, and places count.

    >>> names_of([{"name": "head"}, {"name": "body"}])
    ['head', 'body']
    >>> names_of([{"name": "head"}, {}]) is None
    True
    """
    names = []
    for group in groups:
        name = name_of(group)
        if name is None:
            return None
        names.append(name)
    return names if len(names) == len(set(names)) else None


def pair_saved(saved: Sequence[str] | None, present: Sequence[Group]) -> dict[int, int]:
    """Where each group of a state stands today, by its place then: between processes.

    By name, where all groups had one and all have one and all differ; else by place, and then
    who was at a place of today's is there today. What has gone is not in the answer.

    >>> head, body = {"name": "head"}, {"name": "body"}
    >>> pair_saved(["head", "body"], [body, head])
    {0: 1, 1: 0}
    >>> pair_saved(None, [body, head])
    {0: 0, 1: 1}
    """
    today = names_of(present)
    if saved is None or today is None:
        return {place: place for place in range(len(present))}
    return {place: today.index(name) for place, name in enumerate(saved) if name in today}


def _in_place(known: Sequence[Group], present: Sequence[Group], found: list[int | None]) -> None:
    """Find the groups whose parameters are held by a new dict in the very place: a load's."""
    taken = set(found)
    for place, (old, new) in enumerate(zip(known, present, strict=False)):
        if found[place] is None and place not in taken:
            held, before = parameters(new), parameters(old)
            if held and len(held) == len(before) and all(map(is_, held, before)):
                found[place] = place


def _by_parameters(
    known: Sequence[Group], present: Sequence[Group], found: list[int | None]
) -> None:
    """Find the groups whose parameters are held by another dict now, most in common first."""
    if None not in found:
        return
    taken = {number for number in found if number is not None}
    owner = {
        id(each): number
        for number, group in enumerate(known)
        if number not in taken
        for each in parameters(group)
    }
    shares = []
    for place, group in enumerate(present):
        if found[place] is None:
            held = Counter(owner[id(p)] for p in parameters(group) if id(p) in owner)
            shares += [(-many, number, place) for number, many in held.items()]
    for _, number, place in sorted(shares):
        if found[place] is None and number not in taken:
            found[place] = number
            taken.add(number)


def _by_copy(many: int, found: list[int | None], copied: Callable[[int, int], int]) -> None:
    """Find the groups that were made from a known one, with other parameters: the surest first."""
    taken = set(found)
    free = [number for number in range(many) if number not in taken]
    for sure in (2, 1) if free else ():
        for place, number in enumerate(found):
            if number is None:
                same_place = [each for each in free if each == place]
                others = [each for each in free if each != place]
                like = (each for each in (*same_place, *others) if copied(each, place) >= sure)
                found[place] = next(like, None)
                free = [each for each in free if each != found[place]]
