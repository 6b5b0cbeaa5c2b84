"""The Recorder: it sees everything, and nothing that trains sees it."""

from __future__ import annotations

import signal
import time
import warnings

import pytest
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LambdaLR,
    LRScheduler,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from passo.doctor import diagnose
from passo.optim import Recorder, watch
from passo.optim.recorder.record import Record
from passo.optim.recorder.tally import Tally
from passo.schedules import PassoError, PassoWarning
from passo.trace import Trace
from tests.torches import OLD_TORCH
from tests.warm import begun, python


def parameter(value=1.0):
    return torch.nn.Parameter(torch.full((2,), value))


def train(optimizer, scheduler, weight, updates):
    for _ in range(updates):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()
        scheduler.step()


def kinds(trace):
    return [event.kind for event in trace.events]


def detail(trace, kind):
    return [event.detail for event in trace.events if event.kind == kind]


BUILDS = {
    "step": lambda o: StepLR(o, 3, 0.5),
    "lambda": lambda o: LambdaLR(o, lambda t: 0.9**t),
    "sequential": lambda o: SequentialLR(o, [StepLR(o, 2), CosineAnnealingLR(o, 8)], [4]),
}


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_values_and_weights_are_those_of_a_run_without_it(name, kind):
    def run():
        weight = parameter()
        optimizer = kind([weight], lr=0.1)
        rates = []
        scheduler = BUILDS[name](optimizer)
        for _ in range(10):
            rates.append(optimizer.param_groups[0]["lr"])
            train(optimizer, scheduler, weight, 1)
        return weight.detach().clone(), rates, scheduler.state_dict().keys()

    bare = run()
    with Recorder() as recorder:
        seen = run()
    assert torch.equal(bare[0], seen[0])
    assert bare[1:] == seen[1:]
    (trace,) = recorder.traces()
    assert trace.used("lr")[1] == bare[1]


def test_torch_is_left_as_it_was():
    before = (LRScheduler.step, LRScheduler.__init__, torch.Tensor.backward, StepLR.__init__)
    with Recorder():
        assert LRScheduler.step is not before[0]
    after = (LRScheduler.step, LRScheduler.__init__, torch.Tensor.backward, StepLR.__init__)
    assert after == before
    assert "__init_subclass__" not in vars(LRScheduler)


def test_warnings_stand_at_the_same_lines():
    def told():
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = StepLR(optimizer, 3)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            scheduler.step()
            scheduler.step(4)
            scheduler.get_lr()
        return [(str(each.message)[:40], each.filename, each.lineno) for each in found]

    bare = told()
    with Recorder():
        assert told() == bare
    assert {filename for _, filename, _ in bare} <= {__file__, *(f for _, f, _ in bare)}
    assert OLD_TORCH or __file__ in {filename for _, filename, _ in bare}  # it names its own lines


def test_each_event_has_the_scripts_line():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = StepLR(optimizer, 3)
        train(optimizer, scheduler, weight, 4)
    (trace,) = recorder.traces()
    assert kinds(trace) == ["built", "turn", "turn", "advance", "position"][:1] + kinds(trace)[1:]
    (built,), (advance,) = detail(trace, "built"), detail(trace, "advance")
    assert "test_recorder.py:" in built["where"]
    assert "test_recorder.py:" in advance["where"]
    assert (built["class"], built["given"]["step_size"]) == ("StepLR", 3)
    assert (advance["hits"], advance["every"], advance["each"]) == (4, 1, 1)


def test_a_scheduler_of_ones_own_is_seen_though_defined_later():
    with Recorder() as recorder:

        class Own(LRScheduler):
            def get_lr(self):
                return [base / (1 + self.last_epoch) for base in self.base_lrs]

            def step(self, epoch=None):
                super().step(epoch)

        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=1.0)
        train(optimizer, Own(optimizer), weight, 3)
    (trace,) = recorder.traces()
    assert trace.used("lr")[1] == [1.0, 0.5, pytest.approx(1 / 3)]
    assert [each["hits"] for each in detail(trace, "advance")] == [3]


def test_parts_of_a_sequence_are_its_own_business():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=1.0)
        train(optimizer, BUILDS["sequential"](optimizer), weight, 6)
    (trace,) = recorder.traces()
    assert [each["scheduler"] for each in detail(trace, "advance")] == [2]
    assert [2, 1] in [each["by"] for each in detail(trace, "turn")]


