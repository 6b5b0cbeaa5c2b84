"""A log has what each update used, as the trace has it, and no more than once."""

from __future__ import annotations

import copy
import csv
import gc
import re
import sys
import time
import warnings

import pytest
import torch

from passo import (
    Constant,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    log,
    steps,
    warmup_cosine,
)
from passo.trace import Bucket, Column
from tests.optim.tools import ROOT, adam, sgd, update, weight
from tests.warm import begun

FALLING = Linear(1.0, 0.0, steps(100))


class Kept:
    """Keeps what it is told."""

    def __init__(self):
        self.rows = []

    def write(self, name, value, update):
        self.rows.append((update, name, value))


def two_groups():
    groups = [{"params": [weight()], "name": "head"}, {"params": [weight()]}]
    return torch.optim.SGD(groups, lr=1.0, momentum=0.9)


def rows(path):
    """The lines of a CSV log, by the csv module."""
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.reader(file))
    assert found[0] == ["update", "name", "value"]
    return [(int(update), name, float(value)) for update, name, value in found[1:]]


def used(trace, every=1):
    """What the trace says, as the log names it."""
    return [
        (t, key if group is None else f"{key}/{trace.groups[group]}", value)
        for t, group, key, value in trace.rows()
        if t % every == 0
    ]


def values(found, *told):
    """The rows without reports and falls."""
    return [each for each in found if each[1] not in told and not each[1].startswith("fall/")]


PLAN = {"lr": warmup_cosine() * Plateau("val_loss", patience=0), "momentum": Linear(0.9, 0.5)}


def story(folder, *, every=1, names="passo"):
    """A run of twenty updates, with its trace and its log."""
    optimizer = two_groups()
    more = {"batch_size": Linear(8, 64).round(8)}
    record = folder / "trace.jsonl"
    scheduler = attach(optimizer, PLAN, Run(steps(20)), values=more, record=record)
    told = log(scheduler, folder / "live.csv", names, every=every)
    for _ in range(5):
        update(optimizer, 4)
        scheduler.report({"val_loss": 0.5, "accuracy": 0.1})
    scheduler.detach()
    assert not told.open
    return Trace.load(record), rows(folder / "live.csv")


def test_each_number_is_what_the_trace_says_that_the_update_used(tmp_path):
    trace, found = story(tmp_path)
    assert values(found, "val_loss", "accuracy") == used(trace)
    assert {name for _, name, _ in found} == {
        *("lr/head", "lr/1", "momentum/head", "momentum/1", "batch_size"),
        *("val_loss", "accuracy", "fall/lr/val_loss"),
    }
    assert [each for each in found if each[1] == "fall/lr/val_loss"] == [
        (8, "fall/lr/val_loss", 0.1),
        (12, "fall/lr/val_loss", 0.1**2),
        (16, "fall/lr/val_loss", pytest.approx(0.1**3)),
    ]
    told = [(t, value) for t, name, value in found if name == "val_loss"]
    assert told == list(zip(*trace.series("val_loss"), strict=True))


@pytest.mark.parametrize("names", ["passo", "lightning", "transformers"])
@pytest.mark.parametrize("every", [1, 3])
def test_a_trace_written_afterwards_gives_the_same_file_as_the_run(tmp_path, names, every):
    trace, _ = story(tmp_path, every=every, names=names)
    log(trace, tmp_path / "after.csv", names, every=every)
    assert (tmp_path / "after.csv").read_bytes() == (tmp_path / "live.csv").read_bytes()


def test_every_writes_the_updates_that_it_divides_and_all_reports(tmp_path):
    trace, found = story(tmp_path, every=7)
    assert values(found, "val_loss", "accuracy") == used(trace, every=7)
    assert sum(name == "val_loss" for _, name, _ in found) == 5


def test_a_span_of_steps_says_every_too():
    scheduler = attach(optimizer := sgd(), FALLING)
    log(scheduler, kept := Kept(), every=steps(4))
    update(optimizer, 9)
    assert [t for t, _, _ in kept.rows] == [0, 4, 8]


