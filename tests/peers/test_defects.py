"""What the libraries do wrongly: `like` copies it or says so, and what is ours is right."""

from __future__ import annotations

import math

import pytest
import torch
import transformers
from ignite.handlers import CosineAnnealingScheduler
from torch_lr_finder import LRFinder

from passo import PassoError, Run, attach, like, range_test, steps
from passo.optim import lr_scheduler
from tests.peers import drive
from tests.peers.test_timm import SCHEDULER as TIMM

WORST = [(3, 1210), (10, 1110)]


def test_torch_is_a_cycle_behind_where_a_logarithm_is_rounded():
    optimizer = drive.sgd()
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 10, 3)
    scheduler.step(1210)
    assert scheduler.get_last_lr() == pytest.approx([0.0], abs=1e-12)
    plan = like.torch("CosineAnnealingWarmRestarts", T_0=10, T_mult=3)
    assert plan.with_base(drive.BASE)(1210) == drive.BASE
    assert any("logarithm" in each for each in like.remarks("torch.CosineAnnealingWarmRestarts"))


@pytest.mark.parametrize(("mult", "at"), WORST)
def test_timm_is_a_cycle_behind_where_a_logarithm_is_rounded(mult, at):
    given = {"t_initial": 10, "cycle_mul": mult, "cycle_limit": 9, "t_in_epochs": False}
    optimizer = drive.sgd()
    TIMM.CosineLRScheduler(optimizer, **given).step_update(at)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-12)
    assert like.timm("CosineLRScheduler", **given).with_base(drive.BASE)(at) == drive.BASE
    assert any("logarithm" in each for each in like.remarks("timm.CosineLRScheduler"))


@pytest.mark.parametrize(
    ("plan", "end"),
    [
        (lambda past: like.torch("CosineAnnealingLR", T_max=50, past=past), 50),
        (
            lambda past: like.transformers(
                "cosine_warmup_with_min_lr",
                num_warmup_steps=0,
                num_training_steps=50,
                min_lr_rate=0.1,
                past=past,
            ),
            49,
        ),
    ],
)
def test_a_cosine_climbs_again_in_theirs_and_not_where_it_is_held(plan, end):
    theirs, held = plan("theirs").with_base(1.0), plan("hold").with_base(1.0)
    assert theirs(end + 20) > theirs(end)
    assert held(end + 20) == held(end) == theirs(end)


def test_torch_goes_on_from_an_edit_and_the_expression_does_not_know_of_it():
    optimizer = drive.sgd()
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 100)

    def edited(t):
        if t == 50:
            optimizer.param_groups[0]["lr"] /= 80
        scheduler.step()

    values = drive.used(optimizer, edited, 60)
    plan = like.torch("CosineAnnealingLR", T_max=100).with_base(drive.BASE)
    assert values[49] == pytest.approx(plan(49))
    assert values[59] == pytest.approx(plan(59) / 80)


def test_one_cycle_makes_a_tensor_of_beta_a_float_in_torch_and_keeps_it_here():
    def beta_of(module):
        beta = torch.tensor(0.9)
        parameters = [torch.nn.Parameter(torch.ones(1))]
        optimizer = torch.optim.Adam(
            parameters, lr=torch.tensor(0.1), betas=(beta, torch.tensor(0.99)), capturable=True
        )
        module.OneCycleLR(optimizer, 0.1, total_steps=10)
        return optimizer.param_groups[0]["betas"][0]

    assert isinstance(beta_of(torch.optim.lr_scheduler), float)
    assert isinstance(beta_of(lr_scheduler), torch.Tensor)


def test_greedy_never_lowers_a_rate_below_its_default_floor_and_is_refused_here():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1e-5)
    scheduler = transformers.optimization.GreedyLR(optimizer, patience=0, eps=0.0)
    for _ in range(50):
        scheduler.step(1.0)
    flat = optimizer.param_groups[0]["lr"]
    for metric in (0.9, 0.8, 0.7):
        scheduler.step(metric)
    assert flat >= 1e-5
    assert optimizer.param_groups[0]["lr"] > flat
    with pytest.raises(PassoError, match="lr must be from min_lr to max_lr"):
        like.transformers("greedy", optimizer=torch.optim.SGD(optimizer.param_groups, lr=1e-5))


def test_ignite_takes_a_misspelt_field_and_makes_betas_a_number():
    made = drive.sgd()
    CosineAnnealingScheduler(made, "lrr", 0.1, 0.0, 10)(None)
    assert made.param_groups[0]["lrr"] == 0.1
    adam = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])
    CosineAnnealingScheduler(adam, "betas", 0.1, 0.0, 10)(None)
    assert adam.param_groups[0]["betas"] == 0.1
    wave = {"start_value": 0.1, "end_value": 0.0, "cycle_size": 10}
    for field in ("lrr", "betas"):
        plan = like.ignite("CosineAnnealingScheduler", param_name=field, **wave)
        fresh = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])
        with pytest.raises(PassoError, match=field):
            attach(fresh, plan, Run(steps(10)))


def test_the_finder_is_not_stopped_by_a_loss_of_nan_and_ours_is():
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    data = torch.utils.data.TensorDataset(torch.zeros(4, 1), torch.full((4, 1), math.nan))
    finder = LRFinder(model, optimizer, torch.nn.MSELoss(), device="cpu")
    finder.range_test(torch.utils.data.DataLoader(data), num_iter=20)
    assert len(finder.history["loss"]) == 20

    def step():
        optimizer.step()
        return math.nan

    assert len(range_test(step, optimizer, restore=[model], steps=20).values) < 20
