"""One trace of several optimizers: the journal that all their engines write into."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from passo.optim.scheduler.journal import Journal
from passo.schedules import PassoError
from passo.trace import Trace

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from passo.optim.scheduler.company import Company
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.falls import Fall
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Schedule


class JointJournal(Journal):
    """Writes a row for each update of the run: what each optimizer's own update in it used.

    The most advanced clock counts the rows. An optimizer that is behind stands in the row during
    which it makes its update, and has no value in one where it makes none.
    """

    __slots__ = ("_chorus", "_company", "_row", "_seen", "_told", "_used")

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
        self._row: int | None = None
        self._seen: set[str] = set()
        self._used: dict[int, float | None] = {}
        self._told: dict[str, tuple[Any, int]] = {}
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
        if self._row is None or t > self._row:
            self._end_row()
            self._row = max(t, self._writer.clock)
        self._follow(engine, self._row - t)
        used = engine.driver.used() if late is None else told
        for each in engine.driver.driven:
            if each.field is not None or t == self._row:
                self._used[self._chorus.column(name, each)] = used[each.column]
        self._seen.add(name)
        if len(self._seen) == len(self._company.engines):
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

    def report(self, told: Mapping[str, float], falls: Sequence[Fall]) -> None:
        """What was reported, and what fell by it."""
        self._end_row()
        super().report(told, falls)

    def wind_to(self, clock: int) -> None:
        """Goes to `clock`, to which the clocks are moved; raises with the file as it was."""
        self._end_row()
        self.wind(self._chorus.groups, clock)
        self._told.clear()

    def flush(self) -> None:
        """All that was told is in the file."""
        self._end_row()
        super().flush()

    def close(self) -> None:
        """The trace is complete."""
        self._end_row()
        super().close()

    def tell(self, by: str, **more: Any) -> None:
        """What is followed from this update on."""
        self._end_row()
        super().tell(by, **more)

    def keep(self) -> Callable[[], None]:
        """A function that makes the file, and this, what they are now."""
        file, own = super().keep(), (self._row, set(self._seen), dict(self._used))
        told, chorus = dict(self._told), copy.deepcopy(self._chorus)

        def put_back() -> None:
            file()
            self._row, self._seen, self._used = own
            self._told = told
            self._chorus.numbers, self._chorus.groups = chorus.numbers, chorus.groups

        return put_back

    def _end_row(self) -> None:
        if self._row is not None:
            row, self._row = self._row, None
            self._writer.update(row, [self._used.get(k) for k in range(len(self._writer.columns))])
            self._seen.clear()
            self._used.clear()

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
    """The part of one engine in a joint journal; what all do together is done for all."""

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
        """All that was told is in the file."""
        self.joint.flush()

    def close(self) -> None:
        """Nothing yet: others may go on."""

    def discard(self) -> None:
        """Nothing: it is taken back once for all."""

    def report(self, _told: Mapping[str, float], _falls: Sequence[Fall]) -> None:
        """Nothing: it is told once for all."""

    def wind(self, _groups: Groups, _clock: int) -> None:
        """Nothing: the clocks are moved together."""

    def tell(self, by: str, **more: Any) -> None:
        """Nothing: it is told once for all."""

    def cools(self, _event: CoolDown) -> None:
        """Nothing: it is told once for all."""

    def keep(self) -> Callable[[], None]:
        """A function that does nothing: it is kept once for all."""
        return lambda: None


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

    def __deepcopy__(self, _memo: Any) -> _Chorus:
        """What may change since is copied, and nothing else."""
        twin = copy.copy(self)
        twin.numbers, twin.groups = dict(self.numbers), list(self.groups)
        return twin

    @staticmethod
    def _within(found: Sequence[tuple[str, Any, Any]]) -> Iterator[tuple[int, Any]]:
        """Each with its place among those of its optimizer."""
        seen: dict[str, int] = {}
        for each in found:
            place = seen[each[0]] = seen.get(each[0], -1) + 1
            yield place, each


def _name(part: str, group: Mapping[str, Any], place: int) -> str:
    return f"{part}/{group.get('name', place)}"


def _known(path: Any) -> Sequence[str]:
    """The groups of the trace that is there already."""
    with suppress(PassoError, OSError, TypeError):
        return Trace.load(path).groups
    return ()
