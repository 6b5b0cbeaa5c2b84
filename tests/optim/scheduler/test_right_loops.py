"""Loops as people write them, all right: not one word from the first line on (issue 13)."""

from __future__ import annotations

import math

import pytest
import torch

from passo import Plateau, Run, attach, base, cosine_decay, range_test, steps, warmup_cosine
from tests.optim.tools import adam, said, sgd, update, weight

LOOPS = {}


def right(loop):
    LOOPS[loop.__name__.replace("_", " ")] = loop
    return loop


def with_a_scaler(*, fused):
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0, fused=fused)
    scheduler = attach(optimizer, cosine_decay(), Run(steps(6)))
    scaler = torch.amp.GradScaler("cpu")
    for k in range(8):
        optimizer.zero_grad()
        scaler.scale((parameter * (math.inf if k < 2 else 1.0)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    assert scheduler.clock == 6


@right
def a_scaler_skips_the_first_updates():
    with_a_scaler(fused=False)


@right
def a_scaler_and_a_fused_optimizer():
    with_a_scaler(fused=True)


@right
def a_closure_is_called_again_and_again():
    parameter = weight()
    optimizer = torch.optim.LBFGS([parameter])
    attach(optimizer, cosine_decay(), Run(steps(5)))

    def closure():
        optimizer.zero_grad()
        loss = parameter.square().sum()
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)


class Calls(torch.optim.SGD):
    def step(self, closure=None):
        return super().step(closure)


@right
def a_subclass_calls_the_step_of_its_parent():
    optimizer = Calls([weight()], lr=1.0)
    attach(optimizer, cosine_decay(), Run(steps(5)))
    update(optimizer, 5)


def step_of(optimizer, model):
    def step():
        optimizer.zero_grad()
        loss = model(torch.ones(8, 2)).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


@right
def a_range_test_and_nothing_more():
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    attach(optimizer, cosine_decay(), Run(steps(5)))
    range_test(step_of(optimizer, model), optimizer, restore=[model])


@right
def a_range_test_before_the_training():
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    attach(optimizer, cosine_decay(), Run(steps(5)))
    step = step_of(optimizer, model)
    range_test(step, optimizer, restore=[model])
    for _ in range(5):
        step()


@right
def groups_come_and_go():
    optimizer = adam()
    scheduler = attach(optimizer, cosine_decay(), Run(steps(10)))
    update(optimizer, 3)
    optimizer.add_param_group({"params": [weight()], "lr": 0.01})
    update(optimizer, 3)
    scheduler.report(accuracy=1.0)
    del optimizer.param_groups[0]
    update(optimizer, 4)


@right
def distributed_checkpoint_steps_by_itself():
    from torch.distributed.checkpoint import state_dict as checkpoint

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    attach(optimizer, warmup_cosine(), Run(steps(5)))
    checkpoint.get_optimizer_state_dict(model, optimizer)
    for k in range(5):
        step_of(optimizer, model)()
        saved = checkpoint.get_optimizer_state_dict(model, optimizer)
        if k == 2:
            checkpoint.set_optimizer_state_dict(model, optimizer, saved)


@right
def a_generator_trains():
    def training():
        optimizer = sgd()
        attach(optimizer, cosine_decay(), Run(steps(5)))
        for _ in range(5):
            update(optimizer)
            yield

    assert len(list(training())) == 5


@right
def an_iterator_ends_the_epoch():
    optimizer = sgd()
    attach(optimizer, cosine_decay(), Run(steps(5)))
    batches = iter(range(5))
    while True:
        try:
            next(batches)
        except StopIteration:
            break
        update(optimizer)


@right
def a_rise_of_the_metric_stops_a_run_of_unknown_length():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("val_loss", patience=2))
    for loss in (1.0, 0.5, 0.6, 0.7, 0.8):
        update(optimizer, 5)
        scheduler.report(val_loss=loss, accuracy=1 - loss)
        if loss > 0.7:
            break


@right
def a_context_of_no_gradient_holds_an_evaluation():
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = attach(optimizer, cosine_decay(), Run(steps(5)))
    state = scheduler.state_dict()
    scheduler.load_state_dict(state)
    model.load_state_dict(model.state_dict())
    with torch.no_grad():
        for _ in range(100):
            model(torch.ones(8, 2))


@pytest.mark.parametrize("loop", LOOPS)
def test_a_right_loop_hears_no_word(loop):
    assert said(LOOPS[loop]) == []
