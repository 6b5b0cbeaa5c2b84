"""`record=`: the trace of a run, exactly as its updates used it."""

from __future__ import annotations

import os

import pytest
import torch

from passo import (
    Cosine,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    Table,
    Trace,
    attach,
    base,
    by_group,
    steps,
    tokens,
    warmup_cosine,
)
from passo.optim import tensorize
from passo.optim.ground.attached import attached
from passo.plot import planned
from tests.optim.tools import adam, sgd, update, values, weight

RAMP = Linear(0.0, 1.0, steps(100))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl"


def test_a_trace_has_what_each_update_used_and_what_was_reported(path):
    optimizer = adam()
    run = Run(steps(20))
    plan = {"lr": warmup_cosine(peak=0.1), "momentum": Cosine(0.95, 0.85)}
    sizes = Table([(steps(0), 32), (steps(8), 64)], kind="step")
    scheduler = attach(optimizer, plan, run, values={"size": sizes}, record=path)
    for t in range(20):
        update(optimizer)
        if t % 5 == 4:
            scheduler.report(val_loss=1.0 / (t + 1))
    scheduler.detach()
    trace = Trace.load(path)
    assert trace.complete
    assert trace.updates == 20
    assert trace.used("lr")[1] == values(plan["lr"].on(run), 20)
    assert trace.used("momentum")[1] == values(plan["momentum"].on(run), 20)
    assert trace.used("size", None)[1] == [32.0] * 8 + [64.0] * 12
    assert trace.series("val_loss") == ([5, 10, 15, 20], [1 / 5, 1 / 10, 1 / 15, 1 / 20])
    assert trace.run == repr(run)
    assert trace.plan == {key: repr(schedule) for key, schedule in plan.items()}


def test_groups_have_their_names_in_a_trace(path):
    groups = [{"params": [weight()], "name": "head"}, {"params": [weight()]}]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    plan = by_group({"head": base * RAMP}, others=None)
    attach(optimizer, {"lr": plan, "weight_decay": 0.5}, record=path).detach()
    trace = Trace.load(path)
    assert trace.groups == ("head", "1")
    assert [(each.group, each.key) for each in trace.columns] == [
        (0, "lr"),
        (0, "weight_decay"),
        (1, "weight_decay"),
    ]
    assert trace.plan == {
        "lr": f"by_group({{'head': {base * RAMP!r}}}, others=None)",
        "weight_decay": "Constant(0.5)",
    }


def test_another_hand_on_the_field_is_in_the_trace(path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=path)
    update(optimizer, 2)
    optimizer.param_groups[0]["lr"] = 0.75
    with pytest.warns(PassoWarning, match="another hand writes lr of param group 0: update 2 used"):
        update(optimizer, 2)
    scheduler.detach()
    assert Trace.load(path).used()[1] == [RAMP(0), RAMP(1), 0.75, RAMP(3)]


def test_tensors_are_recorded_as_the_value_they_were_filled_with(path):
    optimizer = tensorize(adam())
    scheduler = attach(optimizer, RAMP, record=path)
    update(optimizer, 5)
    scheduler.detach()
    assert Trace.load(path).used()[1] == values(RAMP, 5)


def test_skipped_updates_leave_no_row(path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=path)
    for t in range(6):
        optimizer.zero_grad()
        if t % 2:
            update(optimizer)
        else:
            optimizer.step()
    scheduler.detach()
    assert Trace.load(path).used() == ([0, 1, 2], values(RAMP, 3))


def test_a_reduction_is_in_the_trace_at_the_update_that_first_used_it(path):
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5), record=path)
    for loss in (1.0, 2.0, 3.0):
        update(optimizer, 2)
        scheduler.report(loss=loss)
    update(optimizer)
    scheduler.detach()
    trace = Trace.load(path)
    assert (trace.column().updates, trace.column().values) == ((0, 4, 6), (1.0, 0.5, 0.25))


def test_seek_back_replaces_what_came_later(path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=path)
    update(optimizer, 8)
    scheduler.seek(3)
    update(optimizer, 2)
    scheduler.detach()
    assert Trace.load(path).used() == (list(range(5)), values(RAMP, 5))


