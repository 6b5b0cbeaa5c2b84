"""From lines to a `Trace`, and back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from passo.ground.errors import PassoError
from passo.ground.files import replacing
from passo.trace import format as text
from passo.trace.stretch import Stretch, formula
from passo.trace.trace import Trace
from passo.trace.values import Bucket, Column, Event, Report

LONGEST = 1 << 24
_UNKNOWN = object()
HEADER = {"passo", "version", "groups", "columns", "plan", "run", "meta"}


def read(path: str | os.PathLike[str], *, unfolded: bool = True) -> Trace:
    """The trace in a file; a torn last line is left out, any other strange line is an error."""
    name = os.fspath(path)
    with Path(path).open("rb") as file:
        gathered = _begin(name, file.readline(LONGEST))
        for place, raw in _whole_lines(file, name):
            try:
                gathered.take(_parse(raw))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                _refuse(name, place, raw, str(error))
    return gathered.trace(unfolded=unfolded)


def write(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Writes a trace's file, whole or not at all."""
    with replacing(path) as file:
        for each in text.lines(trace):
            file.write(each.encode())


def _begin(name: str, raw: bytes) -> Gathered:
    """What the header says, as the beginning of a trace."""
    try:
        header = _parse(raw) if raw.endswith(b"\n") else {}
    except (ValueError, RecursionError):
        header = {}
    if header.get("passo") != "trace":
        raise PassoError(
            f"{name!r} does not begin with the whole header line of a trace, got {raw[:60]!r}"
        )
    if header.get("version") != text.VERSION:
        raise PassoError(
            f"{name!r} is a trace of version {header.get('version')!r}, this passo reads version "
            f"{text.VERSION}; write pip install --upgrade passo"
        )
    try:
        return Gathered(header)
    except (ValueError, TypeError, AttributeError) as error:
        _refuse(name, 1, raw, str(error))


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


def _parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of a line."""
    parsed = json.loads(raw, parse_constant=text.untoken)
    if not isinstance(parsed, dict):
        raise PassoError("it is not a JSON object")
    return parsed


def _refuse(name: str, place: int, raw: bytes, why: str) -> NoReturn:
    raise PassoError(
        f"{name!r}, line {place} is not a line of a trace: {raw[:60]!r} ({why})"
    ) from None


class Gathered:
    """A trace while its lines come in."""

    def __init__(self, header: dict[str, Any]) -> None:
        """The header's layout, with nothing recorded yet."""
        if set(header) != HEADER:
            raise PassoError(f"the header needs {sorted(HEADER)}")
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
        self._layout(header["groups"], header["columns"])

    def take(self, line: dict[str, Any]) -> None:
        """Takes one line in."""
        kind = KINDS.get(frozenset(line))
        if kind is None or self.ended:
            raise PassoError(
                "it comes after the end" if self.ended else f"nothing has the parts {sorted(line)}"
            )
        if "clock" in line:
            self._reach(line["clock"])
        kind(self, line)

    def trace(self, *, unfolded: bool = True) -> Trace:
        """What came in so far; `unfolded` has short stretches of a plan as their values."""
        for name in list(self.open):
            self._stop(name, self.clock)
        columns = []
        for name, changes in self.changes.items():
            pairs = [pair for pair in changes.items() if pair[0] < self.clock]
            updates, values = zip(*pairs, strict=True) if pairs else ((), ())
            parts = self.coarse.get(name, ()), tuple(self.planned.get(name, ()))
            column = Column(*text.column_of(name), updates, values, *parts)
            columns.append(column.unfolded() if unfolded else column)
        return Trace(
            self.clock,
            tuple(self.groups),
            tuple(columns),
            tuple(self.reports),
            tuple(self.events),
            self.header["plan"],
            self.header["run"],
            self.header["meta"],
            self.ended,
        )

    def _layout(self, groups: list[str], columns: list[str]) -> None:
        self.groups += _texts(groups)
        for name in _texts(columns):
            if name in self.changes:
                raise PassoError(f"the column {name!r} is there already")
            group, _ = text.column_of(name)
            if group is not None and group >= len(self.groups):
                raise PassoError(f"the column {name!r} is of a group that is not there")
            self.changes[name] = {}
            self.last[name] = None

    def _reach(self, clock: int) -> None:
        if type(clock) is not int or clock < self.clock:
            raise PassoError(f"the clock stands at {self.clock}, it cannot become {clock!r}")
        self.clock = clock

    def _used(self, line: dict[str, Any]) -> None:
        update = line["update"]
        self._reach(update)
        for name, given in line["used"].items():
            if name not in self.changes:
                raise PassoError(f"no column is called {name!r}")
            value = None if given is None else text.untoken(given)
            self._stop(name, update)
            if value is not None:
                self.clock = update + 1
            if value != self.last[name] and value is not self.last[name]:
                self.changes[name][update] = self.last[name] = value

    def _planned(self, line: dict[str, Any]) -> None:
        (name,), (schedule,) = _texts([line["planned"]]), _texts([line["schedule"]])
        if name not in self.changes:
            raise PassoError(f"no column is called {name!r}")
        update = line["update"]
        self._reach(update)
        self._stop(name, update)
        shift = text.untoken(line["shift"])
        formula(schedule)
        self.open[name] = (update, schedule, shift)

    def _stop(self, name: str, end: int) -> None:
        """A stretch ends where something else is said of its column."""
        begin, schedule, shift = self.open.pop(name, (end, "", 0.0))
        if begin < end:
            self.planned.setdefault(name, []).append(Stretch(begin, end, schedule, shift))
            self.last[name] = _UNKNOWN

    def _coarse(self, line: dict[str, Any]) -> None:
        (name,) = _texts([line["coarse"]])
        if name not in self.changes:
            raise PassoError(f"no column is called {name!r}")
        self.coarse[name] = tuple(
            Bucket(begin, end, *map(text.untoken, rest)) for begin, end, *rest in line["buckets"]
        )

    def _report(self, line: dict[str, Any]) -> None:
        pairs = ((name, text.untoken(value)) for name, value in line["report"].items())
        self.reports.append(Report(line["clock"], tuple(pairs)))

    def _event(self, line: dict[str, Any]) -> None:
        (kind,) = _texts([line["event"]])
        self.events.append(Event(line["clock"], kind, dict(line["detail"])))

    def _joined(self, line: dict[str, Any]) -> None:
        self._layout(line["groups"], line["columns"])

    def _far(self, line: dict[str, Any]) -> None:
        self.ended = line.get("end", False)


def _texts(things: Any) -> list[str]:
    """The list itself, when it is a list of strings."""
    if not isinstance(things, list) or not all(isinstance(each, str) for each in things):
        raise PassoError(f"it needs a list of strings, got {things!r}")
    return things


KINDS: dict[frozenset[str], Callable[[Gathered, dict[str, Any]], None]] = {
    frozenset({"update", "used"}): Gathered._used,
    frozenset({"planned", "update", "schedule", "shift"}): Gathered._planned,
    frozenset({"coarse", "buckets"}): Gathered._coarse,
    frozenset({"clock", "report"}): Gathered._report,
    frozenset({"clock", "event", "detail"}): Gathered._event,
    frozenset({"clock", "groups", "columns"}): Gathered._joined,
    frozenset({"clock"}): Gathered._far,
    frozenset({"clock", "end"}): Gathered._far,
}
