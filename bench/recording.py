"""What a Recorder costs an update: the doctor's overhead, beside the update itself."""

from __future__ import annotations

import statistics
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import torch
from rich.table import Table
from torch.optim.lr_scheduler import CosineAnnealingLR

from bench.stepping import Idle
from passo import Constant, attach, doctor
from passo.optim import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, UPDATES = 15, 2000


def loop(groups: int, *, schedule: bool, loss: bool) -> Callable[[], float]:
    """Seconds for an update of a loop that trains nothing."""
    optimizer = Idle(groups)
    scheduler = CosineAnnealingLR(optimizer, 10**9) if schedule else None
    weight = torch.nn.Parameter(torch.ones(()))

    def run() -> float:
        begin = perf_counter()
        for _ in range(UPDATES):
            if loss:
                (2 * weight).backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
        return (perf_counter() - begin) / UPDATES

    return run


def pair(groups: int, *, file: bool, **what: bool) -> tuple[float, float]:
    """The median update, bare and recorded; the rounds take turns, and the first is not timed."""
    bare, seen = [], []
    for _ in range(ROUNDS):
        bare.append(warmed(loop(groups, **what)))
        with TemporaryDirectory() as folder, Recorder(folder if file else None):
            seen.append(warmed(loop(groups, **what)))
    return statistics.median(bare), statistics.median(seen)


def warmed(run: Callable[[], float]) -> float:
    """The second run: the first reads the script's source, once."""
    run()
    return run()


def live() -> tuple[float, float]:
    """An attached update, watched and not."""
    found = []
    for watcher in (None, doctor.live()):
        optimizer = Idle(1)
        attach(optimizer, Constant(0.1), watch=watcher)
        times = []
        for _ in range(ROUNDS):
            begin = perf_counter()
            for _ in range(UPDATES):
                optimizer.step()
            times.append((perf_counter() - begin) / UPDATES)
        found.append(statistics.median(times))
        if watcher is not None:
            watcher.stop()
    return found[0], found[1]


def table() -> Table:
    """Rows: what is seen, what an update costs with and without it."""
    made = Table(title="the doctor: microseconds for each update", title_justify="left")
    for name in ("what is seen", "bare", "recorded", "more", "budget"):
        made.add_column(name, justify="left" if name == "what is seen" else "right")
    rate, loss = {"schedule": True, "loss": False}, {"schedule": True, "loss": True}
    rows: list[tuple[str, int, dict[str, bool], bool, str]] = [
        ("an optimizer, 1 group", 1, {"schedule": False, "loss": False}, False, "10"),
        ("and its scheduler, at each update", 1, rate, False, "10"),
        ("and into a file", 1, rate, True, ""),
        ("and its loss, at each update", 1, loss, False, ""),
        ("the same at 10 groups", 10, loss, False, ""),
        ("the same at 200 groups", 200, loss, False, ""),
    ]
    for name, groups, what, file, budget in rows:
        bare, seen = pair(groups, file=file, **what)
        made.add_row(name, *(f"{each * 1e6:.1f}" for each in (bare, seen, seen - bare)), budget)
    bare, seen = live()
    more = (bare, seen, seen - bare)
    made.add_row("attach(..., watch=live())", *(f"{each * 1e6:.1f}" for each in more), "")
    return made


if __name__ == "__main__":
    from rich.console import Console

    Console().print(table())
