"""What `compare` costs a run, beside the bare loops."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

from rich.table import Table

from passo import Run, compare, steps
from passo.ground.extras import is_there

RUN, SEEDS, PLANS = Run(steps(10)), 10, ("Constant(0.1)", "Constant(0.2)")
SLEEPS = 0.2  # what a run takes
FILE = f"""
import time
from random import Random

def train(plan, run, seed, trial):
    time.sleep({SLEEPS})
    return Random(f"{{plan}} {{seed}}").random()
"""


def seconds(folder: Path, **how: Any) -> float:
    """Of a whole comparison: begun, made, kept, judged."""
    store = folder / f"store-{len(list(folder.iterdir()))}"
    begin = perf_counter()
    compare(f"{folder}/train.py:train", PLANS, RUN, seeds=SEEDS, store=store, **how)
    return perf_counter() - begin


def table() -> Table:
    """Rows: where the runs are made, how long they take, and more than the bare loops."""
    made = Table(title=f"compare: 20 runs of {SLEEPS} s, in seconds", title_justify="left")
    for name in ("made", "bare", "compare", "more for each run", "budget"):
        made.add_column(name, justify="left" if name == "made" else "right")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(FILE)
        ways: dict[str, tuple[int, dict[str, Any], str]] = {
            "in this process": (1, {"processes": 1}, "0.05"),
            "on 2 workers, begun and ended": (2, {"processes": 2}, "0.3"),
        }
        if is_there("ray"):
            import ray

            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
            ways["on Ray with 2 workers"] = (2, {"on": "ray"}, "0.5")
        seconds(folder, processes=1)
        for way, (size, how, budget) in ways.items():
            runs = len(PLANS) * SEEDS
            begin = perf_counter()
            for _ in range(runs // size):
                sleep(SLEEPS)
            bare = perf_counter() - begin
            took = seconds(folder, **how)
            more = (took - bare) / runs
            made.add_row(way, f"{bare:.2f}", f"{took:.2f}", f"{more:.3f}", budget)
    return made


if __name__ == "__main__":
    from rich.console import Console

    Console(file=sys.stdout).print(table())
