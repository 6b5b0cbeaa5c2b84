"""Pains whose cause is the clock: what is a step?"""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from torch.optim import lr_scheduler

from passo import Constant, Linear, Run, Table, base, epochs, rest, steps, tokens
from passo.optim import attach
from tests.optim.pains import both, loop, watched
from tests.optim.tools import graded, sgd, update, weight

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")

DECAY = [1.0, 0.75, 0.5, 0.25]


def decay(library, optimizer, updates=4):
    """From 1 to 0 in so many updates."""
    if library == "torch":
        return lr_scheduler.LinearLR(optimizer, 1.0, 0.0, updates)
    return attach(optimizer, Linear(base, 0.0, steps(updates)))


@both()
@pytest.mark.parametrize("processes", [2, 8])
def test_pain_2_a_plan_of_four_updates_takes_four_on_any_number_of_processes(library, processes):
    """Pain 2, huggingface/accelerate#2926: a prepared scheduler steps once for each process."""
    used = watched(optimizer := sgd())
    scheduler = decay(library, optimizer)
    for _ in range(4):
        update(optimizer)
        for _ in range(processes):
            scheduler.step()
    assert used == DECAY


@both()
@pytest.mark.parametrize("window", [2, 4, 7])
def test_pain_3_the_rate_does_not_depend_on_how_gradients_are_accumulated(library, window):
    """Pain 3, Lightning-AI/pytorch-lightning#1476: the schedule advances with each batch."""
    used = watched(optimizer := sgd())
    scheduler = decay(library, optimizer)
    batches = 3 * window + 1  # the last window is ragged
    for batch in range(1, batches + 1):
        graded(optimizer)
        if batch % window == 0 or batch == batches:
            optimizer.step()
        scheduler.step()
    assert used == DECAY


@both()
@pytest.mark.parametrize("fused", [False, True])
def test_pain_6_an_update_that_amp_skipped_is_no_step_and_no_warning(library, fused):
    """Pain 6, pytorch/pytorch#55585, #67590: the schedule goes on, and torch warns of the order."""
    moved = weight()
    optimizer = torch.optim.SGD([moved], lr=1.0, fused=fused)
    scheduler = decay(library, optimizer)
    scaler, used = torch.amp.GradScaler("cpu"), []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for k in range(6):
            optimizer.zero_grad()
            before, rate = moved.item(), optimizer.param_groups[0]["lr"]
            scaler.scale((moved * (math.inf if k in (0, 2) else 1.0)).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
            used += [rate] if moved.item() != before else []
    assert used == DECAY
    assert told == []


@both()
@pytest.mark.parametrize("accumulate", [2, 4])
def test_pain_7_to_the_end_of_the_run_is_the_end_of_the_run(library, accumulate):
    """Pain 7, pytorch/pytorch#38170: the horizon is len(loader) * epochs, the updates are fewer."""
    loader, passes = range(10), 3
    optimizer = sgd()
    if library == "torch":
        scheduler = lr_scheduler.LinearLR(optimizer, 1.0, 0.1, len(loader) * passes)
    else:
        run = Run.of(len(loader), epochs=passes, accumulate=accumulate)
        scheduler = attach(optimizer, Linear(base, 0.1, rest), run)
    for _ in range(passes):
        for batch in loader:
            graded(optimizer)
            if (batch + 1) % accumulate == 0 or batch + 1 == len(loader):
                optimizer.step()
                scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


@both()
def test_pain_7_a_run_that_ended_early_says_so(library):
    """Pain 7, pytorch/pytorch#38170: nobody tells that plan and run disagreed."""
    optimizer = sgd()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        if library == "torch":
            scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=10)
            loop(optimizer, scheduler, 7)
            del scheduler
        else:
            scheduler = attach(optimizer, Linear(base, 0.1, rest), Run(steps(10)))
            loop(optimizer, scheduler, 7)
            scheduler.detach()
    assert [str(each.message).split(";")[0] for each in told] == [
        "the run ended early: planned 10 updates, made 7"
    ]


@both()
def test_pain_14_a_warm_up_in_updates_and_a_drop_in_epochs_stand_in_one_plan(library):
    """Pain 14, pytorch/pytorch#65417: warm-up is in batches, decay in epochs, `step` in one."""
    used = watched(optimizer := sgd())
    if library == "torch":
        warm = lr_scheduler.LinearLR(optimizer, 0.5, 1.0, 2)  # 2 updates
        drop = lr_scheduler.MultiStepLR(optimizer, [2])  # 2 epochs
        scheduler = lr_scheduler.ChainedScheduler([warm, drop])
    else:
        warm = Linear(0.5, 1.0, steps(2))
        drop = Table([(steps(0), 1.0), (epochs(2), 0.1)], "step")
        run = Run(steps(12), steps_per_epoch=4)
        scheduler = attach(
            optimizer, base * warm.then(Constant(1.0)) * drop.then(Constant(0.1)), run
        )
    loop(optimizer, scheduler, 12)
    assert used == pytest.approx([0.5, 0.75] + [1.0] * 6 + [0.1] * 4)


@both()
def test_pain_23_a_larger_batch_leaves_the_rate_as_a_function_of_tokens(library):
    """Pain 23, allenai/OLMo#411: a plan in steps stretches when the batch grows."""
    used = watched(optimizer := sgd())
    if library == "torch":
        scheduler = lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 96 // 8)
    else:
        run = Run(tokens(96), axis="token")
        scheduler = attach(optimizer, Linear(base, 0.0, rest), run)
    seen, at = 0, []
    while seen < 96:
        batch = 8 if seen < 32 else 16
        if library == "passo":
            scheduler.count(tokens=batch)
        at.append(seen)
        loop(optimizer, scheduler, 1)
        seen += batch
    assert used == pytest.approx([1 - tokens_seen / 96 for tokens_seen in at])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0)


@both()
def test_pain_40_each_optimizer_follows_its_own_updates(library):
    """Pain 40, Lightning-AI/pytorch-lightning#17738: two optimizers, one loop, one pace."""
    generator, critic = sgd(), sgd()
    often, seldom = watched(generator), watched(critic)
    schedulers = [decay(library, generator, 20), decay(library, critic, 4)]
    for k in range(20):
        update(generator)
        if k % 5 == 4:
            update(critic)
        for scheduler in schedulers:
            scheduler.step()
    assert often == pytest.approx([1 - k / 20 for k in range(20)])
    assert seldom == DECAY
