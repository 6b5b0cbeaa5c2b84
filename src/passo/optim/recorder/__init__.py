"""Recorder: what any optimizer and any scheduler of this process do, seen from outside.

Nothing that trains is touched: same values, same weights, same warnings at the same lines.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passo.ground.checks import whole
from passo.ground.errors import PassoError
from passo.optim.recorder.hooks import Hooks
from passo.optim.recorder.listener import EnoughUpdates, Listener
from passo.optim.recorder.records import Records

if TYPE_CHECKING:
    from types import TracebackType

    from passo.optim.recorder.record import How, Record
    from passo.trace import Trace

__all__ = ["EnoughUpdates", "Recorder", "watch"]

_opened: list[Recorder] = []


class Recorder:
    """Records every optimizer of the process while it is open: one Trace for each.

    With `folder` each trace is also a file there (0.jsonl, 1.jsonl, ...; of rank 1 rank1-0.jsonl),
    readable whatever ends the process. Raises `PassoError` where traces lie there already. `most`
    stops the run by `EnoughUpdates` after so many updates of one optimizer. `prefix` begins the
    files' names, where several processes write into one folder.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> with Recorder() as recorder:
    ...     optimizer = torch.optim.SGD([weight], lr=0.1)
    ...     scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    ...     for _ in range(3):
    ...         weight.square().sum().backward()
    ...         optimizer.step()
    ...         scheduler.step()
    >>> [trace] = recorder.traces()
    >>> trace.used("lr"), [event.kind for event in trace.events]
    (([0, 1, 2], [0.1, 0.1, 0.01...]), ['built', 'turn', 'advance', 'position'])
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        most: int | None = None,
        meta: dict[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        rank = int(os.environ.get("RANK", "0"))
        self._folder = None if folder is None else Path(folder)
        self._prefix = prefix if prefix is not None else f"rank{rank}-" if rank else ""
        self._records = Records(self._folder, self._prefix, {"rank": rank, **(meta or {})})
        self._listener = Listener(self._records, None if most is None else whole(most, "most"))
        self._hooks = Hooks(self._listener)
        self._open = False

    def start(self) -> None:
        """Begin to listen; raises `PassoError` where the folder cannot take the traces."""
        if self._folder is not None:
            _prepare(self._folder, self._prefix)
        self._open = True
        self._hooks.install()
        _opened.append(self)

    def stop(self, how: How = "end", *, left: bool = False) -> None:
        """Listen no more; `how` says what ended the run, and "lost" that it was not seen to.

        `left` says that the script left a loop of its own early.
        """
        if not self._open:
            return
        self._open = False
        _opened.remove(self)
        self._hooks.remove()
        how = "lost" if self._listener.lost else how
        resumed = False
        for record in reversed(self._records.all):
            if resumed and record.meta.get("saved") == record.clock:
                record.meta["continued"] = True
            resumed = resumed or any(event.kind == "load" for event in record.ledger.events)
        for record in self._records.all:
            record.end(how, left=left)

    def abandon(self) -> None:
        """Listen no more, without a word: a forked process leaves its parent's recorder so."""
        if self._open:
            self._open = False
            _opened.remove(self)
            self._hooks.remove()

    @property
    def prefix(self) -> str:
        """What the files' names begin with.

        >>> Recorder(prefix="process1-").prefix
        'process1-'
        """
        return self._prefix

    def record(self, optimizer: Any) -> Record | None:
        """What is kept of an optimizer while it goes on; None for what is no optimizer."""
        return self._records.of(optimizer)

    def traces(self) -> list[Trace]:
        """A trace for each optimizer that made an update or had a scheduler."""
        kept = [each for each in self._records.all if each.outer is None]
        return [each.trace() for each in kept if each.clock or each.idle or each.ledger.events]

    @property
    def backward(self) -> int:
        """How often anything went backward while this listened.

        >>> Recorder().backward
        0
        """
        return self._listener.losses.ways

    def __enter__(self) -> Recorder:  # noqa: PYI034 (Self is of Python 3.11)
        """Itself, listening."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listens no more, also when the block fails."""
        self.stop("end" if kind is None else "error")


def _prepare(folder: Path, prefix: str) -> None:
    """Make the folder; the traces of an earlier run are not written over."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the folder {str(folder)!r} for traces: {error.strerror}; write another"
        raise PassoError(msg) from None
    names = (f"{prefix}[0-9]*.jsonl", f"{prefix}process*.jsonl")
    left = sorted(each.name for name in names for each in folder.glob(name))
    if left:
        msg = (
            f"the folder {str(folder)!r} holds traces of an earlier run ({', '.join(left[:3])}); "
            "write another folder, or move them away"
        )
        raise PassoError(msg)


def opened() -> list[Recorder]:
    """The Recorders that listen now, the latest last.

    >>> opened()
    []
    """
    return list(_opened)


def watch(**metrics: Any) -> None:
    """Tell a recording doctor a metric: `watch(loss=loss)`; costs nothing when nobody records.

    A scalar `loss.backward()` is seen without it. A Tensor is read later, with others.

    >>> watch(loss=0.5)
    """
    for recorder in _opened:
        recorder._listener.watch(metrics)
