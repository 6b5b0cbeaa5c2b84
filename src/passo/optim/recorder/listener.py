"""What is heard from torch, and to which Record it goes."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from passo.ground.errors import PassoWarning
from passo.optim.recorder import source
from passo.optim.recorder.loads import Loads
from passo.optim.recorder.losses import Losses
from passo.optim.recorder.record import Record
from passo.optim.recorder.schedulers import Schedulers

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
        self.prefix = ""
        self.meta: dict[str, Any] = {}
        self.most: int | None = None
        self.records: list[Record] = []
        self.by_id: dict[int, Record] = {}
        self.losses = Losses()
        self.schedulers = Schedulers(self)
        self.loads = Loads(self, self.schedulers)
        self.latest: Record | None = None
        self._open: Record | None = None
        self.lost = False

    def lose(self, error: Exception) -> None:
        """Something went wrong here: say so once, and let the run go on unseen."""
        self.lost = True
        text = f"the recorder lost sight of the run, what it saw until now is kept: {error!r}"
        warnings.warn(text, PassoWarning, stacklevel=4)

    def record(self, optimizer: Any) -> Record | None:
        """The record of an optimizer, or of what is inside a wrapper; None for what is neither."""
        for _ in range(8):
            if hasattr(optimizer, "_optimizer_step_post_hooks") or optimizer is None:
                break
            optimizer = getattr(optimizer, "optimizer", None)
        if optimizer is None or not getattr(optimizer, "param_groups", None):
            return None
        known = self.by_id.get(id(optimizer))
        if known is None or known.optimizer() is not optimizer:
            number = len(self.records)
            path = None if self.folder is None else self.folder / f"{self.prefix}{number}.jsonl"
            known = Record(optimizer, number, path, self.meta)
            self.by_id[id(optimizer)] = known
            known.twin_of(self.records)
            self.records.append(known)
        return known.outer or known

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """A step begins; an error of ours never ends a run."""
        if self.lost:
            return
        try:
            known = self.by_id.get(id(optimizer))
            if known is None or known.optimizer() is not optimizer:
                known = self.record(optimizer)
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
            known = self.by_id.get(id(optimizer))
            if known is not None and known.twin:
                known = known.outer
            if known is None or known.outer is not None or known is not self._open:
                return
            made = known.after(optimizer, self.losses)
        except Exception as error:  # noqa: BLE001 (whatever it is, training goes on)
            self.lose(error)
            return
        if made:
            self._open, self.latest = None, known
            if known.each_update is not None:
                known.each_update(known)
            if self.most is not None and known.clock >= self.most:
                raise EnoughUpdates
        elif not known.watch.nested:
            self._open = None

    def _inside(self, known: Record | None) -> Record | None:
        """The record of a step that may be inside another one's; None where that one counts."""
        if known is None:
            return None
        if known.outer is not None:
            if not known.twin or self._open is known.outer:
                return None
            known = known.outer
        outer = self._open
        if outer is not None and outer is not known and _holds(outer, known):
            known.outer = outer
            return None
        return known

    def elsewhere(self, record: Record) -> bool:
        """Whether another optimizer makes the updates of the same parameters."""
        latest = self.latest
        return latest is not None and latest is not record and _holds(latest, record)

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
