"""What one optimizer's updates used, on its way into tapes and into a file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder.reading import number
from passo.optim.recorder.strands import Strands
from passo.trace import Event, Report, Tape, Trace, TraceWriter

if TYPE_CHECKING:
    from pathlib import Path

    from passo.optim.recorder.reading import Groups, Reading, Row
    from passo.schedules import Schedule

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
        self._strands = Strands()
        self._losses = Tape(None, "loss")
        self._rows: list[tuple[int, list[Row]]] = []
        self._seen: list[tuple[int, list[Any]]] = []
        self._path = path
        self._file: TraceWriter | None = None

    def layout(self, reading: Reading, groups: Groups, clock: int) -> None:
        """Which groups and fields the next rows have."""
        self.settle()
        self._strands.layout(reading, groups)
        self.groups = [str(group.get("name", place)) for place, group in enumerate(groups)]
        if self._file is not None:
            self._file.condense(self.trace(clock, unfolded=False))
        elif self._path is not None:
            self._file = TraceWriter(self._path, self._strands.names, groups=self.groups)

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
            self._file.condense(self.trace(clock, unfolded=False))
            self._file.close()

    def _settle_rows(self) -> None:
        waiting, self._rows = self._rows, []
        updates, rows = [update for update, _ in waiting], [row for _, row in waiting]
        numbers, folded = self._strands.extend(updates, rows)
        if self._file is not None:
            for update, values in zip(updates, zip(*numbers)):  # noqa: B905 (as long as each other)
                self._file.update(update, list(values))
            if folded:
                self._file.condense(self.trace(updates[-1] + 1, unfolded=False))


def _mean(several: list[Any]) -> float:
    found = [value for each in several if (value := number(each)) is not None]
    return math.fsum(found) / len(found) if found else math.nan


def _series(tape: Tape) -> list[tuple[int, float]]:
    """A tape of losses as points: an older one is the mean of its bucket."""
    column = tape.column()
    old = [(each.end - 1, each.mean) for each in column.coarse]
    pairs = zip(column.updates, column.values, strict=True)
    return [*old, *((update, value) for update, value in pairs if value is not None)]
