"""What is heard from torch, and to which Record it goes."""

from __future__ import annotations

import sys
import warnings
import weakref
from typing import TYPE_CHECKING, Any, cast

from torch.optim.lr_scheduler import MultiplicativeLR

from passo.optim.recorder import describe, source
from passo.optim.recorder.losses import Losses
from passo.optim.recorder.record import Record
from passo.optim.scheduler import Scheduler
from passo.schedules.errors import PassoWarning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from torch.optim import Optimizer

    from passo.optim.recorder.tally import Tally

    Done = Callable[[Any, bool], None]


class EnoughUpdates(BaseException):
    """The run was asked to stop after so many updates; no `except Exception` holds it up."""


class Listener:
    """One for the process: a Record for each optimizer, made when it is first heard of."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.meta: dict[str, Any] = {}
        self.most: int | None = None
        self.records: list[Record] = []
        self._by_id: dict[int, Record] = {}
        self.busy: list[Any] = []
        self._numbers: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._count = 0
        self.losses = Losses()
        self._open: Record | None = None
        self._latest: Record | None = None
        self._codes: list[Any] = []
        self.lost = False

    def lose(self, error: Exception) -> None:
        """Something went wrong here: say so once, and let the run go on unseen."""
        self.lost = True
        text = f"the recorder lost sight of the run, what it saw until now is kept: {error!r}"
        warnings.warn(text, PassoWarning, stacklevel=4)

    # -- optimizers

    def record(self, optimizer: Any) -> Record | None:
        """The record of an optimizer, or of what is inside a wrapper; None for what is neither."""
        for _ in range(8):
            if hasattr(optimizer, "_optimizer_step_post_hooks") or optimizer is None:
                break
            optimizer = getattr(optimizer, "optimizer", None)
        if optimizer is None or not getattr(optimizer, "param_groups", None):
            return None
        known = self._by_id.get(id(optimizer))
        if known is None or known.optimizer() is not optimizer:
            number = len(self.records)
            path = None if self.folder is None else self.folder / f"{number}.jsonl"
            known = Record(optimizer, number, path, self.meta)
            self._by_id[id(optimizer)] = known
            known.twin_of(self.records)
            self.records.append(known)
        return known.outer or known

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """A step begins; an error of ours never ends a run."""
        if not self.lost:
            try:
                self._begin(optimizer, args[1] if len(args) > 1 else kwargs.get("closure"))
            except Exception as error:  # noqa: BLE001 (whatever it is, training goes on)
                self.lose(error)

    def after(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        """A step ended."""
        if self.lost:
            return
        try:
            updated = self._end(optimizer)
        except Exception as error:  # noqa: BLE001 (whatever it is, training goes on)
            self.lose(error)
            return
        if updated is not None:
            if updated.each_update is not None:
                updated.each_update(updated)
            if self.most is not None and updated.clock >= self.most:
                raise EnoughUpdates

    def _begin(self, optimizer: Optimizer, closure: Any) -> None:
        known = self._by_id.get(id(optimizer))
        if known is None or known.optimizer() is not optimizer:
            known = self.record(optimizer)
        if known is None:
            return
        if known.outer is not None:
            if not known.twin or self._open is known.outer:
                return
            known = known.outer
        outer = self._open
        if outer is not None and outer is not known and _holds(outer, known):
            known.outer = outer
            return
        self._open = known
        known.before(optimizer, closure, sys._getframe(2))

    def _end(self, optimizer: Optimizer) -> Record | None:
        """The record that has one update more."""
        known = self._by_id.get(id(optimizer))
        if known is not None and known.twin:
            known = known.outer
        if known is None or known.outer is not None or known is not self._open:
            return None
        if known.after(optimizer, self.losses):
            self._open = None
            self._latest = known
            return known
        if not known.watch.nested:
            self._open = None
        return None

    # -- schedulers

    def building(self, method: Any, args: Any, kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler is being built; only the outermost constructor is told."""
        scheduler, optimizer = args[0], _optimizer_of(args, kwargs)
        if scheduler in self.busy or isinstance(scheduler, Scheduler):
            return None
        record = self.record(optimizer)
        self.busy.append(scheduler)
        before = _values(record, frame)

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

    def _built(
        self, scheduler: Any, record: Record, method: Any, call: Any, frame: Any, before: Any
    ) -> None:
        number = self._number(scheduler)
        optimizer = cast("Optimizer", record.optimizer())
        record.wrote(optimizer.param_groups, number)
        if getattr(scheduler, "lr_lambdas", None) and not isinstance(scheduler, MultiplicativeLR):
            record.lambdas[number] = scheduler.lr_lambdas[0]
        record.advanced[number] = record.clock
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
                "given": describe.given(method, *call),
                "named": describe.named(method, *call),
                "plan": describe.plan_of(scheduler),
                "inside": [self._number(each) for each in inside],
                "reads_rate": describe.reads_rate(scheduler),
                "position": describe.position(scheduler),
                "before": before,
                "after": _values(record, None),
                "where": source.shown(file, line),
            },
        )

    def _elsewhere(self, record: Record) -> bool:
        """Whether another optimizer makes the updates of the same parameters."""
        latest = self._latest
        return latest is not None and latest is not record and _holds(latest, record)

    def _number(self, scheduler: Any) -> int:
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
        record = self._by_id.get(id(optimizer))
        if record is None or record.outer is not None or record.optimizer() is not optimizer:
            record = self.record(optimizer)
            if record is None:
                return None
            optimizer = cast("Optimizer", record.optimizer())
        record.look(optimizer.param_groups, frame)  # type: ignore[union-attr]
        return record

    def stepped(self, record: Record, args: Any, kwargs: Any, frame: Any, before: Any) -> None:
        """A scheduler has advanced."""
        scheduler = args[0]
        number = self._number(scheduler)
        at = getattr(scheduler, "last_epoch", None)
        groups = cast("Optimizer", record.optimizer()).param_groups
        inside = hasattr(scheduler, "_milestones")
        record.wrote(groups, [number, *describe.active(scheduler)] if inside else number)
        key = (number, id(frame.f_code), frame.f_lineno, before is None or at != before)
        if at is not None:
            record.positions[number] = at
        tally = record.lines.get(key)
        if tally is None:
            tally = record.lines[key] = self._line(record, number, frame, moved=key[3])
        tally.hit(record.clock)
        if record.skipped or record is not self._latest:
            self._doubtful(record, number, str(tally.detail["where"]))
        record.advanced[number] = record.clock
        if "metrics" in kwargs or (len(args) > 1 and hasattr(scheduler, "patience")):
            name = str(tally.detail.get("metric") or self._metric(tally, frame))
            record.report(name, kwargs.get("metrics", args[1] if len(args) > 1 else None))

    def _line(self, record: Record, number: int, frame: FrameType, *, moved: bool) -> Tally:
        """A line that advances a scheduler, seen for the first time."""
        where = source.shown(*source.place(frame))
        detail = {"scheduler": number, "where": where, "moved": moved}
        if "accelerate" in frame.f_code.co_filename:
            detail["through"] = "accelerate"
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
        elif self._elsewhere(record):
            other = cast("Record", self._latest).meta["optimizer"]
            detail = {"scheduler": number, "other": other, "where": where}
            record.happens("elsewhere", number, detail)

    def failed(self, record: Record, scheduler: Any, frame: Any, error: BaseException) -> None:
        """A scheduler raised."""
        where = source.shown(*source.place(frame))
        detail = {"scheduler": self._number(scheduler), "error": repr(error), "where": where}
        record.tell(record.clock, "failed", detail)

    def reporting(self, _method: Any, args: Any, kwargs: Any, _frame: FrameType) -> Done | None:
        """A Scheduler of passo is told metrics."""
        told = {**(dict(args[1]) if len(args) > 1 and args[1] else {}), **kwargs}
        told.pop("reduce", None)
        record = self.record(args[0].optimizer)
        for name, value in told.items():
            if record is not None:
                record.report(name, value)
        return None

    # -- loading and saving

    def loading(self, _method: Any, args: Any, _kwargs: Any, frame: FrameType) -> Done | None:
        """An optimizer takes a state in."""
        optimizer = args[0]
        if not hasattr(optimizer, "_optimizer_step_post_hooks"):
            return None
        record = self.record(optimizer)
        if record is None:
            return None
        before = _values(record, frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            if not failed:
                record.wrote(optimizer.param_groups, "load")
                where = source.shown(*source.place(frame))
                detail = {"what": "optimizer", "before": before, "after": _values(record, None)}
                record.tell(record.clock, "load", {**detail, "where": where})

        return done

    def loading_scheduler(self, _m: Any, args: Any, _kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler takes a state in."""
        scheduler = args[0]
        if self.busy or isinstance(scheduler, Scheduler):
            return None
        record = self.record(getattr(scheduler, "optimizer", None))
        if record is None:
            return None
        self.busy.append(scheduler)
        before, rate = _plans(scheduler), _values(record, frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            self.busy.pop()
            if failed:
                return
            detail = {
                "what": "scheduler",
                "scheduler": self._number(scheduler),
                "plan before": before,
                "plan after": _plans(scheduler),
                "before": rate,
                "after": _values(record, None),
                "rate": describe.plain(getattr(scheduler, "_last_lr", None)),
                "position": describe.position(scheduler),
                "where": source.shown(*source.place(frame)),
            }
            record.tell(record.clock, "load", detail)

        return done

    def saving(self, _method: Any, args: Any, _kwargs: Any, _frame: FrameType) -> Done | None:
        """The state of an optimizer or of a scheduler was asked for."""
        record = self._by_id.get(id(getattr(args[0], "optimizer", args[0])))
        if record is not None:
            record.meta["saved"] = record.clock
        return None

    # -- losses

    def scaled_step(self, _method: Any, args: Any, _kwargs: Any, frame: FrameType) -> Done | None:
        """A GradScaler steps, or leaves the update out."""
        record = self.record(args[1]) if len(args) > 1 else None
        if record is None:
            return None
        before = record.clock

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            if not failed and record.clock == before:
                where = source.shown(*source.place(frame))
                record.happens("skip", None, {"where": where})
                record.skipped = True
                self.losses.take()

        return done

    def watch(self, metrics: dict[str, Any]) -> None:
        """What the script hands over itself."""
        for name, value in metrics.items():
            if name == "loss":
                self.losses.tell(value)
            else:
                target = self._open or (self.records[-1] if self.records else None)
                if target is not None:
                    target.report(name, value)


def _holds(outer: Record, inner: Record) -> bool:
    """Whether an optimizer steps inside another one: they have parameters in common."""
    return bool(set(outer.parameters) & set(inner.parameters))


def _optimizer_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    given = [*args[1:2], kwargs.get("optimizer")]
    found = next((each for each in given if hasattr(each, "param_groups")), None)
    if found is None and len(args) > 1 and isinstance(args[1], (list, tuple)) and args[1]:
        return getattr(args[1][0], "optimizer", None)
    if found is None:
        return getattr(next(iter(kwargs.get("schedulers") or ()), None), "optimizer", None)
    return found


def _values(record: Record | None, frame: FrameType | None) -> dict[str, Any]:
    """What the groups hold, by column; edits from outside are noticed first."""
    optimizer = None if record is None else record.optimizer()
    if record is None or optimizer is None:
        return {}
    if frame is not None:
        record.look(optimizer.param_groups, frame)
    from passo.optim.recorder.reading import numbers

    names = record.reading.columns(optimizer.param_groups)
    values = numbers(record.reading.values(optimizer.param_groups))
    return {f"{place}.{key}": value for (place, key), value in zip(names, values, strict=True)}


def _plans(scheduler: Any) -> list[Any]:
    """Its plan, and the plans of those inside."""
    inside = [_plans(each) for each in getattr(scheduler, "_schedulers", ())]
    return [describe.plan_of(scheduler), *inside]
