"""kill -9 at any moment, and go on: no finished run is made twice, and nobody is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from passo import Run, compare, steps
from passo.sweep import Journal

SRC = Path(__file__).parents[2] / "src"
PLANS, RUN, SEEDS = ["Constant(0.1)", "Constant(0.2)", "Constant(0.3)"], Run(steps(5)), 4
TRAIN = """
import os, time
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent

def train(plan, run, seed, trial):
    (FOLDER / f"worker-{os.getpid()}").touch()
    trial.report(1, loss=0.5)
    time.sleep(0.05)
    with (FOLDER / "made.txt").open("a") as file:
        file.write(f"{plan(0)} {seed}\\n")
    return Random(f"{plan} {seed}").random()

if __name__ == "__main__":
    from passo import Run, compare, steps
    plans = ["Constant(0.1)", "Constant(0.2)", "Constant(0.3)"]
    found = compare(train, plans, Run(steps(5)), seeds=4, store="store", processes=2)
    print(found.losses("Constant(0.1)"))
"""
MANY = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
MOMENTS = [Random(k).uniform(0, 12) for k in range(20)] if MANY else [0, 1, 7.5]


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc who is alive")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_after_so_many_results_it_goes_on_and_leaves_nobody(moment, tmp_path):
    (tmp_path / "train.py").write_text(TRAIN)
    started = subprocess.Popen(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        start_new_session=True,
    )
    wait_for(lambda: len(lines(tmp_path / "store")) > int(moment))
    time.sleep(0.05 * (moment - int(moment)))
    started.send_signal(signal.SIGKILL)
    started.wait()
    workers = [int(each.name.partition("-")[2]) for each in tmp_path.glob("worker-*")]
    wait_for(lambda: not any(map(is_alive, workers)), 5)
    with (tmp_path / "store").open("a") as file:
        file.write('{"plan": "Constant(0.1)", "te')  # what a kill in the middle of a line leaves
    with Journal(tmp_path / "store", "compare", {}, lambda _found, _head: None) as journal:
        kept = {(line["plan"], line["seed"]) for line in journal.lines}
    (tmp_path / "made.txt").unlink(missing_ok=True)
    found = compare(
        f"{tmp_path}/train.py:train", PLANS, RUN, seeds=SEEDS, store=tmp_path / "store", processes=2
    )
    made = [(f"Constant({a})", int(b)) for a, b in map(str.split, lines(tmp_path / "made.txt"))]
    every = {(plan, seed) for plan in PLANS for seed in range(SEEDS)}
    assert len(made) == len(set(made))
    assert set(made) == every - kept
    assert len(kept) >= int(moment) - (moment > 0)
    for each in found.results:
        assert each.loss == Random(f"{each.plan} {each.seed}").random()
