"""What stands in a trace for update t is what update t used, whoever wrote it and however."""

from __future__ import annotations

import math
from bisect import bisect_right
from unittest.mock import patch

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ExponentialLR

from passo import Linear, Plateau, Run, attach, base, by_group, steps, warmup_cosine
from passo.optim import Recorder
from passo.optim.recorder import ledger
from passo.plot import planned
from passo.trace import Trace
from passo.trace.reading import read

RATES = st.floats(0.0, 2.0, width=32)
WAYS = (
    "float",
    "tensor",
    "fill",
    "pair",
    "list",
    "item",
    "group",
    "schedule",
    "integer",
    "nothing",
)
pytestmark = pytest.mark.filterwarnings("ignore:Detected call of")
ACTS = st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 2), RATES), max_size=30)


class Naive:
    """Reads every field with its own eyes just before each step."""

    def __init__(self):
        self.rows = []

    def look(self, optimizer):
        row = {}
        for place, group in enumerate(optimizer.param_groups):
            for key in ("lr", "weight_decay"):
                row[place, key] = float(group[key])
            for k in range(2):
                row[place, f"betas[{k}]"] = float(group["betas"][k])
        self.rows.append(row)


def act(optimizer, scheduler, way, place, rate):
    groups = optimizer.param_groups
    group = groups[place % len(groups)]
    if way == "float":
        group["lr"] = rate
    elif way == "integer":
        group["lr"] = math.ceil(rate)
    elif way == "tensor":
        group["lr"] = torch.tensor(rate)
    elif way == "fill" and isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    elif way == "pair":
        group["betas"] = (min(rate, 0.9), 0.99)
    elif way == "list":
        group["betas"] = [min(rate, 0.9), 0.99]
    elif way == "item" and isinstance(group["betas"], list):
        group["betas"][1] = min(rate, 0.99)
    elif way == "group" and len(groups) < 4:
        optimizer.add_param_group({"params": [parameter()], "lr": rate})
        scheduler.base_lrs.append(rate)
    elif way == "schedule":
        scheduler.step()


def parameter():
    weight = torch.nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    return weight


def run(acts):
    naive = Naive()
    optimizer = torch.optim.NAdam([parameter()], lr=0.1)
    scheduler = ExponentialLR(optimizer, 0.9)
    for each in acts:
        act(optimizer, scheduler, *each)
        naive.look(optimizer)
        optimizer.step()
    return naive


