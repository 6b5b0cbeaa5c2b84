"""Which number is `base`: what passo wrote is none, what a checkpoint put there is none either."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.ground.checks import write
from passo.optim.ground.caller import caller
from passo.optim.ground.fields import Field
from passo.optim.ground.groups import parameters, weakly
from passo.optim.scheduler.driven import slot_of
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Driver


@dataclass(slots=True, eq=False)
class Left:
    """What a plan that was detached left in a field, and from which base it had come."""

    field: Field
    group: int
    parameters: list[weakref.ref[Any]]
    slot: Any
    version: int | None
    value: float
    base: float

    def is_in(self, group: dict[str, Any]) -> bool:
        """Whether it is still there: nobody wrote the field since."""
        slot = slot_of(self.field, group)
        if self.version is None:
            return slot is self.slot and id(group) == self.group
        return slot is not None and slot is self.slot() and slot._version == self.version

    def was_loaded(self, group: dict[str, Any]) -> bool:
        """Whether the same parameters hold the same number in another dict: a state brought it."""
        if id(group) == self.group or slot_of(self.field, group) is None:
            return False
        held = {id(each) for each in parameters(group)}
        ours = any(id(each) in held for ref in self.parameters if (each := ref()) is not None)
        return ours and self.field.read(group) == self.value

    @property
    def spots(self) -> set[int]:
        """The ids of all by which a group shows that it may be there: dict, Tensor, parameters."""
        tensor = () if self.version is None else (self.slot,)
        alive = (each() for each in (*self.parameters, *tensor))
        return {self.group, *(id(each) for each in alive if each is not None)}


class _Table:
    """What was left, found by the group in which it may be; in the order in which it was left."""

    def __init__(self, lefts: Iterable[Left]) -> None:
        self._at: dict[tuple[Field, int], list[tuple[int, Left]]] = {}
        for number, left in enumerate(lefts):
            for spot in left.spots:
                self._at.setdefault((left.field, spot), []).append((number, left))

    def near(self, field: Field | None, group: dict[str, Any]) -> Iterator[Left]:
        """What may be in that field of the group."""
        if field is not None and self._at:
            spots = {id(group), id(slot_of(field, group)), *map(id, parameters(group))}
            found = {k: left for spot in spots for k, left in self._at.get((field, spot), ())}
            yield from (found[k] for k in sorted(found))


# By the optimizer, weakly: parameters are not kept alive here.
_left: Final[weakref.WeakKeyDictionary[Any, list[Left]]] = weakref.WeakKeyDictionary()


def leave(optimizer: Any, driver: Driver) -> None:
    """Remember what a plan leaves behind, now that it is detached."""
    found = [_what_is_left(each) for each in driver.driven if each.field is not None]
    mine = {each.field for each in driver.driven if each.field is not None}
    try:
        known = [each for each in _left.get(optimizer, []) if each.field not in mine]
        _left[optimizer] = known + [each for each in found if each is not None]
    except TypeError:  # a wrapper that cannot be held weakly
        return


def _what_is_left(each: Driven) -> Left | None:
    field, group, slot = each.field, each.group, each.slot()
    if field is None or group is None or not each.wrote(slot):
        return None
    refs, value = weakly(group), field.read(group)
    if isinstance(slot, torch.Tensor):
        return Left(field, id(group), refs, weakref.ref(slot), slot._version, value, each.base)
    return Left(field, id(group), refs, slot, None, value, each.base)


def begins_anew(optimizer: Any, driver: Driver, together: Sequence[Driver]) -> str:
    """Refuse a base that a detached plan left; the words of the refusal where a load brought it.

    Such a field is no base unless the state of the Scheduler is loaded, too: that is seen at the
    first update. `together` are the drivers of one plan: a list of bases is for all their groups.
    """
    doubt = ""
    if not any(_left.values()):
        return doubt  # the usual case: nothing was detached
    mine, everywhere = _Table(_of(optimizer)), _everywhere()
    for each in driver.driven:
        if each.group is None or each.given or not each.track.source.relative:
            continue
        near = everywhere.near(each.field, each.group)
        found = next((left for left in near if left.is_in(each.group)), None)
        if found is not None and found.base != each.base:
            raise PassoError(_text(each, found.base, together))
        near = mine.near(each.field, each.group)
        loaded = next((left for left in near if left.was_loaded(each.group)), None)
        if loaded is not None and loaded.base != each.base:
            doubt = doubt or _text(each, loaded.base, together)
    return doubt


def _of(optimizer: Any) -> list[Left]:
    try:
        return _left.get(optimizer, [])
    except TypeError:
        return []


def _everywhere() -> _Table:
    """Whatever was left by the optimizers that live: they may share groups."""
    return _Table([left for lefts in list(_left.values()) for left in lefts])


def _text(each: Driven, base: float, together: Sequence[Driver]) -> str:
    """What was given, what it was before, and how to write either."""
    everything = (one for driver in together for one in driver.driven)
    same = [one for one in everything if one.key == each.key and one.group is not None]
    table = _everywhere()
    before = [_before(one, table) for one in same]
    now = [one.base for one in same]
    call = caller().option(f"base={_given(each.key, before)}")
    return (
        f"{each.key} of param group {each.place} holds {write(each.base)}, which a plan that is "
        f"detached wrote last; its base was {write(base)}. Write {call} to begin "
        f"from that again, base={_given(each.key, now)} to begin from what is there, or "
        "detach(restore=True) before"
    )


def _before(each: Driven, table: _Table) -> float:
    group = each.group
    near = () if group is None else table.near(each.field, group)
    lefts = (left for left in near if group and (left.is_in(group) or left.was_loaded(group)))
    return next((left.base for left in lefts), each.base)


def _given(key: str, bases: list[float]) -> str:
    """The argument `base` in code."""
    alike = len(set(bases)) == 1
    value = write(bases[0]) if alike else f"[{', '.join(map(write, bases))}]"
    return value if key == "lr" else f"{{{key!r}: {value}}}"


def same(today: float, saved: float, each: Driven) -> bool:
    """Whether two numbers are one in the field's own precision.

    A state does not say of which precision its field was: that of a Tensor may have come into a
    float since.
    """
    kinds = {torch.float32} if each.tensor is None else {torch.float32, each.tensor.dtype}
    return today == saved or any(
        _cast(today, kind) == _cast(saved, kind) and _is_of(kind, each, today, saved)
        for kind in kinds
    )


def _is_of(kind: torch.dtype, each: Driven, *numbers: float) -> bool:
    """Whether a number may come from a field of that precision."""
    own = each.tensor is not None and each.tensor.dtype == kind
    return own or any(_cast(number, kind) == number for number in numbers)


@lru_cache(maxsize=1024)
def _cast(number: float, kind: torch.dtype) -> float:
    return float(torch.tensor(number, dtype=torch.float64).to(kind))
