"""One trace of several optimizers: the journal that all their engines write into."""

from __future__ import annotations

import copy
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from passo.optim.scheduler.journal import Journal
from passo.optim.scheduler.row import Row
from passo.schedules import PassoError
from passo.trace import Trace
from passo.trace.format import column_of, name_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from passo.optim.scheduler.company import Company
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Schedule


class JointJournal(Journal):
    """Writes a row for each update of the run: what each optimizer's own update in it used.

    An optimizer has no value in a row where it makes no update; see `Row` for where it stands.
    """

    __slots__ = ("_chorus", "_company", "_left", "_row", "_told", "at_once")

    def __init__(
        self,
        path: str | os.PathLike[str],
        plan: Mapping[str, Any],
        company: Company,
        settings: Settings,
    ) -> None:
        self._company = company
        chorus: Any = _Chorus(company, _known(path))
        self._chorus = chorus
        self._row = Row(len(company.engines))
        self._told: dict[str, tuple[Any, int]] = {}
        self._left: list[dict[str, Any]] = []
        self.at_once = False
        super().__init__(
            path,
            plan,
            chorus.groups,
            driver=chorus,
            clock=chorus,
            settings=settings,
            kinds={each.settings.part: each.name for each in company.engines},
        )

    def update_of(
        self, engine: Engine, late: int | None = None, told: Sequence[float | None] = ()
    ) -> None:
        """What the update used that this engine's optimizer has just made."""
        t, name = engine.clock.updates if late is None else late, engine.settings.part
        row = self._row
        if row.is_before(t):
            self._company.settle()
            self._end_row()
        self._follow(engine, row.begin(t, self._writer.clock) - t)
        used = engine.driver.used() if late is None else told
        for each in engine.driver.driven:
            number = self._chorus.column(name, each)
            row.put(number, used[each.column], t, in_group=each.field is not None)
        if row.is_whole(name):
            self._end_row()

    def joined_at(self, engine: Engine, places: Sequence[int]) -> None:
        """Groups joined one of the optimizers, at these places."""
        for place in places:
            driven = [each for each in engine.driver.driven if each.place == place]
            name = self._chorus.join(engine.settings.part, engine.driver.known[place], driven)
            if not self.waits:
                self._end_row()
                self._writer.add_group(name, [each.key for each in driven])
        self.tell("group")

    def report(self, told: Mapping[str, float], falls: Sequence[Any]) -> None:
        """What was reported, and what fell by it."""
        self._end_row()
        super().report(told, falls)

    def wind_to(self, clock: int) -> None:
        """Goes to `clock`, to which the clocks are moved; raises with the file as it was."""
        self._end_row()
        if self.waits or clock < self._writer.clock:
            self.wind(self._chorus.groups, clock)
        self._told.clear()

    def wind_with(self, engine: Engine, clock: int) -> None:
        """One of them alone goes to `clock`: the trace goes to where the most advanced is then."""
        others = (each.clock.updates for each in self._company.engines if each is not engine)
        self.wind_to(max(clock, *others, 0))

    @contextmanager
    def together(self) -> Iterator[None]:
        """All of them are moved within, and what is done once for all is not done by each."""
        self.at_once = True
        try:
            yield
        finally:
            self.at_once = False

    def flush(self) -> None:
        """All that was told is in the file."""
        self._end_row()
        super().flush()

    def close(self) -> None:
        """The trace is complete."""
        self._end_row()
        super().close()

    def tell(self, by: str, **more: Any) -> None:
        """What is followed from this update on, and where a load left plans, what these were."""
        self._end_row()
        left, self._left = self._left, []
        if left:
            follows = [each for one in left for each in one["follows"]]
            more["parent"] = {**left[0], "follows": follows}
        super().tell(by, **more)

    def tell_of(self, engine: Engine, by: str, parent: Mapping[str, Any] | None = None) -> None:
        """The same of one of them, which has left that plan; of all at once it is told later."""
        if parent is not None:
            part, driven = engine.settings.part, engine.driver.driven
            places = {
                each.place: self._chorus.numbers[part, each.column][1]
                for each in driven
                if each.field is not None
            }
            self._left.append({**parent, "follows": _placed(parent["follows"], places)})
        if not self.at_once:
            self.tell(by)

    def _end_row(self) -> None:
        ended = self._row.end()
        if ended is not None:
            at, used = ended
            self._writer.update(at, [used.get(k) for k in range(len(self._writer.columns))])

    def _follow(self, engine: Engine, behind: int) -> None:
        """Tell what the columns of this engine follow, `behind` rows later than its own clock."""
        name, shared = engine.settings.part, engine.driver.shared
        known, shift = self._told.get(name, (None, 0))
        if engine.settings.axis == "step" and (known is not shared or shift != behind):
            for each, formula, begin in engine.driver.formulas():
                if each.field is not None or not behind:
                    column = self._chorus.column(name, each)
                    self._writer.follow(column, formula, begin + behind)
            self._told[name] = shared, behind


