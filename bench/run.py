"""Every figure that has a budget, in one process: `make bench`.

Times are medians of repeats. Each row stands beside the thing that it is measured against.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import subprocess
import sys
import timeit
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
UPDATES, WARM, PEAK = 35_190, 1759.5, 3e-4


class Row(NamedTuple):
    """One figure, what it may be, and what stands beside it."""

    name: str
    figure: str
    budget: str
    beside: str


def median(function: Callable[[], Any], number: int, repeat: int = 15) -> float:
    """Seconds for one call: the median of the repeats."""
    function()
    return statistics.median(timeit.repeat(function, number=number, repeat=repeat)) / number


def imports() -> Row:
    """`import passo` in a fresh interpreter, less the bare interpreter."""

    def seconds(code: str) -> float:
        run = [sys.executable, "-c", code]
        return median(lambda: subprocess.run(run, check=True), number=1, repeat=11)

    bare = seconds("pass")
    passo = seconds("import passo") - bare
    return Row("import passo", f"{passo * 1e3:.0f} ms", "60 ms", f"bare Python {bare * 1e3:.0f} ms")


def point() -> Row:
    """One value of a warm-up and a cosine."""
    from passo import Run, steps, warmup_cosine

    schedule = warmup_cosine(peak=PEAK).on(Run(steps(UPDATES)))

    def by_hand(t: float) -> float:
        if t < WARM:
            return PEAK * t / WARM
        return PEAK * (1 + math.cos(math.pi * (t - WARM) / (UPDATES - WARM))) / 2

    own, hand = (median(lambda f=f: f(12345), 20_000) for f in (schedule, by_hand))
    beside = f"a naive function {hand * 1e6:.2f} µs"
    return Row("warmup_cosine, one point", f"{own * 1e6:.2f} µs", "1 µs", beside)


def array() -> Row:
    """A million values as a NumPy array."""
    import numpy as np

    from passo import Run, steps, warmup_cosine

    schedule = warmup_cosine(peak=PEAK).on(Run(steps(UPDATES)))
    t = np.linspace(0, UPDATES, 1_000_000)

    def by_hand() -> Any:
        late = PEAK * (1 + np.cos(np.pi * (t - WARM) / (UPDATES - WARM))) / 2
        return np.where(t < WARM, PEAK * t / WARM, late)

    own, hand = median(lambda: schedule(t), 1), median(by_hand, 1)
    return Row(
        "warmup_cosine, 10^6 NumPy points",
        f"{own * 1e3:.1f} ms",
        "40 ms",
        f"the naive formula {hand * 1e3:.1f} ms",
    )


def parts() -> Row:
    """One value of a sequence of 1,000 parts, beside one of 3."""
    from passo import Linear, steps

    few, many = (
        Linear(0, 1, steps(10)).then(*(Linear(k, 0, steps(10)) for k in range(1, n)))
        for n in (3, 1000)
    )
    three, thousand = (median(lambda s=s: s(25), 20_000) for s in (few, many))
    return Row(
        "then of 1,000 parts, one point",
        f"{thousand * 1e6:.2f} µs",
        "as 3 parts",
        f"3 parts {three * 1e6:.2f} µs",
    )


PAGE = """# Speed

Made by `make bench ARGS="--write"`, on {cores} cores, Python {python}, torch {torch}. Each figure
is a median of repeats in one process, beside what it is measured against: compare the columns,
not the microseconds of another machine.

"""


def as_markdown(table: Table) -> str:
    """A table for a page."""
    names = [str(column.header) for column in table.columns]
    rows = zip(*(column._cells for column in table.columns), strict=True)
    lines = [names, ["---"] * len(names), *rows]
    body = "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
    return f"## {table.title}\n\n{body}\n"


def tables(*, quick: bool) -> Iterator[Table]:
    """All of them, one after the other."""
    from bench import (
        comparing,
        drop_in,
        law,
        loggers,
        range_cost,
        range_quality,
        recording,
        several,
        stepping,
        trainers,
    )

    table = Table(title="Schedules", title_justify="left")
    for name in ("what", "measured", "budget", "beside it"):
        table.add_column(name)
    for row in (imports(), point(), array(), parts()):
        table.add_row(*row)
    yield table
    counts = (1, 10) if quick else (1, 10, 200, 1000)
    yield stepping.table(counts)
    yield several.table()
    yield several.setting_up()
    yield recording.table()
    yield trainers.table()
    yield loggers.table()
    yield drop_in.table(counts)
    yield law.table()
    yield range_cost.table()
    yield range_quality.table(5 if quick else 100)
    yield from comparing.tables()


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer group counts and seeds")
    parser.add_argument("--write", action="store_true", help="write docs/speed.md as well")
    chosen, console, pages = parser.parse_args(), Console(), []
    for table in tables(quick=chosen.quick):
        console.print(table)
        pages.append(as_markdown(table))
    if chosen.write:
        import torch

        head = PAGE.format(
            cores=os.cpu_count(), python=platform.python_version(), torch=torch.__version__
        )
        (ROOT / "docs" / "speed.md").write_text(head + "\n".join(pages), encoding="utf-8")


if __name__ == "__main__":
    main()