@pytest.mark.filterwarnings("ignore:the clocks of optimizers:passo.PassoWarning")
@pytest.mark.parametrize("order", [("slow", "fast"), ("fast", "slow")])
def test_several_optimizers_have_their_names_and_the_rows_of_the_trace(tmp_path, order):
    made = {"slow": adam(), "fast": two_groups()}
    optimizers = {name: made[name] for name in order}
    plan, values_ = {"lr": base * FALLING}, {"ema": Linear(0.5, 1.0, steps(9))}
    scheduler = attach(optimizers, plan, values=values_, record=tmp_path / "t.jsonl")
    log(scheduler, tmp_path / "live.csv")
    for turn in range(12):
        for name in order:
            if name == "fast" or turn % 3:
                update(optimizers[name])
    scheduler.report(val_loss=1.0)
    scheduler.detach()
    trace = Trace.load(tmp_path / "t.jsonl")
    found = values(rows(tmp_path / "live.csv"), "val_loss")
    assert sorted(found) == sorted(used(trace))
    assert {name for _, name, _ in found} == {"lr/slow/0", "lr/fast/head", "lr/fast/1", "ema"}
    log(trace, tmp_path / "after.csv")
    assert (tmp_path / "after.csv").read_bytes() == (tmp_path / "live.csv").read_bytes()


def test_an_optimizer_that_is_behind_begins_no_row_that_is_over(tmp_path):
    optimizers = {"slow": adam(), "fast": sgd()}
    scheduler = attach(optimizers, {"lr": base * FALLING}, record=tmp_path / "t.jsonl")
    log(scheduler, kept := Kept())
    update(optimizers["fast"], 2)
    scheduler.report(val_loss=1.0)
    update(optimizers["slow"], 2)
    scheduler.detach()
    found = values(kept.rows, "val_loss")
    assert [(t, name) for t, name, _ in found] == [
        *((t, "lr/fast/0") for t in (0, 1)),
        (2, "lr/slow/0"),
    ]
    assert found == used(Trace.load(tmp_path / "t.jsonl"))


def test_lightnings_names_are_those_of_its_monitor(tmp_path):
    kept = Kept()
    optimizers = [sgd(), sgd(momentum=0.9), two_groups()]
    log(attach(optimizers, {"lr": base}), kept, "lightning")
    for each in optimizers:
        update(each)
    assert [name for _, name, _ in kept.rows] == [
        *("lr-SGD", "lr-SGD-1", "lr-SGD-2/head", "lr-SGD-2/pg2"),
    ]
    kept = Kept()
    log(
        attach(one := adam(weight_decay=0.1), {"momentum": 0.5, "weight_decay": 0.1}),
        kept,
        "lightning",
    )
    update(one)
    assert [name for _, name, _ in kept.rows] == ["lr-Adam-momentum", "lr-Adam-weight_decay"]


def test_the_names_of_transformers_are_those_of_its_log():
    kept = Kept()
    scheduler = attach(optimizer := two_groups(), {"lr": base, "momentum": 0.5})
    log(scheduler, kept, "transformers")
    update(optimizer)
    scheduler.report(eval_loss=0.5)
    assert [name for _, name, _ in kept.rows] == [
        *("learning_rate", "momentum", "learning_rate/1", "momentum/1", "eval_loss"),
    ]


def test_two_groups_of_one_name_are_told_apart():
    groups = [{"params": [weight()], "name": "head"} for _ in range(2)]
    log(attach(optimizer := torch.optim.SGD(groups, lr=1.0), FALLING), kept := Kept())
    update(optimizer)
    assert [name for _, name, _ in kept.rows] == ["lr/head", "lr/head#2"]


def test_a_group_that_joins_is_logged_from_then_on(tmp_path):
    scheduler = attach(optimizer := two_groups(), FALLING, record=tmp_path / "t.jsonl")
    log(scheduler, tmp_path / "live.csv")
    update(optimizer, 2)
    optimizer.add_param_group({"params": [weight()], "name": "late"})
    update(optimizer, 2)
    scheduler.detach()
    found = rows(tmp_path / "live.csv")
    assert [each for each in found if each[1] == "lr/late"] == [
        (2, "lr/late", 0.98),
        (3, "lr/late", 0.97),
    ]
    assert found == used(Trace.load(tmp_path / "t.jsonl"))


def test_what_another_hand_wrote_is_what_the_update_used():
    log(attach(optimizer := sgd(), FALLING), kept := Kept())
    update(optimizer)
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(PassoWarning, match="another hand|other hand|held"):
        update(optimizer)
    assert kept.rows == [(0, "lr/0", 1.0), (1, "lr/0", 7.0)]