class Strand(Journal):
    """The part of one engine in a joint journal; what all do together is done once for all.

    An optimizer's own state moves one of them alone: then this winds, and tells.
    """

    __slots__ = ("_engine", "joint")

    def __init__(self, joint: JointJournal, engine: Any) -> None:
        self.joint, self._engine = joint, engine

    def update(self, late: int | None = None, used: Sequence[float | None] = ()) -> None:
        """What the update used that was just made, or the one before it that is told of `late`."""
        self.joint.update_of(self._engine(), late, used)

    def refuse_anew(self) -> None:
        """Raises `PassoError` where the next update would begin a trace that is there already."""
        self.joint.refuse_anew()

    def joined(self, _groups: Groups, places: Sequence[int]) -> None:
        """Groups joined, at these places."""
        if places:
            self.joint.joined_at(self._engine(), places)

    def flush(self) -> None:
        """All that was told is in the file, but for a row in which others still stand."""
        Journal.flush(self.joint)

    def close(self) -> None:
        """Nothing yet: others may go on."""

    def stand(self) -> None:
        """Nothing: others are still to be attached."""

    def discard(self) -> None:
        """Nothing: it is taken back once for all."""

    def report(self, _told: Mapping[str, float], _falls: Sequence[Any]) -> None:
        """Nothing: it is told once for all."""

    def wind(self, _groups: Groups, clock: int) -> None:
        """Goes to `clock` with the others; nothing where all are moved together."""
        if not self.joint.at_once:
            self.joint.wind_with(self._engine(), clock)

    def tell(self, by: str, **more: Any) -> None:
        """What is followed from this update on; where all are moved together not yet."""
        self.joint.tell_of(self._engine(), by, **more)

    def cools(self, _event: CoolDown) -> None:
        """Nothing: it is told once for all."""

    def keep(self) -> Callable[[], None]:
        """As the whole's; where it is kept once for all a function that does nothing."""
        return (lambda: None) if self.joint.at_once else self.joint.keep()


class _Chorus:
    """All that several engines drive, as if one did: the columns of their trace.

    A column keeps its number, whatever joins; a value that no group holds is one column of all.
    """

    def __init__(self, company: Company, before: Sequence[str]) -> None:
        self._company = company
        self.numbers: dict[tuple[str, Any], tuple[int, int | None]] = {}
        self.groups: list[dict[str, str]] = []
        found = [
            (each.settings.part, group, [one for one in each.driver.driven if one.place == place])
            for each in company.engines
            for place, group in enumerate(each.driver.known)
        ]
        names = [_name(part, group, k) for k, (part, group, _) in self._within(found)]
        if len(set(names)) == len(names) and set(names) <= set(before):
            order = sorted(range(len(found)), key=lambda k: before.index(names[k]))
            found = [found[k] for k in order]
        for part, group, driven in found:
            self.join(part, group, driven)
        for each in company.engines:
            for one in each.driver.driven:
                if one.field is None:
                    self.numbers.setdefault(("", one.key), (len(self.numbers), None))

    def join(self, part: str, group: Mapping[str, Any], driven: Sequence[Driven]) -> str:
        """A group of one optimizer gets its place, and what is driven of it its columns."""
        place = len(self.groups)
        within = sum(each["part"] == part for each in self.groups)
        name = _name(part, group, within)
        self.groups.append({"name": name, "part": part})
        for each in driven:
            self.numbers[part, each.column] = len(self.numbers), place
        return name

    def column(self, part: str, each: Driven) -> int:
        """The number of the column in the trace."""
        spot = ("", each.key) if each.field is None else (part, each.column)
        return self.numbers[spot][0]

    # -- what a journal asks a driver and a clock

    @property
    def driven(self) -> list[Driven]:
        """Everything, by the places and columns of the trace."""
        found: dict[int, Driven] = {}
        for engine in self._company.engines:
            for each in engine.driver.driven:
                spot = ("", each.key) if each.field is None else (engine.settings.part, each.column)
                number, place = self.numbers[spot]
                twin = copy.copy(each)
                twin.column, twin.place = number, place
                found.setdefault(number, twin)
        return [found[number] for number in sorted(found)]

    @property
    def shared(self) -> None:
        """Nothing: each engine tells for itself what it follows."""

    def formulas(self) -> Iterator[tuple[Driven, Schedule, float]]:
        """As a driver's."""
        return iter(())

    @property
    def updates(self) -> int:
        """The most advanced clock."""
        clock: int = self._company.lead.clock.updates
        return clock

    @staticmethod
    def _within(found: Sequence[tuple[str, Any, Any]]) -> Iterator[tuple[int, Any]]:
        """Each with its place among those of its optimizer."""
        seen: dict[str, int] = {}
        for each in found:
            place = seen[each[0]] = seen.get(each[0], -1) + 1
            yield place, each


def _placed(follows: Any, places: Mapping[int | None, int | None]) -> list[dict[str, Any]]:
    """What was followed, its columns called by these places; those that are gone are left out."""
    found = []
    for each in follows:
        columns = [(*column_of(name), base) for name, base in each["bases"].items()]
        bases = {
            name_of(places.get(place), key): base
            for place, key, base in columns
            if place is None or place in places
        }
        found.append({**each, "bases": bases})
    return found


def _name(part: str, group: Mapping[str, Any], place: int) -> str:
    return f"{part}/{group.get('name', place)}"


def _known(path: Any) -> Sequence[str]:
    """The groups of the trace that is there already."""
    with suppress(PassoError, OSError, TypeError):
        return Trace.load(path).groups
    return ()
