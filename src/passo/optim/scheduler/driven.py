"""What is driven: one field of one group, and the formula that it has in common with others."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch

from passo.optim.ground import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from passo.optim.scheduler.tracks import Track
    from passo.schedules import Schedule

    Group = dict[str, Any]


_SAME: Final = 1e-6  # relative: a float32 holds it


class _Weak:
    """Something that can be referred to weakly; a dataclass with slots cannot say so itself."""

    __slots__ = ("__weakref__",)


@dataclass(slots=True, eq=False)
class Shared(_Weak):
    """One formula for all that follow one track from one base, and what it gave.

    `value` is what the next update uses, `used` what the last one used. `key` is set where all
    followers are plain floats in their groups, which is the quick way: `groups` are theirs.
    """

    formula: Schedule
    call: Callable[[float, Any], float]
    begin: float
    key: str | None
    followers: list[Driven]
    groups: list[Group]
    value: float = 0.0
    used: float | None = None


@dataclass(slots=True, eq=False)
class Driven:
    """One field of one group (or, without a group, a free value), and what it follows.

    `place` is where the group stood when somebody looked last. `held` is what the field held when
    its base was read; `given` says that the base was given instead. `version` is torch's count of
    the changes to the Tensor, when it was filled last.
    """

    place: int | None
    key: str
    field: fields.Field | None
    track: Track
    base: float
    group: Group | None = None
    held: float | None = None
    given: bool = False
    tensor: torch.Tensor | None = None
    version: int | None = None
    of: weakref.ref[Shared] | None = None
    column: int = 0

    @property
    def shared(self) -> Shared | None:
        """The formula that it follows, with others; weakly, so that groups are freed at once."""
        return None if self.of is None else self.of()

    @property
    def last(self) -> float:
        """What the next update uses."""
        one = self.shared
        return self.base if one is None else one.value

    @property
    def used(self) -> float | None:
        """What the last update used, where this process saw it."""
        one = self.shared
        return None if one is None else one.used

    def slot(self) -> Any:
        """What holds the number in the group; None where nothing does."""
        return None if self.field is None or self.group is None else slot_of(self.field, self.group)

    def fill(self, value: float) -> None:
        """Put a number into the Tensor, in place."""
        tensor = self.tensor
        if tensor is not None:
            with torch.no_grad():
                tensor.fill_(value)
            self.version = None if tensor.is_inference() else tensor._version

    def is_filled(self) -> bool:
        """Whether the Tensor holds what was put there, as far as can be told without waiting."""
        tensor = self.tensor
        return tensor is None or self.version is None or tensor._version == self.version

    def copied(self, group: Group) -> int:
        """2 where a group holds the very thing that was written, 1 an equal number, else 0."""
        if self.field is None or (slot := slot_of(self.field, group)) is None:
            return 0
        return 2 if self.wrote(slot) else int(self.field.read(group) in (self.last, self.used))

    def wrote(self, slot: Any) -> bool:
        """Whether that very thing is what was put there last.

        A float is known again by its identity: a number that somebody wrote is another object,
        even where it is equal, and a copy of the group holds the same one.
        """
        if isinstance(slot, torch.Tensor):
            return slot is self.tensor
        one = self.shared
        return one is not None and (slot is one.value or slot is one.used) and slot is not None


def slot_of(field: fields.Field, group: Group) -> Any:
    """What holds the field's number in a group; None where it has no such field."""
    try:
        return field.slot(group)
    except (KeyError, IndexError, TypeError):
        return None


def unshare(driven: Sequence[Driven], groups: Iterable[Group]) -> None:
    """Where a Tensor that is filled is held by another group too, that one gets a clone.

    torch gives the Tensor of its default to every group that names none of its own. The clone
    holds what the Tensor held before anything was written.
    """
    owners = {id(each.tensor): each for each in driven if each.tensor is not None}
    driven_fields = {each.field for each in driven if each.field is not None}
    for group in groups:
        for field in driven_fields:
            owner = owners.get(id(slot_of(field, group)))
            if owner is not None and (owner.group is not group or owner.field != field):
                field.put(group, torch.full_like(field.slot(group), owner.base))


class Met(NamedTuple):
    """What a field held where something else had been written; None where reading it would wait."""

    name: str
    place: int | str | None
    held: float | None
    planned: float


def met(field: fields.Field, group: Group, place: int | None, planned: float) -> Met | None:
    """What is there in place of what was planned; nothing where that is the same number.

    Nobody waits for a device: what is there is another thing, or was changed.
    """
    held = None if waits(field.slot(group)) else field.read(group)
    if held is not None and math.isclose(held, planned, rel_tol=_SAME):
        return None
    return Met(field.name, place, held, planned)


def waits(slot: Any) -> bool:
    """Whether reading it would wait for a device."""
    return isinstance(slot, torch.Tensor) and slot.device.type != "cpu"


def alike(driven: Iterable[Driven]) -> Iterator[tuple[str | None, list[Driven]]]:
    """What follows one track from one base; plain floats of one key apart from others."""
    together: dict[tuple[int, float, str | None], list[Driven]] = {}
    for each in driven:
        field, name = each.field, None
        if field is not None and field.index is None and each.tensor is None:
            name = field.key
        spot = id(each.track), each.base, name
        same = together.get(spot)
        if same is None:
            together[spot] = [each]
        else:
            same.append(each)
    for (_, _, name), same in together.items():
        yield name, same


def shared(key: str | None, same: list[Driven]) -> Shared:
    """The formula of those that follow one track from one base."""
    first = same[0]
    formula, begin = first.track.formula(first.base), first.track.begin
    call = formula.compiled()
    # As it was planned: a factor that a plateau has by now, or a base, may happen to be whole.
    if first.track.placed.whole and all(map(_holds_an_int, same)):
        call = _whole(call)
    groups = [each.group for each in same if each.group is not None]
    last, used = first.last, first.used
    return Shared(formula, _late(call) if begin else call, begin, key, same, groups, last, used)


def _holds_an_int(driven: Driven) -> bool:
    """Whether an int is to be there: in a group only where there is one, which keeps its type."""
    return driven.field is None or type(driven.slot()) is int


def _whole(call: Callable[[float, Any], float]) -> Callable[[float, Any], int]:
    """The same as ints."""
    return lambda t, xp: int(call(t, xp))


def _late(call: Callable[[float, Any], float]) -> Callable[[float, Any], float]:
    """The same for what joined later: before it began it uses what it begins with."""
    return lambda t, xp: call(max(t, 0.0), xp)
