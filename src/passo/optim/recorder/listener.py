"""What is heard from torch, and to which Record it goes."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.lr_scheduler import MultiplicativeLR

from passo.optim.recorder import describe, source
from passo.optim.recorder.record import Record
from passo.optim.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from torch.optim import Optimizer

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
        self._busy: list[Any] = []
        self._numbers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._count = 0
        self._losses: list[Any] = []
        self._scaled: dict[int, tuple[Any, Any]] = {}
        self._open: Record | None = None
        self._latest: Record | None = None
        self._told = False
        self._sites: dict[Any, str] = {}

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
            self.records.append(known)
        return known.outer or known

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """A step begins."""
        known = self._by_id.get(id(optimizer))
        if known is None or known.optimizer() is not optimizer:
            known = self.record(optimizer)
        if known is None or known.outer is not None:
            return
        outer = self._open
        if outer is not None and outer is not known and _holds(outer, known):
            known.outer = outer
            return
        self._open = known
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        known.before(optimizer, closure, sys._getframe(1))

    def after(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        """A step ended."""
        known = self._by_id.get(id(optimizer))
        if known is None or known.outer is not None or known is not self._open:
            return
        if known.after(optimizer, self._losses):
            self._open = None
            self._losses = []
            self._latest = known
            if known.each_update is not None:
                known.each_update(known)
            if self.most is not None and known.clock >= self.most:
                raise EnoughUpdates
        elif not known.watch._nested:
            self._open = None

    # -- schedulers

    def building(self, method: Any, args: Any, kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler is being built; only the outermost constructor is told."""
        scheduler, optimizer = args[0], _optimizer_of(args, kwargs)
        if scheduler in self._busy or isinstance(scheduler, Scheduler):
            return None
        record = self.record(optimizer)
        self._busy.append(scheduler)
        before = _values(record, frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            self._busy.remove(scheduler)
            if record is not None and not failed:
                kind = type(scheduler).__init__
                told = getattr(kind, "__wrapped__", kind)
                outer = type(scheduler).__init__ is not method
                self._built(scheduler, record, told if outer else method, (args, kwargs), frame, before)

        return done

    def _built(
        self, scheduler: Any, record: Record, method: Any, call: Any, frame: Any, before: Any
    ) -> None:
        number = self._number(scheduler)
        optimizer = record.optimizer()
        assert optimizer is not None
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
        number = self._numbers.get(scheduler)
        if number is None:
            number = self._numbers[scheduler] = self._count
            self._count += 1
        return number

    def stepping(self, _method: Any, args: Any, kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler advances; what it does to others inside is its own."""
        scheduler = args[0]
        if self._busy or isinstance(scheduler, Scheduler):
            return None
        record = self.record(getattr(scheduler, "optimizer", None))
        if record is None:
            return None
        optimizer = record.optimizer()
        assert optimizer is not None
        record.look(optimizer.param_groups, frame)
        self._busy.append(scheduler)
        before = describe.position(scheduler)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            self._busy.pop()
            self._advanced(scheduler, record, optimizer, (args, kwargs, frame), before, failed)

        return done

    def _advanced(
        self, scheduler: Any, record: Record, optimizer: Any, call: Any, before: Any, failed: bool  # noqa: FBT001
    ) -> None:
        args, kwargs, frame = call
        number = self._number(scheduler)
        by = (number, *describe.active(scheduler)) if hasattr(scheduler, "_milestones") else number
        record.wrote(optimizer.param_groups, list(by) if isinstance(by, tuple) else by)
        key = (frame.f_code, frame.f_lineno)
        site = self._sites.get(key)
        if site is None:
            site = self._sites[key] = source.shown(*source.place(frame))
        if failed:
            error = repr(sys.exc_info()[1])
            record.tell(record.clock, "failed", {"scheduler": number, "error": error, "where": site})
            return
        at = describe.position(scheduler)
        if at is not None:
            record.positions[number] = at
        moved = before is None or at != before
        detail = {"scheduler": number, "where": site, "moved": moved}
        if "accelerate" in frame.f_code.co_filename:
            detail["through"] = "accelerate"
        plateau = "metrics" in kwargs or (len(args) > 1 and hasattr(scheduler, "patience"))
        if plateau:
            name = source.argument(frame) or "metric"
            name = "loss (watched)" if name == "loss" else name
            detail["metric"] = name
            record.report(name, kwargs.get("metrics", args[1] if len(args) > 1 else None))
        record.happens("advance", (number, site), detail)
        if record.skipped and record.advanced.get(number) == record.clock:
            record.skipped = False
            record.happens("over skip", number, {"scheduler": number, "where": site})
        elif record.advanced.get(number) == record.clock and self._elsewhere(record):
            assert self._latest is not None
            other = self._latest.meta["optimizer"]
            record.happens("elsewhere", number, {"scheduler": number, "other": other, "where": site})
        record.advanced[number] = record.clock

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

    def loading(self, _method: Any, args: Any, kwargs: Any, frame: FrameType) -> Done | None:
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

    def loading_scheduler(self, _m: Any, args: Any, kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler takes a state in."""
        scheduler = args[0]
        if self._busy or isinstance(scheduler, Scheduler):
            return None
        record = self.record(getattr(scheduler, "optimizer", None))
        if record is None:
            return None
        self._busy.append(scheduler)
        before, rate = _plans(scheduler), _values(record, frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            self._busy.pop()
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

    def loss(self, tensor: Any) -> None:
        """A scalar begins its way back."""
        if self._told or not isinstance(tensor, torch.Tensor) or tensor.numel() != 1:
            return
        if self._scaled:
            reference, original = self._scaled.pop(id(tensor), (None, None))
            if reference is not None and reference() is tensor:
                tensor = original
        self._losses.append(tensor.detach())
        if len(self._losses) > 4096:
            del self._losses[:2048]

    def scaling(self, _method: Any, args: Any, _kwargs: Any, _frame: FrameType) -> Done | None:
        """A loss is multiplied by the scale of a GradScaler: remember what it was."""
        loss = args[1] if len(args) > 1 else None
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            return None

        def done(result: Any, failed: bool) -> None:  # noqa: FBT001
            if not failed and isinstance(result, torch.Tensor) and result is not loss:
                if len(self._scaled) > 64:
                    self._scaled.clear()
                self._scaled[id(result)] = (weakref.ref(result), loss.detach())

        return done

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
                self._losses = []

        return done

    def watch(self, metrics: dict[str, Any]) -> None:
        """What the script hands over itself."""
        for name, value in metrics.items():
            if name == "loss":
                self._told = True
                self._losses.append(torch.as_tensor(value).detach())
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
