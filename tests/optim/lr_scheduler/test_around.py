"""Around the steps: leaving an optimizer, rolling back, being inside of a compiled function."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from torch._dynamo.testing import CompileCounter

from passo.optim import lr_scheduler as ours
from tests.optim.lr_scheduler.drawn import LEVEL_3
from tests.optim.lr_scheduler.twins import Plan, optimizer_of, torchs
from tests.optim.tools import sgd, weight
from tests.torches import OLD_TORCH

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


@pytest.mark.parametrize("library", [torchs, ours])
def test_a_beginning_that_is_made_by_hand_follows_torchs_rule_in_every_group(library):
    optimizer = torch.optim.SGD([{"params": [weight()], "lr": lr} for lr in (0.1, 1.0)])
    scheduler = library.CosineAnnealingLR(optimizer, T_max=45)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    for group in optimizer.param_groups:
        group["lr"] = 0.01
    scheduler.last_epoch = -1
    optimizer.step()
    scheduler.step()
    wanted = 0.01 if OLD_TORCH else 0.010012194601418958  # to torch 2.6, step 0 is no step
    assert scheduler.get_last_lr() == pytest.approx([wanted] * 2, rel=1e-12)


def test_a_plateau_fills_the_tensor_that_is_there():
    rates = torch.tensor(1.0), 0.5, torch.tensor(0.25, dtype=torch.float64)
    optimizer = torch.optim.SGD([{"params": [weight()], "lr": lr} for lr in rates])
    scheduler = ours.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(2):
        scheduler.step(1.0)
    held = [group["lr"] for group in optimizer.param_groups]
    assert (held[0] is rates[0], held[2] is rates[2]) == (True, True)
    assert held == scheduler.get_last_lr() == [0.5, 0.25, 0.125]


def test_a_rate_that_became_a_tensor_stays_that_tensor():
    optimizer = torch.optim.SGD([{"params": [weight()], "lr": lr} for lr in (0.5, 1.0)])
    scheduler = ours.ExponentialLR(optimizer, 0.5)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    group = optimizer.param_groups[1]
    group["lr"] = rate = torch.tensor(group["lr"], dtype=torch.float64)
    optimizer.step()
    scheduler.step()
    assert group["lr"] is rate
    assert (optimizer.param_groups[0]["lr"], rate.item()) == (0.0625, 0.125)


def test_a_chain_by_hand_goes_on_where_the_optimizer_says_whatever_order_states_load_in():
    def built(library):
        optimizer = sgd()
        return optimizer, [
            library.ConstantLR(optimizer, 0.5, 9),
            library.ExponentialLR(optimizer, 0.9),
        ]

    def stepped(optimizer, schedulers):
        optimizer.step()
        for each in schedulers:
            each.step()

    optimizer, schedulers = built(torchs)
    for _ in range(3):
        stepped(optimizer, schedulers)
    states = copy.deepcopy([optimizer.state_dict(), *(each.state_dict() for each in schedulers)])
    resumed, again = built(ours)
    resumed.load_state_dict(states[0])
    for scheduler, state in reversed(list(zip(again, states[1:], strict=True))):
        scheduler.load_state_dict(state)
    for _ in range(3):
        assert resumed.param_groups[0]["lr"] == pytest.approx(optimizer.param_groups[0]["lr"])
        stepped(optimizer, schedulers)
        stepped(resumed, again)


def test_a_chain_begins_in_the_middle_as_the_product_of_its_members():
    optimizer = sgd()
    parts = [ours.ConstantLR(optimizer, 0.5, 9), ours.ExponentialLR(optimizer, 0.9)]
    ours.SequentialLR(optimizer, [ours.ChainedScheduler(parts)], [], last_epoch=3)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * 0.9**4, rel=1e-12)


@pytest.mark.parametrize("build", [lambda o: ours.ExponentialLR(o, 0.9), None])
def test_what_a_plateau_took_off_is_taken_off_once(build):
    optimizer = sgd()
    build = build or (lambda o: ours.LambdaLR(o, lambda t: 0.9**t))
    plateau = ours.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    scheduler = ours.ChainedScheduler([build(optimizer), plateau])
    rates = []
    for _ in range(7):
        optimizer.step()
        scheduler.step(1.0)
        rates.append(optimizer.param_groups[0]["lr"])
    falls = [0, 0, 1, 1, 2, 2, 3]
    wanted = [0.9 ** (t + 1) * 0.5**k for t, k in enumerate(falls)]
    assert rates == pytest.approx(wanted, rel=1e-12)


def test_one_that_leaves_takes_nothing_from_those_that_stay():
    optimizer = sgd()
    leaving, staying = ours.LinearLR(optimizer), ours.ExponentialLR(optimizer, 0.5)
    leaving.detach()
    assert "initial_lr" in optimizer.param_groups[0]
    assert hasattr(optimizer.step, "_wrapped_by_lr_sched")
    staying.detach()
    assert "initial_lr" not in optimizer.param_groups[0]
    assert "step" not in vars(optimizer)
