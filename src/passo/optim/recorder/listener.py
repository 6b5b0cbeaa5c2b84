"""What is heard of updates, and to which Record it goes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from passo.ground.here import place
from passo.optim.recorder import source
from passo.optim.recorder.loads import Loads
from passo.optim.recorder.losses import Losses
from passo.optim.recorder.schedulers import Schedulers

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from torch.optim import Optimizer

    from passo.optim.recorder.record import Record
    from passo.optim.recorder.records import Records

    Done = Callable[[Any, bool], None]


class EnoughUpdates(BaseException):
    """The run was asked to stop after so many updates; no `except Exception` holds it up."""


class Listener:
    """One for the process: hears the updates, and stops the run after `most` of them."""

    def __init__(self, records: Records, most: int | None) -> None:
        self.records, self.most = records, most
        self.losses = Losses()
        self.schedulers = Schedulers(records)
        self.loads = Loads(records, self.schedulers)
        self.lost = False
        self._open: Record | None = None
        self._ways = 0
        self._round: list[Record] = []

    def lose(self, error: Exception) -> None:
        """Something went wrong here: say so once, and let the run go on unseen."""
        self.lost = True
        text = f"the recorder lost sight of the run, what it saw until now is kept: {error!r}"
        place().warn(text)

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """A step begins; an error of ours never ends a run."""
        if self.lost:
            return
        try:
            known = self.records.known(optimizer) or self.records.of(optimizer)
            if known is None or known.outer is not None or self._open is not None:
                known = self._inside(known)
            if known is not None:
                self._open = known
                closure = args[1] if len(args) > 1 else kwargs.get("closure")
                known.before(optimizer, closure, sys._getframe(1))
        except Exception as error:  # noqa: BLE001 (whatever it is, training goes on)
            self.lose(error)

    def after(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        """A step ended."""
        if self.lost:
            return
        try:
            known = self.records.known(optimizer)
            if known is not None and known.twin:
                known = known.outer
            if known is None or known.outer is not None or known is not self._open:
                return
            made = known.after(optimizer, self.losses)
        except Exception as error:  # noqa: BLE001 (whatever it is, training goes on)
            self.lose(error)
            return
        if made:
            self._open, self.records.latest = None, known
            if self.records.several:
                self._together(known)
            if known.each_update is not None:
                known.each_update(known)
            if self.most is not None and known.clock >= self.most:
                raise EnoughUpdates
        elif not known.watch.nested:
            self._open = None
            known.idle += 1

    def _together(self, record: Record) -> None:
        """Optimizers that step after one backward pass train one model together.

        Those with a pass of their own each take turns.
        """
        if self._ways != self.losses.ways:
            if self._round and record is not self._round[-1]:
                record.happens("turns", None, {"other": self._round[-1].number})
            self._ways, self._round = self.losses.ways, [record]
        elif self._round and record not in self._round:
            for other in self._round:
                record.happens("together", None, {"other": other.number})
            self._round.append(record)

    def _inside(self, known: Record | None) -> Record | None:
        """The record of a step that may be inside another one's; None where that one counts."""
        if known is None:
            return None
        if known.outer is not None:
            if not known.twin or self._open is known.outer:
                return None
            known = known.outer
        outer = self._open
        if outer is not None and outer is not known and outer.holds(known):
            known.outer = outer
            return None
        return known

    def scaled_step(self, _method: Any, args: Any, _kwargs: Any, frame: FrameType) -> Done | None:
        """A GradScaler steps, or leaves the update out."""
        record = self.records.of(args[1]) if len(args) > 1 else None
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
                target = self._open or next(reversed(self.records.all), None)
                if target is not None:
                    target.report(name, value)
