"""Around the steps: leaving an optimizer, rolling back, being inside of a compiled function."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from torch._dynamo.testing import CompileCounter

from passo.optim import lr_scheduler as ours
from tests.optim.lr_scheduler.twins import LEVEL_3, Plan, optimizer_of, torchs
from tests.optim.tools import sgd, weight

PLAIN = Plan(adam=True, rates=(0.1, 1.0), tensors=False, parts=(), events=())


@given(part=LEVEL_3)
def test_one_that_was_never_stepped_leaves_nothing_behind(part):
    optimizer = optimizer_of(PLAIN)
    before = [dict(group) for group in optimizer.param_groups]
    part.build(ours, optimizer).detach()
    assert [dict(group) for group in optimizer.param_groups] == before
    assert "step" not in vars(optimizer)
    assert "_opt_called" not in vars(optimizer)


def test_members_leave_in_the_opposite_order_of_their_building():
    optimizer = torch.optim.AdamW([weight()], lr=3e-4)
    cycle = ours.OneCycleLR(optimizer, 0.1, total_steps=10)
    ours.SequentialLR(optimizer, [ours.LinearLR(optimizer), cycle], [3]).detach()
    group = optimizer.param_groups[0]
    assert (group["lr"], group["betas"]) == (3e-4, (0.9, 0.999))


def test_what_others_wrote_into_the_groups_stays():
    optimizer = sgd()
    scheduler = ours.LinearLR(optimizer)
    optimizer.param_groups[0]["name"] = "all"
    scheduler.detach()
    assert optimizer.param_groups[0]["name"] == "all"


def test_a_roll_back_brings_the_rate_back_whatever_was_loaded_before():
    optimizer = sgd()
    scheduler = ours.LinearLR(optimizer, 0.1, 1.0, 10)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    rate = optimizer.param_groups[0]["lr"]
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    scheduler.load_state_dict(saved[1])
    optimizer.load_state_dict(saved[0])
    for _ in range(6):
        optimizer.step()
        scheduler.step()
    scheduler.load_state_dict(saved[1])
    assert optimizer.param_groups[0]["lr"] == rate


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", [torchs, ours])
def test_a_step_inside_of_a_compiled_function_costs_no_graph(library):
    torch._dynamo.reset()
    parameter, counter = weight(3), CompileCounter()
    optimizer = torch.optim.Adam([parameter], lr=torch.tensor(0.01), foreach=False)
    scheduler = library.LinearLR(optimizer, total_iters=5)
    parameter.grad = torch.ones(3)

    @torch.compile(backend=counter)
    def step():
        optimizer.step()
        scheduler.step()

    for _ in range(6):
        step()
    torch._dynamo.reset()
    assert counter.frame_count == 1
    assert optimizer.param_groups[0]["lr"].item() == pytest.approx(0.01)


def test_a_subclass_may_set_a_parameter_before_it_builds():
    class Halving(ours.StepLR):
        def __init__(self, optimizer):
            self.gamma = 0.5
            super().__init__(optimizer, 1, self.gamma)

    optimizer = sgd()
    scheduler = Halving(optimizer)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5]


@pytest.mark.parametrize("library", [torchs, ours])
def test_a_parameter_that_is_set_later_counts_from_there(library):
    optimizer = sgd()
    scheduler = library.ExponentialLR(optimizer, 0.5)
    for gamma in (0.5, 0.5, 0.1, 0.1):
        scheduler.gamma = gamma
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0025, rel=1e-12)


@pytest.mark.parametrize("library", [torchs, ours])
def test_a_subclass_with_a_rule_of_its_own_keeps_it(library):
    class Third(library.StepLR):
        def get_lr(self):
            return [group["lr"] / 3 for group in self.optimizer.param_groups]

    optimizer = sgd()
    scheduler = Third(optimizer, 1)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [1 / 9]


def test_what_else_torchs_module_has_is_here_too():
    assert ours._enable_get_lr_call is torchs._enable_get_lr_call
    assert issubclass(ours._LRScheduler, ours.LRScheduler)
    assert set(ours.__all__) - set(torchs.__all__) == {"EPOCH_DEPRECATION_WARNING"}
    with pytest.raises(AttributeError):
        ours.NoSuchLR  # noqa: B018
