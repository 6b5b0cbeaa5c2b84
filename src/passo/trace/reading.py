"""A trace's file, read line by line: each is checked against the table of its kind.

What a line may hold stands in `LINES`; what it means for those before it, in `Gathered`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO, Final, NoReturn

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.files import path_of, reading
from passo.ground.schema import (
    MOST,
    Check,
    anything,
    count,
    listed,
    loose,
    mapping,
    maybe,
    number,
    parsed,
    plain,
    record,
    row,
    text,
)
from passo.trace.format import VERSION, Parts, column_of, refuse_version
from passo.trace.stretch import FEW, Stretch, formula
from passo.trace.values import Bucket, Column, Event, Report

LARGEST: Final = 1 << 32  # bytes of a file: a right one may be large, and is read line by line
LONGEST: Final = 1 << 24  # bytes of a line
MOST_NUMBERS: Final = 32 * FEW  # of the stretches of all columns together, counted by their cost
LONG_TEXT: Final = 256  # characters of a schedule, each of whose values costs as much as one number
_UNKNOWN: Final = object()


def read(path: str | os.PathLike[str], *, unfolded: bool = True) -> Parts:
    """What is in a file; a torn last line is left out, any other strange line is an error.

    `unfolded` has short stretches of a plan as their values.
    """
    name = path_of(path, "a trace")
    with reading(path, "a trace", LARGEST) as file:
        gathered = _begin(name, file.readline(LONGEST))
        for place, raw in _whole_lines(file, name):
            try:
                gathered.take(parsed(raw))
            except (PassoError, ArithmeticError) as error:
                _refuse(name, place, raw, error)
    try:
        return gathered.parts(unfolded=unfolded)
    except (PassoError, ArithmeticError) as error:
        raise PassoError(f"{name!r} is no whole trace: {error}") from None


def _begin(name: str, raw: bytes) -> Gathered:
    """What the header says, as the beginning of a trace."""
    try:
        header = parsed(raw.removeprefix(b"\xef\xbb\xbf")) if raw.endswith(b"\n") else {}
    except PassoError:
        header = {}
    if not isinstance(header, dict) or header.get("passo") != "trace":
        raise PassoError(
            f"{name!r} does not begin with the whole header line of a trace, got {raw[:60]!r}; "
            "write attach(..., record=path) where the run is made"
        )
    version = header.get("version")
    check = HEADERS.get(version) if type(version) is int else None
    if check is None:
        refuse_version(name, "a trace", version, VERSION)
    try:
        return Gathered(check(header, "header"))
    except PassoError as error:
        _refuse(name, 1, raw, error)


def _whole_lines(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Every line that ends, with its number."""
    place = 2
    while raw := file.readline(LONGEST):
        if not raw.endswith(b"\n"):
            if len(raw) == LONGEST:
                _refuse(name, place, raw, f"it is longer than {LONGEST} bytes")
            return
        yield place, raw
        place += 1


def _refuse(name: str, place: int, raw: bytes, why: object) -> NoReturn:
    raise PassoError(
        f"{name!r}, line {place} is not a line of a trace: {raw[:60]!r} ({why})"
    ) from None


def _texts(things: Any, _place: str) -> list[str]:
    """The list itself, when it is a list of strings."""
    if not isinstance(things, list) or not all(isinstance(each, str) for each in things):
        raise PassoError(f"it needs a list of strings, got {brief(things)}")
    return things


def _plan(value: Any, place: str) -> Any:
    """A plan's text, the texts of its fields, or none."""
    return mapping(text)(value, place) if isinstance(value, dict) else maybe(text)(value, place)


def _json(value: Any, place: str) -> dict[str, Any]:
    """A mapping of plain JSON."""
    held: dict[str, Any] = mapping(anything)(plain(value), place)
    return held


def _schedule(value: Any, place: str) -> str:
    """The text of a schedule that can be called."""
    formula(text(value, place))
    return str(value)


def _true(value: Any, place: str) -> bool:
    if value is True:
        return value
    raise PassoError(f"{place} must be true, got {brief(value)}")


HEADERS: Final[dict[int, Check]] = {
    VERSION: record(
        {
            "passo": anything,
            "version": anything,
            "groups": _texts,
            "columns": _texts,
            "plan": _plan,
            "run": maybe(text),
            "meta": _json,
        }
    )
}
BUCKET: Final = row(begin=count(), end=count(), low=loose, mean=loose, high=loose)
LINES: Final[tuple[dict[str, Check], ...]] = (
    {"update": anything, "used": anything},  # the most frequent one is checked where it is taken
    {"planned": text, "update": anything, "schedule": _schedule, "shift": number()},
    {"coarse": text, "buckets": listed(BUCKET)},
    {"clock": anything, "report": mapping(loose)},
    {"clock": anything, "event": text, "detail": mapping(anything)},
    {"clock": anything, "event": text, "detail": mapping(anything), "stands": text},
    {"clock": anything, "event": text, "so_far": listed(mapping(anything)), "stands": text},
    {"clock": anything, "groups": _texts, "columns": _texts},
    {"clock": anything},
    {"clock": anything, "end": _true},
)


