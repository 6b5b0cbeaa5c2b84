"""What a log costs an update that is attached."""

from __future__ import annotations

import statistics
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.table import Table

from bench.stepping import LAST, WARM, Idle
from passo import Cosine, Linear, PassoWarning, Run, attach, base, log, steps

PLAN = Linear(0.1 * base, base, steps(WARM)).then(Cosine(base, 0, steps(LAST)))
ROUNDS, UPDATES = 15, 2000
warnings.filterwarnings("ignore", "the run ended early", PassoWarning)  # it is a measurement


class Nothing:
    """A writer that does nothing: what is left is the log's own."""

    def write(self, name: str, value: float, update: int) -> None:
        """Do nothing."""


def measure(writer: Any, groups: int) -> tuple[float, float]:
    """Seconds for an update, attached and logged; the rounds take turns."""
    bare, logged = Idle(groups), Idle(groups)
    attach(bare, PLAN, Run(steps(WARM + LAST)))
    told = log(attach(logged, PLAN, Run(steps(WARM + LAST))), writer)
    rounds: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for each, found in zip((bare, logged), rounds, strict=True):
            begin = perf_counter()
            for _ in range(UPDATES):
                each.step()
            found.append((perf_counter() - begin) / UPDATES)
    told.close()
    return statistics.median(rounds[0]), statistics.median(rounds[1])


def table() -> Table:
    """Rows: where to, what an update costs with and without it."""
    made = Table(title="passo.log: microseconds for each update", title_justify="left")
    for name in ("where to, at every update", "attached", "logged", "more", "budget"):
        made.add_column(name, justify="left" if name.startswith("where") else "right")
    with TemporaryDirectory() as folder:
        rows: list[tuple[str, Any, int, str]] = [
            ("a CSV file, 1 group", Path(folder) / "one.csv", 1, "20"),
            ("a CSV file, 10 groups", Path(folder) / "ten.csv", 10, ""),
            ("an object that does nothing, 1 group", Nothing(), 1, ""),
        ]
        for name, writer, groups, budget in rows:
            bare, seen = measure(writer, groups)
            made.add_row(name, *(f"{each * 1e6:.1f}" for each in (bare, seen, seen - bare)), budget)
    return made


if __name__ == "__main__":
    from rich.console import Console

    Console().print(table())
