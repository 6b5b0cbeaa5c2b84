"""What one optimizer did: the values that its updates used, and who changed them."""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any, Final

from torch import distributed

from passo.optim.attach import _code, attached
from passo.optim.clock import Watch
from passo.optim.recorder import source
from passo.optim.recorder.describe import future
from passo.optim.recorder.epochs import Epochs
from passo.optim.recorder.leaving import way_out
from passo.optim.recorder.reading import Reading, numbers
from passo.optim.recorder.tally import Tally
from passo.trace import Event, Report, Tape, Trace, TraceWriter
from passo.trace.tape import exact_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from torch.optim import Optimizer

    from passo.optim.recorder.leaving import WayOut
    from passo.optim.recorder.losses import Losses

BATCH: Final = 256  # updates whose numbers wait, so that a device is asked once for all of them
TURNS: Final = 1000
REPORTS: Final = 200_000


class Record:
    """The trace of one optimizer while it is made.

    `clock` counts its real updates. `writer` is who wrote the rate last: the number of a
    scheduler, "script", or None. Whatever is told late is told in order.
    """

    def __init__(self, optimizer: Optimizer, number: int, path: Path | None, meta: Any) -> None:
        groups = optimizer.param_groups
        self.optimizer = weakref.ref(optimizer)
        self.number, self.clock, self.writer = number, 0, None
        self.meta: dict[str, Any] = {"optimizer": type(optimizer).__name__, **meta}
        self.watch = Watch(optimizer)
        self.reading = Reading(groups)
        self.parameters = {id(p) for group in groups for p in group["params"]}
        self.outer: Record | None = None
        self.twin = False
        self.each_update: Callable[[Record], None] | None = None
        self.tapes: list[Tape] = []
        self.events: list[Event] = []
        self.reports: list[Report] = []
        self.positions: dict[int, float] = {}
        self.lambdas: dict[int, Any] = {}
        self.advanced: dict[int, int] = {}
        self.skipped = False
        self._losses = Tape(None, "loss")
        self._kept: list[Any] = []
        self._slots: list[list[Tape]] = []
        self.lines: dict[tuple[int, int, int, bool], Tally] = {}
        self._tallies: dict[Any, Tally] = {}
        self._pending: list[tuple[int, list[Any]]] = []
        self._pending_losses: list[tuple[int, list[Any]]] = []
        self._by: Any = None
        self._turns = 0
        self.epochs = Epochs()
        self._way_out: WayOut | None = None
        self._file: TraceWriter | None = None
        self._path = path
        self._layout(groups)
        self.marks = self.reading.marks(groups)
        self._used: list[Any] | None = self.reading.values(groups)

    def twin_of(self, others: list[Record]) -> None:
        """An optimizer that shares its very groups with another one, as SAM with its base."""
        own = getattr(self.optimizer(), "param_groups", None)
        for other in others:
            groups = getattr(other.optimizer(), "param_groups", None)
            if groups and own and groups[0] is own[0]:
                self.outer, self.twin = other.outer or other, True

    # -- the two hooks

    def before(self, optimizer: Optimizer, closure: Any, frame: FrameType | None) -> None:
        """An update begins: what is there now is what it uses."""
        groups = optimizer.param_groups
        self.look(groups, frame)
        if not self.clock:
            self._plans(optimizer)
            self.meta |= _ranked()
            self._way_out = way_out(frame)
        self.watch.before(groups, closure)
        if self.epochs.begun(frame):
            self.happens("epoch", None, {"name": self.epochs.name})

    def after(self, optimizer: Optimizer, losses: Losses) -> bool:
        """A step ended; answers whether it was an update."""
        groups = optimizer.param_groups
        if not self.watch.is_update(optimizer):
            self.marks = self.reading.marks(groups)
            return False
        if self._used is not None:
            self._turn()
            self._pending.append((self.clock, self._used))
            self._used = None
        if seen := losses.take():
            self._pending_losses.append((self.clock, seen))
        self.clock += 1
        self.skipped = False
        if len(self._pending) >= BATCH or len(self._pending_losses) >= BATCH:
            self.settle()
        marks = self.reading.marks(groups)
        if marks != self.marks:  # the optimizer itself, or a hook of its own
            self._changed(groups, marks, "plan" if "plan" in self.meta else "optimizer")
        return True

    # -- who changes what

    def look(self, groups: Any, frame: FrameType | None) -> None:
        """Whatever differs from what was there last was changed from outside."""
        if len(groups) * len(self.reading.keys) != len(self.marks):
            self.regroup(groups)
        marks = self.reading.marks(groups)
        if marks != self.marks:
            self._edited(groups, marks, frame)

    def wrote(self, groups: Any, by: Any) -> list[str]:
        """A scheduler has just written; answers with the fields that it changed."""
        if len(groups) * len(self.reading.keys) != len(self.marks):
            self.regroup(groups)
        marks = self.reading.marks(groups)
        return self._changed(groups, marks, by) if marks != self.marks else []

    def _edited(self, groups: Any, marks: list[Any], frame: FrameType | None) -> None:
        if self._is_planned():
            self._changed(groups, marks, "plan")
            return
        for key in self._changed(groups, marks, "script"):
            line = source.writing(key, frame)
            self.happens("edit", key, {"key": key, "where": line or "", "by_script": bool(line)})

    def _is_planned(self) -> bool:
        """Whether what is there is what the Schedulers of passo wrote."""
        optimizer = self.optimizer()
        plans = attached(optimizer)
        driven = [each for plan in plans for each in plan.driver.driven if each.field is not None]
        return bool(driven) and all(
            each.place is not None
            and each.place < len(optimizer.param_groups)  # type: ignore[union-attr]
            and math.isclose(
                each.field.read(optimizer.param_groups[each.place]),  # type: ignore[union-attr]
                each.last,
                rel_tol=1e-6,
            )
            for each in driven
        )

    def _plans(self, optimizer: Optimizer) -> None:
        """What the Schedulers of passo follow, for the trace's header."""
        found = attached(optimizer)
        if found:
            plan = {key: _code(entry) for each in found for key, entry in each.plan.items()}
            run = found[0].run
            self.meta |= {"plan": plan, "run": None if run is None else repr(run)}
            if run is not None and run.unit == "steps":
                self.meta["planned"] = float(run.updates)

    def _changed(self, groups: Any, marks: list[Any], by: Any) -> list[str]:
        keys, count, old = self.reading.keys, len(self.reading.keys), self.marks
        if len(marks) == count:
            pairs = zip(keys, marks, old)  # noqa: B905 (as long as each other)
            changed = [key for key, a, b in pairs if a is not b and a != b]
        else:
            changed = [key for k, key in enumerate(keys) if marks[k::count] != old[k::count]]
        self.marks = marks
        self._used = self.reading.values(groups) if self.reading.tensors else marks
        if "lr" in changed:
            self.writer = by
        return changed

    def _turn(self) -> None:
        """An update used a rate that somebody else wrote than the one before."""
        if self.writer != self._by and self._turns < TURNS:
            self._turns += 1
            self.tell(self.clock, "turn", {"by": self.writer})
        self._by = self.writer

    # -- what happens

    def happens(self, kind: str, key: Any, detail: dict[str, Any]) -> None:
        """One more hit of something that recurs."""
        self.tally(kind, (key, *detail.values()), detail).hit(self.clock)

    def tally(self, kind: str, key: Any, detail: dict[str, Any]) -> Tally:
        """What counts something that recurs."""
        known = self._tallies.get((kind, key))
        if known is None:
            known = self._tallies[kind, key] = Tally(kind, detail, self.tell)
        return known

    def tell(self, _clock: int, kind: str, detail: dict[str, Any]) -> None:
        """Something happened, once."""
        self.settle()
        event = Event(self.clock, kind, detail)
        self.events.append(event)
        if self._file is not None:
            self._file.event(event.clock, kind, event.detail)

    def report(self, name: str, value: Any) -> None:
        """A metric that the script handed over."""
        try:
            report = Report.of(self.clock, {name: value})
        except ValueError:
            return
        self.settle()
        if len(self.reports) >= REPORTS:
            self.reports[: REPORTS // 2] = self.reports[: REPORTS // 2 : 2]
            self.meta["thinned"] = True
        self.reports.append(report)
        if self._file is not None:
            self._file.report(report.clock, dict(report.metrics))

    # -- the trace

    def settle(self) -> None:
        """Bring what waits into numbers, in order."""
        pending, self._pending = self._pending, []
        losses, self._pending_losses = self._pending_losses, []
        folded = False
        for update, values in pending:
            if self._file is not None:
                self._file.update(update, numbers(values))
            for value, old, slot in zip(values, self._kept, self._slots):  # noqa: B905
                if value is not old:
                    for tape, number in zip(slot, numbers([value])):  # noqa: B905
                        folded |= tape.put(update, number)
            self._kept = values
        for update, several in losses:
            folded |= self._losses.put(update, _mean(several))
        if self._file is not None and folded:
            self._file.condense(self.trace())

    def trace(self) -> Trace:
        """All that was seen so far, as a value."""
        self.settle()
        told = [Report(clock, (("loss", value),)) for clock, value in _series(self._losses)]
        return Trace(
            self.clock,
            tuple(self.meta.get("groups", ())),
            tuple(tape.column() for tape in self.tapes),
            tuple(sorted([*told, *self.reports], key=lambda each: each.clock)),
            tuple(self.events),
            self.meta.get("plan"),
            self.meta.get("run"),
            {key: self.meta[key] for key in self.meta if key not in ("groups", "plan", "run")},
            complete="ended" in self.meta,
        )

    def end(self, how: str) -> None:
        """The run is over: tell what recurs up to here."""
        self._end_tallies()
        optimizer = self.optimizer()
        if optimizer is not None:
            self._plans(optimizer)
        if how == "end":
            self._futures()
        self.meta["ended"] = how
        if self._way_out is not None and self._way_out.was_taken(self.clock, self.epochs.now):
            self.meta["left"] = True
        if self._file is not None:
            self._file.condense(self.trace())
            self._file.close()

    def _futures(self) -> None:
        """What the functions of LambdaLR would have given, had the run gone on.

        They are asked when the script is over; what they print or raise is nobody's.
        """
        for number, function in self.lambdas.items():
            values = future(function, self.positions.get(number, 0))
            if values:
                self.tell(self.clock, "future", {"scheduler": number, "values": values})

    def snapshot(self) -> Trace:
        """The trace up to now, with what recurs told so far, while the run goes on."""
        self._end_tallies()
        return self.trace()

    def _end_tallies(self) -> None:
        for tally in list(self._tallies.values()):
            tally.end()
        for number, at in self.positions.items():
            self.tell(self.clock, "position", {"scheduler": number, "position": at})
        self.settle()

    def regroup(self, groups: Any) -> None:
        """Groups joined or went."""
        self.settle()
        before = len(self.meta["groups"])
        self._layout(groups)
        self.marks = self.reading.marks(groups)
        self._used = self.reading.values(groups)
        self.parameters = {id(p) for group in groups for p in group["params"]}
        if len(groups) != before:
            self.tell(self.clock, "group", {"before": before, "after": len(groups)})

    def _layout(self, groups: Any) -> None:
        self.reading = Reading(groups)
        known = {(tape.group, tape.key): tape for tape in self.tapes}
        names = self.reading.columns(groups)
        exact = exact_for(len(names))
        self.tapes = [known.get(each) or Tape(*each, exact) for each in names]
        self._kept = [_NEVER] * (len(groups) * len(self.reading.keys))
        self._slots = self._by_slot(names)
        self.meta["groups"] = [str(g.get("name", k)) for k, g in enumerate(groups)]
        if self._path is not None:
            self._reopen(self._path)

    def _by_slot(self, names: list[tuple[int, str]]) -> list[list[Tape]]:
        """The tapes of each group and key: two for a pair of betas."""
        slots: dict[tuple[int, str], list[Tape]] = {}
        for (place, name), tape in zip(names, self.tapes, strict=True):
            slots.setdefault((place, name.partition("[")[0]), []).append(tape)
        return list(slots.values())

    def _reopen(self, path: Path) -> None:
        """Begin the file, or lay it out anew."""
        if self._file is None:
            columns = [(tape.group, tape.key) for tape in self.tapes]
            self._file = TraceWriter(path, columns, groups=self.meta["groups"])
        else:
            self._file.condense(self.trace())


_NEVER: Final = object()


def _ranked() -> dict[str, int]:
    """This process among those that train together."""
    ready = distributed.is_available() and distributed.is_initialized()
    if not ready:
        return {}
    return {"rank": distributed.get_rank(), "world": distributed.get_world_size()}


def _mean(several: list[Any]) -> float:
    found = [each for each in numbers(several) if each is not None]
    return math.fsum(found) / len(found) if found else math.nan


def _series(tape: Tape) -> list[tuple[int, float]]:
    """A tape of losses as points: an older one is the mean of its bucket."""
    column = tape.column()
    old = [(each.end - 1, each.mean) for each in column.coarse]
    pairs = zip(column.updates, column.values, strict=True)
    return [*old, *((update, value) for update, value in pairs if value is not None)]
