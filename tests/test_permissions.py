"""Files and folders of somebody else: refused at once in words, and left as they are. Issue 19."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from passo import Constant, PassoError, Run, attach, compare, log, steps, tune
from passo.sweep import Journal, Trial
from passo.trace import Trace
from tests.optim.tools import sgd, update

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no permissions here")
NOBODY = 65534
RUN = Run(steps(9))
ELSEWHERE = "Permission denied; give a path in a folder that can be written to"


@pytest.fixture
def folder(monkeypatch):
    """A folder that everybody may look into; pytest's own is the user's alone."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    monkeypatch.chdir(path)
    yield path
    for each in (path, *path.rglob("*")):
        each.chmod(0o700)
    shutil.rmtree(path)


@contextmanager
def plain_user():
    """Without the rights of root, who may do everything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def of_seed(plan, run, seed, trial):
    return plan.on(run)(0) + seed


def compared(store):
    two = {"a": Constant(0.1), "b": Constant(0.3)}
    return compare(of_seed, two, RUN, seeds=2, store=store, processes=1)


def tuned(store):
    return tune(of_seed, "Constant(between(0.0, 1.0))", RUN, trials=1, seeds=2, store=store)


def recorded(path):
    return attach(sgd(), 0.5, record=path)


DOORS = {
    "run.jsonl": recorded,
    "run.csv": lambda path: log(attach(sgd(), 0.5), path),
    "a.journal": compared,
    "a.db": tuned,
    "run": Trial,
}


@pytest.mark.parametrize("name", DOORS)
def test_nothing_is_begun_in_a_folder_of_somebody_else(folder, name):
    DOORS[name](folder / name)  # all that it imports is there, which only root may be able to read
    away = folder / "away"
    away.mkdir()
    away.chmod(0o555)
    with plain_user(), pytest.raises(PassoError) as caught:
        DOORS[name](away / name)
    assert str(caught.value) == f"cannot write {str(away / name)!r}: {ELSEWHERE}"
    assert list(away.iterdir()) == []


@pytest.mark.parametrize("name", ["run.csv", "a.journal", "a.db"])
def test_a_file_that_may_not_be_read_is_not_gone_on_with(folder, name):
    DOORS[name](folder / f"other {name}")
    (folder / name).write_text("mine")
    (folder / name).chmod(0)
    with plain_user(), pytest.raises(PassoError) as caught:
        DOORS[name](folder / name)
    assert str(caught.value) == f"cannot write {str(folder / name)!r}: {ELSEWHERE}"
    (folder / name).chmod(0o600)
    assert (folder / name).read_text() == "mine"


def test_a_trace_that_may_not_be_read_is_not_gone_on_with(folder):
    (folder / "run.jsonl").touch(0)
    with plain_user(), pytest.raises(PassoError) as caught:
        recorded("run.jsonl")
    assert str(caught.value) == (
        "'run.jsonl' is there already and is not to be read (Permission denied); write record= "
        "with another file"
    )


@pytest.mark.parametrize("name", ["run.jsonl", "run.csv"])
def test_what_waits_where_it_could_not_be_gone_on_with_is_refused_at_once(folder, name):
    away = folder / "away"
    away.mkdir()
    scheduler = attach(optimizer := sgd(), 0.5, record=away / "run.jsonl")
    with log(scheduler, away / "run.csv"):
        update(optimizer, 2)
    scheduler.detach()
    before = (away / name).read_bytes()
    for each in away.iterdir():
        each.chmod(0o444)
    away.chmod(0o555)
    with plain_user(), pytest.raises(PassoError) as caught:
        DOORS[name](away / name)
    assert str(caught.value) == f"cannot write {str(away / name)!r}: {ELSEWHERE}"
    assert (away / name).read_bytes() == before
    assert Trace.load(away / "run.jsonl").updates == 2


def test_a_store_that_may_not_be_written_is_left_and_its_lock_let_go(folder):
    path = folder / "a.journal"
    with Journal(path, "compare", {}):
        pass
    path.with_name("a.journal.lock").unlink()
    path.chmod(0o444)
    with plain_user(), pytest.raises(PassoError) as caught, Journal(path, "compare", {}):
        pass
    assert str(caught.value) == f"cannot write {str(path)!r}: {ELSEWHERE}"
    path.chmod(0o644)
    with Journal(path, "compare", {}) as journal:
        assert journal.lines == []
