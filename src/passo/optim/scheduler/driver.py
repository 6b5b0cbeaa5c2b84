"""What is driven: each field of each group, its track, its base; and the loop that writes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from passo.optim.ground import fields
from passo.optim.scheduler.tracks import Track
from passo.schedules import PassoError
from passo.schedules.formula import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from passo.optim.scheduler.plan import Row
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Schedule

    Groups = list[dict[str, Any]]


@dataclass(slots=True, eq=False)
class Shared:
    """One formula for all that follow one track from one base, and what it gave.

    `value` is what the next update uses, `used` what the last one used. `key` is set where all
    followers are plain floats in their groups, which is the quick way.
    """

    formula: Schedule
    call: Callable[[float, Any], float]
    begin: float
    key: str | None
    followers: list[Driven]
    value: float = 0.0
    used: float | None = None
    places: list[int] = dataclasses.field(default_factory=list)
    everywhere: bool = False


@dataclass(slots=True, eq=False)
class Driven:
    """One field of one group (or, without a group, a free value), and what it follows."""

    place: int | None
    key: str
    field: fields.Field | None
    track: Track
    base: float
    tensor: torch.Tensor | None = None
    shared: Shared | None = None
    column: int = 0

    @property
    def last(self) -> float:
        """What the next update uses."""
        return self.base if self.shared is None else self.shared.value

    @property
    def used(self) -> float | None:
        """What the last update used, where this process saw it."""
        return None if self.shared is None else self.shared.used


class Driver:
    """All that one Scheduler drives."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.driven: list[Driven] = []
        self.tracks: list[Track] = []
        self.marks: list[int | None] = []
        self.columns = 0
        self.shared: list[Shared] = []

    def new(self, groups: Groups) -> list[int]:
        """The places of the groups that have come since the last `adopt`.

        A group is known again by its first parameter, wherever it stands now.
        """
        moved = self._moved(_marks(groups)).values()
        return [place for place in range(len(groups)) if place not in moved]

    def adopt(self, groups: Groups, rows: Iterable[Row], begin: float) -> None:
        """Drive the groups as they are now, and what `rows` adds, on a clock from `begin` on.

        What drove a group that has gone is dropped.
        """
        marks = _marks(groups)
        moved = self._moved(marks)
        self.driven = [each for each in self.driven if each.place is None or each.place in moved]
        for each in self.driven:
            if each.place is not None:
                each.place = moved[each.place]
        for row in rows:
            self._take(row, groups, begin)
        self.marks = marks
        self.share()

    def _moved(self, marks: list[int | None]) -> dict[int, int]:
        """Where each group that was adopted stands now, by its place then."""
        return {old: marks.index(mark) for old, mark in enumerate(self.marks) if mark in marks}

    def _take(self, row: Row, groups: Groups, begin: float) -> None:
        track = self.track(row.schedule, begin)
        base = track.known(0) if row.base is None else row.base
        driven = Driven(row.place, row.key, row.field, track, base, column=self.columns)
        if row.field is not None and row.place is not None:
            slot = row.field.slot(groups[row.place])
            driven.tensor = slot if isinstance(slot, torch.Tensor) else None
        self.columns += 1
        self.driven.append(driven)

    def is_behind(self, groups: Groups) -> bool:
        """Whether a group joined or went: another number of them, or another last one."""
        if len(groups) != len(self.marks):
            return True
        last = groups[-1]["params"] if groups else []
        return bool(last) and id(last[0]) != self.marks[-1]

    def keys(self, place: int) -> list[str]:
        """What is driven of one group."""
        return [each.key for each in self.driven if each.place == place]

    def by_key(self, which: str) -> dict[str, list[Any]]:
        """The numbers "used" last, or the "last" written, for each key, group by group."""
        found: dict[str, list[float]] = {}
        for each in self.driven:
            found.setdefault(each.key, []).append(getattr(each, which))
        return found

    def one(self, key: str) -> float:
        """What the next update uses of a key that stands for one number."""
        found = self.by_key("last")
        if len(found.get(key, ())) != 1:
            many = len(found.get(key, ()))
            msg = f"{key!r} names {many} numbers, and [] needs one; keys are {', '.join(found)}"
            raise PassoError(msg)
        return float(found[key][0])

    def track(self, schedule: Schedule, begin: float) -> Track:
        """The track of a schedule from `begin` on, made once."""
        for track in self.tracks:
            if track.begin == begin and track.source == schedule:
                return track
        self.tracks.append(Track(schedule, self._settings.run, begin))
        return self.tracks[-1]

    def forget_unused(self) -> None:
        """Keep the tracks that something follows."""
        used = {id(each.track) for each in self.driven}
        self.tracks = [track for track in self.tracks if id(track) in used]
        for each in self.driven:
            if each.track not in self.tracks:
                self.tracks.append(each.track)

    def moved(self) -> None:
        """The clock was moved: plateaus keep their factor, and what was used last is not known."""
        for track in self.tracks:
            track.settle()
        self.forget_used()

    def forget_used(self) -> None:
        """What the last update used is not known in this process."""
        self.share()
        for one in self.shared:
            one.used = None

    def share(self) -> None:
        """Put together what follows one track from one base; plain floats apart from others."""
        together: dict[tuple[int, float, str | None], list[Driven]] = {}
        for each in self.driven:
            field = each.field
            plain = field is not None and field.index is None and each.tensor is None
            name = field.key if plain and field is not None else None
            together.setdefault((id(each.track), each.base, name), []).append(each)
        self.shared = []
        for (_, base, name), same in together.items():
            known = same[0].track.known
            formula = known.with_base(base) if known.relative else known
            call, first = formula.compiled(), same[0]
            if first.track.begin > 0:
                call = _from_its_begin(call)
            one = Shared(formula, call, first.track.begin, name, same, first.last, first.used)
            one.places = [each.place for each in same if each.place is not None]
            one.everywhere = one.places == list(range(len(self.marks)))
            for each in same:
                each.shared = one
            self.shared.append(one)

    def write(self, groups: Groups, at: float, *, made: bool = False) -> None:
        """Put what the update at this position uses into every field: in float64, cast last.

        `made` says that an update was made with what is there.
        """
        for one in self.shared:
            if made:
                one.used = one.value
            try:
                value = one.value = one.call(at - one.begin, NUMBERS)
            except OverflowError:
                value = one.value = one.formula(at - one.begin)
            key = one.key
            if key is None:
                self._write_each(one, groups)
                continue
            for group in groups if one.everywhere else [groups[k] for k in one.places]:
                if type(group[key]) is float:
                    group[key] = value
                else:
                    fields.Field(key).write(group, value)

    def _write_each(self, one: Shared, groups: Groups) -> None:
        for each in one.followers:
            if each.field is not None and each.place is not None:
                each.field.write(groups[each.place], one.value)

    def used(self, groups: Groups) -> list[float | None]:
        """What the fields hold, by column; a Tensor that we filled is not read, None has gone."""
        found: list[float | None] = [None] * self.columns
        for each in self.driven:
            ours = each.field is None or each.place is None or each.tensor is not None
            found[each.column] = (
                each.last if ours else each.field.read(groups[each.place])  # type: ignore[union-attr, index]
            )
        return found

    def formulas(self) -> Iterator[tuple[Driven, Schedule, float]]:
        """What each driven number follows now, and the position from which on."""
        for one in self.shared:
            for each in one.followers:
                yield each, one.formula, one.begin

    def restore(self, groups: Groups) -> None:
        """Put every base back."""
        for each in self.driven:
            if each.field is not None and each.place is not None:
                each.field.write(groups[each.place], each.base)

    def retype(self, groups: Groups) -> None:
        """After a load: what was a Tensor at attach is that Tensor again, a float a float."""
        for each in self.driven:
            if each.field is None or each.place is None or each.place >= len(groups):
                continue
            group = groups[each.place]
            if each.tensor is not None:
                each.field.put(group, each.tensor)
            elif isinstance(each.field.slot(group), torch.Tensor):
                each.field.put(group, each.field.read(group))


def _from_its_begin(call: Callable[[float, Any], float]) -> Callable[[float, Any], float]:
    """A formula that holds its first value where the clock went back to before its begin."""
    return lambda t, xp: call(max(t, 0.0), xp)


def _marks(groups: Groups) -> list[int | None]:
    """What each group is known again by."""
    return [id(group["params"][0]) if group["params"] else None for group in groups]
