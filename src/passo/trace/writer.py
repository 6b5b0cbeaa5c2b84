"""The file of a trace while the run goes on."""

from __future__ import annotations

import json
import math
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, SupportsFloat, TypeAlias

from passo.ground.checks import whole
from passo.ground.errors import PassoError
from passo.ground.files import created, followed
from passo.ground.schema import plain
from passo.trace import format as text
from passo.trace.sink import Sink, warn_of_end
from passo.trace.stretch import Forecast
from passo.trace.tape import Tape, exact_for
from passo.trace.trace import Trace, check_layout, loaded
from passo.trace.values import Column, Event, Report, one_nan

if TYPE_CHECKING:
    from passo.schedules import Schedule

Columns: TypeAlias = Sequence[tuple["int | None", str]]
PLANNED: Final = object()  # not equal to any value: whatever comes after a stretch is told
_LISTS: Final = ("_groups", "_columns", "_names", "_last", "_expected")
MOST = 3  # times what stays exact: then the file is condensed


class TraceWriter:
    """Writes a trace to `path` while it happens; whatever ends the run leaves a readable file.

    `columns` are the pairs (place of the group or None, key) that each update gives values for,
    `groups` the groups' names in order (else "0", "1", ...). Lines reach the file whole, at
    least every half second and at each report and event. Closing (`close`, the end of a `with`,
    of the writer, of the process) writes the line that makes the trace `complete`. A file of
    very many changes is condensed: the last ones stay exact. Raises `PassoError` when the file
    is there. A full disk is a `PassoWarning`, and the trace ends there.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
    >>> with TraceWriter(path, [(0, "lr"), (0, "momentum")]) as writer:
    ...     writer.update(0, [0.1, 0.9])
    ...     writer.update(1, [0.2, 0.9])
    ...     writer.report(2, {"val_loss": 0.5})
    >>> Trace.load(path).used("lr"), Trace.load(path).series("val_loss")
    (([0, 1], [0.1, 0.2]), ([2], [0.5]))
    """

    __slots__ = (
        "__weakref__",
        "_columns",
        "_expected",
        "_finish",
        "_groups",
        "_last",
        "_lines",
        "_names",
        "_path",
        "_sink",
    )

    _expected: list[Forecast | None]
    _finish: weakref.finalize[..., TraceWriter]
    _last: list[Any]
    _lines: int
    _sink: Sink

    def __init__(
        self,
        path: str | os.PathLike[str],
        columns: Columns,
        *,
        groups: Sequence[str] | None = None,
        plan: str | Mapping[str, str] | None = None,
        run: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """Makes the file, which must not be there yet, and writes its header."""
        names = _group_names(columns, groups)
        check_layout(names, list(columns))
        header = text.header_line(names, columns, plain(plan), run, plain(meta or {}))
        target = followed(path)
        try:
            created(target, header.encode())
        except FileExistsError:
            raise PassoError(
                f"{str(path)!r} is there already; write "
                f"TraceWriter.resume({str(path)!r}, at_update=...) to go on, or give another file"
            ) from None
        try:
            self._open(target, Trace(0, names, tuple(Column(*each) for each in columns)))
        except BaseException:
            target.unlink()
            raise

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        at_update: int,
        *,
        columns: Columns | None = None,
        groups: Sequence[str] | None = None,
    ) -> TraceWriter:
        """Goes on with a file at update `at_update`; what it holds of later updates is superseded.

        Reports and events at that very clock are kept. `columns` and `groups`, when given, are the
        layout from now on: it may add to the file's, not leave out what has values (`PassoError`).

        >>> import tempfile, pathlib
        >>> from passo.trace import Column
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> Trace(9, ("all",), (Column(0, "lr", (0, 5), (0.1, 0.2)),)).write(path)
        >>> with TraceWriter.resume(path, at_update=3) as writer:
        ...     writer.update(3, [0.7])
        >>> Trace.load(path).used()
        ([0, 1, 2, 3], [0.1, 0.1, 0.1, 0.7])
        """
        kept = replace(_as_it_is(path).until(at_update), complete=False)
        if columns is not None:
            kept = _laid_out(kept, columns, _group_names(columns, groups))
        kept.write(path)
        writer = cls.__new__(cls)
        writer._open(Path(path), kept)
        return writer

    @property
    def columns(self) -> tuple[tuple[int | None, str], ...]:
        """The pairs (group, key) in the order in which `update` wants its values."""
        return tuple(self._columns)

    @property
    def clock(self) -> int:
        """How many updates the writer has seen.

        >>> import tempfile, pathlib
        >>> with TraceWriter(pathlib.Path(tempfile.mkdtemp()) / "t.jsonl", [(0, "lr")]) as writer:
        ...     writer.update(41, [0.1])
        ...     writer.clock
        42
        """
        return self._sink.clock

    def update(self, t: int, values: Sequence[float | None]) -> None:
        """Update `t` used these values, one for each column; `None` where there is none.

        Updates left out are a gap, not a guess. Raises `PassoError` for an update before the clock
        (write `resume` or `rewind`) or values that do not match the columns.
        """
        sink = self._sink
        if t == sink.clock and values == self._last:
            sink.clock = t + 1
        else:
            self._change(t, values)
        if monotonic() >= sink.due:
            sink.flush()

    def reach(self, clock: int) -> None:
        """`clock` updates were made: those that were not told used what the last one did.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> with TraceWriter(path, [(0, "lr")]) as writer:
        ...     writer.update(0, [0.1])
        ...     writer.reach(3)
        >>> Trace.load(path).used()
        ([0, 1, 2], [0.1, 0.1, 0.1])
        """
        sink = self._sink
        if clock > sink.clock and self._finish.alive:
            for place, forecast in enumerate(self._expected):
                if forecast is not None and self._last[place] is PLANNED:
                    self._hold(place, forecast, clock)
            sink.clock = clock

    def follow(self, place: int, schedule: Schedule | None, shift: float = 0.0) -> None:
        """From the next update on the column at `place` is expected to use schedule(t - shift).

        Where it does, bit for bit, the file says so once; whatever differs is told as before.
        Raises `PassoError` where the place is no column's, or what is to be followed no Schedule.

        >>> import tempfile, pathlib
        >>> from passo import Cosine, steps
        >>> path, plan = pathlib.Path(tempfile.mkdtemp()) / "t.jsonl", Cosine(1, 0, steps(10**6))
        >>> with TraceWriter(path, [(0, "lr")]) as writer:
        ...     writer.follow(0, plan)
        ...     for t in range(1000):
        ...         writer.update(t, [plan(t)])
        >>> path.stat().st_size < 300, Trace.load(path).value(999) == plan(999)
        (True, True)
        """
        if whole(place, "place", least=0) >= len(self._columns):
            raise PassoError(f"there is no column {place}; the columns are {self.columns}")
        self._expected[place] = None if schedule is None else Forecast.of(schedule, shift)

    def report(
        self, clock: int, metrics: Mapping[str, SupportsFloat], *, at_once: bool = True
    ) -> None:
        """When `clock` updates had been made, these metrics were reported.

        Without `at_once` the line waits for others, as those of updates do.
        """
        report = Report.of(clock, metrics)
        self._skip_to(clock)
        self._sink.put(text.report_line(report), clock)
        if at_once:
            self._sink.flush()

    def event(
        self,
        clock: int,
        kind: str,
        detail: Mapping[str, Any] | None = None,
        *,
        stands: str | None = None,
    ) -> None:
        """When `clock` updates had been made, this happened; `detail` is plain JSON.

        With `stands` it takes the place of what was told of it by `so_far` under that name.
        """
        event = Event(clock, kind, detail or {})
        self._skip_to(clock)
        self._sink.put(text.event_line(event, stands), clock)
        self._sink.flush()

    def so_far(
        self, clock: int, kind: str, details: Sequence[Mapping[str, Any]], stands: str
    ) -> None:
        """Events that go on, as far as they came: the next told under this name replaces them.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> with TraceWriter(path, []) as writer:
        ...     writer.so_far(1, "epoch", [{"hits": 1}], "a")
        ...     writer.so_far(2, "epoch", [{"hits": 2}], "a")
        >>> [(each.clock, each.detail) for each in Trace.load(path).events]
        [(2, {'hits': 2})]
        """
        self._skip_to(clock)
        self._sink.put(text.so_far_line(clock, kind, details, stands), clock)

    def add_group(self, name: str, keys: Sequence[str]) -> int:
        """A group joined: its columns come last from now on; answers with its place."""
        self._skip_to(self.clock)
        place = len(self._groups)
        added = [(place, key) for key in keys]
        check_layout((*self._groups, name), [*self._columns, *added])
        names = [text.name_of(*each) for each in added]
        self._sink.put(text.line(clock=self.clock, groups=[name], columns=names), self.clock)
        self._groups.append(name)
        self._columns += added
        self._names += [json.dumps(each) for each in names]
        self._last += [None] * len(added)
        self._expected += [None] * len(added)
        return place

    def rewind(self, t: int) -> None:
        """The clock goes back to `t`: what the file holds of later updates is superseded.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> with TraceWriter(path, [(0, "lr")]) as writer:
        ...     writer.update(0, [0.1])
        ...     writer.rewind(0)
        ...     writer.update(0, [0.2])
        >>> Trace.load(path).used()
        ([0], [0.2])
        """
        self.flush()
        kept = replace(_as_it_is(self._path).until(t), complete=False)
        self._finish.detach()
        self._sink.drop()  # no line says that the trace is complete, where a kill comes in between
        kept.write(self._path)
        self._open(self._path, kept)

    def condense(self, trace: Trace) -> None:
        """Puts `trace`, which says the same in fewer numbers, in place of what the file holds."""
        kept, expected = replace(trace, complete=False), self._expected
        self._sink.drop()
        try:
            kept.write(self._path)
        except OSError as error:
            warn_of_end(self._path, self.clock, error)
            return
        self._finish.detach()
        self._open(self._path, kept)
        for place, forecast in enumerate(expected):
            if forecast is not None:
                forecast.stop()
                self._expected[place] = forecast

    def flush(self, *, far: bool = True) -> None:
        """Writes what waits, and how far the clock is; without `far` where that is news."""
        self._sink.flush(far=far)

    def close(self) -> None:
        """Writes what waits and the line that makes the trace complete; once."""
        self._finish()
        self._last = [math.nan]  # equal to nothing: an update after this is refused

    def discard(self) -> None:
        """Takes the file away; nothing more is written.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> TraceWriter(path, [(0, "lr")]).discard()
        >>> path.exists()
        False
        """
        self._finish.detach()
        self._sink.drop()
        self._path.unlink(missing_ok=True)

    def keep(self) -> Callable[[], None]:
        """A function that makes writer and file what they are now, bit for bit.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "trace.jsonl"
        >>> with TraceWriter(path, [(0, "lr")]) as writer:
        ...     writer.update(0, [0.1])
        ...     put_back = writer.keep()
        ...     writer.rewind(0)
        ...     put_back()
        ...     writer.clock
        1
        """
        sink_again, alive = self._sink.keep(), self._finish.alive
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        lines = self._lines

        def put_back() -> None:
            self._finish.detach()
            self._sink.drop()
            for name, held in lists.items():
                setattr(self, name, held)
            self._lines, self._sink = lines, sink_again()
            self._finish = weakref.finalize(self, self._sink.close)
            if not alive:
                self._finish.detach()

        return put_back

    def __enter__(self) -> TraceWriter:  # noqa: PYI034 (Self is of Python 3.11)
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes, also when the block fails."""
        self.close()

    def _open(self, path: Path, trace: Trace) -> None:
        """Begins where the trace ends."""
        self._path = path.absolute()
        self._groups = list(trace.groups)
        self._columns = [(each.group, each.key) for each in trace.columns]
        self._names = [json.dumps(text.name_of(*each)) for each in self._columns]
        self._last = [_held(each) for each in trace.columns]
        self._expected = [None] * len(self._columns)
        self._lines = max((len(each.updates) for each in trace.columns), default=0)
        self._sink = Sink(self._path, trace.updates)
        try:
            self._finish = weakref.finalize(self, self._sink.close)
        except BaseException:
            self._sink.drop()
            raise

    def _change(self, t: int, values: Sequence[float | None]) -> None:
        """Writes what differs from the update before."""
        self._skip_to(t)
        if len(values) != len(self._names):
            raise PassoError(
                f"an update needs {len(self._names)} values, for {self.columns}, got {values!r}"
            )
        now = [one_nan(value) for value in values]
        used = []
        for place, (value, old) in enumerate(zip(now, self._last, strict=True)):
            forecast = self._expected[place]
            if forecast is not None and forecast.holds(t, value, old):
                self._last[place] = PLANNED
                if forecast.begins:
                    self._put(text.planned_line(self._columns[place], t, forecast), t)
            elif value is not old and value != old:
                self._last[place] = value
                used.append(f"{self._names[place]}:{text.token(value)}")
        self._sink.clock = t + 1
        if used:
            told = t if all(value is None for value in now) else t + 1
            self._put(f'{{"update":{t},"used":{{{",".join(used)}}}}}\n', told)
        if self._lines > MOST * exact_for(len(now)):
            self._condense()

    def _hold(self, place: int, forecast: Forecast, clock: int) -> None:
        """Up to `clock` a column held its value: where the plan left it, the stretch ends."""
        first = self._sink.clock
        value = forecast.says(first - 1)
        end = next((t for t in range(first, clock) if forecast.says(t) != value), None)
        if end is not None:
            forecast.stop()
            self._last[place] = value
            told = f"{self._names[place]}:{text.token(value)}"
            self._put(f'{{"update":{end},"used":{{{told}}}}}\n', end + 1)

    def _put(self, line: str, told: int) -> None:
        self._sink.put(line, told)
        self._lines += 1

    def _condense(self) -> None:
        """Older changes become buckets, so that the file stays small in a run of any length."""
        self._sink.flush(far=True)
        if self._sink.is_over:
            self._lines = 0
            return
        trace = _as_it_is(self._path)
        exact = exact_for(len(trace.columns))
        columns = tuple(Tape.of(each, exact).column() for each in trace.columns)
        self.condense(replace(trace, columns=columns))

    def _skip_to(self, clock: int) -> None:
        """Moves the clock forward; updates that nobody saw have no values."""
        if not self._finish.alive:
            raise PassoError(f"the trace {str(self._path)!r} is closed")
        if clock < self._sink.clock:
            raise PassoError(
                f"the trace is at update {self._sink.clock}, it cannot take one of update {clock}; "
                f"write writer.rewind({clock}) to go back"
            )
        if clock > self._sink.clock and any(value is not None for value in self._last):
            self._change(self._sink.clock, [None] * len(self._last))
        self._sink.clock = clock


def _as_it_is(path: str | os.PathLike[str]) -> Trace:
    """The trace in a file, its stretches kept as such: what is written from it says the same."""
    return loaded(path, unfolded=False)


def _held(column: Column) -> Any:
    """What a column holds at its end."""
    change = column.updates[-1] if column.updates else -1
    if column.planned and column.planned[-1].begin > change:
        return PLANNED
    return column.values[-1] if column.values else None


def _group_names(columns: Columns, groups: Sequence[str] | None) -> tuple[str, ...]:
    """The names that were given, else the places."""
    if groups is not None:
        return tuple(groups)
    return tuple(map(str, range(1 + max((g for g, _ in columns if g is not None), default=-1))))


def _laid_out(trace: Trace, columns: Columns, groups: tuple[str, ...]) -> Trace:
    """The trace in another layout, which must hold all that has values."""
    old = {(each.group, each.key): each for each in trace.columns if each.updates or each.planned}
    lost = [each for each in old if each not in columns]
    renamed = [(a, b) for a, b in zip(trace.groups, groups) if a != b]  # noqa: B905
    if lost or renamed:
        raise PassoError(
            f"the file's columns {list(old)} of groups {list(trace.groups)} do not fit "
            f"{list(columns)} of groups {list(groups)}; give another file"
        )
    found = tuple(old.get(each, Column(*each)) for each in columns)
    return replace(trace, groups=groups, columns=found)
