"""Plan against run: a run that ended early or late says so once."""

from __future__ import annotations

import atexit
import warnings
import weakref
from typing import TYPE_CHECKING, Final

from passo.schedules import PassoError, PassoWarning

if TYPE_CHECKING:
    from passo.optim.scheduler.driver import Driven
    from passo.optim.scheduler.scheduler import Scheduler

_alive: Final[weakref.WeakSet[Scheduler]] = weakref.WeakSet()


def watch(scheduler: Scheduler) -> None:
    """Look at this scheduler when the process ends, if it is still attached then."""
    if scheduler.run is not None:
        _alive.add(scheduler)


@atexit.register
def _at_exit() -> None:
    for scheduler in list(_alive):
        if scheduler.attached:
            scheduler.conclude()


def compare(scheduler: Scheduler) -> None:
    """Warn where what was made is not what was planned, to within one update."""
    run = scheduler.run
    if run is None or scheduler.clock == 0:
        return
    made, planned, unit = scheduler.at.at, float(run.measure(run.length)), str(run.unit)
    if unit == "steps":
        planned, unit = run.updates, "updates"
    last = made / scheduler.clock
    if made == planned or (unit != "updates" and abs(made - planned) < last):
        return
    ended = "early" if made < planned else "late"
    first = next(iter(scheduler.driver.driven), None)
    value = "" if first is None else f"; {_compared(first, float(run.measure(run.length)))}"
    text = f"the run ended {ended}: planned {planned:,.12g} {unit}, made {made:,.12g}{value}"
    warnings.warn(text, PassoWarning, stacklevel=4)


def _compared(driven: Driven, end: float) -> str:
    """The value that was reached beside the one that was planned for the end."""
    reached = driven.last if driven.used is None else driven.used
    if driven.shared is None:
        return f"{driven.key} is {reached:.6g}"
    planned = driven.shared.formula(max(end - driven.shared.begin, 0.0))
    if planned == 0.0:
        return f"{driven.key} was {reached:.6g} last, and its plan ends at 0"
    times = f"{reached / planned:.3g} times"
    return f"{driven.key} was {reached:.6g} last, {times} the {planned:.6g} that its plan ends at"


def refuse_past_the_end(scheduler: Scheduler) -> None:
    """With strict=True: no update past the end of the run."""
    run = scheduler.run
    if run is not None and scheduler.at.at >= run.measure(run.length):
        msg = (
            f"update {scheduler.clock:,} is past the end of {run!r}; "
            "write a longer run, or strict=False to hold the last value"
        )
        raise PassoError(msg)