def test_seek_forward_leaves_a_gap(path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=path)
    update(optimizer, 2)
    scheduler.seek(50)
    update(optimizer, 2)
    scheduler.detach()
    assert Trace.load(path).used() == ([0, 1, 50, 51], [RAMP(t) for t in (0, 1, 50, 51)])


def test_a_file_that_is_there_is_not_written_over(path):
    path.write_text("mine")
    optimizer = sgd()
    with pytest.raises(PassoError, match="is there already"):
        attach(optimizer, RAMP, record=path)
    assert path.read_text() == "mine"
    assert optimizer.param_groups[0]["lr"] == 1.0
    update(optimizer)
    assert optimizer.param_groups[0]["lr"] == 1.0
    attach(optimizer, RAMP)


def test_a_plan_that_is_refused_leaves_no_file(path):
    with pytest.raises(PassoError, match="must stay"):
        attach(sgd(), -1.0, record=path)
    assert not path.exists()


def test_advance_is_recorded_too(path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=path)
    scheduler.advance(3)
    scheduler.detach()
    assert Trace.load(path).used() == ([0, 1, 2], values(RAMP, 3))


def test_a_recorded_run_is_as_it_is_without(path):
    ends = []
    for record in (None, path):
        optimizer = adam()
        attach(optimizer, RAMP, record=record)
        update(optimizer, 10)
        ends.append(optimizer.param_groups[0]["params"][0].item())
    assert ends[0] == ends[1]


def test_a_planned_run_is_exact_and_its_file_small(path):
    optimizer = sgd()
    plan = base * Linear(0.0, 1.0, steps(500)).then(Cosine(1.0, 0.1, steps(90_000)))
    scheduler = attach(optimizer, {"lr": plan * Plateau("loss", patience=0)}, record=path)
    seen = []

    def run(updates):
        for _ in range(updates):
            seen.append(optimizer.param_groups[0]["lr"])
            scheduler.advance()

    run(30_000)
    scheduler.report(loss=1.0)
    scheduler.report(loss=1.0)
    run(30_000)
    optimizer.param_groups[0]["lr"] = 0.75
    with pytest.warns(PassoWarning, match="update 60,000 used 0.75"):
        run(10_000)
    scheduler.seek(65_000)
    del seen[65_000:]
    run(5_000)
    scheduler.detach()
    assert Trace.load(path).used()[1] == seen
    assert path.stat().st_size < 3_000


def test_a_checkpoint_is_never_ahead_of_the_trace(path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=path)
    update(optimizer, 50)
    scheduler.state_dict()
    assert Trace.load(path).used() == (list(range(50)), values(RAMP, 50))


def test_a_run_on_another_axis_is_recorded_value_by_value(path):
    optimizer = sgd()
    run = Run(tokens(1000), tokens_per_step=10)
    plan = Linear(1.0, 0.0, tokens(1000))
    scheduler = attach(optimizer, plan, run, record=path)
    seen = []
    for _ in range(100):
        seen.append(optimizer.param_groups[0]["lr"])
        update(optimizer)
    scheduler.detach()
    assert Trace.load(path).used()[1] == seen


# -- what the trace says of its plan, and what is drawn of it


def is_planned(line, schedule, first, last):
    assert (line.updates[0], line.updates[-1]) == (first, last)
    assert list(line.values) == [schedule(t) for t in line.updates]


