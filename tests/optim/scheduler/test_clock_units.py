"""Samples and tokens: a fixed number for each update, or counted as they come."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from passo import Linear, PassoError, Run, attach, samples, steps, tokens, warmup_cosine
from tests.optim.tools import graded, rates, sgd, update, values, weight


def test_a_run_that_says_what_an_update_consumes_needs_no_counting():
    run = Run(tokens(4000), tokens_per_step=40, axis="token")
    schedule = warmup_cosine(peak=1.0, warmup=tokens(400))
    optimizer = sgd()
    scheduler = attach(optimizer, schedule, run)
    assert rates(optimizer, 100) == [schedule.on(run)(40.0 * t) for t in range(100)]
    assert (scheduler.clock, scheduler.position) == (100, 4000.0)


def test_the_axis_does_not_matter_to_the_rate():
    by_tokens = Run(tokens(4096), tokens_per_step=64, axis="token")
    by_steps = Run(tokens(4096), tokens_per_step=64)
    one, other = sgd(), sgd()
    attach(one, warmup_cosine(peak=1.0, warmup=tokens(512)), by_tokens)
    attach(other, warmup_cosine(peak=1.0, warmup=tokens(512)), by_steps)
    assert rates(one, 64) == rates(other, 64)


@pytest.mark.parametrize("unit", ["samples", "tokens"])
def test_a_batch_ramp_leaves_the_rate_as_a_function_of_the_data_unchanged(unit):
    span = {"samples": samples, "tokens": tokens}[unit]
    run = Run(span(6000), axis=unit.removesuffix("s"))
    schedule = warmup_cosine(peak=1.0, warmup=span(600)).on(run)
    optimizer = sgd()
    scheduler = attach(optimizer, schedule, run)
    seen = 0
    for t in range(50):
        assert optimizer.param_groups[0]["lr"] == schedule(seen)
        assert scheduler.position == seen
        amount = 32 if t < 20 else 160
        scheduler.count(**{unit: amount})
        update(optimizer)
        seen += amount
    assert scheduler.clock == 50


def test_counting_corrects_what_the_run_says_of_an_update():
    run = Run(tokens(4000), tokens_per_step=40, axis="token")
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(0.0, 1.0), run)
    positions = []
    for counted in (None, 10, 100, None, 40):
        positions.append(scheduler.position)
        if counted is not None:
            scheduler.count(tokens=counted)
        update(optimizer)
    assert [*positions, scheduler.position] == [0, 40, 50, 150, 190, 230]
    assert scheduler.get_last_lr() == [Linear(0.0, 1.0).on(run)(230)]


def test_micro_batches_add_up_to_their_update():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(0.0, 1.0), Run(tokens(1000), axis="token"))
    for counted in (7, 11, 13):
        scheduler.count(tokens=counted)
    assert scheduler.position == 0
    update(optimizer)
    assert scheduler.position == 31


@pytest.mark.parametrize("settings", [{}, {"foreach": True}, {"fused": True}])
def test_what_a_skipped_update_read_belongs_to_the_update_in_progress(settings):
    parameter = weight(3)
    optimizer = torch.optim.SGD([parameter], lr=1.0, **settings)
    scheduler = attach(optimizer, Linear(0.0, 1.0), Run(tokens(1000), axis="token"))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    positions = []
    for scale in (1.0, torch.inf, 1.0):
        scheduler.count(tokens=10)
        scaler.scale((parameter * scale).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        positions.append(scheduler.position)
    assert positions == [10, 10, 30]


def test_an_update_that_nobody_counted_is_an_error():
    optimizer = sgd()
    attach(optimizer, Linear(0.0, 1.0), Run(tokens(1000), axis="token"))
    graded(optimizer)
    with pytest.raises(PassoError) as caught:
        optimizer.step()
    assert str(caught.value) == (
        "nobody said how many tokens update 0 consumed; call scheduler.count(tokens=...) before "
        "it, or write Run(..., tokens_per_step=...)"
    )


STEPS = "steps are counted by themselves; leave it out, or write Run("


@pytest.mark.parametrize(
    ("run", "counted", "text"),
    [
        (
            Run(steps(10)),
            {"tokens": 5},
            (
                f"count(tokens=5) counts nothing on the axis 'step'; {STEPS}tokens(...), "
                'axis="token")'
            ),
        ),
        (
            None,
            {"samples": 0},
            (
                f"count(samples=0) counts nothing on the axis 'step'; {STEPS}samples(...), "
                'axis="sample")'
            ),
        ),
        (
            Run(tokens(10), axis="token"),
            {"samples": 5},
            (
                "count(samples=5) counts nothing on the axis 'token'; write count(tokens=...), "
                "which may be 0"
            ),
        ),
        (
            Run(samples(10), axis="sample"),
            {},
            "count() counts nothing on the axis 'sample'; write count(samples=...), which may be 0",
        ),
    ],
)
def test_counting_what_the_axis_does_not_count_is_an_error(run, counted, text):
    optimizer = sgd()
    scheduler = attach(optimizer, 0.5, run)
    with pytest.raises(PassoError) as caught:
        scheduler.count(**counted)
    assert str(caught.value) == text
    if run is not None and run.axis != "step":  # what the text advises goes
        scheduler.count(**{f"{run.axis}s": 0})
        update(optimizer)
        assert (scheduler.clock, scheduler.position) == (1, 0.0)


def test_where_steps_are_counted_a_run_of_tokens_is_what_to_write():
    optimizer = sgd()
    scheduler = attach(optimizer, 0.5, Run(tokens(10), axis="token"))
    scheduler.count(tokens=5)
    update(optimizer)
    assert scheduler.position == 5


def test_a_billion_tokens_are_counted_exactly():
    run = Run(tokens(10**12), axis="token")
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0), run)
    seen = 0
    for t in range(50):
        scheduler.count(tokens=10**9 + t)
        update(optimizer)
        seen += 10**9 + t
    assert scheduler.position == seen
    assert scheduler.get_last_lr() == [Linear(1.0, 0.0).on(run)(seen)]


def test_epochs_and_percent_are_measured_on_the_run():
    run = Run.of(10, epochs=4, accumulate=3)
    schedule = warmup_cosine(peak=1.0)
    optimizer = sgd()
    attach(optimizer, schedule, run)
    assert run.updates == 16
    assert rates(optimizer, 16) == values(schedule.on(run), 16)


@pytest.mark.parametrize("amount", [-3, -0.5])
def test_an_update_cannot_consume_less_than_nothing(amount):
    scheduler = attach(sgd(), Linear(1, 0, tokens(100)), Run(tokens(100), axis="token"))
    with pytest.raises(PassoError) as caught:
        scheduler.count(tokens=amount)
    assert str(caught.value) == (
        f"an update cannot consume fewer than 0 tokens, got {amount}; "
        "write what it consumed, or seek(...) to go back"
    )


@pytest.mark.parametrize("kind", [torch.tensor, np.int64, np.array, lambda n: torch.tensor([n])])
def test_what_a_mask_sums_up_to_may_be_counted(kind):
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0), Run(tokens(40), axis="token"))
    for amount in (8, 12):
        scheduler.count(tokens=kind(amount))
        update(optimizer)
    assert (scheduler.position, scheduler.get_last_lr()) == (20.0, [0.5])


@pytest.mark.parametrize("amounts", [torch.tensor([3, 4]), np.array([3, 4])])
def test_several_numbers_are_no_amount(amounts):
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0), Run(tokens(40), axis="token"))
    with pytest.raises(PassoError) as caught:
        scheduler.count(tokens=amounts)
    assert str(caught.value) == (
        f"tokens must be a number, or a Tensor or an array of one element, got {amounts!r}"
    )
    scheduler.count(tokens=4)
    update(optimizer)
    assert scheduler.position == 4.0
