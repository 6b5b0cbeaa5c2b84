"""`log`: the values that updates used go to a logger, live or from a trace."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from passo.ground.calls import called_like
from passo.ground.checks import brief, one_of
from passo.ground.errors import PassoError, words_of
from passo.ground.here import place
from passo.integrations.log.adapted import adapted, target_of
from passo.integrations.log.naming import Names, named, reported, spots_of
from passo.integrations.log.processes import Ranks, others_write, refuse_late, refuse_one_file
from passo.integrations.log.replay import replay
from passo.integrations.log.writer import Adapter, Lost
from passo.schedules import Span
from passo.trace import Trace

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from passo.integrations.log.naming import Seen
    from passo.integrations.log.replay import Fell
    from passo.integrations.log.writer import Writer
    from passo.optim import Scheduler
    from passo.optim.scheduler.audience import Spot

_open: Final[weakref.WeakSet[Log]] = weakref.WeakSet()


@called_like('passo.log(scheduler, "run.csv")')
def log(
    scheduler_or_trace: Scheduler | Trace,
    writer: Writer | str | os.PathLike[str] | Any,
    names: Names = "passo",
    *,
    every: int | Span = 1,
    ranks: Ranks = "first",
) -> Log:
    """Write what each update used, under the number of that update: `lr/head`, field and group.

        write(name, value used by update t, t)

    `writer` is a SummaryWriter, a run of wandb, MLflow or trackio, a Lightning logger, the path of
    a CSV file (`update,name,value`), or any object with `write(name, value, update)`. A Scheduler
    is logged from its next update on, a Trace at once. Several optimizers have their names before
    the group's: `lr/muon/head`. Numbers that no group holds have their own name, reports the name
    of the metric at the clock of the report, and a fall is `fall/lr/val_loss`, its new factor.
    `names` "lightning" calls a rate as LearningRateMonitor does, "transformers" as Trainer does;
    `every=10` writes each tenth update (0, 10, ...), and all reports and falls. Of several
    processes that train together rank 0 writes alone: elsewhere what is given as `writer` is left
    as it is, and the answer is closed. With `ranks="each"` each writes, to a writer or a file of
    its own.

    A writer that fails ends no training: that is a PassoWarning, once, and the answer's `lost` is
    how many numbers it did not take. Raises PassoError for what is no writer, for a scheduler that
    has ended, for a second log of the same names on one writer, and for one file of several ranks.

    >>> import torch
    >>> from passo import Linear, attach, log, steps
    >>> class Printer:
    ...     def write(self, name, value, update):
    ...         print(update, name, value)
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([{"params": [weight], "name": "head"}], lr=1.0)
    >>> scheduler = attach(optimizer, Linear(1.0, 0.0, steps(4)))
    >>> told = log(scheduler, Printer())
    >>> for _ in range(2):
    ...     weight.grad = torch.ones(1)
    ...     optimizer.step()
    0 lr/head 1.0
    1 lr/head 0.75
    """
    one_of(names, "names", Names)
    step = _every(every)
    one_of(ranks, "ranks", Ranks)
    if ranks == "each":
        refuse_one_file(writer)
    elif (elsewhere := others_write()) is not None:
        return _closed(elsewhere, names, step)
    if isinstance(scheduler_or_trace, Trace):
        return _of_trace(scheduler_or_trace, writer, names, step)
    if not hasattr(scheduler_or_trace, "add_listener"):
        msg = (
            f"passo.log needs a Scheduler or a Trace, got {brief(scheduler_or_trace)}; write "
            "passo.log(attach(optimizer, plan, run), writer) or passo.log(Trace.load(path), writer)"
        )
        raise PassoError(msg)
    _refuse_ended(scheduler_or_trace)
    found = Log(writer, names, step, ranks=ranks)
    try:
        found.begin(scheduler_or_trace)
    except BaseException:
        found.close()
        raise
    return found


class Log:
    """A log at work; made by `log`. It goes on until it is closed or the scheduler is detached.

    `lost` is how many numbers the writer did not take.

    >>> import tempfile, pathlib
    >>> from passo import log
    >>> from passo.trace import Column, Trace
    >>> trace = Trace(2, ("head",), (Column(0, "lr", (0,), (0.1,)),))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.csv"
    >>> log(trace, path).lost, path.read_text().split()
    (0, ['update,name,value', '0,lr/head,0.1', '1,lr/head,0.1'])
    """

    def __init__(
        self,
        writer: Any,
        names: Names,
        every: int,
        *,
        anew: bool = False,
        ranks: Ranks = "first",
    ) -> None:
        self.target, self.lost = target_of(writer), 0
        self._names: Names = names
        self._every, self._ranks = every, ranks
        self._said = False
        self._reach = 0
        self._told: dict[str, int] = {}
        self._first: dict[str, int] | None = None
        self._spots: list[str] = []
        self._scheduler: Callable[[], Any] = lambda: None
        self._refuse_a_second_file()
        self._adapter = adapted(writer, anew=anew)
        self._finish = weakref.finalize(self, _finish, self._adapter)

    def begin(self, scheduler: Any) -> None:
        """Listen to this Scheduler."""
        self._scheduler = weakref.ref(scheduler)
        scheduler.add_listener(self)
        _open.add(self)
        if scheduler.clock:
            self.moved(scheduler.clock)

    @property
    def open(self) -> bool:
        """Whether it still writes."""
        return self._finish.alive

    def flush(self) -> None:
        """All that was written is where it can be read, as far as the writer can do that."""
        if self.open:
            self._try(self._adapter.flush)

    def close(self) -> None:
        """Write what waits and stop; a writer that was given stays open.

        >>> import tempfile, pathlib
        >>> from passo import log
        >>> from passo.trace import Trace
        >>> with log(Trace(0), pathlib.Path(tempfile.mkdtemp()) / "run.csv") as told:
        ...     told.close()
        >>> told.open
        False
        """
        scheduler = self._scheduler()
        if scheduler is not None:
            scheduler.remove_listener(self)
        self.end()

    def __enter__(self) -> Log:  # noqa: PYI034 (Self is of Python 3.11)
        """The log itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes, also when the block fails."""
        self.close()

    def __repr__(self) -> str:
        state = "open" if self.open else "closed"
        return f"<Log to {self._adapter.kind}, {state}, {self._reach:,} updates, {self.lost} lost>"

    # -- what a listener is told

    def spots(self, spots: Sequence[Spot | Seen]) -> None:
        """These numbers are scheduled from now on."""
        found = named(self._names, spots, rewrites=self._adapter.rewrites)
        if not self._spots:
            self._refuse_twice(found)
        self._spots = found

    def refuse_anew(self) -> None:
        """Raises PassoError where the next update is none that it can begin with."""
        if self._ranks == "first":
            refuse_late()
        self._adapter.refuse_anew()

    def update(self, update: int, used: Sequence[tuple[int, float]]) -> None:
        """An update used these."""
        if update % self._every == 0:
            names = self._spots
            self._put(update, [(names[number], value) for number, value in used])
        self._reach = update + 1

    def report(self, clock: int, told: Mapping[str, float], falls: Sequence[Fell]) -> None:
        """After `clock` updates this was reported, and brought these falls."""
        rewrites = self._adapter.rewrites
        numbers = [
            (reported(self._names, metric, rewrites=rewrites), float(value))
            for metric, value in told.items()
        ]
        numbers += [
            (f"fall/{key}/{fall.metric}", fall.after) for fall in falls for key in fall.keys
        ]
        self._put(clock, numbers)
        self._told.update((name, clock + 1) for name, _ in numbers)
        self._try(self._adapter.flush)

    def moved(self, clock: int) -> None:
        """The next update is update `clock`: no update is there twice."""
        self._try(lambda: self._rewind(clock))

    def saved(self) -> None:
        """A state was saved: what was told until here is where it can be read."""
        self._try(self._adapter.flush)

    def end(self) -> None:
        """No update comes any more."""
        if self._finish.detach():
            self._try(self._adapter.close)
        _open.discard(self)

    # -- how it is written

    def _rewind(self, clock: int) -> None:
        if self._adapter.rewind(clock, set(self._spots)):
            self._reach = clock
            return
        there = dict.fromkeys(self._spots, self._reach) if self._reach else {}
        self._first = {**(self._first or {}), **there, **self._told}

    def _put(self, update: int, numbers: list[tuple[str, float]]) -> None:
        if self._first is not None:
            numbers = [each for each in numbers if update >= self._begins(each[0])]
        if numbers:
            try:
                self._adapter.row(update, numbers)
            except Exception as error:  # noqa: BLE001  whatever a logger raises ends no training
                self._fail(error, update, len(numbers))

    def _begins(self, name: str) -> int:
        """The first update of which the writer has nothing yet under this name."""
        first = self._first
        if first is None:
            return 0
        if name not in first:
            first[name] = 0
            self._try(lambda: first.__setitem__(name, self._adapter.first(name)))
        return first[name]

    def _try(self, act: Callable[[], object]) -> None:
        """Do it; what fails is counted, and said once."""
        try:
            act()
        except PassoError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a logger raises is no end of training
            self._fail(error, self._reach, 0)

    def _fail(self, error: Exception, update: int, count: int) -> None:
        cause = error.error if isinstance(error, Lost) else error
        self.lost += error.count if isinstance(error, Lost) else count
        if not self._said:
            self._said = True
            place().warn(_failed(self._adapter, f"at update {update:,}", cause))

    def _refuse_a_second_file(self) -> None:
        for each in list(_open):
            if each.target == self.target and isinstance(self._is_file(), str):
                msg = (
                    f"{self._is_file()!r} is already written by another log; give this one another "
                    "file, or close the other first: other.close()"
                )
                raise PassoError(msg)

    def _is_file(self) -> str | None:
        return str(self.target) if isinstance(self.target, Path) else None

    def _refuse_twice(self, found: Sequence[str]) -> None:
        """Raises PassoError where another log writes one of these names to the same writer."""
        for each in list(_open):
            twice = [name for name in found if each.target is self.target and name in each._spots]
            if twice:
                msg = (
                    f"another log writes {twice[0]!r} to this writer already; close it first, "
                    'other.close(), or give the param groups another "name"'
                )
                raise PassoError(msg)


def _closed(writer: Adapter, names: Names, every: int) -> Log:
    """A log of a process in which nothing is written."""
    found = Log(writer, names, every)
    found.end()
    return found


def _of_trace(trace: Trace, writer: Any, names: Names, every: int) -> Log:
    """All of a trace, in the order in which it happened."""
    spots = spots_of(trace, names)
    found = Log(writer, names, every, anew=True)
    try:
        found.spots(spots)
        replay(trace, found)
    finally:
        found.close()
    begin = max((each.begin for each in trace.columns), default=0)
    if begin:
        place().warn(
            f"of the updates before {begin:,} this trace has least, mean and most, not each value, "
            "so that they are not in the log"
        )
    return found


def _every(every: int | Span) -> int:
    """How many updates from one that is written to the next."""
    amount: Any = every
    if isinstance(every, Span):
        amount = every.amount if every.unit == "steps" else None
        amount = int(amount) if amount is not None and amount.denominator == 1 else None
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
        msg = f"every is a number of updates of at least 1, got {brief(every)}; write every=10"
        raise PassoError(msg)
    return amount


def _refuse_ended(scheduler: Any) -> None:
    """Raises PassoError for a Scheduler of which no update will come."""
    after = "to write what it did, passo.log(Trace.load(path), writer) with the file of record="
    if not scheduler.attached:
        msg = f"this scheduler is detached, so that no update of it comes; {after}"
        raise PassoError(msg)
    end = scheduler.settings.end
    if end is not None and scheduler.position >= end:
        msg = (
            f"the run of this scheduler is over, after {scheduler.clock:,} updates; log before its "
            f"last one, or {after}"
        )
        raise PassoError(msg)


def _failed(adapter: Adapter, when: str, error: Exception) -> str:
    return (
        f"{adapter.kind} failed {when}: {words_of(error)}; training goes on, and "
        "what it does not take is counted in the log's .lost"
    )


def _finish(adapter: Adapter) -> None:
    """The log is gone, or the process ends: what waits is written."""
    try:
        adapter.close()
    except Exception as error:  # noqa: BLE001  nobody could catch it here
        cause = error.error if isinstance(error, Lost) else error
        place().warn(_failed(adapter, "at the end", cause))
