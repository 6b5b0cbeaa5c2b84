"""The optimizer is the clock: real updates are counted, and nothing else."""

from __future__ import annotations

import pytest
import torch

from passo import Linear, PassoError, Run, attach, steps
from tests.optim.tools import adam, graded, rates, sgd, update, used, values, weight

RAMP = Linear(0.0, 1.0, steps(100))
FUSED = [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad]


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Linear(3, 1)


# -- accumulation


@pytest.mark.parametrize("k", [1, 2, 4, 7])
@pytest.mark.parametrize("batches", [1, 10, 14])
def test_micro_batches_are_not_counted_and_a_ragged_last_window_is(k, batches):
    run = Run.of(batches, epochs=3, accumulate=k)
    schedule = Linear(1.0, 0.0)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = attach(optimizer, schedule, run)
    found = []
    for _ in range(3):
        for batch in range(batches):
            model(torch.ones(3)).sum().backward()
            if (batch + 1) % k == 0 or batch + 1 == batches:
                found.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                optimizer.zero_grad()
    assert found == values(schedule.on(run), run.updates)
    assert scheduler.clock == run.updates


# -- mixed precision


@pytest.mark.parametrize("kind", FUSED)
@pytest.mark.parametrize("settings", [{}, {"foreach": True}, {"fused": True}])
def test_an_update_that_the_grad_scaler_skips_is_not_counted(kind, settings):
    parameter = weight(3)
    optimizer = kind([parameter], lr=0.5, **settings)
    scheduler = attach(optimizer, RAMP)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    overflows = {0, 3, 4, 9}
    clocks = []
    for batch in range(12):
        clocks.append(scheduler.clock)
        before = parameter.detach().clone()
        lr = optimizer.param_groups[0]["lr"]
        scaler.scale((parameter * (torch.inf if batch in overflows else 1.0)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        moved = not torch.equal(parameter.detach(), before)
        assert moved == (batch not in overflows and lr > 0)
    assert clocks == [0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 6, 7]
    assert scheduler.clock == 8
    assert scheduler.get_last_lr() == [RAMP(8)]


# -- closures


def test_lbfgs_calls_its_closure_often_and_counts_once():
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=1.0, max_iter=5)
    scheduler = attach(optimizer, Linear(1.0, 0.5, steps(10)))
    calls = []

    def closure():
        calls.append(scheduler.clock)
        optimizer.zero_grad()
        loss = (model(torch.ones(4, 3)) - torch.arange(4.0).reshape(4, 1)).square().mean()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert scheduler.clock == 3
    assert len(calls) > 3
    assert sorted(set(calls)) == [0, 1, 2]


def test_a_closure_that_raises_makes_no_update():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)

    def fails():
        raise ZeroDivisionError

    for _ in range(3):
        graded(optimizer)
        with pytest.raises(ZeroDivisionError):
            optimizer.step(fails)
    assert scheduler.clock == 0
    update(optimizer)
    assert (scheduler.clock, scheduler.get_last_lr()) == (1, [RAMP(1)])


def test_a_step_whose_closure_makes_the_gradients_is_an_update():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    for _ in range(3):
        optimizer.zero_grad()
        optimizer.step(lambda: graded(optimizer))
    assert scheduler.clock == 3


# -- gradients


@pytest.mark.parametrize("make", [sgd, adam])
def test_a_step_without_any_gradient_changes_nothing_and_is_not_counted(make):
    optimizer = make()
    scheduler = attach(optimizer, RAMP)
    for batch in range(8):
        optimizer.zero_grad()
        if batch != 5:  # as Lightning does where training_step answers None
            graded(optimizer)
        optimizer.step()
    assert scheduler.clock == 7


@pytest.mark.parametrize("named", [False, True])
def test_a_closure_that_clears_the_gradients_and_makes_none_is_no_update(named):
    optimizer = adam()
    scheduler = attach(optimizer, RAMP)
    update(optimizer, 3)  # whose gradients are still there
    optimizer.step(closure=optimizer.zero_grad) if named else optimizer.step(optimizer.zero_grad)
    assert scheduler.clock == 3


def test_one_gradient_among_many_parameters_is_enough():
    parameters = [weight() for _ in range(5)]
    optimizer = torch.optim.SGD([{"params": parameters[:2]}, {"params": parameters[2:]}], lr=1.0)
    scheduler = attach(optimizer, RAMP)
    parameters[-1].grad = torch.ones(1)
    optimizer.step()
    assert scheduler.clock == 1


def test_gradients_of_zero_are_an_update_also_at_a_rate_of_zero():
    optimizer = adam()
    scheduler = attach(optimizer, RAMP)  # update 0 uses 0.0
    graded(optimizer, 0.0)
    optimizer.step()
    graded(optimizer, 0.0)
    optimizer.step()
    assert scheduler.clock == 2


# -- calls


@pytest.mark.parametrize("calls", [0, 1, 8])
@pytest.mark.parametrize("arguments", [(), (3,)])
def test_step_may_be_called_as_often_as_a_framework_likes(calls, arguments):
    optimizer, alone = sgd(), sgd()
    scheduler = attach(optimizer, RAMP)
    attach(alone, RAMP)
    found = []
    for _ in range(10):
        found += rates(optimizer, 1)
        for _ in range(calls):
            scheduler.step(*arguments)
    assert found == rates(alone, 10)
    assert scheduler.clock == 10


def test_a_metric_goes_to_report_and_not_to_step():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    with pytest.raises(PassoError) as caught:
        scheduler.step(0.25)
    assert str(caught.value) == (
        "step takes no metric, got 0.25: no plateau of the plan waits for one; write "
        "scheduler.step(), or scheduler.report(val_loss=...) to have it in the trace"
    )


def test_with_clock_calls_only_step_is_counted():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, clock="calls")
    assert used(optimizer, 3) == [[0.0]] * 3
    for _ in range(3):
        scheduler.step()
    assert (scheduler.clock, scheduler.get_last_lr()) == (3, [RAMP(3)])


class Wrapper:
    """Holds param_groups, has no hook."""

    def __init__(self, optimizer):
        self.param_groups = optimizer.param_groups


def test_what_has_no_hook_is_driven_by_calls_and_by_nothing_else():
    wrapper = Wrapper(sgd())
    with pytest.raises(PassoError) as caught:
        attach(wrapper, RAMP)
    assert str(caught.value) == (
        "Wrapper has no step hook, so its updates cannot be counted; write "
        'attach(..., clock="calls") and call scheduler.step() after each update'
    )
    scheduler = attach(wrapper, RAMP, clock="calls")
    scheduler.step()
    assert wrapper.param_groups[0]["lr"] == RAMP(1)


def test_advance_counts_the_updates_that_no_hook_sees():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    update(optimizer, 2)
    scheduler.advance(5)
    scheduler.advance()
    assert (scheduler.clock, scheduler.get_last_lr()) == (8, [RAMP(8)])
    assert scheduler.last_used() == {"lr": [RAMP(7)]}
    with pytest.raises(PassoError) as caught:
        scheduler.advance(-1)
    assert str(caught.value) == "updates must be a whole number of at least 1, got -1"
