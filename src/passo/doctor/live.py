"""The doctor beside a run that goes on: `attach(..., watch=live())`."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from passo.doctor.diagnosis import diagnose
from passo.doctor.finding import DoctorWarning, Finding
from passo.ground.here import Place, place

if TYPE_CHECKING:
    from passo.optim.recorder import Recorder
    from passo.optim.recorder.record import Record
    from passo.optim.scheduler.promises import Word

FIRST: Final = 20  # updates, after which a loop that is wired wrongly can be told
GROWS: Final = 2  # each look comes after twice as many: in all they cost next to nothing
ALIKE: Final = {"P008": "P009"}  # another hand, seen twice or seen at work: one fault


class Live:
    """Looks at a run after 20, 40, 80, ... updates, and warns once of each code.

    What the Scheduler itself has to say (a plan cut short, a plateau that nobody told) is a finding
    too, and said here instead of there. `findings` are those that were warned of.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._own: Recorder | None = None
        self._next: weakref.WeakKeyDictionary[Record, int] = weakref.WeakKeyDictionary()

    def begin(self, scheduler: Any) -> None:
        """Look at what this scheduler drives from now on; `attach` calls it."""
        from passo.optim import recorder

        if not recorder.opened():
            self._own = recorder.Recorder()
            self._own.start()
        try:
            for optimizer in scheduler.optimizers:
                self._begin(recorder.opened()[-1], optimizer)
            scheduler.promises.listen(self.hear)
        except BaseException:
            self.stop()
            raise

    def _begin(self, recorder: Recorder, optimizer: Any) -> None:
        record = recorder.record(optimizer)
        if record is None:  # there are only the Scheduler's own words
            self.stop()
            return
        record.each_update = self._look
        weakref.finalize(optimizer, self.stop)

    def stop(self) -> None:
        """Look no more."""
        if self._own is not None:
            self._own.abandon()
            self._own = None

    def _look(self, record: Record) -> None:
        due = self._next.get(record, FIRST)
        if record.clock < due:
            return
        self._next[record] = due * GROWS
        for finding in diagnose(record.snapshot()):
            self._tell(finding)

    def hear(self, word: Word, where: str) -> bool:
        """The Scheduler has something to say: it is said here."""
        self._tell(Finding(word.code, word.seen, word.why, word.write, where))
        return True

    def _tell(self, finding: Finding) -> None:
        """Warn of it, unless its like was told."""
        known = {ALIKE.get(each.code, each.code) for each in self.findings}
        if ALIKE.get(finding.code, finding.code) not in known:
            self.findings.append(finding)
            _warn(finding)


def live() -> Live:
    """A watcher for `attach(..., watch=live())`: findings become warnings while the run goes on.

    Each code is warned of once, as a `DoctorWarning` at the script's own line: a category of its
    own, so that no other library's filter hides it.

    >>> import torch, warnings
    >>> from passo import Constant, attach
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> watcher = live()
    >>> scheduler = attach(optimizer, Constant(0.1), watch=watcher)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     for update in range(20):
    ...         optimizer.param_groups[0]["lr"] = 0.2
    ...         weight.grad = torch.ones(1)
    ...         optimizer.step()
    >>> [finding.code for finding in watcher.findings]
    ['P009']
    >>> watcher.stop()
    """
    return Live()


def _warn(finding: Finding) -> None:
    """At the line of the finding where it has one, else here."""
    write = finding.write and f"write: {finding.write}"
    text = f"{finding.code} {'; '.join(filter(None, (finding.seen, finding.why, write)))}"
    file, _, line = finding.where.rpartition(":")
    if file and line.isdecimal():
        Place(file, int(line), "").warn(text, DoctorWarning)
    else:
        place().warn(text, DoctorWarning)
