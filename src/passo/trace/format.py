"""The lines of a trace's file, written and read: JSON objects, the first of which is the header.

    {"passo":"trace","version":1,"groups":["all"],"columns":["0.lr"],"plan":...,"run":...,"meta":{}}
    {"update":0,"used":{"0.lr":0.1}}                from update 0 on; null: no value
    {"planned":"0.lr","update":500,"schedule":"Cosine(1, 0, steps(900))","shift":500.0}
                                                    from update 500 on schedule(update - shift)
    {"coarse":"0.lr","buckets":[[0,64,0.1,0.2,0.3]]}  older updates: from, up to, least, mean, most
    {"clock":500,"report":{"val_loss":0.25}}        after 500 updates
    {"clock":500,"event":"load","detail":{}}
    {"clock":500,"groups":["head"],"columns":["1.lr"]}      a group that joined
    {"clock":731}                                   how far, where nothing changed
    {"clock":900,"end":true}                        closed in order: nothing is missing

A column is called `place of the group.key`, or `.key` for a number of no group. JSON has no NaN and
no infinity: they are the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, groupby
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from passo.ground.errors import PassoError
from passo.trace.stretch import Forecast, Stretch, formula
from passo.trace.values import Bucket, Column, Event, Report, plain

VERSION = 1
ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
LONGEST = 1 << 24
_UNKNOWN: Final = object()
HEADER = {"passo", "version", "groups", "columns", "plan", "run", "meta"}


class Parts(NamedTuple):
    """What a `Trace` is made of, in the order in which it takes it."""

    updates: int
    groups: tuple[str, ...]
    columns: tuple[Column, ...]
    reports: tuple[Report, ...]
    events: tuple[Event, ...]
    plan: str | Mapping[str, str] | None
    run: str | None
    meta: Mapping[str, Any]
    complete: bool


def name_of(group: int | None, key: str) -> str:
    """A column's name in the file.

    >>> name_of(0, "betas[1]"), name_of(None, "batch_size")
    ('0.betas[1]', '.batch_size')
    """
    return f"{'' if group is None else group}.{key}"


def column_of(name: str) -> tuple[int | None, str]:
    """The group and the key of a column's name.

    >>> column_of("0.betas[1]"), column_of(".batch_size")
    ((0, 'betas[1]'), (None, 'batch_size'))
    """
    group, _, key = name.partition(".")
    return (int(group) if group else None), key


def token(value: float | None) -> str:
    """A number as JSON.

    >>> token(0.1), token(float("-inf")), token(None)
    ('0.1', '"-inf"', 'null')
    """
    if value is None:
        return "null"
    value = float(value)
    return repr(value) if math.isfinite(value) else f'"{value!r}"'


def untoken(value: Any) -> float:
    """The number of a JSON value; raises `PassoError` for anything else.

    >>> untoken(1), untoken("-inf")
    (1.0, -inf)
    """
    if isinstance(value, str) and value in ODD:
        return ODD[value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise PassoError(f'needs a number, "nan", "inf" or "-inf", got {value!r}')


def line(**parts: Any) -> str:
    r"""One line of JSON.

    >>> line(clock=3)
    '{"clock":3}\n'
    """
    return json.dumps(parts, separators=(",", ":"), allow_nan=False) + "\n"


def header_line(
    groups: Iterable[str], columns: Iterable[tuple[int | None, str]], plan: Any, run: Any, meta: Any
) -> str:
    """The first line."""
    return line(
        passo="trace",
        version=VERSION,
        groups=list(groups),
        columns=[name_of(*each) for each in columns],
        plan=plan,
        run=run,
        meta=meta,
    )


def planned_line(column: tuple[int | None, str], update: int, plan: Stretch | Forecast) -> str:
    """The line from which on a column follows a schedule."""
    name = name_of(*column)
    return line(planned=name, update=update, schedule=plan.schedule, shift=plan.shift)


def report_line(report: Report) -> str:
    """The line of a report."""
    pairs = ",".join(f"{json.dumps(name)}:{token(value)}" for name, value in report.metrics)
    return f'{{"clock":{report.clock},"report":{{{pairs}}}}}\n'


def event_line(event: Event) -> str:
    """The line of an event."""
    return line(clock=event.clock, event=event.kind, detail=event.detail)


def lines(trace: Parts) -> Iterator[str]:
    """Every line of a trace's file."""
    layout = [(each.group, each.key) for each in trace.columns]
    yield header_line(trace.groups, layout, trace.plan, trace.run, trace.meta)
    for each in trace.columns:
        if each.coarse:
            yield line(coarse=name_of(each.group, each.key), buckets=plain(each.coarse))
    told = chain(
        ((each.clock, 0, report_line(each)) for each in trace.reports),
        ((each.clock, 1, event_line(each)) for each in trace.events),
        (
            (each.begin, 2, planned_line(column, each.begin, each))
            for column, its in zip(layout, trace.columns, strict=True)
            for each in its.planned
        ),
    )
    for _, _, text in merge(sorted(told, key=lambda each: each[:2]), _changes(trace.columns)):
        yield text
    yield line(clock=trace.updates, end=True) if trace.complete else line(clock=trace.updates)


def _changes(columns: Iterable[Column]) -> Iterator[tuple[int, int, str]]:
    """The lines that say what changed, with what orders them."""
    streams = [_stream(place, each) for place, each in enumerate(columns)]
    for update, changed in groupby(merge(*streams), key=lambda each: each[0]):
        used = ",".join(text for _, _, text in changed)
        yield update, 3, f'{{"update":{update},"used":{{{used}}}}}\n'


def _stream(place: int, column: Column) -> Iterator[tuple[int, int, str]]:
    """The changes of one column: update, the column's place, the part of the line."""
    name = json.dumps(name_of(column.group, column.key))
    for update, value in zip(column.updates, column.values, strict=True):
        yield update, place, f"{name}:{token(value)}"


def read(path: str | os.PathLike[str], *, unfolded: bool = True) -> Parts:
    """What is in a file; a torn last line is left out, any other strange line is an error."""
    name = os.fspath(path)
    with Path(path).open("rb") as file:
        gathered = _begin(name, file.readline(LONGEST))
        for place, raw in _whole_lines(file, name):
            try:
                gathered.take(_parse(raw))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                _refuse(name, place, raw, str(error))
    return gathered.parts(unfolded=unfolded)


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
    if header.get("version") != VERSION:
        raise PassoError(
            f"{name!r} is a trace of version {header.get('version')!r}, this passo reads version "
            f"{VERSION}; write pip install --upgrade passo"
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
    parsed = json.loads(raw, parse_constant=untoken)
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

    def parts(self, *, unfolded: bool = True) -> Parts:
        """What came in so far; `unfolded` has short stretches of a plan as their values."""
        for name in list(self.open):
            self._stop(name, self.clock)
        columns = []
        for name, changes in self.changes.items():
            pairs = [pair for pair in changes.items() if pair[0] < self.clock]
            updates, values = zip(*pairs, strict=True) if pairs else ((), ())
            parts = self.coarse.get(name, ()), tuple(self.planned.get(name, ()))
            column = Column(*column_of(name), updates, values, *parts)
            columns.append(column.unfolded() if unfolded else column)
        return Parts(
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
            group, _ = column_of(name)
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
            value = None if given is None else untoken(given)
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
        shift = untoken(line["shift"])
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
            Bucket(begin, end, *map(untoken, rest)) for begin, end, *rest in line["buckets"]
        )

    def _report(self, line: dict[str, Any]) -> None:
        pairs = ((name, untoken(value)) for name, value in line["report"].items())
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
