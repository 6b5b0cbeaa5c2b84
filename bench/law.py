"""What foreseeing costs: a fit of two runs, and a prediction of a long one with its memory."""

from __future__ import annotations

import statistics
import tracemalloc
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.table import Table

from passo import Run, steps, warmup_linear, wsd
from passo.law import Law
from passo.trace import Column, Report, Trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from passo import Schedule

UPDATES: Final = 2000
LONG: Final = 1_000_000
ROUNDS: Final = 7


def recorded(schedule: Schedule) -> Trace:
    """A run of 2,000 updates whose losses, one in 20 updates, follow its rates."""
    rates: Any = schedule.on(Run(steps(UPDATES))).with_base(0.1)(np.arange(float(UPDATES)))
    clocks = range(20, UPDATES + 1, 20)
    sums = np.cumsum(rates / 0.1)
    losses = [1 + 5 / (sums[t - 1] + 1) ** 0.5 + 2 * rates[t - 1] for t in clocks]
    changes = np.flatnonzero(np.diff(rates, prepend=np.nan))
    lr = Column(0, "lr", tuple(changes.tolist()), tuple(rates[changes].tolist()))
    pairs = zip(clocks, losses, strict=True)
    return Trace(UPDATES, ("0",), (lr,), tuple(Report.of(t, {"val_loss": v}) for t, v in pairs))


def seconds(act: Callable[[], object]) -> float:
    """The median of the rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        act()
        times.append(perf_counter() - begin)
    return statistics.median(times)


def peak(act: Callable[[], object]) -> float:
    """The most memory that is held at once beyond what was there, in MB."""
    tracemalloc.start()
    act()
    found = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return found


def table() -> Table:
    """Rows: what is done, its time and its memory, and what they may be."""
    made = Table(title="the law: seconds and memory", title_justify="left")
    for name in ("what", "seconds", "budget", "MB", "budget of memory"):
        made.add_column(name, justify="left" if name == "what" else "right")
    runs = [recorded(warmup_linear()), recorded(wsd())]
    law = Law.fit(runs)
    far, long = replace(law, horizon=LONG), Run(steps(LONG))
    short = Run(steps(UPDATES))
    rows: tuple[tuple[str, Callable[[], object], str, str], ...] = (
        ("Law.fit, two runs of 2,000 updates", lambda: Law.fit(runs), "0.2", ""),
        ("predict, 2,000 updates", lambda: law.predict(wsd(), short), "", ""),
        ("best of 33, 2,000 updates", lambda: law.best(short), "", ""),
        ("predict, 10^6 updates", lambda: far.predict(wsd(), long), "1", "200"),
    )
    for name, act, time, memory in rows:
        made.add_row(name, f"{seconds(act):.3f}", time, f"{peak(act):.0f}", memory)
    return made


if __name__ == "__main__":
    from rich.console import Console

    Console().print(table())