def test_an_error_of_the_recorder_does_not_end_the_run(monkeypatch):
    monkeypatch.setattr(Record, "look", lambda *_: 1 / 0)
    weight = parameter()
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with warnings.catch_warnings(record=True) as found, Recorder() as recorder:
        warnings.simplefilter("always")
        train(optimizer, StepLR(optimizer, 3), weight, 5)
    assert [each.category for each in found] == [PassoWarning]
    assert "lost sight of the run" in str(found[0].message)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    assert diagnose(recorder.traces()) == []


# -- what counts as an update


class Twice(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure=None):
        return super().step(closure)


class Wrapped(torch.optim.Optimizer):
    """Steps another optimizer of the same parameters, as SAM and ZeroRedundancyOptimizer do."""

    def __init__(self, inner):
        self.inner = inner
        super().__init__([p for g in inner.param_groups for p in g["params"]], {"lr": 0.1})

    def step(self, closure=None):
        return self.inner.step(closure)


def test_a_subclass_that_calls_super_is_counted_once():
    torch.optim.SGD([parameter()], lr=0.1)
    with Recorder() as recorder:
        weight = parameter()
        optimizer = Twice([weight], lr=0.1)
        for _ in range(5):
            weight.grad = torch.ones(2)
            optimizer.step()
    assert [trace.updates for trace in recorder.traces()] == [5]


def test_an_optimizer_inside_another_is_counted_once():
    with Recorder() as recorder:
        weight = parameter()
        inner = torch.optim.SGD([weight], lr=0.1)
        optimizer = Wrapped(inner)
        for _ in range(4):
            weight.grad = torch.ones(2)
            optimizer.step()
    assert [trace.updates for trace in recorder.traces() if trace.updates] == [4]


class Sharp(torch.optim.Optimizer):
    """Shares its groups with the optimizer that it drives, as implementations of SAM do."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 0.1})
        self.base = torch.optim.SGD(self.param_groups, lr=0.1)
        self.param_groups = self.base.param_groups

    def second_step(self):
        self.base.step()

    def step(self, closure=None):
        self.second_step()


@pytest.mark.filterwarnings("ignore:Detected call of")  # torch looks at step alone
@pytest.mark.parametrize("method", ["second_step", "step"])
def test_an_optimizer_that_shares_its_groups_is_one_with_its_scheduler(method):
    with Recorder() as recorder:
        weight = parameter()
        optimizer = Sharp([weight])
        scheduler = StepLR(optimizer, 2, 0.5)
        for _ in range(4):
            weight.grad = torch.ones(2)
            getattr(optimizer, method)()
            scheduler.step()
    (trace,) = [trace for trace in recorder.traces() if trace.updates]
    assert trace.used("lr")[1] == [0.1, 0.1, 0.05, 0.05]
    assert diagnose(recorder.traces()) == []


def test_steps_without_a_gradient_are_no_updates():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        optimizer.step()
        weight.grad = torch.ones(2)
        optimizer.step()
    assert [trace.updates for trace in recorder.traces()] == [1]


@pytest.mark.parametrize("fused", [False, True])
def test_a_skipped_update_is_an_event_and_none_of_the_losses(fused):
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.Adam([weight], lr=0.1, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        for k in range(6):
            optimizer.zero_grad()
            loss = (weight**2).sum() * (float("inf") if k in (1, 2) else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    (trace,) = recorder.traces()
    assert trace.updates == 4
    assert sum(each["hits"] for each in detail(trace, "skip")) == 2
    assert trace.series("loss")[1][0] == 2.0
    assert max(trace.series("loss")[1]) == 2.0


# -- losses and metrics


def test_a_watched_loss_takes_the_place_of_the_one_that_is_seen():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        for k in range(3):
            optimizer.zero_grad()
            watch(loss=10.0 + k)
            (weight.sum() / 4).backward()
            optimizer.step()
    (trace,) = recorder.traces()
    assert trace.series("loss") == ([0, 1, 2], [10.0, 11.0, 12.0])


def test_a_plateaus_metric_has_the_name_that_the_script_gives_it():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        plateau = ReduceLROnPlateau(optimizer)
        for val_loss in (0.5, 0.4):
            weight.grad = torch.ones(2)
            optimizer.step()
            plateau.step(val_loss)
    (trace,) = recorder.traces()
    assert trace.series("val_loss") == ([1, 2], [0.5, 0.4])


# -- who wrote


def test_an_edit_has_the_line_that_wrote():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = StepLR(optimizer, 3)
        train(optimizer, scheduler, weight, 2)
        optimizer.param_groups[0]["lr"] = 0.7
        train(optimizer, scheduler, weight, 1)
    (trace,) = recorder.traces()
    (edit,) = detail(trace, "edit")
    assert (edit["key"], edit["from"], edit["by_script"]) == ("lr", 2, True)
    assert trace.used("lr")[1] == [0.1, 0.1, 0.7]


def test_a_rate_that_is_a_tensor_is_read_when_it_changes():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=torch.tensor(0.5), foreach=False)
        for k in range(3):
            weight.grad = torch.ones(2)
            optimizer.step()
            optimizer.param_groups[0]["lr"].fill_(0.25 / (k + 1))
    (trace,) = recorder.traces()
    assert trace.used("lr")[1] == [0.5, 0.25, 0.125]


def test_a_group_that_joins_has_columns_from_then_on():
    with Recorder() as recorder:
        first, second = parameter(), parameter()
        optimizer = torch.optim.SGD([first], lr=0.1)
        for k in range(4):
            if k == 2:
                optimizer.add_param_group({"params": [second], "lr": 0.3})
            first.grad = torch.ones(2)
            optimizer.step()
    (trace,) = recorder.traces()
    assert trace.used("lr", 1) == ([2, 3], [0.3, 0.3])


def test_epochs_are_counted_from_the_loops_variable():
    with Recorder() as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        for epoch in range(3):  # noqa: B007 (its name is what is looked for)
            for _ in range(4):
                weight.grad = torch.ones(2)
                optimizer.step()
    (trace,) = recorder.traces()
    assert sum(each["hits"] for each in detail(trace, "epoch")) == 3


# -- the file


def test_the_file_is_the_trace(tmp_path):
    with Recorder(tmp_path) as recorder:
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        train(optimizer, StepLR(optimizer, 3), weight, 8)
    (trace,) = recorder.traces()
    assert Trace.load(tmp_path / "0.jsonl") == trace


KILLED = """
import sys, torch
from passo.optim import Recorder
weight = torch.nn.Parameter(torch.ones(2))
recorder = Recorder(sys.argv[1])
recorder.start()
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.999)
for k in range(10**9):
    weight.grad = torch.ones(2)
    optimizer.step()
    scheduler.step()
    if k == 2000:
        print("go", flush=True)