def test_a_log_begins_with_the_next_update_and_a_skipped_step_is_none():
    scheduler = attach(optimizer := sgd(), FALLING)
    update(optimizer, 3)
    told = log(scheduler, kept := Kept())
    update(optimizer)
    optimizer.zero_grad()
    optimizer.step()
    update(optimizer)
    told.close()
    update(optimizer)
    assert kept.rows == [(3, "lr/0", 0.97), (4, "lr/0", 0.96)]


def test_calls_are_logged_where_calls_are_the_clock():
    scheduler = attach(None, values={"ema": FALLING})
    log(scheduler, kept := Kept())
    scheduler.step()
    scheduler.step()
    assert kept.rows == [(0, "ema", 1.0), (1, "ema", 0.99)]


# -- resuming


@pytest.mark.parametrize("loads", ["before the log", "after the log"])
@pytest.mark.parametrize("several", [False, True])
def test_after_a_resume_no_update_is_there_twice_and_none_is_missing(tmp_path, loads, several):
    def made():
        return {"one": sgd(), "two": adam()} if several else sgd()

    def go(optimizers, times):
        for _ in range(times):
            for each in optimizers.values() if several else [optimizers]:
                update(each)

    path, plan = tmp_path / "run.csv", base * FALLING * Plateau("val_loss")
    scheduler = attach(optimizers := made(), plan)
    told = log(scheduler, path)
    go(optimizers, 6)
    scheduler.report(val_loss=1.0)
    saved = scheduler.state_dict()
    go(optimizers, 5)
    scheduler.report(val_loss=0.5)
    told.close()  # here the machine goes
    again = attach(optimizers := made(), plan)
    if loads == "before the log":
        again.load_state_dict(saved)
    log(again, path)
    if loads == "after the log":
        again.load_state_dict(saved)
    go(optimizers, 8)
    again.detach()
    found = rows(path)
    assert [t for t, name, _ in found if name.startswith("lr/one" if several else "lr/")] == [
        *range(14)
    ]
    assert [each for each in found if each[1] == "val_loss"] == [(6, "val_loss", 1.0)]
    assert len(found) == len({each[:2] for each in found})


def test_a_writer_that_cannot_go_back_gets_no_update_twice():
    scheduler = attach(optimizer := sgd(), FALLING)
    log(scheduler, kept := Kept())
    update(optimizer, 5)
    scheduler.report(loss=0.5)
    scheduler.seek(2)
    update(optimizer, 3)
    scheduler.report(loss=0.5)
    update(optimizer, 2)
    scheduler.report(loss=0.5)
    assert [t for t, name, _ in kept.rows if name == "lr/0"] == [*range(7)]
    assert [t for t, name, _ in kept.rows if name == "loss"] == [5, 7]


def test_a_file_goes_back_with_the_clock(tmp_path):
    scheduler = attach(optimizer := sgd(), FALLING)
    told = log(scheduler, tmp_path / "run.csv")
    update(optimizer, 5)
    scheduler.seek(50)
    scheduler.seek(2)
    update(optimizer, 2)
    told.close()
    assert rows(tmp_path / "run.csv") == [(t, "lr/0", FALLING(t)) for t in range(4)]


