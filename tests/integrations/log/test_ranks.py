"""Several processes that train together: one log, unless each has its own (issue 16)."""

from __future__ import annotations

import csv

import pytest

from passo import Linear, PassoError, Trace, attach, log, steps
from passo.trace import Column
from tests.optim.tools import on_ranks, sgd, update

TELL = """
import os
from pathlib import Path
from passo import Linear, PassoError, Plateau, Trace, attach, base, log, steps
from passo.trace import Column
from tests.optim.tools import sgd, update

plan = Linear(1.0, 0.0, steps(10)) * Plateau("loss", patience=0)

class Kept:
    def __init__(self):
        self.rows = []

    def write(self, name, value, update):
        self.rows.append((update, name, value))

def train(writer, **more):
    scheduler = attach(optimizer := sgd(), plan)
    told = log(scheduler, writer, **more)
    for k in range(2):
        update(optimizer, 3)
        scheduler.report(loss=float(1 + rank + k))
    scheduler.detach()
    return told

def refused(act):
    try:
        act()
    except PassoError as error:
        print(str(error).replace(os.fspath(folder), "FOLDER"))
"""
STORIES = {
    # one call on every rank, as people write it: one file, one writer, nothing raised
    "file": "told = train(folder / 'one.csv'); print(told.open, told.lost, told)",
    "object": "kept = Kept(); train(kept); print(len(kept.rows))",
    # the usual guards go on to work
    "guarded": "kept = Kept(); train(kept if rank == 0 else None); print(len(kept.rows))",
    "guarded file": "train(folder / 'guarded.csv' if rank == 0 else None)",
    "each": "train(folder / f'own-{rank}.csv', ranks='each')",
    "each object": "kept = Kept(); train(kept, ranks='each'); print(kept.rows[:3])",
    "each in one": "refused(lambda: train(folder / 'one.csv', ranks='each'))",
    "a trace": """
trace = Trace(2, ("0",), (Column(0, "lr", (0,), (0.1,)),))
print(log(trace, folder / "trace.csv").open)
""",
    "closed": """
with train(folder / "more.csv") as told:
    told.flush()
print(told.open)
""",
}
CLOSED = "<Log to nothing: of 2 ranks rank 0 writes, and this is rank 1, closed, 0 updates, 0 lost>"


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    begin = f"{TELL}\nfolder = Path({str(folder)!r})\n"
    return on_ranks({name: begin + code for name, code in STORIES.items()}, 2), folder


def test_one_call_on_every_rank_is_one_file_with_each_update_once(told):
    said, folder = told
    assert said["file"] == [
        ["False 0 <Log to the CSV file, closed, 6 updates, 0 lost>"],
        [f"False 0 {CLOSED}"],
    ]
    found = rows(folder / "one.csv")
    rates = [float(each["value"]) for each in found if each["name"] == "lr/0"]
    line = Linear(1.0, 0.0, steps(10))
    assert rates == [line(t) for t in range(6)]
    heard = [(each["update"], each["value"]) for each in found if each["name"] == "loss"]
    assert heard == [("3", "1.5"), ("6", "2.5")]  # the mean of the ranks, which the plateau heard
    assert rows(folder / "guarded.csv") == rows(folder / "more.csv") == found


def test_a_writer_of_another_rank_is_left_as_it_is(told):
    said, _ = told
    assert said["object"] == said["guarded"] == [["9"], ["0"]]  # 6 updates, 2 reports, 1 fall
    assert said["closed"] == [["False"], ["False"]]


def test_a_trace_is_written_by_one_rank_too(told):
    said, folder = told
    assert said["a trace"] == [["False"], ["False"]]
    assert len(rows(folder / "trace.csv")) == 2


def test_each_rank_writes_where_that_is_asked_for(told):
    said, folder = told
    assert rows(folder / "own-0.csv") == rows(folder / "own-1.csv") == rows(folder / "one.csv")
    first = "[(0, 'lr/0', 1.0), (1, 'lr/0', 0.9), (2, 'lr/0', 0.8)]"
    assert said["each object"] == [[first]] * 2


def test_one_file_for_each_rank_is_refused_with_a_name_for_each(told):
    said, _ = told
    assert said["each in one"] == [
        [
            (
                "with ranks='each' each of 2 ranks writes a file of its own, and the name of "
                f"'FOLDER/one.csv' does not say that it is of rank {rank}; write "
                f"'FOLDER/one-{rank}.csv' there"
            )
        ]
        for rank in (0, 1)
    ]


class Kept:
    def __init__(self):
        self.rows = []

    def write(self, name, value, update):
        self.rows.append((update, name, value))


@pytest.mark.parametrize("rank", [0, 1])
def test_a_group_that_is_made_after_the_log_is_told_before_anything_is_written(monkeypatch, rank):
    scheduler = attach(optimizer := sgd(), Linear(1.0, 0.0, steps(10)))
    kept = Kept()
    log(scheduler, kept)
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_rank", lambda: rank)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)
    if rank == 0:
        update(optimizer)
        assert kept.rows == [(0, "lr/0", 1.0)]
        return
    with pytest.raises(PassoError) as caught:
        update(optimizer)
    assert str(caught.value) == (
        "passo.log was called before the 2 processes knew of each other, so that rank 1 would "
        "write what rank 0 writes; call it after init_process_group, or write "
        'passo.log(scheduler, writer, ranks="each") for a log of each rank'
    )
    assert (kept.rows, scheduler.clock) == ([], 0)


def test_a_process_alone_is_the_first_and_each_of_them(tmp_path):
    trace = Trace(2, ("0",), (Column(0, "lr", (0,), (0.1,)),))
    for ranks in ("first", "each"):
        log(trace, tmp_path / f"{ranks}.csv", ranks=ranks)
    assert rows(tmp_path / "first.csv") == rows(tmp_path / "each.csv")


def test_ranks_is_one_of_two_words(tmp_path):
    with pytest.raises(PassoError) as caught:
        log(Trace(0), tmp_path / "run.csv", ranks="all")
    assert str(caught.value) == "ranks must be one of 'first', 'each', got 'all'"
    assert list(tmp_path.iterdir()) == []