"""


def test_a_killed_run_leaves_a_readable_file(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    with begun(str(script), str(tmp_path)) as process:  # killed with the block
        assert process.line() == "go"
        time.sleep(0.2)
    trace = Trace.load(tmp_path / "0.jsonl")
    assert not trace.complete
    assert trace.updates > 1000
    assert trace.value(100) == pytest.approx(0.1 * 0.999**100)


LEFT = """
import os, signal, sys, torch
from passo.optim import Recorder
weight = torch.nn.Parameter(torch.ones(2))
Recorder(sys.argv[1]).start()
optimizer = torch.optim.SGD([weight], lr=0.1)
{build}
for k in range(int(sys.argv[2])):
    (weight * weight).sum().backward()
    optimizer.step()
    {step}
os.kill(os.getpid(), signal.{signal})
"""


def killed(tmp_path, made, by="SIGKILL", build="", step=""):
    """What a run that ended in the middle of it left."""
    code = LEFT.format(build=build, step=step, signal=by)
    done = python("-c", code, str(tmp_path / "kept"), str(made))
    assert done.returncode == -getattr(signal, by), done.stderr
    return Trace.load(tmp_path / "kept" / "0.jsonl")


STEPS = "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 20)", "scheduler.step()"


# 13: of 60 updates 1 was left, of 1,000 there were 513; no advance, no loss, nothing of the header
@pytest.mark.parametrize(("made", "by"), [(60, "SIGKILL"), (60, "SIGTERM"), (1000, "SIGKILL")])
def test_a_killed_run_leaves_its_updates_advances_and_losses(tmp_path, made, by):
    trace = killed(tmp_path, made, by, *STEPS)
    least = made - 2 - made // 16
    assert least <= trace.updates <= made
    used = [0.1 * 0.1 ** (k // 20) for k in range(trace.updates)]
    assert trace.used("lr")[1] == pytest.approx(used)
    assert len(trace.series("loss")[0]) >= least
    (advance,) = (each.detail for each in trace.events if each.kind == "advance")
    assert (advance["from"], advance["every"]) == (1, 1)
    assert advance["hits"] == advance["times"] == advance["to"] >= least
    (position,) = (each.detail for each in trace.events if each.kind == "position")
    assert position["position"] >= least - 1
    assert not trace.complete
    assert "ended" not in trace.meta


def test_a_killed_run_leaves_its_plan(tmp_path):
    build = "from passo import *; attach(optimizer, Cosine(0.1, 0), Run(steps(100)))"
    trace = killed(tmp_path, 60, build=build)
    assert trace.plan == {"lr": "Cosine(0.1, 0)"}
    assert trace.run == "Run(steps(100))"
    assert trace.meta["planned"] == 100
    assert [each["schedule"] for each in trace.meta["follows"]] == ["Cosine(0.1, 0)"]


def test_an_advance_that_comes_once_an_epoch_is_told_at_once(tmp_path):
    step = "if k % 50 == 49: scheduler.step()"
    trace = killed(tmp_path, 1000, build=STEPS[0], step=step)
    (advance,) = (each.detail for each in trace.events if each.kind == "advance")
    assert (advance["from"], advance["every"], advance["hits"]) == (50, 50, 20)
    assert trace.updates == 1000


def test_a_file_of_slow_updates_is_never_behind(tmp_path, monkeypatch):
    now = [0.0]
    for module in ("trace.sink", "trace.writer", "optim.recorder.ledger", "optim.recorder.record"):
        monkeypatch.setattr(f"passo.{module}.monotonic", lambda: now[0])
    with Recorder(tmp_path):
        weight = parameter()
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = StepLR(optimizer, 3)
        for made in range(1, 400):
            now[0] += 20.0 if made > 300 else 0.0
            weight.grad = torch.ones(2)
            optimizer.step()
            scheduler.step()
            if made > 300:
                trace = Trace.load(tmp_path / "0.jsonl")
                hits = sum(e.detail["hits"] for e in trace.events if e.kind == "advance")
                assert (trace.updates, hits) == (made, made)


def record_once(folder):
    with Recorder(folder) as recorder:
        optimizer = torch.optim.SGD([weight := parameter()], lr=0.1)
        weight.grad = torch.ones(2)
        optimizer.step()
    return recorder.traces()


def test_traces_of_an_earlier_run_are_not_written_over(tmp_path):
    record_once(tmp_path / "traces")
    kept = (tmp_path / "traces" / "0.jsonl").read_bytes()
    with pytest.raises(PassoError) as told:
        record_once(tmp_path / "traces")
    assert str(told.value) == (
        f"the folder {str(tmp_path / 'traces')!r} holds traces of an earlier run (0.jsonl); "
        "write another folder, or move them away"
    )
    assert (tmp_path / "traces" / "0.jsonl").read_bytes() == kept
    assert not hasattr(torch.Tensor.backward, "__wrapped__")


def test_each_rank_has_files_of_its_own(tmp_path, monkeypatch):
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        assert record_once(tmp_path)[0].updates == 1
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["0.jsonl", "rank1-0.jsonl", "rank2-0.jsonl"]


def test_a_recorder_says_what_it_cannot_use(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(PassoError) as told:
        record_once(tmp_path / "file")
    assert str(told.value) == (
        f"cannot make the folder {str(tmp_path / 'file')!r} for traces: File exists; write another"
    )
    for most in (0, "9", float("nan")):
        with pytest.raises(PassoError) as told:
            Recorder(most=most)
        assert str(told.value) == f"most must be a whole number of at least 1, got {most!r}"


@pytest.mark.parametrize(
    "clocks",
    [[1], [1, 1], [1, 2, 3], [4, 4, 8, 8, 12], [10, 20, 31], [1, 1, 1, 2, 5, 5, 6], range(40)],
)
def test_what_recurs_so_far_is_what_would_be_told_if_it_ended_now(clocks):
    told, ended = [], []
    going = Tally("advance", {"where": "x"}, lambda clock, kind, detail: told.append(detail))
    over = Tally("advance", {"where": "x"}, lambda clock, kind, detail: ended.append(detail))
    for clock in clocks:
        going.hit(clock)
        over.hit(clock)
    name, kind, hits, details = going.so_far("7")
    over.end()
    assert (name, kind) == ("7", "advance")
    assert told + details == ended
    assert hits == sum(each["hits"] for each in details)