@given(acts=ACTS, batch=st.sampled_from([1, 2, 5, 256]))
@example(acts=[("group", 0, 0.0), ("tensor", 1, 1.0), ("schedule", 0, 0.0)], batch=256)
@example(acts=[("group", 0, 0.1), ("schedule", 0, 0.0), ("float", 1, 1.0)] * 2, batch=2)
def test_the_trace_is_what_a_naive_reader_saw(acts, batch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    with patch.object(ledger, "BATCH", batch), Recorder(folder) as recorder:
        naive = run(acts)
    for trace in (recorder.traces() or [Trace(0)])[0], Trace.load(folder / "0.jsonl"):
        assert trace.updates == len(acts)
        seen = [{} for _ in acts]
        for update, place, key, value in trace.rows():
            seen[update][place, key] = value
        kept = [{k: row[k] for k in row if k in naive.rows[t]} for t, row in enumerate(seen)]
        assert kept == naive.rows


@pytest.mark.parametrize("batch", [1, 3, 256])
def test_the_size_of_a_batch_changes_nothing(batch, monkeypatch):
    monkeypatch.setattr(ledger, "BATCH", batch)
    acts = [("schedule", 0, 0.0), ("float", 0, 0.5), ("tensor", 0, 0.25), ("fill", 0, 0.125)] * 5
    with Recorder() as recorder:
        naive = run(acts)
    assert recorder.traces()[0].used("lr")[1] == [row[0, "lr"] for row in naive.rows]


def test_groups_that_hold_the_same_and_part_later_are_each_seen_exactly(tmp_path):
    seen = []
    with patch.object(ledger, "BATCH", 4), Recorder(tmp_path) as recorder:
        optimizer = Idle([{"params": [parameter()]} for _ in range(6)], {"lr": 0.1})
        for t in range(30):
            for place, group in enumerate(optimizer.param_groups):
                group["lr"] = 1.0 / (t + 1 + (place % 3) * (t > 13))
            if t == 21:
                optimizer.param_groups[5]["lr"] = torch.tensor(0.5)
            seen.append([float(group["lr"]) for group in optimizer.param_groups])
            optimizer.step()
    for trace in (*recorder.traces(), Trace.load(tmp_path / "0.jsonl")):
        assert [
            list(row) for row in zip(*(trace.used("lr", k)[1] for k in range(6)), strict=True)
        ] == seen


class Idle(torch.optim.Optimizer):
    """One whose steps change nothing: only the fields of its groups matter here."""

    def step(self, closure=None):
        """Nothing."""


def recorded(defaults, change):
    with Recorder() as recorder:
        optimizer = Idle([parameter()], defaults)
        for k in range(3):
            change(optimizer.param_groups[0], k)
            optimizer.step()
    return recorder.traces()[0]


def test_what_an_optimizer_changes_inside_of_its_own_step_is_seen():
    class Inner(Idle):
        def step(self, closure=None):
            self.param_groups[0]["lr"] /= 2

    class Outer(Inner):
        def step(self, closure=None):
            super().step(closure)

    Inner([parameter()], {"lr": 1.0})  # from here on its step has hooks of its own
    with Recorder() as recorder:
        optimizer = Outer([parameter()], {"lr": 1.0})
        for _ in range(3):
            optimizer.step()
    assert recorder.traces()[0].used("lr") == ([0, 1, 2], [1.0, 0.5, 0.25])


def test_a_group_that_an_optimizer_adds_in_its_own_step_is_seen():
    class Growing(Idle):
        def step(self, closure=None):
            self.add_param_group({"params": [parameter()], "lr": 0.5})

    with Recorder() as recorder:
        optimizer = Growing([parameter()], {"lr": 0.1})
        for _ in range(3):
            optimizer.step()
    (trace,) = recorder.traces()
    assert trace.used("lr", 0) == ([0, 1, 2], [0.1, 0.1, 0.1])
    assert trace.used("lr", 1) == ([1, 2], [0.5, 0.5])
    assert trace.used("lr", 2) == ([2], [0.5])


def test_an_optimizer_whose_groups_hold_one_number_or_none_is_seen():
    trace = recorded({"lr": 0.1}, lambda group, k: group.update(lr=float(k)))
    assert trace.used("lr") == ([0, 1, 2], [0.0, 1.0, 2.0])
    trace = recorded({}, lambda group, k: None)
    assert (trace.updates, trace.columns) == (3, ())


def test_a_field_that_goes_has_no_value_from_then_on():
    trace = recorded({"lr": 0.1, "momentum": 0.9}, lambda group, k: k and group.pop("momentum", 0))
    assert trace.used("lr") == ([0, 1, 2], [0.1, 0.1, 0.1])
    assert trace.used("momentum") == ([0], [0.9])
    trace = recorded({"lr": 0.1}, lambda group, k: k and group.pop("lr", 0))
    assert trace.used("lr") == ([0], [0.1])


@pytest.mark.filterwarnings("ignore:another hand writes lr:passo.PassoWarning")
def test_a_planned_rate_is_recorded_exactly_and_in_little_room(tmp_path):
    plan = {
        "lr": warmup_cosine(peak=base, warmup=steps(500), floor=1e-4 * base)
        * Plateau("loss", patience=0)
    }
    seen = []
    with Recorder(tmp_path) as recorder:
        optimizer = Idle([parameter()], {"lr": 0.3, "momentum": 0.9})
        scheduler = attach(optimizer, plan, Run(steps(60_000)))
        for t in range(60_000):
            if t == 30_000:
                optimizer.param_groups[0]["lr"] = 0.7
            if t in (20_000, 20_001, 40_000):
                scheduler.report(loss=1.0)
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
    (trace,) = recorder.traces()
    assert trace.used("lr")[1] == seen
    assert Trace.load(tmp_path / "0.jsonl").used("lr")[1] == seen
    column = Trace(*read(tmp_path / "0.jsonl", unfolded=False)).column()
    assert 4 <= len(column.planned) <= 8
    assert (tmp_path / "0.jsonl").stat().st_size < 6_000


def test_what_a_plan_follows_is_in_the_trace_and_can_be_drawn():
    entry = by_group({"head": base * Linear(1, 0, steps(40))}, others=Linear(0.5, 0.1, steps(40)))
    plan = {"lr": entry, "momentum": Linear(0.9, 0.5, steps(40))}
    groups = [{"params": [parameter()], "name": "head"}, {"params": [parameter()]}]
    before = torch.optim.Adam(groups, lr=0.3)
    first = attach(before, plan)
    first.advance(10)
    optimizer = torch.optim.Adam(
        [{"params": [parameter()], "name": "head"}, {"params": [parameter()]}], lr=0.1
    )
    with Recorder() as recorder:
        scheduler = attach(optimizer, plan, on_change="keep")
        scheduler.load_state_dict(first.state_dict())
        for t in range(20):
            if t == 15:
                scheduler.seek(30)
            optimizer.step()
    (trace,) = recorder.traces()
    lines = {(each.group, each.key): each for each in planned(trace)}
    assert set(lines) == {(0, "lr"), (1, "lr"), (0, "betas[0]"), (1, "betas[0]")}
    for (group, key), line in lines.items():
        for t in (0, 13, 16):
            right = bisect_right(line.updates, t)
            (x, low), (y, high) = list(zip(line.updates, line.values, strict=True))[right - 1 :][:2]
            expected = low + (high - low) * (t - x) / (y - x)
            assert trace.value(t, key, group) == pytest.approx(expected)
    assert trace.value(0, "lr", 0) == 0.3 * 0.75
