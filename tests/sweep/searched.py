"""What tests of killed searches share: a train function with notes, and how to wait for them."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # sqlite waits for the disk otherwise
MANY = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
TRAIN = """
import os, time
from pathlib import Path

FOLDER = Path(__file__).parent

def train(plan, run, seed, trial):
    at = int((trial.latest / "at").read_text()) if trial.latest else 0
    note(f"begun {os.getpid()} {trial.folder.parent.name}/{trial.folder.name} {at}")
    for update in range(at, 10):
        time.sleep(PAUSE)
        kept = trial.folder / "mine"
        kept.mkdir(exist_ok=True)
        (kept / "at").write_text(str(update + 1))
        trial.checkpoint(kept)
        trial.report(update + 1, loss=1 / (update + 1))
    note(f"ended {os.getpid()} {trial.folder.parent.name}/{trial.folder.name} 10")
    return (plan(0) - 0.3) ** 2 + 1e-3 * seed

def note(line):
    with (FOLDER / "notes.txt").open("a") as file:
        file.write(line + chr(10))

PAUSE = float(os.environ.get("PAUSE", 0.01))
PROCESSES = int(os.environ.get("PROCESSES", 2))

if __name__ == "__main__":
    from passo import Run, steps, tune
    from passo.sweep import search
    search.SILENCE = 2
    space = "Constant(between(0.0, 1.0))"
    store = FOLDER / "tune.db"
    found = tune(train, space, Run(steps(10)), trials=3, seeds=2, store=store, processes=PROCESSES)
    print(len(found.trials))
"""


def an_hour_later(store):
    """What made runs at a search then has been silent for long."""
    if store.exists():
        with closing(sqlite3.connect(store, timeout=60)) as file, file:
            file.execute("update trial_heartbeats set heartbeat = datetime(heartbeat, '-1 hour')")


def notes(folder, word):
    path = folder / "notes.txt"
    lines = [each.split() for each in path.read_text().splitlines()] if path.exists() else []
    return [each for each in lines if each[0] == word]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
