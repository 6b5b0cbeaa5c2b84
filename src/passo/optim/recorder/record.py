"""What one optimizer did: the values that its updates used, and who changed them."""

from __future__ import annotations

import math
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import torch

from passo.optim.ground import ranks
from passo.optim.ground.attached import drivers_of
from passo.optim.ground.updates import Watch
from passo.optim.recorder import writes
from passo.optim.recorder.attached import Awaited, Expectation
from passo.optim.recorder.describe import future, stood
from passo.optim.recorder.ledger import Ledger
from passo.optim.recorder.loops import Epochs, way_out
from passo.optim.recorder.reading import Reading, any_deep, once
from passo.optim.recorder.tally import Standing, Tally
from passo.optim.scheduler.cooled import planned_updates
from passo.optim.scheduler.plan import code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from torch.optim import Optimizer

    from passo.optim.recorder.loops import WayOut
    from passo.optim.recorder.losses import Losses
    from passo.optim.recorder.reading import Row
    from passo.optim.scheduler.scheduler import Scheduler
    from passo.trace import Trace

TURNS: Final = 1000
How: TypeAlias = Literal["end", "error", "exit", "interrupt", "limit", "lost", "terminated"]


class Record:
    """The trace of one optimizer while it is made.

    `clock` counts its real updates. `writer` is who wrote the rate last: the number of a
    scheduler, "script", or None. Whatever is told late is told in order.
    """

    def __init__(self, optimizer: Optimizer, number: int, path: Path | None, meta: Any) -> None:
        groups = optimizer.param_groups
        self.optimizer = weakref.ref(optimizer)
        self.number, self.clock, self.writer = number, 0, None
        self.meta: dict[str, Any] = {
            "optimizer": type(optimizer).__name__,
            "number": number,
            **meta,
        }
        rate = getattr(optimizer, "defaults", {}).get("lr")
        self.meta |= {"rate": rate} if isinstance(rate, float) else {}
        self.ledger = Ledger(path, self.meta)
        self.filed = path is not None
        self._headed, self._slow = False, True
        self.watch = Watch(optimizer)
        self.outer: Record | None = None
        self.twin = False
        self.each_update: Callable[[Record], None] | None = None
        self.positions: dict[int, float] = {}
        self.built: dict[int, weakref.ref[Any]] = {}
        self.lambdas: dict[int, Any] = {}
        self.advanced: dict[int, int] = {}
        self.skipped, self.idle = False, 0  # idle: steps that changed nothing
        self.lines: dict[tuple[int, int, int, bool], Tally] = {}
        self._tallies: dict[Any, Tally] = {}
        self._by: Any = None
        self._turns = 0
        self._awaited: list[Awaited] = []
        self.epochs = Epochs()
        self._way_out: WayOut | None = None
        self.marks: Row
        self._used: list[Row]
        self._is_news: bool
        self._plans_at: list[Expectation] = []
        self._followed: list[Any] | None = None
        self._layout(groups)

    def twin_of(self, others: list[Record]) -> None:
        """An optimizer that shares its very groups with another one, as SAM with its base."""
        own = getattr(self.optimizer(), "param_groups", None)
        for other in others:
            groups = getattr(other.optimizer(), "param_groups", None)
            if groups and own and groups[0] is own[0]:
                self.outer, self.twin = other.outer or other, True

    def holds(self, other: Record) -> bool:
        """Whether the other optimizer steps inside this one: they have parameters in common."""
        return not self.parameters.isdisjoint(other.parameters)

    # -- the two hooks

    def before(self, optimizer: Optimizer, closure: Any, frame: FrameType | None) -> None:
        """An update begins: what is there now is what it uses."""
        groups = optimizer.param_groups
        if len(groups) != self.reading.size or self.reading.marks(groups) != self.marks:
            self.look(groups, frame)
        if not self.clock:
            self._begin(optimizer, frame)
        if self._plans_at:
            self._expect()
        if self.filed and not self._headed:
            self._headed = True
            self.ledger.anew(0)  # what the header says is known by now
        watch = self.watch
        watch.before(groups, closure)
        watch.lr = (self.marks[0] or None) if self.marks else None
        if self.epochs.begun(frame):
            self.happens("epoch", None, {"name": self.epochs.name})

    def _begin(self, optimizer: Optimizer, frame: FrameType | None) -> None:
        """The first update is about to be made."""
        self._plans(optimizer)
        self._plans_at = [Expectation(each) for each in drivers_of(optimizer)]
        self.meta |= ranks.place()
        self._way_out = way_out(frame)

    def after(self, optimizer: Optimizer, losses: Losses) -> bool:
        """A step ended; answers whether it was an update."""
        made = self.watch.is_update(optimizer)
        if made:
            self._made(losses)
        elif self.watch.nested:
            return False  # perhaps a step inside of another one, which is not over
        groups = optimizer.param_groups
        if (marks := self._now(groups)) != self.marks:  # the optimizer itself, or a hook of its own
            self._changed(groups, marks, "plan" if "plan" in self.meta else "optimizer")
        return made

    def _made(self, losses: Losses) -> None:
        """An update was made, with what was there when it began."""
        if losses.seen:
            self.ledger.lost(self.clock, losses.take())
        if self._is_news:
            if self.writer != self._by:
                self._turn()
            self.ledger.used(self.clock, self._used)
            self._is_news = False
        self.clock += 1
        self.skipped = False
        if self.filed:
            self._slow = self.clock >= self.ledger.soon or monotonic() >= self.ledger.due
            if self._slow:
                self.save()

    # -- who changes what

    def look(self, groups: Any, frame: FrameType | None) -> None:
        """Whatever differs from what was there last was changed from outside."""
        if (marks := self._now(groups)) != self.marks:
            self._edited(groups, marks, frame)

    def wrote(self, groups: Any, by: Any) -> None:
        """A scheduler has just written."""
        if (marks := self._now(groups)) != self.marks:
            self._changed(groups, marks, by)

    def fields(self, frame: FrameType | None = None) -> dict[str, Any]:
        """What the groups hold, by column; with a frame edits from outside are noticed first."""
        optimizer = self.optimizer()
        if optimizer is None:
            return {}
        groups = optimizer.param_groups
        if frame is not None:
            self.look(groups, frame)
        return {f"{place}.{key}": v for (place, key), v in self.reading.named(groups).items()}

    def _now(self, groups: Any) -> Row:
        """What is there, in groups of which some may have come or gone."""
        if len(groups) != self.reading.size:
            self.regroup(groups)
        return self.reading.marks(groups)

    def _edited(self, groups: Any, marks: Row, frame: FrameType | None) -> None:
        if self._is_planned():
            self._changed(groups, marks, "plan")
            return
        for key in self._changed(groups, marks, "script"):
            line = writes.writing(key, frame)
            detail = {"key": key, "where": line.where if line else "", "by_script": bool(line)}
            if line is not None:
                detail |= {"groups": line.groups, "optimizers": line.optimizers}
            self.happens("edit", key, detail)

    def _is_planned(self) -> bool:
        """Whether what is there is what the Schedulers of passo wrote."""
        optimizer = self.optimizer()
        plans = drivers_of(optimizer)
        driven = [each for plan in plans for each in plan.driver.driven if each.field is not None]
        return bool(driven) and all(
            each.group is not None
            and math.isclose(each.field.read(each.group), each.last, rel_tol=1e-6)
            for each in driven
        )

    def _plans(self, optimizer: Optimizer) -> None:
        """What the Schedulers of passo follow, for the trace's header."""
        found = drivers_of(optimizer)
        if found:
            plan = {key: code(entry) for each in found for key, entry in each.plan.items()}
            run = found[0].run
            self.meta |= {"plan": plan, "run": None if run is None else repr(run)}
            planned = planned_updates(found[0].driver, found[0].settings)
            if planned is not None:
                self.meta["planned"] = planned

    def _expect(self) -> None:
        """Tell the ledger what the Schedulers of passo are about to write, where that is new."""
        new = [each for each in self._plans_at if each.scheduler.driver.shared is not each.told]
        for each in new:
            each.tell(self.clock, self.ledger)
        if new and (ahead := self._plans_at[0].scheduler.clock - self.clock):
            self.meta["ahead"] = ahead
        found = [entry for each in self._plans_at for entry in each.follows] if new else None
        if found and not self.clock:
            self.meta["follows"] = found
        elif found and found != self._followed:
            detail = {"by": "change", "run": self.meta.get("run"), "follows": found}
            cooldown = self._plans_at[0].scheduler.cooldown
            if cooldown is not None:
                detail |= {"by": "cool_down", "until": cooldown.until}
                self._plans(self._plans_at[0].scheduler.optimizer)
            self.tell(self.clock, "plan", detail)
        self._followed = found or self._followed

    def _changed(self, groups: Any, marks: Row, by: Any) -> list[str]:
        """Answers with the fields that changed."""
        size, deep, before = self.reading.size, self.reading.deep, self.marks
        changed, used = [], list(self._used)
        for place, key in enumerate(self.reading.keys):
            of_key = slice(place * size, (place + 1) * size)
            if (new := marks[of_key]) != before[of_key]:
                changed.append(key)
                deep = deep or any_deep(new)
                used[place] = new if deep else once(new)
        if deep and not self.reading.deep:
            self._layout(groups)
        else:
            self.marks = marks
            self._used = self.reading.kept(groups, marks) if deep else used
            self._is_news = True
        if "lr" in changed:
            self.writer = by
        return changed

    def _turn(self) -> None:
        """An update used a rate that somebody else wrote than the one before."""
        if self._turns < TURNS:
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
            stands = str(len(self._tallies))

            def tell(_clock: int, kind: str, detail: dict[str, Any]) -> None:
                self.ledger.event(self.clock, kind, detail, stands)

            known = self._tallies[kind, key] = Tally(kind, detail, tell)
        return known

    def tell(self, _clock: int, kind: str, detail: dict[str, Any]) -> None:
        """Something happened, once."""
        self.ledger.event(self.clock, kind, detail)

    def report(self, name: str, value: Any) -> None:
        """A metric that the script handed over."""
        self.ledger.report(self.clock, name, value)

    # -- the trace

    def advanced_by(self, tally: Tally) -> None:
        """A line advanced a scheduler: saved at once where that is seldom, or its update was."""
        if self._slow or not tally.is_steady:
            self.save()

    def save(self) -> None:
        """Bring the file up to what was seen so far, for who reads it after a kill.

        While a CUDA graph is captured nothing may be read from a device.
        """
        busy = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        if busy and torch.cuda.is_current_stream_capturing():
            return
        self.ledger.save(self.clock, self._standing())

    def _standing(self) -> Iterator[Standing]:
        """What recurs as far as it came, and where schedulers are."""
        for number, tally in enumerate(self._tallies.values()):
            yield tally.so_far(str(number))
        for scheduler, at in self.positions.items():
            detail = {"scheduler": scheduler, "position": at}
            yield Standing(f"position {scheduler}", "position", self.clock + 1, [detail])

    def trace(self) -> Trace:
        """All that was seen so far, as a value."""
        return self.ledger.trace(self.clock)

    def end(self, how: How, *, left: bool = False) -> None:
        """The run is over: tell what recurs up to here; `left` where it was left from a loop."""
        self._end_tallies()
        optimizer = self.optimizer()
        if optimizer is not None:
            self._plans(optimizer)
        for each in self._awaited:
            each.look()
        ahead = self.meta.get("ahead", 0)
        if any(
            not each.scheduler.attached and each.scheduler.clock < self.clock + ahead
            for each in self._plans_at
        ):
            self.meta.pop("planned", None)  # it was detached, and others led the updates since
        if how == "end":
            self._futures()
        self.meta["ended"] = how
        self.meta |= {"left": True} if left else {}
        self.meta |= {"idle": self.idle} if self.idle and not self.clock else {}
        if self._way_out is not None and self._way_out.was_taken(self.clock, self.epochs.now):
            self.meta |= self._way_out.notes
        self.ledger.close(self.clock)

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
        for number, at in stood(self.built, self.positions).items():
            detail = {"scheduler": number, "position": at}
            self.ledger.event(self.clock, "position", detail, f"position {number}")

    def awaits(self, scheduler: Scheduler) -> None:
        """A Scheduler of passo was attached, and waits for its first update."""
        self._awaited.append(Awaited(lambda told: self.tell(0, "unseen", told), scheduler))

    def regroup(self, groups: Any) -> None:
        """Groups joined or went."""
        before = len(self.ledger.groups)
        self._layout(groups)
        self.tell(self.clock, "group", {"before": before, "after": len(groups)})

    def _layout(self, groups: Any) -> None:
        """What there is to read, from now on."""
        self.reading = Reading(groups)
        self.ledger.layout(self.reading, groups, self.clock)
        self.parameters = {id(p) for group in groups for p in group["params"]}
        self.marks = self.reading.marks(groups)
        self._used = self.reading.kept(groups, self.marks)
        self._is_news = True
