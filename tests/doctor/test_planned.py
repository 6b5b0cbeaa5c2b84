"""What a recorded scheduler was to do: torch's own values, to its end; or nothing."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from passo import Run, attach, epochs, percent, warmup_cosine
from passo.doctor import diagnose
from passo.doctor.page import page
from passo.doctor.planned import planned
from passo.doctor.report import report
from passo.optim import Recorder
from passo.trace import Column, Trace
from tests.doctor.test_rules import train


def per_epoch(k, _optimizer, scheduler):
    if k % 10 == 9:
        scheduler.step()


def per_update(_k, _optimizer, scheduler):
    scheduler.step()


def in_sequence(optimizer):
    parts = [LinearLR(optimizer, 0.1, total_iters=5), CosineAnnealingLR(optimizer, 35)]
    return SequentialLR(optimizer, parts, [5])


def chained(optimizer):
    return ChainedScheduler([LinearLR(optimizer, 0.1), ExponentialLR(optimizer, 0.9)])


def torchs(build, advances, rates=(0.1,)):
    """What torch itself gives after 0, 1, 2, ... advances."""
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates]
    optimizer = torch.optim.SGD(groups, momentum=0.9)
    scheduler = build(optimizer)
    found = []
    for _ in range(advances + 1):
        found.append([group["lr"] for group in optimizer.param_groups])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step()
    return found


BUILDS = {
    "StepLR": (lambda o: StepLR(o, 30), 33),
    "MultiStepLR": (lambda o: MultiStepLR(o, [10, 40]), 44),
    "ConstantLR": (lambda o: ConstantLR(o, 0.5, 5), 20),
    "LinearLR": (lambda o: LinearLR(o, 1.0, 0.1, 30), 30),
    "ExponentialLR": (lambda o: ExponentialLR(o, 0.9), 20),
    "PolynomialLR": (lambda o: PolynomialLR(o, 40, 2.0), 40),
    "CosineAnnealingLR": (lambda o: CosineAnnealingLR(o, 40, 1e-3), 40),
    "CosineAnnealingWarmRestarts": (lambda o: CosineAnnealingWarmRestarts(o, 7), 20),
    "OneCycleLR": (lambda o: OneCycleLR(o, 1.0, 40, cycle_momentum=False), 39),
    "CyclicLR": (lambda o: CyclicLR(o, 0.1, 1.0, 5, cycle_momentum=False), 20),
    "SequentialLR": (in_sequence, 40),
    "ChainedScheduler": (chained, 20),
}


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize(("each", "pace"), [(per_epoch, 10), (per_update, 1)])
def test_a_scheduler_of_torch_is_planned_to_its_end_at_its_pace(name, each, pace):
    build, end = BUILDS[name]
    (line,) = planned(train(20 * pace, build=build, each=each))
    assert (line.key, line.group, line.steps) == ("lr", 0, True)
    assert line.updates[0] == 0.0
    shown = dict(zip(line.updates, line.values, strict=True))
    for advance, (rate,) in enumerate(torchs(build, min(end, 39))):
        assert shown[advance * pace] == pytest.approx(rate, rel=1e-9, abs=1e-12), advance
    assert line.updates[-1] >= min(end, 39) * pace


def test_it_lies_on_what_was_used():
    trace = train(200, build=lambda o: CosineAnnealingLR(o, 40), each=per_epoch)
    (line,) = planned(trace)
    shown = dict(zip(line.updates, line.values, strict=True))
    assert all(trace.value(t) == pytest.approx(shown[t]) for t in range(0, 200, 10))


def test_several_advances_at_one_update_lie_on_what_was_used():
    def four(_k, _optimizer, scheduler):
        for _ in range(4):
            scheduler.step()

    trace = train(20, build=lambda o: CosineAnnealingLR(o, 80), each=four)
    (line,) = planned(trace)
    assert line.updates == tuple(map(float, range(21)))
    assert list(line.values[:20]) == pytest.approx(trace.used()[1])


def test_each_group_has_its_own():
    with Recorder() as recorder:
        groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": r} for r in (0.1, 0.4)]
        optimizer = torch.optim.SGD(groups)
        scheduler = CosineAnnealingLR(optimizer, 40)
        for _ in range(20):
            for group in groups:
                group["params"][0].grad = torch.ones(2)
            optimizer.step()
            scheduler.step()
    (trace,) = recorder.traces()
    found = torchs(lambda o: CosineAnnealingLR(o, 40), 40, (0.1, 0.4))
    for place, line in enumerate(planned(trace)):
        assert list(line.values) == pytest.approx([row[place] for row in found], abs=1e-12)


def test_a_plateau_is_planned_by_what_it_was_told():
    def told(k, _optimizer, scheduler):
        if k % 10 == 9:
            scheduler.step(1.0)

    trace = train(200, build=lambda o: ReduceLROnPlateau(o, patience=3), each=told)
    (line,) = planned(trace)
    assert line.updates[-1] == 200.0
    used = [trace.value(t) for t in range(0, 200, 10)]
    assert list(line.values)[:20] == pytest.approx(used)
    assert used[-1] < 1e-4


def test_a_function_is_planned_from_the_end_of_the_run_on():
    trace = train(20, build=lambda o: LambdaLR(o, lambda t: max(0, 1 - t / 50)), each=per_update)
    (line,) = planned(trace)
    assert line.updates[0] == 20.0
    assert line.updates[-1] >= 49.0
    rates = [0.1 * max(0, 1 - t / 50) for t in line.updates]
    assert list(line.values) == pytest.approx(rates, abs=1e-12)


def test_what_lies_far_ahead_is_left_out():
    trace = train(20, build=lambda o: CosineAnnealingLR(o, 10_000), each=per_update)
    (line,) = planned(trace)
    assert line.updates[-1] == 100.0


def test_a_long_plan_is_thinned_but_not_at_its_corners():
    trace = train(3000, build=lambda o: StepLR(o, 2500), each=per_update)
    (line,) = planned(trace)
    shown = dict(zip(line.updates, line.values, strict=True))
    assert len(shown) < 2100
    assert (shown[2499], shown[2500]) == (0.1, pytest.approx(0.01))


def twice(optimizer):
    return StepLR(optimizer, 5) and StepLR(optimizer, 7)


class Own(torch.optim.lr_scheduler.LRScheduler):
    def get_lr(self):
        return [0.1 / (1 + self.last_epoch) for _ in self.base_lrs]


def jumping(k, _optimizer, scheduler):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler.step(2 * k)


@pytest.mark.parametrize(
    ("build", "each"),
    [
        (None, None),
        (twice, per_update),
        (Own, per_update),
        (lambda o: StepLR(o, 5), None),
        (lambda o: StepLR(o, 5), jumping),
        (lambda o: LambdaLR(o, lambda t: 1 / (1 + t)), lambda *_: None),
    ],
)
def test_what_cannot_be_known_is_not_planned(build, each):
    trace = train(20, build=build, each=each)
    assert planned(trace) == ()
    assert "· planned" not in report("train.py", [trace], diagnose(trace))


def test_a_trace_by_hand_is_no_hindrance():
    assert planned(Trace(3, ("all",), (Column(0, "momentum", (0,), (0.9,)),))) == ()


@pytest.mark.parametrize(
    ("rate", "lines"),
    [(0.1, 1), (0.3, 0)],
)
def test_a_state_loaded_at_the_beginning_is_followed_where_it_fits(rate, lines):
    def build(optimizer):
        return CosineAnnealingLR(optimizer, 40)

    old = build(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(10):
            old.step()

    def loaded(optimizer):
        scheduler = build(optimizer)
        optimizer.load_state_dict(old.optimizer.state_dict())
        scheduler.load_state_dict(old.state_dict())
        return scheduler

    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=rate)
        scheduler = loaded(optimizer)
        for _ in range(10):
            weight.grad = torch.ones(1)
            optimizer.step()
            scheduler.step()
    (trace,) = recorder.traces()
    found = planned(trace)
    assert len(found) == lines
    for line in found:
        assert list(line.values[:10]) == pytest.approx([trace.value(t) for t in range(10)])


def test_the_report_and_the_page_show_planned_over_used():
    trace = train(200, build=lambda o: StepLR(o, 30), each=per_epoch)
    found = diagnose(trace)
    told = report("train.py", [trace], found)
    assert "learning rate:   ⠉ used   · planned" in told
    assert "P007" in told
    shown = page("train.py", [trace], found)
    assert "<svg" in shown
    assert "stroke-dasharray" in shown


@pytest.mark.filterwarnings("ignore:the run ended early")
def test_a_plan_of_passo_is_shown_by_the_doctor():
    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(1))
        optimizer = torch.optim.SGD([weight], lr=0.3)
        plan = warmup_cosine(warmup=percent(10))
        scheduler = attach(optimizer, plan, Run(epochs(10), steps_per_epoch=10))
        for _ in range(60):
            weight.grad = torch.ones(1)
            optimizer.step()
        scheduler.detach()
    (trace,) = recorder.traces()
    (line,) = planned(trace)
    filled = plan.on(Run(epochs(10), steps_per_epoch=10)).with_base(0.3)
    assert line.updates[-1] == 100.0
    assert list(line.values) == pytest.approx([filled(t) for t in line.updates])


# 13: the legend named what was nowhere to be seen, and a line that was cut looked as if it ended
def test_the_legend_says_planned_where_that_is_seen_and_where_it_was_cut():
    whole = train(50, build=lambda o: CosineAnnealingLR(o, 50), each=per_update)
    assert "planned" not in report("train.py", [whole], [])
    long = train(50, build=lambda o: CosineAnnealingLR(o, 200), each=per_update)
    assert "· planned\n" in report("train.py", [long], [])
    longer = train(50, build=lambda o: CosineAnnealingLR(o, 1000), each=per_update)
    assert "· planned, up to 5 times the run\n" in report("train.py", [longer], [])
    assert "planned, up to 5 times the run" in page("train.py", [longer], [])


# 13: timm's plateau is torch's inside, which was dotted at full rate through timm's own warm-up
def test_nothing_is_planned_for_a_plateau_whose_rate_others_write():
    def warm_up(k, optimizer, scheduler):
        if k < 10:
            optimizer.param_groups[0]["lr"] = 0.01 * (k + 1)
        elif k % 5 == 0:
            scheduler.step(1.0)

    trace = train(60, build=lambda o: ReduceLROnPlateau(o, patience=2), each=warm_up)
    assert planned(trace) == ()
