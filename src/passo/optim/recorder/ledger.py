"""What one optimizer's updates used, on its way into tapes and into a file."""

from __future__ import annotations

import math
from heapq import merge
from operator import itemgetter
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder.reading import number
from passo.optim.recorder.strands import Strands
from passo.trace import Event, Report, Tape, Trace, TraceWriter
from passo.trace.sink import warn_of_end

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from passo.optim.recorder.reading import Groups, Reading, Row
    from passo.optim.recorder.tally import Standing
    from passo.schedules import Schedule

BATCH: Final = 256  # updates whose numbers wait, so that a device is asked once for all of them
REPORTS: Final = 200_000
PERIOD: Final = 1.0  # seconds after which a file is brought up to what was seen
SOON: Final = 16  # and a sixteenth more updates: who kills a young run wants to see why
STEP: Final = 1000  # what recurs is told again when it is a thousandth more


class Ledger:
    """Keeps rows of values, losses, reports and events in the order in which they came.

    Rows and losses wait until a batch of them is turned into numbers, or something is told that
    comes after them. A file is to be saved from the time `due` or the clock `soon` on: it is behind
    by a second, or in a young run by some updates.
    """

    def __init__(self, path: Path | None, meta: dict[str, Any]) -> None:
        self.meta = meta
        self.events: list[Event] = []
        self.reports: list[Report] = []
        self.groups: list[str] = []
        self._strands = Strands()
        self._losses = Tape(None, "loss")
        self._rows: list[tuple[int, list[Row]]] = []
        self._seen: list[tuple[int, list[Any]]] = []
        self._path = path
        self._file: TraceWriter | None = None
        self.due, self.soon = 0.0, 0
        self._stands: dict[str, int] = {}

    def layout(self, reading: Reading, groups: Groups, clock: int) -> None:
        """Which groups and fields the next rows have."""
        self.settle()
        self._strands.layout(reading, groups)
        self.groups = [str(group.get("name", place)) for place, group in enumerate(groups)]
        if self._file is not None:
            self.anew(clock)
        elif self._path is not None:
            try:
                self._file = TraceWriter(self._path, self._strands.names, groups=self.groups)
            except OSError as error:
                warn_of_end(self._path, clock, error)
                self._path = None

    def follow(
        self, clock: int, columns: list[tuple[int, str]], schedule: Schedule, shift: float
    ) -> None:
        """From the next update on fields are expected to hold what schedule(t - shift) says."""
        self.settle()
        for place in self._strands.follow(clock, columns, schedule, shift):
            if self._file is not None:
                self._file.follow(place, schedule, shift)

    def used(self, update: int, held: list[Row]) -> None:
        """What an update used, where that differs from the one before."""
        self._rows.append((update, held))
        if len(self._rows) >= BATCH:
            self.settle()

    def lost(self, update: int, losses: list[Any]) -> None:
        """The losses that went backward for an update."""
        self._seen.append((update, losses))
        if len(self._seen) >= BATCH:
            self.settle()

    def event(
        self, clock: int, kind: str, detail: dict[str, Any], stands: str | None = None
    ) -> None:
        """Something happened; what went on under the name `stands` is over with it."""
        self.settle()
        event = Event(clock, kind, detail)
        self.events.append(event)
        if self._file is not None:
            stood = stands if self._stands.pop(stands or "", None) else None
            self._file.reach(clock)
            self._file.event(event.clock, kind, event.detail, stands=stood)

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
            self._file.reach(clock)
            self._file.report(report.clock, dict(report.metrics))

    def settle(self) -> None:
        """Bring what waits into numbers, in order."""
        if not self._rows and not self._seen:
            return
        rows, seen, self._rows, self._seen = self._rows, self._seen, [], []
        updates = [update for update, _ in rows]
        numbers: list[list[float | None]] = []
        folded = False
        if rows:
            numbers, folded = self._strands.extend(updates, [row for _, row in rows])
        losses = [(update, _mean(several)) for update, several in seen]
        if losses:
            folded |= self._losses.extend(*zip(*losses, strict=True))
        if self._file is None:
            return
        if folded:
            self.anew(max([*(u + 1 for u in updates[-1:]), *(u for u, _ in losses[-1:])]))
        else:
            self._write(self._file, zip(updates, zip(*numbers)), losses)  # noqa: B905 (as long)

    def save(self, clock: int, recurs: Iterable[Standing]) -> None:
        """Bring the file up to this clock, with what recurs as far as it came."""
        file = self._file
        if file is None:
            return
        self.settle()
        file.reach(clock)
        for stands, kind, hits, details in recurs:
            told = self._stands.get(stands, 0)
            if hits > told + told // STEP:
                file.so_far(clock, kind, details, stands)
                self._stands[stands] = hits
        file.flush(far=False)
        self.soon, self.due = clock + 1 + clock // SOON, monotonic() + PERIOD

    def anew(self, clock: int) -> None:
        """Write the file anew, with all that is known by now."""
        if self._file is not None:
            self._stands.clear()
            self._file.condense(self.trace(clock, unfolded=False))

    def trace(self, clock: int, *, unfolded: bool = True) -> Trace:
        """All that was kept so far; `unfolded` has short stretches of a plan as their values."""
        self.settle()
        meta = self.meta
        told = [Report(at, (("loss", value),)) for at, value in _series(self._losses)]
        return Trace(
            clock,
            tuple(self.groups),
            tuple(self._strands.columns(unfolded=unfolded)),
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
            self.anew(clock)
            self._file.close()

    @staticmethod
    def _write(
        file: TraceWriter,
        rows: Iterable[tuple[int, tuple[float | None, ...]]],
        losses: Iterable[tuple[int, float]],
    ) -> None:
        """The lines of what was settled: an update's loss comes before what it used."""
        lost = ((update, 0, loss) for update, loss in losses)
        used = ((update, 1, values) for update, values in rows)
        what: Any
        for update, is_row, what in merge(lost, used, key=itemgetter(0, 1)):
            file.reach(update)
            if is_row:
                file.update(update, list(what))
            else:
                file.report(update, {"loss": what}, at_once=False)


def _mean(several: list[Any]) -> float:
    found = [value for each in several if (value := number(each)) is not None]
    return math.fsum(found) / len(found) if found else math.nan


def _series(tape: Tape) -> list[tuple[int, float]]:
    """A tape of losses as points: an older one is the mean of its bucket."""
    column = tape.column()
    old = [(each.end - 1, each.mean) for each in column.coarse]
    pairs = zip(column.updates, column.values, strict=True)
    return [*old, *((update, value) for update, value in pairs if value is not None)]
