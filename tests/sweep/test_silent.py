"""A process that was silent while another took its run; a store whose writer was killed."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from passo import PassoError, Run, compare, steps, tune
from passo.sweep import Journal, holding
from tests.kills import full
from tests.sweep.searched import MANY, MEMORY, an_hour_later

RUN, SPACE = Run(steps(4)), "Constant(between(0.0, 1.0))"


@pytest.fixture
def store():
    with TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made) / "a.db"


def call(train, store, **more):
    return tune(train, SPACE, RUN, **{"trials": 1, "seeds": 2, "store": store, **more})


class Asleep:
    """A train function whose first run sleeps for an hour, while another call makes it."""

    def __init__(self, store, wakes):
        self.store, self.wakes, self.is_asleep = store, wakes, False
        self.went_on = 0
        self.__qualname__, self.__module__ = "train", __name__

    def __call__(self, plan, run, seed, trial):
        if not self.is_asleep:
            self.is_asleep = True
            an_hour_later(self.store)
            self.other = call(self, self.store)
            self.kept = sorted(trial.folder.iterdir())
            self.wakes(self, trial)
            self.went_on += 1
        trial.report(4, loss=plan(0))
        return plan(0)


def reports(asleep, trial):
    try:
        trial.report(1, loss=7.0)
    except Exception:  # noqa: BLE001 (as train functions do)
        asleep.went_on += 1


def keeps(_asleep, trial):
    mine = trial.folder / "mine"
    mine.mkdir()
    trial.checkpoint(mine)


def fails(_asleep, _trial):
    raise RuntimeError


def ends(_asleep, _trial):
    """It has no more to say."""


@pytest.mark.parametrize("wakes", [reports, ends, keeps, fails] if MANY else [reports, ends])
def test_a_run_that_was_given_to_another_process_is_none_of_the_one_that_wakes(
    wakes, store, monkeypatch
):
    monkeypatch.setattr(holding.Hold, "_go_on", lambda self: None)  # it is asleep
    monkeypatch.setattr(holding, "time", iter(range(0, 10**9, 3600)).__next__)
    asleep = Asleep(store, wakes)
    found = call(asleep, store)
    assert asleep.went_on == (wakes is ends)
    assert [each.state.name for each in found.study.trials] == ["FAIL", "COMPLETE"]
    assert [each.value for each in found.trials] == [each.value for each in asleep.other.trials]
    assert [each.losses for each in found.few] == [each.losses for each in asleep.other.few]
    folder = store.with_name("a.db.runs") / "trial-0"
    assert asleep.kept == [each for each in sorted(folder.iterdir()) if each.name != "mine"]
    assert "7.0" not in (folder / "reports.jsonl").read_text()


KILLED = """
import os, signal, sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("pragma cache_size = 1")
file.execute("begin")
for number in range(400):
    file.execute("insert into studies (study_name) values (?)", (str(number) * 400,))
os.kill(os.getpid(), signal.SIGKILL)
"""


def a_plan(plan, run, seed, trial):
    return plan(0)


def test_a_store_whose_writer_was_killed_in_the_middle_of_a_commit_is_gone_on_with(store):
    first = [each.value for each in call(a_plan, store).trials]
    subprocess.run([sys.executable, "-c", KILLED, str(store)], check=False)
    assert store.with_name("a.db-journal").read_bytes()[0]  # there is something to take back
    again = call(a_plan, store, trials=2)
    assert [each.value for each in again.trials][:1] == first
    with closing(sqlite3.connect(store)) as file:
        assert [row[0] for row in file.execute("select study_name from studies")] == [
            "trials",
            "seeds",
        ]


def test_a_result_that_the_disk_does_not_take_is_refused_whole_and_the_store_is_free(tmp_path):
    path, line = tmp_path / "a.journal", {"seed": 0, "why": "x" * 100}
    with Journal(path, "compare", {}) as journal:
        journal.add(line)
    held = path.read_bytes()
    with (
        full(len(held) + 50),
        pytest.raises(PassoError) as caught,
        Journal(path, "compare", {}) as journal,
    ):
        journal.add(line)
    assert str(caught.value) == (
        f"cannot write {str(path)!r}: File too large; give a path in a folder that can be written "
        "to"
    )
    assert path.read_bytes() == held
    with Journal(path, "compare", {}) as journal:
        assert journal.lines == [line]


def test_a_report_that_the_disk_does_not_take_tears_no_line(tmp_path):
    def train(plan, run, seed, trial):
        for update in range(1, 5):
            with full(30):
                try:
                    trial.report(update, loss=update)
                except OSError as error:
                    assert error.strerror == "File too large"  # noqa: PT017 (some are taken)
        trial.report(9, loss=9)
        return plan(0)

    plans = {"low": "Constant(0.1)", "high": "Constant(0.2)"}
    found = compare(train, plans, RUN, seeds=2, store=tmp_path / "a.journal", progress=False)
    for each in found.results:
        lines = (Path(each.folder) / "reports.jsonl").read_text().splitlines()
        assert lines == ['[1, {"loss": 1.0}]', '[9, {"loss": 9.0}]']


def test_a_search_on_a_full_disk_says_so_and_goes_on_when_there_is_room(store):
    call(a_plan, store)
    with full(4096), pytest.raises(PassoError) as caught:
        call(a_plan, store, trials=2)
    assert str(caught.value) == (
        f"{str(store)!r} cannot be used: disk I/O error; wait until nobody else writes it, or give "
        "another store, store='another.db'"
    )
    assert len(call(a_plan, store, trials=2).trials) == 2


class Unread(io.StringIO):
    """A pipe whose reader has gone."""

    is_read = False

    def flush(self):
        if not self.is_read:
            raise BrokenPipeError


def prints(plan, run, seed, trial):
    print("here", flush=True)  # noqa: T201 (as train functions do)
    return plan(0) + seed


@pytest.mark.parametrize("way", [compare, tune])
def test_that_nobody_reads_what_is_printed_is_no_fault_of_a_run(way, store, monkeypatch):
    plans = ["Constant(0.1)", "Constant(0.2)"] if way is compare else SPACE
    more = {"processes": 1} if way is compare else {"trials": 1}
    monkeypatch.setattr(sys, "stdout", Unread())
    with pytest.raises(BrokenPipeError):
        way(prints, plans, RUN, seeds=2, store=store, **more)
    monkeypatch.setattr(Unread, "is_read", True)
    found = way(prints, plans, RUN, seeds=2, store=store, **more)
    told = [each.failed for each in found.results] if way is compare else found.notes
    assert not any("Broken" in each for each in told)
