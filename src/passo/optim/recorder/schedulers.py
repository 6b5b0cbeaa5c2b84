"""What is heard from schedulers: built, advanced, failed."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, cast

from torch.optim.lr_scheduler import MultiplicativeLR

from passo.optim.recorder import describe, source, writes
from passo.optim.recorder.trainers import trainer_of
from passo.optim.scheduler.resting import Resting
from passo.optim.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from torch.optim import Optimizer

    from passo.optim.recorder.record import Record
    from passo.optim.recorder.records import Records
    from passo.optim.recorder.tally import Tally

    Done = Callable[[Any, bool], None]


class Schedulers:
    """The schedulers of the process, numbered as they come; `busy` are those in a call now."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.busy: list[Any] = []
        self._numbers: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._count = 0
        self._codes: list[Any] = []
        self._within: set[tuple[int, int]] = set()

    def building(self, method: Any, args: Any, kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler is being built; only the outermost constructor is told."""
        scheduler, optimizer = args[0], _optimizer_of(args, kwargs)
        if isinstance(scheduler, Scheduler):
            return self._attaching(scheduler, optimizer)
        if scheduler in self.busy:
            return None
        record = self.records.of(optimizer)
        self.busy.append(scheduler)
        before = {} if record is None else record.fields(frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            self.busy.remove(scheduler)
            if record is not None and not failed:
                kind = type(scheduler).__init__
                told = getattr(kind, "__wrapped__", kind)
                outer = type(scheduler).__init__ is not method
                self._built(
                    scheduler, record, told if outer else method, (args, kwargs), frame, before
                )

        return done

    def _attaching(self, scheduler: Scheduler, optimizer: Any) -> Done | None:
        """A Scheduler of passo is attached: should no update ever come, the trace says so."""

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            record = None if failed else self.records.of(optimizer)
            if record is not None:
                record.awaits(scheduler)

        return done

    def _built(
        self, scheduler: Any, record: Record, method: Any, call: Any, frame: Any, before: Any
    ) -> None:
        number = self.number(scheduler)
        optimizer = cast("Optimizer", record.optimizer())
        record.wrote(optimizer.param_groups, number)
        if getattr(scheduler, "lr_lambdas", None) and not isinstance(scheduler, MultiplicativeLR):
            record.lambdas[number] = scheduler.lr_lambdas[0]
        record.advanced[number] = record.clock
        record.built[number] = weakref.ref(scheduler)
        file, line = source.place(frame)
        inside = getattr(scheduler, "_schedulers", ())
        record.tell(
            record.clock,
            "built",
            {
                "scheduler": number,
                "class": type(scheduler).__name__,
                "module": type(scheduler).__module__,
                "bases": [each.__name__ for each in type(scheduler).__mro__[1:-1]],
                "homes": [each.__module__ for each in type(scheduler).__mro__[1:-1]],
                "given": describe.given(method, *call),
                "named": describe.named(method, *call),
                "plan": describe.plan_of(scheduler),
                "inside": [self.number(each) for each in inside],
                "reads_rate": describe.reads_rate(scheduler),
                "position": describe.position(scheduler),
                "usual": describe.usual(cast("Any", type(optimizer))),
                "before": before,
                "after": record.fields(),
                "where": source.shown(file, line),
                "optimizers": writes.each_optimizer(optimizer, frame),
            },
        )

    def number(self, scheduler: Any) -> int:
        """The number of a scheduler, from 0 in the order in which they were first heard of."""
        reference, number = self._numbers.get(id(scheduler), (None, 0))
        if reference is None or reference() is not scheduler:
            number = self._count
            self._count += 1
            self._numbers[id(scheduler)] = weakref.ref(scheduler), number
        return number

    def stepping(self, scheduler: Any, frame: FrameType) -> Record | None:
        """A scheduler advances; what it does to others inside is its own."""
        if isinstance(scheduler, Scheduler):
            return None
        optimizer = getattr(scheduler, "optimizer", None)
        if isinstance(scheduler, Resting):
            self._rests(scheduler, optimizer)
            return None
        record = self.records.known(optimizer)
        if record is None or record.outer is not None:
            record = self.records.of(optimizer)
            if record is None:
                return None
            optimizer = cast("Optimizer", record.optimizer())
        record.look(optimizer.param_groups, frame)  # type: ignore[union-attr]
        return record

    def _rests(self, scheduler: Any, optimizer: Any) -> None:
        """A trainer steps what it built and a plan has put to rest: it is held by that plan."""
        number, record = self.number(scheduler), self.records.of(optimizer)
        if record is not None and (number, number) not in self._within:
            self._within.add((number, number))
            record.tell(record.clock, "held", {"scheduler": number, "by": None})

    def within(self, inner: Any, outer: Any) -> None:
        """A scheduler advances inside another one's step: that one holds it."""
        pair = self.number(inner), self.number(outer)
        if pair in self._within:
            return
        self._within.add(pair)
        record = self.records.of(getattr(inner, "optimizer", None))
        if record is not None and inner not in getattr(outer, "_schedulers", ()):
            record.tell(record.clock, "held", {"scheduler": pair[0], "by": pair[1]})

    def stepped(self, record: Record, args: Any, kwargs: Any, frame: Any, before: Any) -> None:
        """A scheduler has advanced."""
        scheduler = args[0]
        number = self.number(scheduler)
        at = getattr(scheduler, "last_epoch", None)
        groups = cast("Optimizer", record.optimizer()).param_groups
        inside = hasattr(scheduler, "_milestones")
        record.wrote(groups, [number, *describe.active(scheduler)] if inside else number)
        key = (number, id(frame.f_code), frame.f_lasti, before is None or at != before)
        if at is not None:
            record.positions[number] = at
        tally = record.lines.get(key)
        if tally is None:
            tally = record.lines[key] = self._line(record, number, frame, moved=key[3])
            tally.detail["stood"] = describe.plain(before)
            tally.detail["told"] = "metrics" not in kwargs and len(args) + len(kwargs) > 1
        tally.hit(record.clock)
        if record.filed:
            record.advanced_by(tally)
        if record.skipped or record is not self.records.latest:
            self._doubtful(record, number, str(tally.detail["where"]))
        record.advanced[number] = record.clock
        if "metrics" in kwargs or (len(args) > 1 and hasattr(scheduler, "patience")):
            name = str(tally.detail.get("metric") or self._metric(tally, frame))
            record.report(name, kwargs.get("metrics", args[1] if len(args) > 1 else None))

    def _line(self, record: Record, number: int, frame: FrameType, *, moved: bool) -> Tally:
        """A line that advances a scheduler, seen for the first time."""
        where = source.shown(*source.place(frame))
        detail = {"scheduler": number, "where": where, "moved": moved}
        detail |= trainer_of(frame)
        self._codes.append(frame.f_code)  # so that its id stays its own
        return record.tally("advance", (number, where, moved), detail)

    def _metric(self, tally: Tally, frame: FrameType) -> str:
        """What a plateau is told, by the text of the call."""
        name = source.argument(frame) or "metric"
        name = "loss (watched)" if name == "loss" else name
        tally.detail["metric"] = name
        return name

    def _doubtful(self, record: Record, number: int, where: str) -> None:
        """An advance after an update that was left out, or that another optimizer made."""
        if record.advanced.get(number) != record.clock:
            return
        if record.skipped:
            record.skipped = False
            record.happens("over skip", number, {"scheduler": number, "where": where})
        elif self.records.elsewhere(record):
            other = cast("Record", self.records.latest).meta["optimizer"]
            detail = {"scheduler": number, "other": other, "where": where}
            record.happens("elsewhere", number, detail)

    def failed(self, record: Record, scheduler: Any, frame: Any, error: BaseException) -> None:
        """A scheduler raised."""
        where = source.shown(*source.place(frame))
        detail = {"scheduler": self.number(scheduler), "error": repr(error), "where": where}
        record.tell(record.clock, "failed", detail)

    def reporting(self, _method: Any, args: Any, kwargs: Any, _frame: FrameType) -> Done | None:
        """A Scheduler of passo is told metrics."""
        told = {**(dict(args[1]) if len(args) > 1 and args[1] else {}), **kwargs}
        told.pop("reduce", None)
        record = self.records.of(args[0].optimizer)
        for name, value in told.items():
            if record is not None:
                record.report(name, value)
        return None


def _optimizer_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    given = [*args[1:2], kwargs.get("optimizer")]
    found = next((each for each in given if hasattr(each, "param_groups")), None)
    if found is None and len(args) > 1 and isinstance(args[1], (list, tuple)) and args[1]:
        return getattr(args[1][0], "optimizer", None)
    if found is None:
        return getattr(next(iter(kwargs.get("schedulers") or ()), None), "optimizer", None)
    return found
