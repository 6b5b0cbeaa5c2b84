"""Several processes at one search: killed, and begun at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import optuna
import pytest

from passo import Run, steps, tune
from passo.sweep import WrongAnswer
from tests.sweep.searched import MANY, MEMORY, TRAIN, notes, wait_for

SRC = Path(__file__).parents[2] / "src"
RUN, SPACE = Run(steps(10)), "Constant(between(0.0, 1.0))"
MOMENTS = [Random(k).uniform(0, 12) for k in range(20)] if MANY else [2.0, 5.0, 8.0]


@pytest.fixture
def folder():
    with TemporaryDirectory(dir=MEMORY) as made:
        (Path(made) / "train.py").write_text(TRAIN)
        yield Path(made)


def begin(folder, pause="0.01", processes="2", name="train.py"):
    path = os.pathsep.join(filter(None, [str(SRC), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, str(folder / name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "PAUSE": pause, "PROCESSES": processes},
    )


def perhaps_lost(folder):
    """Runs that ended as the last thing of their process: a kill may come before they are kept."""
    newest = {worker: name for _, worker, name, _ in notes(folder, "begun")}
    ended = {(worker, name) for _, worker, name, _ in notes(folder, "ended")}
    return {name for worker, name in newest.items() if (worker, name) in ended}


def over(folder, but=frozenset()):
    """Each run is over once, and the search has as many as were asked for."""
    names = [each[2] for each in notes(folder, "ended")]
    assert {name for name in names if names.count(name) > 1} <= but
    study = optuna.load_study(study_name="trials", storage=f"sqlite:///{folder / 'tune.db'}")
    states = [each.state.name for each in study.trials]
    assert states.count("COMPLETE") + states.count("PRUNED") == 3
    return states


def test_a_worker_that_is_killed_loses_nothing_and_its_run_goes_on_from_its_checkpoint(folder):
    process = begin(folder, "0.2")
    wait_for(lambda: notes(folder, "begun"))
    time.sleep(0.8)
    _, worker, name, _ = notes(folder, "begun")[0]
    os.kill(int(worker), signal.SIGKILL)
    said, error = process.communicate(timeout=120)
    assert (said, process.returncode) == ("3\n", 0), error
    assert over(folder).count("FAIL") == 1
    tries = [int(each[3]) for each in notes(folder, "begun") if each[2] == name]
    assert len(tries) == 2
    assert tries[0] == 0 < tries[1] < 10


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_goes_on_and_makes_no_finished_run_twice(moment, folder):
    processes = "2" if MANY else "1"  # in the usual run the cheaper ones
    process = begin(folder, processes=processes)
    time.sleep(moment)
    process.kill()
    process.communicate()
    unsure = perhaps_lost(folder)
    said, error = begin(folder, processes=processes).communicate(timeout=120)
    assert said == "3\n", error
    over(folder, but=unsure)


UNBORN = """
import optuna

import train
from passo import Run, steps, tune

store = train.FOLDER / "tune.db"
call = dict(space="Constant(between(0.0, 1.0))", run=Run(steps(10)), store=store)

def interrupted(plan, run, seed, trial):
    raise KeyboardInterrupt

def unborn(name, asked=None):
    study = optuna.load_study(study_name=name, storage=f"sqlite:///{store}")
    if asked:
        study.enqueue_trial(asked)
    trial = study.ask()
    if asked:
        trial.suggest_int("trial", 0, 10**9)  # and not its seed

interrupted.__qualname__, interrupted.__module__ = train.train.__qualname__, "train"
try:
    tune(interrupted, trials=2, seeds=2, **call)
except KeyboardInterrupt:
    unborn("trials")
unborn("seeds", {"trial": 2, "seed": 1})
found = tune(train.train, trials=2, seeds=2, **call)
print([each.state.name for each in found.study.trials], [len(plan.losses) for plan in found.few])
"""


def test_a_trial_whose_process_ended_before_its_first_heartbeat_is_made_again(folder):
    (folder / "unborn.py").write_text(UNBORN)
    process = begin(folder, name="unborn.py", processes="1")
    try:
        said, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, error
    assert said == "['FAIL', 'FAIL', 'COMPLETE', 'COMPLETE'] [2, 2]\n"


def test_two_calls_that_create_one_store_at_once_share_its_runs(folder):
    both = [begin(folder, processes="1"), begin(folder, processes="1")]
    told = [each.communicate(timeout=120) for each in both]
    assert [said for said, _ in told] == ["3\n", "3\n"], told
    over(folder)


def test_an_answer_that_is_no_loss_comes_back_from_a_worker_as_it_is(folder):
    def silent(plan, run, seed, trial):
        return None

    with pytest.raises(WrongAnswer, match=r"^train answered with None"):
        tune(silent, SPACE, RUN, trials=2, store=folder / "a.db", processes=2)