class Gathered:
    """A trace while its lines come in."""

    def __init__(self, header: dict[str, Any]) -> None:
        """The header's layout, with nothing recorded yet."""
        self.header = header
        self.clock = 0
        self.ended = False
        self.groups: list[str] = []
        self.changes: dict[str, dict[int, float | None]] = {}
        self.last: dict[str, Any] = {}
        self.open: dict[str, tuple[int, str, float]] = {}
        self.planned: dict[str, list[Stretch]] = {}
        self.coarse: dict[str, tuple[Bucket, ...]] = {}
        self.reports: list[Report] = []
        self.events: list[Event] = []
        self.standing: dict[str, list[Event]] = {}
        self._joined(header)

    def take(self, line: Any) -> None:
        """Takes one line in."""
        if not isinstance(line, dict):
            raise PassoError("it is not a JSON object")
        kind = KINDS.get(frozenset(line))
        if kind is None or self.ended:
            raise PassoError(
                "it comes after the end"
                if self.ended
                else f"nothing has the parts {brief(sorted(line))}"
            )
        checks, take = kind
        held = {name: checks[name](value, name) for name, value in line.items()}
        if "clock" in held:
            self._reach(held["clock"])
        take(self, held)

    def parts(self, *, unfolded: bool = True) -> Parts:
        """What came in so far; `unfolded` has short stretches of a plan as their values."""
        for name in list(self.open):
            self._stop(name, self.clock)
        columns = [self._column(name, changes) for name, changes in self.changes.items()]
        if unfolded and sum(map(_cost, columns)) <= MOST_NUMBERS:
            columns = [each.unfolded() for each in columns]
        return Parts(
            self.clock,
            tuple(self.groups),
            tuple(columns),
            tuple(self.reports),
            self._all_events(),
            self.header["plan"],
            self.header["run"],
            self.header["meta"],
            self.ended,
        )

    def _column(self, name: str, changes: dict[int, float | None]) -> Column:
        pairs = [pair for pair in changes.items() if pair[0] < self.clock]
        updates, values = zip(*pairs, strict=True) if pairs else ((), ())
        parts = self.coarse.get(name, ()), tuple(self.planned.get(name, ()))
        return Column(*column_of(name), updates, values, *parts)

    def _reach(self, clock: Any) -> None:
        if type(clock) is not int or not self.clock <= clock <= MOST:
            raise PassoError(f"the clock stands at {self.clock}, it cannot become {brief(clock)}")
        self.clock = clock

    def _known(self, name: str) -> str:
        if name not in self.changes:
            raise PassoError(f"no column is called {brief(name)}")
        return name

    def _used(self, line: dict[str, Any]) -> None:
        update, used = line["update"], line["used"]
        self._reach(update)
        if not isinstance(used, dict):
            raise PassoError(f"used must be a mapping from columns to values, got {brief(used)}")
        for name, given in used.items():
            if name not in self.changes:
                self._known(name)
            value = None if given is None else loose(given, "")
            if type(given) is int:
                value = given
            self._stop(name, update)
            if value is not None:
                self.clock = update + 1
            if value != self.last[name] and value is not self.last[name]:
                self.changes[name][update] = self.last[name] = value

    def _planned(self, line: dict[str, Any]) -> None:
        name, update, shift = self._known(line["planned"]), line["update"], line["shift"]
        self._reach(update)
        if shift > update:
            raise PassoError(f"a schedule begins with its stretch or before, got shift={shift}")
        self._stop(name, update)
        self.open[name] = (update, line["schedule"], shift)

    def _stop(self, name: str, end: int) -> None:
        """A stretch ends where something else is said of its column."""
        begin, schedule, shift = self.open.pop(name, (end, "", 0.0))
        if begin < end:
            self.planned.setdefault(name, []).append(Stretch(begin, end, schedule, shift))
            self.last[name] = _UNKNOWN

    def _coarse(self, line: dict[str, Any]) -> None:
        name = self._known(line["coarse"])
        if name in self.coarse:
            raise PassoError(f"the buckets of {name!r} are there already")
        self.coarse[name] = tuple(Bucket(*each) for each in line["buckets"])
        Column(*column_of(name), coarse=self.coarse[name])

    def _report(self, line: dict[str, Any]) -> None:
        self.reports.append(Report(line["clock"], tuple(line["report"].items())))

    def _event(self, line: dict[str, Any]) -> None:
        self.standing.pop(line.get("stands", ""), None)
        self.events.append(Event(line["clock"], line["event"], line["detail"]))

    def _so_far(self, line: dict[str, Any]) -> None:
        found = [Event(line["clock"], line["event"], detail) for detail in line["so_far"]]
        self.standing[line["stands"]] = found

    def _all_events(self) -> tuple[Event, ...]:
        """Those that happened, and what went on when the file ended."""
        found = [*self.events, *chain.from_iterable(self.standing.values())]
        return tuple(sorted(found, key=lambda each: each.clock))

    def _joined(self, line: dict[str, Any]) -> None:
        self.groups += line["groups"]
        for name in line["columns"]:
            if name in self.changes:
                raise PassoError(f"the column {name!r} is there already")
            group, _ = column_of(name)
            if group is not None and group >= len(self.groups):
                raise PassoError(f"the column {brief(name)} is of a group that is not there")
            self.changes[name] = {}
            self.last[name] = None

    def _far(self, line: dict[str, Any]) -> None:
        self.ended = line.get("end", False)


def _cost(column: Column) -> int:
    """How many numbers its stretches are worth, where they are short enough to be unfolded."""
    lengths = [each.end - each.begin for each in column.planned]
    if sum(lengths) > FEW:
        return 0
    pairs = zip(lengths, column.planned, strict=True)
    return sum(length * (1 + len(each.schedule) // LONG_TEXT) for length, each in pairs)


Take = Callable[[Gathered, dict[str, Any]], None]
TAKES: Final[tuple[Take, ...]] = (
    Gathered._used,
    Gathered._planned,
    Gathered._coarse,
    Gathered._report,
    Gathered._event,
    Gathered._event,
    Gathered._so_far,
    Gathered._joined,
    Gathered._far,
    Gathered._far,
)
KINDS: Final = {frozenset(line): (line, take) for line, take in zip(LINES, TAKES, strict=True)}
