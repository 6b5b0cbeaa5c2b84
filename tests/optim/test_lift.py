"""A lifted schedule is what the scheduler would have written, and nothing was touched."""

from __future__ import annotations

import copy
import random
import re
import threading
from functools import partial
from types import SimpleNamespace

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


@pytest.mark.parametrize(
    ("thing", "shown"),
    [
        (3, "3"),
        ("cosine", "'cosine'"),
        (torchs.StepLR, "the class StepLR"),
        (sgd(), "an object of class SGD"),
    ],
)
def test_what_is_no_scheduler_is_refused(thing, shown):
    text = (
        f"lift needs a scheduler with an optimizer and a step, or a function of the step, got "
        f"{shown}; write lift(scheduler, 1000), or lift(lambda t: 0.1 * 0.9**t, 1000)"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        lift(thing, 5)


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


# -- metrics, by signature


class Halves:
    """A plateau of another library: it halves where the loss has not fallen."""

    def __init__(self, optimizer):
        self.optimizer, self.best = optimizer, float("inf")

    def step(self, epoch, val_loss):
        if val_loss >= self.best:
            self.optimizer.param_groups[0]["lr"] *= 0.5
        self.best = min(self.best, val_loss)


class Optional(Halves):
    def step(self, epoch, metric=None):
        super().step(epoch, metric)


class Deaf(Halves):
    """As timm's cosine: there is a place for a metric, and nothing looks there."""

    def step(self, epoch, metric=None):
        self.metric = metric
        self.optimizer.param_groups[0]["lr"] = 1 / (1 + epoch)


def refused(*given, **named):
    with pytest.raises(PassoError) as caught:
        lift(*given, **named)
    return str(caught.value)


@pytest.mark.parametrize("kind", [Halves, Optional])
def test_a_plateau_of_another_library_hears_its_metrics(kind):
    scheduler = kind(optimizer := sgd())
    [schedule] = lift(scheduler, 5, metrics=[1.0, 1.0, 0.5, 0.5])
    assert [schedule(t) for t in range(5)] == [1.0, 1.0, 0.5, 0.5, 0.25]
    assert (scheduler.best, optimizer.param_groups[0]["lr"]) == (float("inf"), 1.0)


def test_metrics_that_are_needed_and_lacking_are_asked_for():
    needed = (
        "a plateau follows its metric: lift needs 4 metrics, got none; "
        "write lift(scheduler, steps, metrics=[...])"
    )
    assert refused(Halves(sgd()), 5) == needed
    text = refused(Optional(sgd()), 5)
    assert text.startswith("Optional cannot be moved to step 1 (TypeError: ")
    assert text.endswith("; write lift(scheduler, steps, metrics=[...])")
    inside = SimpleNamespace(optimizer=sgd(), lr_scheduler=torchs.ReduceLROnPlateau(sgd()))
    inside.step = lambda epoch, metric=None: None  # as timm's, around torch's own
    assert refused(inside, 5) == needed


def test_metrics_that_nothing_reads_are_refused():
    text = "reads no metric (its step takes (epoch)), and metrics were given; write lift(scheduler"
    assert refused(torchs.StepLR(sgd(), 3), 5, metrics=[1.0] * 4) == f"StepLR {text}, steps)"
    assert refused(Deaf(sgd()), 5, metrics=[1.0] * 4) == (
        "Deaf reads no metric (its step takes (epoch, metric)), and metrics were given; write "
        "lift(scheduler, steps)"
    )
    assert lift(Deaf(sgd()), 5)[0](4) == 0.2
    assert refused(Optional(sgd()), 5, metrics=[1.0]) == (
        "lift needs a metric for each of 4 steps, got 1; write lift(scheduler, 2, metrics=metrics)"
    )
    assert refused(lambda t: 1.0, 5, metrics=[1.0]) == (
        "a function of the step reads no metric, got 1; leave metrics= out"
    )
    assert refused(Optional(sgd()), 3, metrics=["a", 1]) == "a metric must be a number, got 'a'"


def test_a_step_is_given_what_its_signature_asks_for():
    class Megatrons(Halves):
        def step(self, increment):
            self.optimizer.param_groups[0]["lr"] -= 0.1 * increment

    class Fairseqs(Halves):
        def step_update(self, num_updates):
            self.optimizer.param_groups[0]["lr"] = 1 / (1 + num_updates)

    class Strange(Halves):
        def step(self, gradients):
            raise AssertionError

    assert lift(Megatrons(sgd()), 3)[0](2) == pytest.approx(0.8)
    assert lift(Fairseqs(sgd()), 3)[0](2) == 1 / 3
    assert refused(Strange(sgd()), 3) == (
        "the step of Strange needs gradients, and lift knows times and metrics; write "
        "lift(lambda t: ..., steps) with the rate that it has at t"
    )


# -- functions


def test_a_function_of_the_step_is_lifted():
    class Olmos:
        def get_lr(self, step):
            return np.float32(0.5) ** step

    halving = Table([(steps(0), 1.0), (steps(1), 0.5), (steps(2), 0.25)], "step")
    assert lift(lambda t: 0.5**t, 3) == lift(Olmos(), 3) == [halving]
    assert lift(partial(pow, 0.5), 3) == [halving]
    assert lift(lambda t: torch.tensor(0.5), 3) == [Constant(0.5)]
    assert lift(Cosine(1, 0, steps(9)), 3) == [Cosine(1, 0, steps(9))]


def test_a_function_that_gives_no_rate_is_refused():
    assert refused(lambda t: None, 3) == (
        "the function gave None at step 0, and lift needs a finite number; write "
        "lift(lambda t: ..., steps) with a function that gives one"
    )
    assert "gave nan at step 1" in refused(lambda t: float("nan") if t else 1.0, 3)
    assert refused(lambda t, total: 1.0, 3) == (
        "lift calls a function with the step alone, and the function <lambda> does not take that "
        "(missing a required argument: 'total'); write lift(lambda t: ..., steps)"
    )


def test_what_is_called_with_an_engine_is_lifted():
    class Ignites:
        def __init__(self, optimizer):
            self.optimizer, self.event_index = optimizer, 0

        def get_param(self):
            return 1 / (1 + self.event_index)

        def __call__(self, engine, name=None):
            self.optimizer.param_groups[0]["lr"] = self.get_param()
            self.event_index += 1

    scheduler = Ignites(sgd())
    [schedule] = lift(scheduler, 4)
    assert [schedule(t) for t in range(4)] == [1.0, 1 / 2, 1 / 3, 1 / 4]
    assert scheduler.event_index == 0


# -- what writes nothing, ends, or cannot be copied


def test_what_no_group_is_written_by_is_refused():
    class Idle(Halves):
        def step(self):
            pass

    assert refused(Idle(sgd()), 5) == (
        "Idle wrote nothing into the param groups of its optimizer in 4 steps; write "
        "lift(scheduler, 10 * steps), or lift(lambda t: ..., steps) with its rate at t"
    )
    assert refused(torchs.StepLR(sgd(momentum=0.9), 3), 5, key="momentum") == (
        "StepLR writes lr and never 'momentum'; write lift(scheduler, steps, key='lr')"
    )
    assert lift(lr_scheduler.ConstantLR(sgd(), 1.0), 5) == [Constant(1.0)]
    assert lift(Halves(sgd()), 3, metrics=[1.0, 0.5]) == [Constant(1.0)]


def test_what_ends_before_says_where():
    scheduler = torchs.OneCycleLR(sgd(), 1.0, total_steps=4, cycle_momentum=False)
    text = refused(scheduler, 9)
    assert text.startswith("OneCycleLR cannot be moved to step 5 (ValueError: Tried to step 5")
    assert text.endswith("; write lift(scheduler, 5)")
    assert lift(scheduler, 5)[0](1) == pytest.approx(1.0, abs=0.3)


def test_what_cannot_be_copied_is_refused():
    scheduler = Halves(sgd())
    scheduler.lock = threading.Lock()
    text = refused(scheduler, 3, metrics=[1.0] * 2)
    assert text.startswith("Halves cannot be copied (cannot pickle '_thread.lock' object)")
    assert text.endswith("; write lift(lambda t: ..., steps) with the rate that it has at t")


def test_objects_that_share_state_are_not_disturbed():
    shared, counts = {"gamma": 0.5, "calls": []}, [0]
    steps_made = 0

    class Sharing(Halves):
        def __init__(self, optimizer):
            super().__init__(optimizer)
            self.shared = shared

        def step(self):
            self.shared["calls"].append(1)
            self.optimizer.param_groups[0]["lr"] *= self.shared["gamma"]

    def counting(_):
        nonlocal steps_made
        steps_made += 1
        counts[0] += 1
        return 0.9**steps_made

    optimizer = sgd()
    one, other = Sharing(optimizer), Sharing(optimizer)
    before = copy.deepcopy(optimizer.state_dict())
    assert lift(one, 4) == lift(other, 4) == lift(one, 4)
    assert (shared["calls"], optimizer.state_dict()) == ([], before)
    assert one.shared is other.shared is shared
    scheduler = torchs.LambdaLR(sgd(), counting)
    made = steps_made, counts[0], scheduler.lr_lambdas[0]
    [lifted] = lift(scheduler, 4)
    assert lifted(3) == pytest.approx(0.9**4)
    assert (steps_made, counts[0], scheduler.lr_lambdas[0]) == made


def test_a_scheduler_of_a_wrapped_optimizer_leaves_both_alone():
    inner = sgd()
    wrapper = SimpleNamespace(optimizer=inner, param_groups=inner.param_groups)
    wrapper.step = inner.step
    scheduler = Halves(wrapper)
    scheduler.inner = inner
    assert lift(scheduler, 3, metrics=[1.0, 1.0])[0](2) == 0.5
    assert inner.param_groups[0]["lr"] == 1.0
    assert scheduler.inner is inner
