"""The driver: which group is driven by what; and the loop that writes."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter, is_not
from typing import TYPE_CHECKING, Any, Final, Literal

import torch

from passo.optim.ground import fields
from passo.optim.ground.groups import name_of, pair, shares
from passo.optim.scheduler.absences import Absences
from passo.optim.scheduler.driven import (
    Driven,
    Met,
    Shared,
    alike,
    met,
    shared,
    slot_of,
    unshare,
    waits,
)
from passo.optim.scheduler.owners import Owners
from passo.optim.scheduler.tracks import Track
from passo.schedules import PassoError
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from passo.optim.scheduler.plan import Row
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Schedule

    Groups = list[dict[str, Any]]


_TRACK, _FOLLOWED = attrgetter("track"), attrgetter("track", "base")

# Those that are attached: no Tensor is filled by two of them.
driving: Final[weakref.WeakSet[Driver]] = weakref.WeakSet()


class Driver:
    """All that one Scheduler drives.

    `known` are the groups as they were looked at last, the dicts themselves. `usual` is the same
    where an update of just these needs no look, else None. `met` is what another hand had written
    into a field, found at an update while `looks`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.driven: list[Driven] = []
        self.tracks: list[Track] = []
        self.known: Groups = []
        self.usual: Groups | None = None
        self._clones: list[Driven] = []
        self.absences = Absences()
        self.columns = 0
        self.shared: list[Shared] = []
        self.looks = True
        self.met: Met | None = None

    def is_behind(self, groups: Groups) -> bool:
        """Whether the groups are others than those that are known, or in another order."""
        known = self.known
        return len(groups) != len(known) or any(map(is_not, groups, known))

    def match(self, groups: Groups) -> list[int | None]:
        """For each group the number of the known one that it is, behind those the absent ones.

        Raises PassoError where that cannot be told, and would change a value.
        """
        found = pair(
            [*self.known, *self.absences.ghosts()],
            groups,
            lambda number, place: self._copied(number, place, groups),
        )
        if len(groups) != len(self.known):  # else a group of equal numbers is that of its place
            self._refuse_doubt(groups, found)
        return found

    def _refuse_doubt(self, groups: Groups, found: list[int | None]) -> None:
        gone = [number for number in range(len(self.known)) if number not in found]
        for place, number in enumerate(found):
            if (
                number is None
                or number >= len(self.known)
                or shares(self.known[number], groups[place])
            ):
                continue
            for other in gone:
                if self._copied(number, place, groups) == self._copied(other, place, groups) == 1:
                    self._refuse_either(place, number, other)

    def _refuse_either(self, place: int, number: int, other: int) -> None:
        """A new dict of new parameters may be either of two: raises, unless these go on alike."""
        follow: list[set[tuple[str, int, float]]] = [
            {
                (each.key, id(each.track), each.base)
                for each in self.driven
                if each.group is self.known[which]
            }
            for which in (number, other)
        ]
        if follow[0] != follow[1]:
            one, two = sorted((number, other))
            msg = (
                f"param group {place} is a new dict with new parameters, and may be param group "
                f"{one} or {two} of before: both held the same numbers, and go on differently; "
                'give each group a "name", or replace the parameters within its own dict'
            )
            raise PassoError(msg)

    def _copied(self, number: int, place: int, groups: Groups) -> int:
        """How surely a group of the same name was made from one that is gone; see `pair`.

        One update may have been made since: a group that is equal in all is not looked at.
        """
        if number >= len(self.known):
            return 2 * self.absences.away[number - len(self.known)].is_copied(groups[place])
        old, new = self.known[number], groups[place]
        driven = [each for each in self.driven if each.group is old and each.field is not None]
        if name_of(old) != name_of(new):
            return 0
        return min((each.copied(new) for each in driven), default=0)

    def adopt(
        self,
        groups: Groups,
        found: Sequence[int | None],
        rows: Iterable[Row],
        begin: float,
        clock: int,
    ) -> None:
        """Drive the groups as they are now, and what `rows` adds, on a clock from `begin` on.

        `found` is what `match` answered. A group that is not there any more is driven no longer.
        """
        old, away, there = self.known, list(self.absences.away), set(found)
        of: dict[int, list[Driven]] = {id(group): [] for group in old}
        for each in self.driven:
            if each.group is not None:
                of[id(each.group)].append(each)
        self.driven = [each for each in self.driven if each.field is None]
        for place, number in enumerate(found):
            if number is None:
                continue
            if number < len(old):
                mine = of[id(old[number])]
            else:
                mine = self.absences.come_back(away[number - len(old)], groups[place], clock)
            for each in mine:
                each.group, each.place = groups[place], place
            self.driven += mine
        for number, group in enumerate(old):
            if number not in there:
                self.absences.leave(group, of[id(group)], clock)
        self.known, self.usual = list(groups), None
        self.add(rows, begin)

    def add(self, rows: Iterable[Row], begin: float) -> None:
        """Drive these as well, on a clock from `begin` on."""
        owners, tracks = Owners(self, driving), self._tracks(begin)
        for row in rows:
            self._take(row, tracks(row.schedule, row.key), owners)
        self.driven.sort(key=lambda each: len(self.known) if each.place is None else each.place)
        self.share()

    def _take(self, row: Row, track: Track, owners: Owners) -> None:
        base = float(track.known(0) if row.base is None else row.base)
        driven = Driven(row.place, row.key, row.field, track, base, column=self.columns)
        if row.place is not None:
            driven.group, driven.given = self.known[row.place], row.given
            driven.held = slot = row.slot
            if type(slot) is not float:
                driven.held = fields.number_in(slot)
                if isinstance(slot, torch.Tensor):
                    self._fill(driven, slot, owners)
        self.columns += 1
        self.driven.append(driven)

    def _fill(self, driven: Driven, tensor: torch.Tensor, owners: Owners) -> None:
        """Fill the Tensor that is there, or a clone of one that is filled for another group."""
        if owners.of(tensor) is not None:
            tensor = torch.full_like(tensor, driven.base)
            self._clones.append(driven)
        owners.fills(driven, tensor)

    def everything(self) -> Iterator[Driven]:
        """All that is driven, and all that was while its group was there."""
        return chain(self.driven, *(each.driven for each in self.absences.away))

    def keys(self, place: int) -> list[str]:
        """What is driven of one group."""
        return [each.key for each in self.driven if each.place == place]

    def by_key(self, which: Literal["used", "last"]) -> dict[str, list[Any]]:
        """The numbers "used" last, or the "last" written, for each key, group by group."""
        found: dict[str, list[float]] = {}
        for each in self.driven:
            found.setdefault(each.key, []).append(getattr(each, which))
        return found

    def _tracks(self, begin: float) -> Callable[[Schedule, str], Track]:
        """What tells the track of a schedule from `begin` on, made once; keys may cool down."""
        known = {(each.source, each.begin, each.cooling): each for each in reversed(self.tracks)}
        found: dict[tuple[int, str], Track] = {}  # by the object: most follow the same one

        def track(schedule: Schedule, key: str) -> Track:
            if (id(schedule), key) not in found:
                cooling = self._settings.cooling(key)
                if (schedule, begin, cooling) not in known:
                    self.tracks.append(Track(schedule, self._settings.run, begin, cooling))
                    known[schedule, begin, cooling] = self.tracks[-1]
                found[id(schedule), key] = known[schedule, begin, cooling]
            return found[id(schedule), key]

        return track

    def succeed(self, heirs: Mapping[tuple[Schedule, float], Track]) -> None:
        """What follows a schedule from a beginning follows the track that is named for them."""
        tracks = dict.fromkeys((*self.tracks, *map(_TRACK, self.everything())))
        now = {each: heirs.get((each.source, each.begin), each) for each in tracks}
        if any(one is not each for each, one in now.items()):
            for one in self.everything():
                one.track = now[one.track]
        self.tracks = [now[each] for each in self.tracks]

    def forget_unused(self) -> None:
        """Keep the tracks that something follows."""
        bases: dict[Track, set[float]] = {}
        for track, base in dict.fromkeys(map(_FOLLOWED, self.everything())):
            bases.setdefault(track, set()).add(base)
        known = [each for each in self.tracks if each in bases]
        self.tracks = list(dict.fromkeys((*known, *bases)))
        for track in self.tracks:
            track.forget(bases[track])

    def moved(self) -> None:
        """The clock was moved: plateaus keep their factor, and what was used last is not known."""
        for track in self.tracks:
            track.settle()
        self.forget_used()

    def forget_used(self) -> None:
        """What the last update used is not known in this process."""
        self.absences.back.clear()
        self.share()
        for one in self.shared:
            one.used = None

    def share(self) -> None:
        """Put together what follows one track from one base; plain floats apart from others."""
        self.shared = [shared(key, same) for key, same in alike(self.driven)]
        for one in self.shared:
            of = weakref.ref(one)
            for each in one.followers:
                each.of = of

    def write(self, at: float, *, made: bool = False) -> None:
        """Put what the update at this position uses into every field: in float64, cast last.

        `made` says that an update was made with what is there. What is there is known again by its
        identity: it is the very object that was written last, a float, where nobody else wrote.
        """
        odd = False
        for one in self.shared:
            old = one.value
            if made:
                one.used = old
            try:
                value = one.value = one.call(at - one.begin, NUMBERS)
            except OverflowError:
                value = one.value = one.formula(max(at - one.begin, 0.0))
            key = one.key
            if key is None:
                odd = self._write_each(one, old if made else None) or odd
                continue
            for group in one.groups:
                if group[key] is old:
                    group[key] = value
                else:
                    was, field = old if made else None, one.followers[0].field
                    odd = self._write_odd(field or fields.Field(key), group, one, was) or odd
        if odd:
            self._take_tensors()
            self.write(at)

    def _write_each(self, one: Shared, old: float | None) -> bool:
        """Whether somebody put another Tensor into a field; `old` is what was there to be used."""
        odd = False
        for each in one.followers:
            field, group = each.field, each.group
            if field is None or group is None:
                continue
            slot = field.slot(group)
            if each.tensor is None or slot is not each.tensor:
                odd = self._write_odd(field, group, one, None if slot is old else old) or odd
                continue
            if old is not None and self.looks and not each.is_filled():
                self._meet(field, group, old)
            each.fill(one.value)
        return odd

    def _write_odd(
        self, field: fields.Field, group: dict[str, Any], one: Shared, old: float | None
    ) -> bool:
        """Put it where another thing is than what was written; whether that is a new Tensor."""
        slot = field.slot(group)
        if old is not None and self.looks and not waits(slot):
            self._meet(field, group, old)
        if isinstance(slot, torch.Tensor):
            return True
        field.put(group, one.value)
        return False

    def _meet(self, field: fields.Field, group: dict[str, Any], old: float) -> None:
        """Keep what another hand wrote, the first of it."""
        if self.met is None:
            place = next((k for k, each in enumerate(self.known) if each is group), None)
            self.met = met(field, group, place, old)

    def look_for_others(self) -> None:
        """Before an update: whether another hand wrote a field since."""
        for each in self.driven:
            if each.field is None or each.group is None:
                continue
            slot = slot_of(each.field, each.group)
            if slot is not None and not (each.wrote(slot) and each.is_filled()):
                self._meet(each.field, each.group, each.last)

    def _take_tensors(self) -> None:
        """Fill the Tensors that are there now, each for one group only."""
        owners = Owners(self, driving)
        for each in self.driven:
            slot = each.slot()
            if isinstance(slot, torch.Tensor) and slot is not each.tensor:
                self._fill(each, slot, owners)
        self.unshare()
        self.share()

    def unshare(self) -> None:
        """Each Tensor that is filled here is in one group only."""
        for each in self._clones:
            if each.field is not None and each.group is not None and each.tensor is not None:
                each.field.put(each.group, each.tensor)
        self._clones.clear()
        if any(each.tensor is not None for each in self.driven):
            unshare(self.driven, self.known)

    @contextmanager
    def untouched(self, groups: set[int]) -> Iterator[None]:
        """What these groups hold, by their ids, is there again afterwards."""
        held = [
            (each.field, each.group, each.field.read(each.group))
            for each in self.driven
            if each.field is not None and each.group is not None and id(each.group) in groups
        ]
        yield
        for field, group, value in held:
            field.write(group, value)

    def used(self) -> list[float | None]:
        """What the fields hold, by column; a Tensor that we filled is not read, None has gone."""
        found: list[float | None] = [None] * self.columns
        for each in self.driven:
            ours = each.field is None or each.group is None or each.tensor is not None
            found[each.column] = each.last if ours else each.field.read(each.group)  # type: ignore[union-attr, arg-type]
        return found

    def formulas(self) -> Iterator[tuple[Driven, Schedule, float]]:
        """What each driven number follows now, and the position from which on."""
        for one in self.shared:
            for each in one.followers:
                yield each, one.formula, one.begin

    def restore(self) -> None:
        """Put every base back."""
        for each in self.driven:
            if each.field is not None and each.group is not None:
                each.field.write(each.group, each.base)

    def retype(self) -> None:
        """After a load: what was a Tensor at attach is that Tensor again, a float a float."""
        for each in self.driven:
            if each.field is None or each.group is None:
                continue
            if each.tensor is not None:
                each.field.put(each.group, each.tensor)
            else:
                slot = each.field.slot(each.group)
                if type(slot) is not float and isinstance(slot, torch.Tensor):
                    each.field.put(each.group, fields.number_in(slot))
