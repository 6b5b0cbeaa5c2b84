"""A lifted schedule is what the scheduler would have written, and nothing was touched."""

from __future__ import annotations

import copy
import random
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.optim import lr_scheduler as torchs

from passo import Constant, Cosine, PassoError, Table, attach, base, steps
from passo.optim import lift, lr_scheduler
from tests.optim.lr_scheduler.drawn import LEVEL_2, LEVEL_3
from tests.optim.lr_scheduler.twins import LIBRARIES, Plan, optimizer_of
from tests.optim.tools import adam, sgd, update, weight

STEPS = 12


def _numpys():
    return np.random.get_state()[1].tolist()  # noqa: NPY002  # the generator of old code


TREES = LEVEL_2 | LEVEL_3


@pytest.mark.filterwarnings("ignore:Detected call:UserWarning")
@pytest.mark.parametrize("library", LIBRARIES)
@given(part=TREES)
def test_a_lifted_schedule_is_what_would_have_been_written(library, part):
    optimizer = optimizer_of(Plan(adam=False, rates=(0.1, 1.0), tensors=False, parts=(), events=()))
    scheduler = part.build(library, optimizer)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    before = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    generators = random.getstate(), _numpys(), torch.get_rng_state()
    lifted = lift(scheduler, STEPS)
    assert (optimizer.state_dict(), scheduler.state_dict()) == before
    assert generators[:2] == (random.getstate(), _numpys())
    assert torch.equal(generators[2], torch.get_rng_state())
    for t in range(STEPS):
        assert [schedule(t) for schedule in lifted] == [g["lr"] for g in optimizer.param_groups]
        optimizer.step()
        scheduler.step()


def test_the_momentum_is_lifted_too():
    optimizer = sgd(momentum=0.9)
    scheduler = torchs.OneCycleLR(optimizer, 1.0, total_steps=10)
    [schedule] = lift(scheduler, 10, key="momentum")
    assert schedule(0) == 0.95
    assert schedule(2) == pytest.approx(0.85)


def test_what_never_changes_is_a_constant():
    assert lift(torchs.StepLR(sgd(), 100), 50) == [Constant(1.0)]


def test_a_long_run_of_stairs_is_a_short_table():
    [schedule] = lift(torchs.StepLR(sgd(), 1000, 0.5), 2500)
    assert schedule == Table([(steps(0), 1.0), (steps(1000), 0.5), (steps(2000), 0.25)], "step")


def test_a_tensor_rate_stays_where_it_was():
    optimizer = adam(torch.tensor(0.1))
    rate = optimizer.param_groups[0]["lr"]
    scheduler = torchs.ExponentialLR(optimizer, 0.5)
    assert lift(scheduler, 3)[0](2) == pytest.approx(0.025)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == pytest.approx(0.1)


def test_a_plateau_is_simulated_on_the_metrics_that_it_is_given():
    scheduler = lr_scheduler.ReduceLROnPlateau(sgd(), patience=1)
    [schedule] = lift(scheduler, 5, metrics=[1.0, 1.0, 1.0, 1.0])
    assert [schedule(t) for t in range(5)] == [1.0, 1.0, 1.0, 0.1, 0.1]
    assert scheduler.num_bad_epochs == 0


def test_a_plateau_without_metrics_is_refused():
    text = (
        "a plateau follows its metric: lift needs 4 metrics, got none; "
        "write lift(scheduler, steps, metrics=[...])"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        lift(torchs.ReduceLROnPlateau(sgd()), 5)


def test_what_is_no_scheduler_is_refused():
    text = "lift needs a scheduler with an optimizer and a step, got 3"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        lift(3, 5)


def test_a_wrapper_is_looked_into():
    class Wrapper:
        def __init__(self, scheduler):
            self.scheduler = scheduler

    [schedule] = lift(Wrapper(torchs.ExponentialLR(sgd(), 0.5)), 3)
    assert schedule(1) == 0.5


@pytest.mark.parametrize("in_epochs", [True, False])
def test_a_scheduler_that_is_told_the_time_is_told_it(in_epochs):
    class Timed:
        """As timm's schedulers are."""

        t_in_epochs = in_epochs

        def __init__(self, optimizer):
            self.optimizer = optimizer

        def step(self, epoch):
            assert in_epochs
            self.optimizer.param_groups[0]["lr"] = 1 / (1 + epoch)

        def step_update(self, num_updates):
            if not in_epochs:
                self.optimizer.param_groups[0]["lr"] = 1 / (1 + num_updates)

    [schedule] = lift(Timed(sgd()), 4)
    assert [schedule(t) for t in range(4)] == [1.0, 1 / 2, 1 / 3, 1 / 4]


def test_an_attached_plan_is_pure_already():
    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()], "lr": 0.5}], lr=1.0)
    scheduler = attach(optimizer, Cosine(base, 0, steps(10)))
    update(optimizer, 4)
    whole = Cosine(0.5, 0, steps(10))
    lifted = lift(scheduler, 6)
    assert [lifted[1](t) for t in range(6)] == [whole(4 + t) for t in range(6)]
    with pytest.raises(PassoError, match=r"^the plan does not name 'momentum'; it names lr$"):
        lift(scheduler, 6, key="momentum")


def test_the_random_numbers_of_the_run_are_not_used_up():
    scheduler = torchs.LambdaLR(
        sgd(),
        lambda _: random.random() + torch.rand(1).item() + np.random.rand(),  # noqa: NPY002
    )
    before = random.getstate(), _numpys(), torch.get_rng_state().tolist()
    lift(scheduler, 5)
    assert (random.getstate(), _numpys(), torch.get_rng_state().tolist()) == before
