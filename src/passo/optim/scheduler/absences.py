"""Groups that are not there: what drove them, and which update they missed first."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from passo.optim.ground.groups import name_of, weakly
from passo.optim.scheduler.driven import slot_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.optim.scheduler.driven import Driven

    Group = dict[str, Any]


_FREED: Final = 64  # so many groups are remembered after their parameters are freed


@dataclass(slots=True, eq=False)
class Absence:
    """A group that is away, and what drove it, for when it comes back.

    Its parameters are held weakly, and what its fields held is remembered.
    """

    parameters: list[weakref.ref[Any]]
    driven: list[Driven]
    slots: list[Any]
    name: str | None
    missed: int

    def is_copied(self, group: Group) -> bool:
        """Whether a group of the same name holds the very things that this one held."""
        return (
            bool(self.driven)
            and self.name == name_of(group)
            and all(
                each.field is not None and slot_of(each.field, group) is slot
                for each, slot in zip(self.driven, self.slots, strict=True)
            )
        )

    def ghost(self) -> Group:
        """A group of the parameters that are still somewhere."""
        return {"params": [held for ref in self.parameters if (held := ref()) is not None]}


@dataclass(slots=True, eq=False)
class Return:
    """A group that has come back at a clock, and has made no update since."""

    group: Group
    missed: int
    clock: int


class Absences:
    """The groups that are away, and those that have come back and made no update since.

    Some trainers step one group at a time, and show the optimizer only that one. All of it is one
    update: a group that missed only the last update, and comes alone, makes that one.
    """

    __slots__ = ("away", "back")

    def __init__(self) -> None:
        self.away: list[Absence] = []
        self.back: list[Return] = []

    def ghosts(self) -> list[Group]:
        """The groups that are away, by what they held; most of what is freed is forgotten."""
        ghosts = [(each, each.ghost()) for each in self.away]
        freed = [each for each, ghost in ghosts if not ghost["params"]]
        gone = {id(each) for each in freed[:-_FREED]}
        self.away = [each for each in self.away if id(each) not in gone]
        return [ghost for each, ghost in ghosts if id(each) not in gone]

    def left(self) -> Iterator[tuple[Driven, Any]]:
        """What drove the groups that are away, each with what holds its number there."""
        for each in self.away:
            yield from zip(each.driven, each.slots, strict=True)

    def leave(self, group: Group, driven: list[Driven], clock: int) -> None:
        """A group is not there any more. Nothing here keeps its parameters alive."""
        missed = clock
        for each in self.back:
            if each.group is group and each.clock == clock:
                missed = each.missed
        self.back = [each for each in self.back if each.group is not group]
        slots = [one.slot() for one in driven]
        for one in driven:
            one.group = None
        self.away.append(Absence(weakly(group), driven, slots, name_of(group), missed))

    def come_back(self, absence: Absence, group: Group, clock: int) -> list[Driven]:
        """The group is there again, as this dict: what drove it."""
        self.away.remove(absence)
        self.back.append(Return(group, absence.missed, clock))
        return absence.driven

    def are_the_rest(self, groups: Sequence[Group], clock: int) -> bool:
        """Whether the step of these groups is a part of the update that was counted last."""
        late = self.late(clock)
        return bool(late) and all(id(group) in late for group in groups)

    def late(self, clock: int) -> set[int]:
        """The ids of the groups that are there, and lack the update that was counted last."""
        return {id(each.group) for each in self.back if each.missed == clock - 1 == each.clock - 1}