def test_a_trace_holds_what_its_plan_needs_to_be_drawn(path):
    optimizer = adam(lr=0.5)
    run = Run(steps(100))
    attach(optimizer, warmup_cosine(), run, record=path)
    for _ in range(60):
        update(optimizer)
    optimizer = None
    (line,) = planned(Trace.load(path))
    is_planned(line, warmup_cosine().on(run).with_base(0.5), 0.0, 100.0)


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_a_resumed_trace_is_planned_with_the_bases_of_its_checkpoint(path):
    run, plan = Run(steps(100)), warmup_cosine()
    optimizer = adam(lr=0.5)
    scheduler = attach(optimizer, plan, run)
    for _ in range(60):
        update(optimizer)
    again = adam(lr=0.1)
    resumed = attach(again, plan, run, record=path, on_change="keep")
    resumed.load_state_dict(scheduler.state_dict())
    for _ in range(20):
        update(again)
    resumed.detach()
    trace = Trace.load(path)
    assert trace.used()[0] == list(range(60, 80))
    (line,) = planned(trace)
    is_planned(line, plan.on(run).with_base(0.5), 0.0, 100.0)


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_by_group_and_late_groups_are_planned_too(path):
    run = Run(steps(100))
    groups = [{"params": [weight()], "name": "head"}, {"params": [weight()], "name": "rest"}]
    optimizer = torch.optim.SGD(groups, lr=0.5)
    half = Cosine(0.5 * base, 0)
    entry = by_group({"head": base * Cosine(1, 0)}, others=half)
    scheduler = attach(optimizer, {"lr": entry}, run, record=path, join="now")
    for t in range(60):
        if t == 40:
            optimizer.add_param_group({"params": [weight()], "lr": 0.25, "name": "late"})
        update(optimizer)
    scheduler.detach()
    trace = Trace.load(path)
    head, rest, late = planned(trace)
    assert head.values[0] == 0.5
    assert rest.values[0] == 0.25
    assert (late.updates[0], late.values[0]) == (40.0, 0.125)
    placed = half.on(run).with_base(0.25)
    assert trace.value(59, "lr", 2) == placed(19)
    for line, group in ((head, 0), (rest, 1), (late, 2)):
        points = dict(zip(line.updates, line.values, strict=True))
        used = dict(zip(*trace.used("lr", group), strict=True))
        assert all(used[t] == pytest.approx(points[t]) for t in used if t in points)


def test_a_plateau_that_was_wound_back_is_not_planned(path):
    optimizer = adam()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0), record=path)
    for _ in range(4):
        update(optimizer)
        scheduler.report(loss=1.0)
    assert len(planned(Trace.load(path))) == 1
    scheduler.seek(2)
    update(optimizer)
    scheduler.detach()
    assert planned(Trace.load(path)) == ()


# -- a run that is gone on with


def killed(scheduler, path):
    """The file as a kill leaves it: without the line that closes it."""
    scheduler.state_dict()  # flushes
    left = path.read_bytes()
    scheduler.detach()
    path.write_bytes(left)


def resumed(path, made, saved, plan=RAMP):
    """A run that was killed after `made` updates, its last checkpoint at `saved`, and another."""
    optimizer = sgd()
    scheduler = attach(optimizer, plan, record=path)
    update(optimizer, saved)
    state = scheduler.state_dict()
    update(optimizer, made - saved)
    killed(scheduler, path)
    again = sgd()
    scheduler = attach(again, plan, record=path)
    return again, scheduler, state


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_a_resumed_run_goes_on_with_its_trace(path):
    optimizer, scheduler, state = resumed(path, made=30, saved=20)
    scheduler.load_state_dict(state)
    update(optimizer, 40)
    scheduler.report(loss=0.5)
    scheduler.detach()
    trace = Trace.load(path)
    assert trace.complete
    assert trace.used() == (list(range(60)), values(RAMP, 60))
    assert trace.series("loss") == ([60], [0.5])


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_what_the_file_lost_of_the_run_is_a_gap(path):
    optimizer, scheduler, state = resumed(path, made=20, saved=20)
    Trace.load(path).until(15).write(path)
    scheduler.load_state_dict(state)
    update(optimizer, 5)
    scheduler.detach()
    assert Trace.load(path).used()[0] == [*range(15), *range(20, 25)]


@pytest.mark.filterwarnings("ignore:the run ended early")
@pytest.mark.parametrize("begin", [update, lambda o: attached(o)[0].advance(), "report"])
def test_a_trace_is_not_begun_anew_over_an_earlier_run(path, begin):
    optimizer, scheduler, _ = resumed(path, made=30, saved=20)
    kept = path.read_bytes()
    before = optimizer.param_groups[0]["params"][0].item()
    begin = begin if callable(begin) else lambda o: scheduler.report(loss=1.0)
    with pytest.raises(PassoError) as told:
        begin(optimizer)
    assert str(told.value) == (
        f"{str(path)!r} holds 30 updates of an earlier run, and this one begins anew; load its "
        "state first (scheduler.load_state_dict) to go on with the trace, or write record= with "
        "another file"
    )
    assert path.read_bytes() == kept
    assert (scheduler.clock, optimizer.param_groups[0]["params"][0].item()) == (0, before)


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_a_trace_of_other_fields_is_refused_at_once(path):
    resumed(path, made=3, saved=2)[1].detach()
    with pytest.raises(PassoError) as told:
        attach(adam(), {"weight_decay": RAMP}, record=path)
    assert str(told.value) == (
        f"{str(path)!r} is there already and is a trace of '0.lr of 0', not of "
        "'0.weight_decay of 0'; write record= with another file"
    )


