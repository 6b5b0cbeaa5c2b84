"""What is heard of states: taken in, and asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.optim.recorder import describe, source
from passo.optim.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from passo.optim.recorder.records import Records
    from passo.optim.recorder.schedulers import Schedulers

    Done = Callable[[Any, bool], None]


class Loads:
    """States of optimizers and of schedulers, loaded and saved."""

    def __init__(self, records: Records, schedulers: Schedulers) -> None:
        self.records, self.schedulers = records, schedulers

    def optimizer(self, _method: Any, args: Any, _kwargs: Any, frame: FrameType) -> Done | None:
        """An optimizer takes a state in."""
        optimizer = args[0]
        if not hasattr(optimizer, "_optimizer_step_post_hooks"):
            return None
        record = self.records.of(optimizer)
        if record is None:
            return None
        before = record.fields(frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            if not failed:
                record.wrote(optimizer.param_groups, "load")
                where = source.shown(*source.place(frame))
                detail = {"what": "optimizer", "before": before, "after": record.fields()}
                record.tell(record.clock, "load", {**detail, "where": where})

        return done

    def scheduler(self, _m: Any, args: Any, _kwargs: Any, frame: FrameType) -> Done | None:
        """A scheduler takes a state in."""
        scheduler = args[0]
        if self.schedulers.busy or isinstance(scheduler, Scheduler):
            return None
        record = self.records.of(getattr(scheduler, "optimizer", None))
        if record is None:
            return None
        self.schedulers.busy.append(scheduler)
        before, rate = _plans(scheduler), record.fields(frame)

        def done(_result: Any, failed: bool) -> None:  # noqa: FBT001
            self.schedulers.busy.pop()
            if failed:
                return
            detail = {
                "what": "scheduler",
                "scheduler": self.schedulers.number(scheduler),
                "plan before": before,
                "plan after": _plans(scheduler),
                "before": rate,
                "after": record.fields(),
                "rate": describe.plain(getattr(scheduler, "_last_lr", None)),
                "position": describe.position(scheduler),
                "where": source.shown(*source.place(frame)),
            }
            record.tell(record.clock, "load", detail)

        return done

    def saving(self, _method: Any, args: Any, _kwargs: Any, _frame: FrameType) -> Done | None:
        """The state of an optimizer or of a scheduler was asked for."""
        record = self.records.known(getattr(args[0], "optimizer", args[0]))
        if record is not None:
            record.meta["saved"] = record.clock
            if record.filed:
                record.save()
        return None


def _plans(scheduler: Any) -> list[Any]:
    """Its plan, and the plans of those inside."""
    inside = [_plans(each) for each in getattr(scheduler, "_schedulers", ())]
    return [describe.plan_of(scheduler), *inside]
