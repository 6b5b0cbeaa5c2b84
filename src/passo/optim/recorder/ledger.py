"""What one optimizer's updates used, on its way into tapes and into a file."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder.reading import is_deep, names, number, parts
from passo.trace import Event, Report, Tape, Trace, TraceWriter
from passo.trace.tape import exact_for

if TYPE_CHECKING:
    from pathlib import Path

    from passo.optim.recorder.reading import Groups, Reading, Rows

BATCH: Final = 256  # updates whose numbers wait, so that a device is asked once for all of them
REPORTS: Final = 200_000


class Ledger:
    """Keeps rows of values, losses, reports and events in the order in which they came.

    Rows and losses wait until a batch of them is turned into numbers, or something is told that
    comes after them.
    """

    def __init__(self, path: Path | None, meta: dict[str, Any]) -> None:
        self.meta = meta
        self.events: list[Event] = []
        self.reports: list[Report] = []
        self.groups: list[str] = []
        self._tapes: dict[tuple[int, str], Tape] = {}
        self._slots: list[list[Tape]] = []
        self._last: list[Any] = []
        self._losses = Tape(None, "loss")
        self._rows: list[tuple[int, Rows]] = []
        self._seen: list[tuple[int, list[Any]]] = []
        self._path = path
        self._file: TraceWriter | None = None

    def layout(self, reading: Reading, groups: Groups, clock: int) -> None:
        """Which groups and fields the next rows have."""
        self.settle()
        slots = [
            [(place, name) for name in names(key, group.get(key))]
            for place, group in enumerate(groups)
            for key in reading.keys
        ]
        exact = exact_for(sum(map(len, slots)))
        known = self._tapes
        self._slots = [[known.get(each) or Tape(*each, exact) for each in slot] for slot in slots]
        self._tapes = {(t.group or 0, t.key): t for slot in self._slots for t in slot}
        self._last = [_NOTHING] * len(slots)
        self.groups = [str(group.get("name", place)) for place, group in enumerate(groups)]
        if self._file is not None:
            self._file.condense(self.trace(clock, unfolded=False))
        elif self._path is not None:
            self._file = TraceWriter(self._path, list(self._tapes), groups=self.groups)

    def follow(self, clock: int, column: tuple[int, str], schedule: Any, shift: float) -> None:
        """From the next update on a field is expected to hold what schedule(t - shift) says."""
        tape = self._tapes.get(column)
        if tape is not None:
            self.settle()
            tape.follow(clock, schedule, shift)
            if self._file is not None:
                self._file.follow(list(self._tapes).index(column), schedule, shift)

    def used(self, update: int, rows: Rows) -> None:
        """What an update used, where that differs from the one before."""
        self._rows.append((update, rows))
        if len(self._rows) >= BATCH:
            self.settle()

    def lost(self, update: int, losses: list[Any]) -> None:
        """The losses that went backward for an update."""
        self._seen.append((update, losses))
        if len(self._seen) >= BATCH:
            self.settle()

    def event(self, clock: int, kind: str, detail: dict[str, Any]) -> None:
        """Something happened."""
        self.settle()
        event = Event(clock, kind, detail)
        self.events.append(event)
        if self._file is not None:
            self._file.event(event.clock, kind, event.detail)

    def report(self, clock: int, name: str, value: Any) -> None:
        """A metric that the script handed over; what is not a number is none."""
        try:
            report = Report.of(clock, {name: value})
        except ValueError:
            return
        self.settle()
        if len(self.reports) >= REPORTS:
            self.reports[: REPORTS // 2] = self.reports[: REPORTS // 2 : 2]
            self.meta["thinned"] = True
        self.reports.append(report)
        if self._file is not None:
            self._file.report(report.clock, dict(report.metrics))

    def settle(self) -> None:
        """Bring what waits into numbers, in order."""
        if self._rows:
            self._settle_rows()
        if self._seen:
            seen, self._seen = self._seen, []
            self._losses.extend([u for u, _ in seen], [_mean(several) for _, several in seen])

    def trace(self, clock: int, *, unfolded: bool = True) -> Trace:
        """All that was kept so far; `unfolded` has short stretches of a plan as their values."""
        self.settle()
        columns = [tape.column(folded=not unfolded) for tape in self._tapes.values()]
        meta = self.meta
        told = [Report(at, (("loss", value),)) for at, value in _series(self._losses)]
        return Trace(
            clock,
            tuple(self.groups),
            tuple(each.unfolded() if unfolded else each for each in columns),
            tuple(sorted([*told, *self.reports], key=lambda each: each.clock)),
            tuple(self.events),
            meta.get("plan"),
            meta.get("run"),
            {key: meta[key] for key in meta if key not in ("plan", "run")},
            complete="ended" in meta,
        )

    def close(self, clock: int) -> None:
        """The whole trace takes the place of what was written while it came."""
        if self._file is not None:
            self._file.condense(self.trace(clock, unfolded=False))
            self._file.close()

    def _settle_rows(self) -> None:
        waiting, self._rows = self._rows, []
        updates = [update for update, _ in waiting]
        cells = [list(chain.from_iterable(rows)) for _, rows in waiting]
        if self._file is not None:
            self._write(updates, cells)
        folded = False
        for place, column in enumerate(zip(*cells)):  # noqa: B905 (as long as each other)
            last = self._last[place]
            if is_deep(last) or column.count(last) < len(column):
                for tape, values in zip(self._slots[place], _columns(column)):  # noqa: B905
                    folded |= tape.extend(updates, values)
            self._last[place] = column[-1]
        if folded and self._file is not None:
            self._file.condense(self.trace(updates[-1] + 1, unfolded=False))

    def _write(self, updates: list[int], cells: list[list[Any]]) -> None:
        for update, row in zip(updates, cells):  # noqa: B905 (as long as each other)
            values = [number(part) for cell in row for part in parts(cell)]
            self._file.update(update, values)  # type: ignore[union-attr]


_NOTHING: Final = object()


def _columns(cells: tuple[Any, ...]) -> list[list[float | None]]:
    """The numbers of one field, update by update: a list for each part of a pair."""
    if type(cells[0]) is float:
        return [[each if type(each) is float else number(each) for each in cells]]
    pairs = zip(*map(parts, cells))  # noqa: B905 (as long as each other)
    return [[number(each) for each in part] for part in pairs]


def _mean(several: list[Any]) -> float:
    found = [value for each in several if (value := number(each)) is not None]
    return math.fsum(found) / len(found) if found else math.nan


def _series(tape: Tape) -> list[tuple[int, float]]:
    """A tape of losses as points: an older one is the mean of its bucket."""
    column = tape.column()
    old = [(each.end - 1, each.mean) for each in column.coarse]
    pairs = zip(column.updates, column.values, strict=True)
    return [*old, *((update, value) for update, value in pairs if value is not None)]
