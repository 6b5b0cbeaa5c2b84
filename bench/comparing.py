"""What `compare` and `tune` cost a run, beside the bare loops."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table

from passo import Run, compare, steps, tune
from passo.ground.extras import is_there
from passo.sweep.ray_crew import cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN, SEEDS, PLANS = Run(steps(10)), 10, ("Constant(0.1)", "Constant(0.2)")
SPACE, TRIALS, AGAIN = "Constant(between(0.0, 1.0))", 14, 2  # and the best three on two seeds more
RUNS = len(PLANS) * SEEDS
SLEEPS = 0.2  # what a run takes
COLUMNS = ("made", "bare", "passo", "more for each run", "budget")
FILE = f"""
import time
from random import Random

def train(plan, run, seed, trial):
    time.sleep({SLEEPS})
    return Random(f"{{plan}} {{seed}}").random()
"""


class Way(NamedTuple):
    """Where the runs are made, by so many at a time, and what one may cost more."""

    name: str
    size: int
    how: dict[str, Any]
    budget: str


def compared(place: str, store: Path, **how: Any) -> None:
    """A whole comparison: begun, made, kept, judged."""
    compare(place, PLANS, RUN, seeds=SEEDS, store=store, **how)


def tuned(place: str, store: Path, **how: Any) -> None:
    """A whole search of as many runs."""
    assert TRIALS + 3 * AGAIN == RUNS
    tune(place, SPACE, RUN, trials=TRIALS, seeds=AGAIN, store=store, **how)


COMPARED = (
    Way("in this process", 1, {"processes": 1}, "0.05"),
    Way("on 2 workers, begun and ended", 2, {"processes": 2}, "0.3"),
    Way("on Ray with 2 workers", 2, {"on": "ray"}, "0.5"),
)
TUNED = (
    Way("in this process", 1, {"processes": 1}, "0.3"),
    Way("in 2 processes, begun and ended", 2, {"processes": 2}, "1"),
    Way("on Ray with 2 workers", 2, {"on": "ray", "processes": 2}, "1"),
)


def tables() -> Iterator[Table]:
    """Of `compare` and of `tune`."""
    os.environ.setdefault("RAY_memory_monitor_refresh_ms", "0")  # it kills where memory is short
    with cluster("a bench") if is_there("ray") else nullcontext():
        yield table("compare", compared, COMPARED)
        yield table("tune", tuned, TUNED)


def table(name: str, call: Callable[..., None], ways: tuple[Way, ...]) -> Table:
    """Rows: where the runs are made, how long they take, and more than the bare loops."""
    title = f"{name}: {RUNS} runs of {SLEEPS} s, in seconds"
    made = Table(title=title, title_justify="left")
    for column in COLUMNS:
        made.add_column(column, justify="left" if column == "made" else "right")
    with TemporaryDirectory() as folder:
        place = Path(folder, "train.py")
        place.write_text(FILE)
        call(f"{place}:train", Path(folder, "warm"), processes=1)
        for number, way in enumerate(ways):
            if "on" in way.how and not is_there("ray"):
                made.add_row(way.name, "", "not run", "ray is not installed", way.budget)
                continue
            begin = perf_counter()
            for _ in range(RUNS // way.size):
                sleep(SLEEPS)
            bare = perf_counter() - begin
            begin = perf_counter()
            call(f"{place}:train", Path(folder, f"store-{number}"), **way.how)
            took = perf_counter() - begin
            more = (took - bare) / RUNS
            made.add_row(way.name, f"{bare:.2f}", f"{took:.2f}", f"{more:.3f}", way.budget)
    return made


if __name__ == "__main__":
    from rich.console import Console

    for each in tables():
        Console(file=sys.stdout).print(each)