def test_a_torn_last_line_is_left_out_when_a_file_is_gone_on_with(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("update,name,value\n0,lr/0,1.0\n1,lr/0,0.99\n2,lr")
    scheduler = attach(optimizer := sgd(), FALLING)
    told = log(scheduler, path)
    scheduler.seek(2)
    update(optimizer)
    told.close()
    assert rows(path) == [(t, "lr/0", FALLING(t)) for t in range(3)]


KILLED = """
import sys, time
import torch
from passo import Linear, attach, log, steps
from tests.optim.tools import sgd, update
optimizer = sgd()
scheduler = attach(optimizer, Linear(1.0, 0.0, steps(10**6)))
log(scheduler, sys.argv[1])
print("goes", flush=True)
while True:
    update(optimizer)
    time.sleep(0.0005)
"""


def test_a_killed_process_leaves_a_file_that_can_be_read(tmp_path):
    path = tmp_path / "run.csv"
    with begun("-c", KILLED, str(path), cwd=ROOT) as job:  # killed with the block
        assert job.line() == "goes"
        end = time.monotonic() + 60
        while path.stat().st_size < 1000 and time.monotonic() < end:
            time.sleep(0.05)
    found = rows(path)
    plan = Linear(1.0, 0.0, steps(10**6))
    assert len(found) > 10
    assert found == [(t, "lr/0", plan(t)) for t in range(len(found))]


def test_a_run_that_ends_by_itself_leaves_a_whole_file(tmp_path):
    def run():
        log(attach(optimizer := sgd(), FALLING), tmp_path / "run.csv")
        update(optimizer, 7)

    run()
    assert [t for t, _, _ in rows(tmp_path / "run.csv")] == [*range(7)]


# -- a writer that fails


class Failing(Kept):
    """Fails at some updates."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def write(self, name, value, update):
        if update in self.at:
            raise ConnectionError("no route to the tracker")
        super().write(name, value, update)


def test_a_writer_that_fails_is_told_once_and_training_goes_on():
    scheduler = attach(optimizer := two_groups(), FALLING, Run(steps(99)), strict=True)
    told = log(scheduler, failing := Failing({2, 3, 5}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        update(optimizer, 7)
        told.close()
    (text,) = [str(each.message) for each in caught]
    assert text == (
        "a writer failed at update 2: ConnectionError: no route to the tracker; training goes on, "
        "and what it does not take is counted in the log's .lost"
    )
    assert [each.category for each in caught] == [PassoWarning]
    assert scheduler.clock == 7
    assert told.lost == 6
    assert [t for t, name, _ in failing.rows if name == "lr/head"] == [0, 1, 4, 6]


def test_one_number_that_fails_keeps_no_other_from_being_written():
    class Picky(Kept):
        def write(self, name, value, update):
            if name == "lr/head":
                raise ValueError(name)
            super().write(name, value, update)

    told = log(attach(optimizer := two_groups(), FALLING), picky := Picky())
    with pytest.warns(PassoWarning, match="ValueError: lr/head"):
        update(optimizer)
    assert (picky.rows, told.lost) == ([(0, "lr/1", 1.0)], 1)


def test_what_waited_for_a_file_that_fails_is_counted(tmp_path, monkeypatch):
    told = log(attach(optimizer := sgd(), FALLING), tmp_path / "run.csv")
    update(optimizer, 3)

    def full(_file, _rest):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("passo.integrations.log.csv_file.append", full)
    with pytest.warns(PassoWarning, match="the CSV file failed at update 3: OSError: .*No space"):
        told.flush()
    assert told.lost == 3
    monkeypatch.undo()
    update(optimizer, 2)
    told.close()
    assert [t for t, _, _ in rows(tmp_path / "run.csv")] == [3, 4]


def test_flush_and_close_reach_a_writer_that_has_them():
    class Whole(Kept):
        flushed = closed = 0

        def flush(self):
            self.flushed += 1

        def close(self):
            self.closed += 1

    scheduler = attach(optimizer := sgd(), FALLING)
    with log(scheduler, whole := Whole()) as told:
        update(optimizer)
        told.flush()
        assert whole.flushed == 1
    told.close()
    assert (whole.flushed, whole.closed) == (2, 0)  # it is the user's own
    assert repr(told) == "<Log to a writer, closed, 1 updates, 0 lost>"


def calls_of(optimizer):
    """How many calls of Python and of C one update makes."""
    made = []
    gc.disable()  # or what other tests left would be taken leave of within the update
    sys.setprofile(lambda _frame, event, _what: made.append(event) if "call" in event else None)
    try:
        optimizer.step()
    finally:
        sys.setprofile(None)
        gc.enable()
    return len(made)


def test_a_log_costs_the_usual_update_few_calls(tmp_path):
    found = {}
    for name in ("attached", "logged"):
        scheduler = attach(optimizer := sgd(), FALLING)
        told = log(scheduler, tmp_path / "run.csv") if name == "logged" else None
        update(optimizer, 3)
        found[name] = calls_of(optimizer)
        if told is not None:
            told.close()
    assert found["logged"] - found["attached"] <= 40


def test_the_usual_update_is_the_usual_one_again_after_the_log():
    scheduler = attach(optimizer := sgd(), FALLING)
    told = log(scheduler, Kept())
    update(optimizer, 2)
    told.close()
    update(optimizer, 2)
    assert scheduler._engine.audience is None
    assert scheduler.clock == 4


# -- bad input


NEEDS = (
    "passo.log needs a SummaryWriter, a run of wandb, MLflow or trackio, the path of a CSV file, "
    "or an object with write(name, value, update); "
)


class Strange:
    def __repr__(self):
        return "<Strange>"

    def write(self, text):
        """Another write."""


@pytest.mark.parametrize(
    ("writer", "text"),
    [
        (None, f"{NEEDS}got None"),
        (3, f"{NEEDS}got 3"),
        (Kept, None),
        (Strange(), f"{NEEDS}write of <Strange> takes other arguments"),
        (
            "run.txt",
            "a log in a file is CSV, got 'run.txt'; write passo.log(scheduler, 'run.csv')",
        ),
        (
            "nowhere/run.csv",
            "cannot write 'nowhere/run.csv': there is no folder 'nowhere'; make it first",
        ),
        (".", "'.' is a folder; write passo.log(scheduler, 'run.csv')"),
        ("/dev/zero", "'/dev/zero' is a device, and a plain file is written; give the path of one"),
        (
            "/proc/run.csv",
            (
                "cannot write '/proc/run.csv': No such file or directory; give a path in a folder "
                "that can be written to"
            ),
        ),
    ],
)
def test_what_is_no_writer_is_refused_in_words(writer, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scheduler = attach(sgd(), FALLING)
    with pytest.raises(PassoError) as caught:
        log(scheduler, writer)
    assert text is None or str(caught.value) == text
    assert scheduler._engine.audience is None
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_are_refused():
    with pytest.raises(PassoError) as caught:
        log(attach(sgd(), FALLING), Kept(), names="keras")
    assert str(caught.value) == (
        "names must be one of 'passo', 'lightning', 'transformers', got 'keras'"
    )


@pytest.mark.parametrize("every", [0, -1, 0.5, True, steps(0.5), "2"])
def test_every_is_a_number_of_updates(every):
    with pytest.raises(PassoError) as caught:
        log(attach(sgd(), FALLING), Kept(), every=every)
    text = str(caught.value)
    assert text == f"every is a number of updates of at least 1, got {every!r}; write every=10"


def test_what_is_neither_a_scheduler_nor_a_trace_is_refused():
    with pytest.raises(PassoError) as caught:
        log(3, Kept())
    assert str(caught.value) == (
        "passo.log needs a Scheduler or a Trace, got 3; write passo.log(attach(optimizer, plan, "
        "run), writer) or passo.log(Trace.load(path), writer)"
    )


AFTER = "to write what it did, passo.log(Trace.load(path), writer) with the file of record="


def test_a_scheduler_that_is_detached_is_refused():
    scheduler = attach(sgd(), FALLING)
    scheduler.detach()
    with pytest.raises(PassoError) as caught:
        log(scheduler, Kept())
    text = f"this scheduler is detached, so that no update of it comes; {AFTER}"
    assert str(caught.value) == text


def test_a_scheduler_whose_run_is_over_is_refused():
    scheduler = attach(optimizer := sgd(), Linear(1.0, 0.0), Run(steps(3)))
    update(optimizer, 3)
    with pytest.raises(PassoError) as caught:
        log(scheduler, Kept())
    assert str(caught.value) == (
        "the run of this scheduler is over, after 3 updates; log before its last one, or " + AFTER
    )


def test_two_logs_of_one_name_on_one_writer_are_refused():
    kept = Kept()
    first = log(attach(one := sgd(), FALLING), kept)
    other = attach(two := sgd(), FALLING)
    with pytest.raises(PassoError) as caught:
        log(other, kept)
    assert str(caught.value) == (
        "another log writes 'lr/0' to this writer already; close it first, other.close(), or give "
        'the param groups another "name"'
    )
    update(one)
    update(two)
    assert kept.rows == [(0, "lr/0", 1.0)]
    first.close()
    log(other, kept)
    update(two)
    assert kept.rows[-1] == (1, "lr/0", 0.99)


def test_two_logs_of_other_names_share_a_writer():
    kept = Kept()
    log(attach(one := sgd(), FALLING), kept)
    log(attach(two := two_groups(), {"momentum": 0.5}), kept)
    update(one)
    update(two)
    assert [name for _, name, _ in kept.rows] == ["lr/0", "momentum/head", "momentum/1"]


def test_one_scheduler_has_several_logs():
    first, second = Kept(), Kept()
    scheduler = attach(optimizer := sgd(), FALLING)
    told = log(scheduler, first)
    log(scheduler, second, every=2)
    update(optimizer, 2)
    told.close()
    update(optimizer, 1)
    assert [t for t, _, _ in first.rows] == [0, 1]
    assert [t for t, _, _ in second.rows] == [0, 2]


def test_a_file_that_another_log_writes_is_refused(tmp_path):
    path = tmp_path / "run.csv"
    log(attach(optimizer := sgd(), FALLING), path)
    with pytest.raises(PassoError) as caught:
        log(attach(two_groups(), {"momentum": 0.5}), path)
    assert str(caught.value) == (
        f"{str(path)!r} is already written by another log; give this one another file, or close "
        "the other first: other.close()"
    )
    update(optimizer)


def test_a_file_of_an_earlier_run_is_not_begun_anew(tmp_path):
    path = tmp_path / "run.csv"
    first = log(attach(optimizer := sgd(), FALLING), path)
    update(optimizer, 3)
    first.close()
    before = path.read_bytes()
    told = log(attach(again := sgd(), FALLING), path)
    with pytest.raises(PassoError) as caught:
        update(again)
    assert str(caught.value) == (
        f"{str(path)!r} holds 3 updates of an earlier run, and this one begins anew; load its "
        "state first (scheduler.load_state_dict) to go on with the log, or give passo.log another "
        "file"
    )
    told.close()
    assert path.read_bytes() == before
    with pytest.raises(PassoError) as caught:
        log(Trace(0), path)
    assert str(caught.value) == f"{str(path)!r} is there already; give another file, or remove it"


def test_a_file_that_is_no_log_is_left_alone(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(PassoError) as caught:
        log(attach(sgd(), FALLING), path)
    assert str(caught.value) == (
        f"{str(path)!r} is there already and is no log of passo: its first line is 'a,b'; give "
        "another file"
    )
    assert path.read_text() == "a,b\n1,2\n"


def test_lightnings_names_need_a_trace_that_knows_the_optimizer(tmp_path):
    trace = Trace(1, ("0",), (Column(0, "lr", (0,), (0.1,)),))
    with pytest.raises(PassoError) as caught:
        log(trace, tmp_path / "run.csv", names="lightning")
    assert str(caught.value) == (
        "names='lightning' has the class of the optimizer in it, which this trace does not know; "
        "write names='passo', or record it with attach(..., record='run.jsonl')"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_a_trace_has_as_means_only_is_told():
    coarse = (Bucket(0, 800, 0.1, 0.2, 0.3),)
    trace = Trace(802, ("0",), (Column(0, "lr", (800,), (0.1,), coarse),))
    text = (
        "of the updates before 800 this trace has least, mean and most, not each value, so that "
        "they are not in the log"
    )
    with pytest.warns(PassoWarning, match=f"^{re.escape(text)}$") as caught:
        log(trace, kept := Kept())
    assert caught[0].filename == __file__
    assert [t for t, _, _ in kept.rows] == [800, 801]


def test_names_with_commas_and_quotes_are_read_back(tmp_path):
    groups = [{"params": [weight()], "name": 'a,"b'}]
    scheduler = attach(optimizer := torch.optim.SGD(groups, lr=1.0), Constant(0.5))
    log(scheduler, tmp_path / "run.csv")
    update(optimizer, 2)
    scheduler.seek(1)
    update(optimizer, 1)
    scheduler.detach()
    assert rows(tmp_path / "run.csv") == [(t, 'lr/a,"b', 0.5) for t in range(2)]


def test_a_state_in_the_optimizers_own_is_a_resume_too(tmp_path):
    path = tmp_path / "run.csv"
    told = log(attach(optimizer := adam(), base * FALLING), path)
    update(optimizer, 4)
    saved = copy.deepcopy(optimizer.state_dict())
    update(optimizer, 3)
    told.close()
    again = attach(other := adam(), base * FALLING)
    told = log(again, path)
    other.load_state_dict(saved)
    update(other, 2)
    told.close()
    assert [t for t, _, _ in rows(path)] == [*range(6)]