@pytest.mark.parametrize("text", ["", "mine", '{"passo":"trace"'])
def test_a_file_that_is_no_trace_is_refused_at_once_and_kept(path, text):
    path.write_text(text)
    with pytest.raises(PassoError) as told:
        attach(sgd(), RAMP, record=path)
    raw = text.encode()
    assert str(told.value) == (
        f"{str(path)!r} is there already and is no trace ({str(path)!r} does not begin with the "
        f"whole header line of a trace, got {raw!r}); write record= with another file"
    )
    assert path.read_text() == text


def test_a_path_that_cannot_be_written_says_what_to_write(tmp_path):
    optimizer = sgd()
    (tmp_path / "file").touch()
    for given, said in (
        (3, "record needs the path of a file, got 3; write record='run.jsonl'"),
        (
            tmp_path,
            (
                f"record needs a file, and {str(tmp_path)!r} is a folder; write "
                f"{str(tmp_path / 'run.jsonl')!r}"
            ),
        ),
        (
            tmp_path / "no" / "run.jsonl",
            (
                f"cannot write {str(tmp_path / 'no' / 'run.jsonl')!r}: there is no folder "
                f"{str(tmp_path / 'no')!r}; make it first"
            ),
        ),
        (
            tmp_path / "file" / "run.jsonl",
            (
                f"cannot write {str(tmp_path / 'file' / 'run.jsonl')!r}: Not a directory; give a "
                "path in a folder that can be written to"
            ),
        ),
        (
            "/proc/run.jsonl",
            (
                "cannot write '/proc/run.jsonl': No such file or directory; give a path in a "
                "folder that can be written to"
            ),
        ),
    ):
        with pytest.raises(PassoError) as told:
            attach(optimizer, RAMP, record=given)
        assert str(told.value) == said
    assert optimizer.param_groups[0]["lr"] == 1.0


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_a_group_that_joined_after_the_checkpoint_joins_again(path):
    def run(optimizer, first, last):
        for t in range(first, last):
            if t == 25:
                optimizer.add_param_group({"params": [weight()], "lr": 1.0, "name": "late"})
            update(optimizer)

    states = []
    for made, first in ((30, 0), (40, 20)):
        optimizer = torch.optim.SGD([{"params": [weight()], "name": "head"}], lr=1.0)
        scheduler = attach(optimizer, RAMP, record=path)
        if states:
            scheduler.load_state_dict(states[0])
        run(optimizer, first, 20)
        states.append(scheduler.state_dict())
        run(optimizer, max(first, 20), made)
        killed(scheduler, path)
    trace = Trace.load(path)
    assert trace.used() == (list(range(40)), values(RAMP, 40))
    assert trace.used("lr", "late") == (list(range(25, 40)), values(RAMP, 40)[25:])


# -- what is no plain file (issue 12, kind 5)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO here")
def test_a_fifo_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(path := str(tmp_path / "fifo"))
    with pytest.raises(PassoError) as error:
        attach(sgd(), 0.5, record=path)
    assert str(error.value) == (
        f"{path!r} is a FIFO, and a plain file is written; give the path of one"
    )


def test_a_link_to_a_file_that_is_not_there_yet_is_followed(tmp_path):
    link = tmp_path / "latest.jsonl"
    link.symlink_to("run-1.jsonl")
    scheduler = attach(optimizer := sgd(), 0.5, record=link)
    update(optimizer, 2)
    scheduler.detach()
    assert link.is_symlink()
    assert Trace.load(tmp_path / "run-1.jsonl").used() == ([0, 1], [0.5, 0.5])
