"""What findings say: names and numbers that fit the scheduler they are about."""

from __future__ import annotations

import pytest
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)

from passo.doctor import diagnose
from tests.doctor.test_rules import train


def per_epoch(k, _optimizer, scheduler):
    if k % 30 == 29:
        scheduler.step()


@pytest.mark.parametrize(
    ("build", "write"),
    [
        (lambda o: StepLR(o, 30), "step_size below 10"),
        (lambda o: MultiStepLR(o, [30, 60]), "milestones below 10"),
    ],
)
def test_a_staircase_that_never_falls_is_told_by_its_first_fall(build, write):
    (found,) = diagnose(train(300, build=build, each=per_epoch))
    assert found.code == "P007"
    assert "is at advance 30 and the run makes 10: the rate was 0.1 throughout" in found.seen
    assert found.write == write


def test_a_warm_up_that_never_ends_is_told():
    trace = train(300, build=lambda o: LinearLR(o, 0.01, 1, 100), each=per_epoch)
    (found,) = diagnose(trace)
    assert found.code == "P007"
    assert found.seen.startswith("the run ended at 10.0% of the warm-up of LinearLR (10 of 100 ")


def test_two_lines_that_advance_are_both_named():
    def both(k, _optimizer, scheduler):
        scheduler.step()
        if k % 30 == 29:
            scheduler.step()

    (found,) = diagnose(train(300, build=lambda o: CosineAnnealingLR(o, 300), each=both))
    assert found.code == "P003"
    assert "300 times at" in found.seen
    assert "10 times at" in found.seen
    assert found.write.startswith("remove one of them")


@pytest.mark.filterwarnings("ignore:Detected call of")
def test_the_rate_zero_at_the_end_of_a_shifted_plan_is_not_told_beside_it():
    def build(optimizer):
        scheduler = CosineAnnealingLR(optimizer, 40)
        scheduler.step()
        return scheduler

    def early(k, _optimizer, scheduler):
        if k < 39:
            scheduler.step()

    (found,) = diagnose(train(40, build=build, each=early))
    assert found.code == "P001"


@pytest.mark.parametrize(
    ("build", "write"),
    [
        (lambda o: ExponentialLR(o, 0.9), "gamma=0.996494, which is 0.9 ** (1 / 30)"),
        (lambda o: StepLR(o, 3), "step_size=90, 30 batches for each of 3"),
    ],
)
def test_an_epoch_schedule_for_each_batch_names_its_parameter(build, write):
    import torch

    from passo.optim import Recorder

    with Recorder() as recorder:
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        scheduler = build(optimizer)
        for epoch in range(10):  # noqa: B007
            for _ in range(30):
                weight.grad = torch.ones(2)
                optimizer.step()
                scheduler.step()
    (found,) = diagnose(recorder.traces())
    assert found.code == "P021"
    assert found.write == f"scheduler.step() once an epoch, or {write}"
