"""Runs on a Ray cluster whose workers, and whose caller, are killed: `make test-ray`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event, Thread
from types import SimpleNamespace

import optuna
import pytest

from passo import Run, compare, steps, tune
from passo.ground.extras import is_there
from passo.sweep import WrongAnswer, search
from passo.sweep.ray_crew import ADDRESS, ALONE, cluster
from tests.sweep.searched import MANY, MEMORY, TRAIN, notes, wait_for

KILLS = 20 if MANY else 3
RUN, SPACE = Run(steps(10)), "Constant(between(0.0, 1.0))"
PLANS = ["Constant(0.1)", "Constant(0.2)"]
CALL = """
import sys
from passo import Run, compare, steps
place, store, *plans = sys.argv[1:]
compare(place, plans, Run(steps(10)), seeds=2, store=store, on="ray")
"""


@pytest.fixture(scope="module")
def ray():
    """Ray as it is begun by a call, with a pause in each update that a kill can come in."""
    if not is_there("ray"):  # not imported: some of what it is told is read then
        pytest.skip("ray is not installed")
    quiet = {"PAUSE": "0.1", "RAY_memory_monitor_refresh_ms": "0"}  # only the tests kill
    before = {name: os.environ.get(name) for name in quiet}
    os.environ.update(quiet)
    with cluster("a test") as joined:
        yield joined
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def folder():
    with TemporaryDirectory(dir=MEMORY) as made:
        (Path(made) / "train.py").write_text(TRAIN)
        yield Path(made)


class Killer:
    """Kills the process of a run in the middle of it, each run at most once, so many of them."""

    def __init__(self, folder, kills):
        self.folder, self.kills = folder, kills
        self.killed = []
        self._done = Event()
        self._thread = Thread(target=self._kill, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def _has_kept(self, name):
        return any(self.folder.glob(f"**/{name}/passo-checkpoint-*"))

    def _has_ended(self, name):
        return any(each[2] == name for each in notes(self.folder, "ended"))

    def _kill(self):
        moments = Random(self.kills)
        while len(self.killed) < self.kills and not self._done.wait(0.05):
            fresh = [
                each
                for each in notes(self.folder, "begun")
                if each[2] not in self.killed and not self._has_ended(each[2])
            ]
            if fresh:
                _, worker, name, _ = fresh[-1]
                while not (self._has_kept(name) or self._done.wait(0.02)):
                    pass  # it is to go on from there
                self._done.wait(moments.uniform(0, 0.4))  # of 1 second or more
                if not self._has_ended(name):  # else the process may be at another run
                    os.kill(int(worker), signal.SIGKILL)
                    self.killed.append(name)


def test_a_comparison_whose_workers_are_killed_loses_nothing_and_makes_nothing_twice(ray, folder):
    place, store = f"{folder / 'train.py'}:train", folder / "compare.journal"
    seeds = 2 if not MANY else 12
    with Killer(folder, KILLS) as killer:
        found = compare(place, PLANS, RUN, seeds=seeds, store=store, on="ray")
    assert len(killer.killed) == KILLS
    assert [each.failed for each in found.results] == [""] * 2 * seeds
    assert set(Counter(each[2] for each in notes(folder, "ended")).values()) == {1}
    tries = Counter(each[2] for each in notes(folder, "begun"))
    assert {name for name, many in tries.items() if many > 1} == set(killer.killed)
    for name in killer.killed:
        first, again = (int(each[3]) for each in notes(folder, "begun") if each[2] == name)
        assert first == 0 < again < 10  # it goes on from its checkpoint
    more = compare(place, PLANS, RUN, seeds=seeds + 1, store=store, on="ray")
    assert len(notes(folder, "ended")) == 2 * (seeds + 1)
    assert more.losses(PLANS[0])[0] == found.losses(PLANS[0])[0]


def test_a_search_whose_workers_are_killed_loses_nothing_and_makes_nothing_twice(
    ray, folder, monkeypatch
):
    monkeypatch.setattr(search, "SILENCE", 2)
    place, store = f"{folder / 'train.py'}:train", folder / "tune.db"
    trials = 3 if not MANY else 24
    with Killer(folder, KILLS) as killer:
        found = tune(place, SPACE, RUN, trials=trials, seeds=2, store=store, on="ray", processes=2)
    assert len(killer.killed) == KILLS
    assert len(found.trials) == trials
    assert all(each.missing == 0 for each in found.few)
    assert set(Counter(each[2] for each in notes(folder, "ended")).values()) == {1}
    for name in killer.killed:
        first, again = (int(each[3]) for each in notes(folder, "begun") if each[2] == name)
        assert first == 0 < again < 10
    failed = [
        each
        for study in ("trials", "seeds")
        for each in optuna.load_study(study_name=study, storage=f"sqlite:///{store}").trials
        if each.state.name == "FAIL"
    ]
    assert len(failed) == KILLS
    made = len(notes(folder, "ended"))
    same = tune(place, SPACE, RUN, trials=trials, seeds=2, store=store, on="ray")
    assert (same.few, len(notes(folder, "ended"))) == (found.few, made)


def test_a_comparison_whose_caller_is_killed_goes_on(ray, folder):
    place, store = f"{folder / 'train.py'}:train", folder / "compare.journal"
    address = ray.get_runtime_context().gcs_address
    caller = subprocess.Popen(
        [sys.executable, "-c", CALL, place, str(store), *PLANS],
        env={**os.environ, ADDRESS: address},
    )
    try:
        wait_for(lambda: store.exists() and store.read_text().count("\n") > 1, 120)
    finally:
        caller.kill()
        caller.wait()
    workers = {int(each[1]) for each in notes(folder, "begun")}
    wait_for(lambda: not any(Path(f"/proc/{each}").exists() for each in workers))
    kept = store.read_text().count("\n") - 1
    ended = len(notes(folder, "ended"))
    found = compare(place, PLANS, RUN, seeds=2, store=store, on="ray")
    assert [each.failed for each in found.results] == [""] * 4
    assert len(notes(folder, "ended")) - ended == 4 - kept


def test_an_answer_that_is_no_loss_comes_back_from_ray_as_it_is(ray, tmp_path):
    def silent(plan, run, seed, trial):
        return None

    for call, given in ((compare, (PLANS, RUN)), (tune, (SPACE, RUN))):
        with pytest.raises(WrongAnswer, match=r"^train answered with None"):
            call(silent, *given, store=tmp_path / call.__name__, on="ray")


def test_a_cluster_that_is_begun_here_is_heard_by_this_machine_alone(ray):
    (node,) = ray.nodes()
    assert node["NodeManagerAddress"] == "127.0.0.1"
    assert ray.get_runtime_context().gcs_address.startswith("127.0.0.1:")


def test_what_ray_is_told_is_in_the_environment_only_while_it_begins(monkeypatch):
    said = []

    class Ray(SimpleNamespace):
        def init(self, **given):
            said.append((given, {name: os.environ.get(name) for name in ALONE}))

    monkeypatch.setitem(sys.modules, "ray", Ray(is_initialized=lambda: False, shutdown=list))
    for name in (*ALONE, ADDRESS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")  # the user's own word
    with cluster("a test"):
        assert {name: os.environ.get(name) for name in ALONE} == {
            **dict.fromkeys(ALONE),
            "RAY_USAGE_STATS_ENABLED": "1",
        }
    monkeypatch.setenv(ADDRESS, "10.0.0.1:6379")
    with cluster("a test"):
        pass
    (alone, then), (joined, _) = said
    assert alone.pop("num_cpus") >= 1
    assert alone == {
        "include_dashboard": False,
        "log_to_driver": False,
        "object_store_memory": 100 * 2**20,
    }
    assert then == {**ALONE, "RAY_USAGE_STATS_ENABLED": "1"}
    assert joined == {"log_to_driver": False}
