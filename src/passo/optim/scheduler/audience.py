"""The audience: who is told of each update what it used, while the run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from passo.optim.scheduler.row import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passo.optim.scheduler.company import Company
    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.driver import Driver


class Spot(NamedTuple):
    """One number that is scheduled, and where it is.

    `group` is the group's name as a trace has it, None for a number that no group holds; `kind`
    the class of its optimizer, `part` that optimizer's name among several, `own` the name that
    the group itself has, `place` where it stands in its optimizer.
    """

    key: str
    group: str | None
    kind: str = ""
    part: str = ""
    own: str | None = None
    place: int = 0


class Listener(Protocol):
    """What is told, such as `passo.log`; it lets no error into the training.

    Where it has `saved()`, that is called as a state is saved: who goes on with that state after a
    kill is to miss none of what was told.
    """

    def spots(self, spots: Sequence[Spot], /) -> None:
        """These are scheduled from now on; each keeps its number in the list."""

    def refuse_anew(self) -> None:
        """Raises PassoError where the next update is none that it can begin with."""

    def update(self, update: int, used: Sequence[tuple[int, float]], /) -> None:
        """An update used these, each by the number of its spot."""

    def report(self, clock: int, told: Mapping[str, float], falls: Sequence[Any], /) -> None:
        """After `clock` updates this was reported, and brought these `Fall`s."""

    def moved(self, clock: int, /) -> None:
        """The next update is update `clock`: a state was loaded, or somebody sought."""

    def end(self) -> None:
        """The scheduler was detached."""


class Audience:
    """Those who listen to one plan, on one optimizer or on several.

    An update of several optimizers is a `Row`, as in a trace.
    """

    __slots__ = ("_clock", "_columns", "_company", "_numbers", "_row", "listeners", "spots")

    def __init__(self, size: int, clock: int, company: Company | None) -> None:
        self._clock, self._company = clock, company
        self._numbers: dict[tuple[str, int | str], int] = {}
        self._columns: dict[str, list[tuple[int, int, bool]]] = {}
        self._row = Row(size)
        self.spots: list[Spot] = []
        self.listeners: list[Listener] = []

    def know(self, part: str, kind: str, driver: Driver) -> None:
        """Know what is driven of one optimizer; what is new gets the next numbers."""
        before = len(self.spots)
        self._columns.clear()
        for each in _in_order(driver, several=self._company is not None):
            spot = _spot_of(part, each)
            if each.field is not None and spot not in self._numbers:
                self._add(spot, _spot(part, kind, each))
        if self._company is None:
            self.know_values(driver)
        if len(self.spots) > before:
            for listener in self.listeners:
                listener.spots(self.spots)

    def know_values(self, driver: Driver) -> None:
        """Know the numbers that no group holds."""
        for each in driver.driven:
            if each.field is None and ("", each.key) not in self._numbers:
                self._add(("", each.key), Spot(each.key, None))

    def _add(self, at: tuple[str, int | str], spot: Spot) -> None:
        self._numbers[at] = len(self.spots)
        self.spots.append(spot)

    def refuse_anew(self) -> None:
        """Raises PassoError where a listener cannot begin with the next update."""
        for each in self.listeners:
            each.refuse_anew()

    def update(self, part: str, t: int, driver: Driver, used: Sequence[float | None]) -> None:
        """An update of one optimizer was made: what each of its columns used."""
        row = self._row
        if row.is_before(t):
            if self._company is not None:
                self._company.settle()
            self._end_row()
        row.begin(t, self._clock)
        for number, column, in_group in self._columns.get(part) or self._laid_out(part, driver):
            value = used[column]
            if value is not None:
                row.put(number, value, t, in_group=in_group)
        if row.is_whole(part):
            self._end_row()

    def _laid_out(self, part: str, driver: Driver) -> list[tuple[int, int, bool]]:
        """What is driven of one optimizer: its number here, its column there, if in a group."""
        found = self._columns[part] = [
            (self._numbers[_spot_of(part, each)], each.column, each.field is not None)
            for each in driver.driven
        ]
        return found

    def _end_row(self) -> None:
        ended = self._row.end()
        if ended is None:
            return
        at, used = ended[0], sorted(ended[1].items())
        self._clock = at + 1
        for each in self.listeners:
            each.update(at, used)

    def report(self, clock: int, told: Mapping[str, float], falls: Sequence[Any]) -> None:
        """A report was made, and what fell by it."""
        self._end_row()
        for each in self.listeners:
            each.report(clock, told, falls)

    def moved(self, clock: int) -> None:
        """The next update is update `clock`."""
        self._end_row()
        self._clock = clock
        for each in self.listeners:
            each.moved(clock)

    def saved(self) -> None:
        """A state was saved; a row in which others still stand is not whole yet."""
        for each in self.listeners:
            saved = getattr(each, "saved", None)
            if saved is not None:
                saved()

    def end(self) -> None:
        """No update comes any more."""
        self._end_row()
        for each in list(self.listeners):
            each.end()
        self.listeners.clear()


def _in_order(driver: Driver, *, several: bool) -> list[Driven]:
    """In the order of a trace's columns: of one optimizer by number, of several by group."""
    return driver.driven if several else sorted(driver.driven, key=lambda each: each.column)


def _spot_of(part: str, each: Driven) -> tuple[str, int | str]:
    return ("", each.key) if each.field is None else (part, each.column)


def _spot(part: str, kind: str, each: Driven) -> Spot:
    """As a trace names it: by the group's name or place, behind the optimizer's name."""
    place = each.place or 0
    own = None if each.group is None else each.group.get("name")
    name = str(place if own is None else own)
    group = f"{part}/{name}" if part else name
    return Spot(each.key, group, kind, part, None if own is None else str(own), place)
