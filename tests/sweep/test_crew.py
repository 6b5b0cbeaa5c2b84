"""Who looks after the worker processes: by processes that answer as they are told to."""

from __future__ import annotations

import json
import math
import pickle
import time
from io import BytesIO
from pathlib import Path

import cloudpickle
import pytest

from passo import Run, steps
from passo.ground import processes
from passo.sweep import WrongAnswer, crew, searchers
from passo.sweep.answers import Job
from passo.sweep.crew import Worker, by_crew
from passo.sweep.search import RETRIES, Search
from passo.sweep.source import Source
from passo.sweep.worker import MARKS, PROGRAM

RUN = Run(steps(10))
LOADED = b"{}\n"
ANSWER = {"loss": 0.5, "metrics": {}, "failed": "", "seconds": 1.5}


def train(plan, run, seed, trial):
    return 0.5


def job(seed=0):
    return Job("a", "Constant(0.1)", RUN, seed, "folder")


def line(**more):
    return json.dumps({**ANSWER, **more}).encode() + b"\n"


class Ear(BytesIO):
    """A pipe that what was written to is still there when it is closed."""

    def close(self):
        pass


class Fake:
    """A process that says what it was given to say, and then is gone."""

    def __init__(self, said=b"", returncode=None):
        self.stdin, self.stdout = Ear(), BytesIO(said)
        self.returncode = returncode
        self.is_ended = False

    @property
    def heard(self):
        return self.stdin.getvalue()

    def poll(self):
        return self.returncode

    def kill(self):
        self.is_ended = True

    def wait(self):
        return self.returncode


@pytest.fixture
def begun(monkeypatch):
    """The processes that were begun; each says the next of `says`, and the last one for ever."""
    made, says = [], []

    def begin(code, log, marks):
        assert marks == {"PASSO_SWEEP_WORKER": "1"}
        assert len(made) < 50, "it never ends"
        made.append(says[min(len(made), len(says) - 1)]())
        return made[-1]

    monkeypatch.setattr(crew, "begun", begin)
    monkeypatch.setattr(searchers, "begun", begin)
    monkeypatch.setattr(searchers, "LOOKS", 0.0)
    return made, says


def worker():
    return Worker(Source.of(train), Path("workers.log"))


def test_a_line_that_a_kill_tore_is_no_answer_and_the_run_is_made_once_more(begun):
    made, says = begun
    says += [lambda: Fake(LOADED + line()[:-4]), lambda: Fake(LOADED + line())]
    assert worker().ask(job()).loss == 0.5
    assert [each.is_ended for each in made] == [True, False]


def test_a_run_that_kills_its_process_is_made_twice_and_no_more(begun):
    made, says = begun
    says.append(lambda: Fake(LOADED))
    answer = worker().ask(job())
    assert answer.failed == "its process was killed, twice; what it said is in workers.log"
    assert len(made) == 2


def test_who_was_ended_begins_no_process_again(begun):
    made, says = begun
    says.append(lambda: Fake(LOADED + line()))
    ended = worker()
    ended.end()
    assert ended.ask(job()).failed
    assert made == []


def test_all_of_an_answer_comes_back(begun):
    _, says = begun
    says.append(lambda: Fake(LOADED + line(metrics={"a": "nan", "b": 2.0}, failed="it diverged")))
    answer = worker().ask(job())
    assert math.isnan(answer.metrics["a"])
    assert (answer.metrics["b"], answer.failed, answer.seconds) == (2.0, "it diverged", 1.5)


def test_a_crew_is_ended_when_all_is_made_and_when_nobody_wants_more(begun):
    made, says = begun
    says.append(lambda: Fake(LOADED + 9 * line()))
    jobs = [job(seed) for seed in range(4)]
    found = list(by_crew(Source.of(train), jobs, 2, Path("workers.log")))
    assert {each.seed for each, _ in found} == {0, 1, 2, 3}
    assert made
    assert all(each.is_ended for each in made)
    made.clear()
    some = by_crew(Source.of(train), jobs, 2, Path("workers.log"))
    next(some)
    some.close()
    assert all(each.is_ended for each in made)


def searched(folder, total, size):
    search = Search(train, None, RUN, folder / "tune.db", total)
    searchers.by_processes(search, "trials", total, size, lambda: None)


def test_processes_of_a_search_that_die_are_begun_again_so_often_and_no_more(begun, tmp_path):
    made, says = begun
    says.append(lambda: Fake(returncode=-9))
    searched(tmp_path, total=2, size=1)
    assert len(made) == (RETRIES + 1) * 2
    sent, name, total = cloudpickle.loads(pickle.loads(made[0].heard))
    assert (sent.seeded, name, total) == (False, "trials", 2)


def test_a_process_of_a_search_that_is_done_is_not_begun_again(begun, tmp_path):
    made, says = begun
    says.append(lambda: Fake(returncode=0))
    searched(tmp_path, total=2, size=3)
    assert len(made) == 3


def test_what_one_process_of_a_search_refuses_ends_the_others(begun, tmp_path):
    made, says = begun
    said = json.dumps(["WrongAnswer", "train answered with None"]).encode()
    says += [Fake, lambda: Fake(said, returncode=0), Fake]
    with pytest.raises(WrongAnswer, match=r"^train answered with None$"):
        searched(tmp_path, total=2, size=3)
    assert all(each.is_ended for each in made)


class Slow:
    """What takes a minute to load."""

    def __reduce__(self):
        return time.sleep, (60,)


def test_a_process_of_a_search_ends_with_the_one_that_began_it(tmp_path):
    process = searchers._process(cloudpickle.dumps(Slow()), tmp_path / "log")
    process.stdin.close()
    try:
        assert process.wait(30) == 1
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_worker_ends_with_the_one_that_was_killed_in_the_middle_of_a_frame(tmp_path):
    process = processes.begun(PROGRAM, tmp_path / "log", MARKS)
    process.stdin.write(pickle.dumps(b"a plan" * 100)[:300])
    process.stdin.close()
    try:
        assert process.wait(30) == 0
    finally:
        processes.ended(process)
