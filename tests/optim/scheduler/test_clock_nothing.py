"""Updates that consume nothing, and those of which nobody said what they consume (issue 12)."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passo import Linear, PassoError, Run, attach, base, samples, tokens
from passo.trace import Trace
from tests.optim.tools import adam, graded, sgd, update, weight

HUNDRED = Run(samples(100), axis="sample")
PLAN = base * Linear(1, 0, samples(100))
NOBODY = (
    "nobody said how many samples update {} consumed; call scheduler.count(samples=...) before "
    "it, or write Run(..., samples_per_step=...)"
)


def all_of(optimizer, scheduler):
    """Weights, state, fields and clock, to be compared."""
    weights = [p.detach().clone() for group in optimizer.param_groups for p in group["params"]]
    state = copy.deepcopy(optimizer.state_dict())
    return [p.tolist() for p in weights], repr(state), scheduler.clock, scheduler.state_dict()


# -- nothing is an answer


def test_an_update_on_the_same_samples_as_the_one_before_consumes_nothing():
    optimizer = adam(lr=1.0)
    scheduler = attach(optimizer, PLAN, HUNDRED)
    rates = []
    for amount in (10, 0, 0, 20, 0):
        scheduler.count(samples=amount)
        rates.append(optimizer.param_groups[0]["lr"])
        update(optimizer)
    assert rates == [1.0, 0.9, 0.9, 0.9, 0.7]
    assert (scheduler.clock, scheduler.position) == (5, 30.0)


def test_a_batch_of_padding_counts_no_token_also_where_the_run_says_what_one_consumes():
    run = Run(tokens(100), axis="token", tokens_per_step=10)
    optimizer = sgd()
    scheduler = attach(optimizer, base * Linear(1, 0, tokens(100)), run)
    update(optimizer)
    scheduler.count(tokens=0)
    update(optimizer)
    assert (scheduler.clock, scheduler.position) == (2, 10.0)
    update(optimizer)
    assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (20.0, 0.8)


@pytest.mark.parametrize("amount", [0, 0.0, 3])
def test_both_may_be_counted_and_the_axis_takes_its_own(amount):
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, HUNDRED)
    scheduler.count(samples=amount, tokens=512)
    update(optimizer)
    assert scheduler.position == amount


@given(amounts=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), max_size=8))
def test_whatever_is_counted_adds_up(amounts):
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, Run(samples(1000), axis="sample"))
    for several in amounts:
        for amount in several:
            scheduler.count(samples=amount)
        update(optimizer)
    assert scheduler.position == sum(map(sum, amounts))


# -- nobody said


SETTINGS = [{}, {"foreach": True}, {"fused": True}]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("way", ["plain", "closure", "closure by name", "scaler"])
def test_an_update_that_nobody_counted_is_refused_before_the_weights_move(settings, way):
    parameter = weight(3)
    optimizer = torch.optim.AdamW([parameter], lr=1.0, **settings)
    scheduler = attach(optimizer, PLAN, HUNDRED)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    (scaler.scale(parameter.sum()) if way == "scaler" else parameter.sum()).backward()

    def closure():
        return parameter.sum()

    calls = {
        "plain": optimizer.step,
        "closure": lambda: optimizer.step(closure),
        "closure by name": lambda: optimizer.step(closure=closure),
        "scaler": lambda: scaler.step(optimizer),
    }
    before = all_of(optimizer, scheduler)
    for _ in range(2):
        with pytest.raises(PassoError) as caught:
            optimizer.step() if way == "scaler" else calls[way]()
        assert str(caught.value) == NOBODY.format(0)
        assert all_of(optimizer, scheduler) == before
    scheduler.count(samples=10)
    calls[way]()
    assert (scheduler.clock, scheduler.position) == (1, 10.0)
    assert optimizer.param_groups[0]["lr"] == 0.9
    assert parameter[0] < 1.0


def test_what_the_closure_counts_is_in_time():
    optimizer = torch.optim.LBFGS([parameter := weight(2)], lr=1.0, max_iter=4)
    scheduler = attach(optimizer, PLAN, HUNDRED)
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = (parameter - 3).square().sum()
        loss.backward()
        if not calls:
            scheduler.count(samples=7)
        calls.append(1)
        return loss

    loss = optimizer.step(closure)
    assert (scheduler.clock, scheduler.position, loss.item()) == (1, 7.0, 8.0)
    with pytest.raises(PassoError) as caught:
        optimizer.step(closure)
    assert str(caught.value) == NOBODY.format(1)
    assert (scheduler.clock, scheduler.position) == (1, 7.0)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_step_that_is_no_update_needs_no_count(settings):
    parameter = weight(3)
    optimizer = torch.optim.SGD([parameter], lr=1.0, **settings)
    scheduler = attach(optimizer, PLAN, HUNDRED)
    optimizer.step()
    optimizer.step(lambda: torch.tensor(0.0))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale((parameter * torch.inf).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert (scheduler.clock, parameter.tolist()) == (0, [1.0] * 3)
    optimizer.zero_grad()
    graded(optimizer)
    with pytest.raises(PassoError, match="nobody said"):
        optimizer.step()


def test_with_calls_as_the_clock_nothing_is_written_down_of_what_nobody_counted(tmp_path):
    optimizer = sgd()
    settings = {"clock": "calls", "record": tmp_path / "run.jsonl"}
    scheduler = attach(optimizer, PLAN, HUNDRED, **settings)
    for step in (scheduler.step, scheduler.advance):
        with pytest.raises(PassoError) as caught:
            step()
        assert str(caught.value) == NOBODY.format(0)
    scheduler.count(samples=100)
    scheduler.step()
    scheduler.detach()
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (1, 0.0)
    assert Trace.load(tmp_path / "run.jsonl").used("lr") == ([0], [1.0])


def test_a_trace_has_no_update_that_was_refused(tmp_path):
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, HUNDRED, record=tmp_path / "run.jsonl")
    for amount in (10, None, 90):
        graded(optimizer)
        if amount is None:
            with pytest.raises(PassoError):
                optimizer.step()
        else:
            scheduler.count(samples=amount)
            optimizer.step()
    scheduler.detach()
    assert Trace.load(tmp_path / "run.jsonl").used("lr") == ([0, 1], [1.0, 0.9])


# -- what cannot be counted


@pytest.mark.parametrize(
    ("counted", "text"),
    [
        (
            {"samples": -1},
            (
                "an update cannot consume fewer than 0 samples, got -1; write what it consumed, or "
                "seek(...) to go back"
            ),
        ),
        ({"samples": math.nan}, "samples must be finite, got nan"),
        ({"samples": math.inf}, "samples must be finite, got inf"),
        ({"samples": "8"}, "samples must be a number, got '8'"),
        ({"samples": True}, "samples must be a number, got True"),
        ({"samples": 10**400}, "samples must be finite, got 1" + 56 * "0" + "..."),
        ({"samples": 8, "tokens": math.nan}, "tokens must be finite, got nan"),
        (
            {"samples": torch.tensor([8, 9])},
            "samples must be a number, or a Tensor or an array of one element, got tensor([8, 9])",
        ),
        ({"samples": torch.tensor([True])}, "samples must be a number, got True"),
    ],
)
def test_a_count_that_is_refused_leaves_what_was_counted_before(counted, text):
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, HUNDRED)
    scheduler.count(samples=5)
    with pytest.raises(PassoError) as caught:
        scheduler.count(**counted)
    assert str(caught.value) == text
    update(optimizer)
    assert scheduler.position == 5


def test_counts_do_not_add_up_to_infinity():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, HUNDRED)
    scheduler.count(samples=1.7e308)
    with pytest.raises(PassoError) as caught:
        scheduler.count(samples=1.7e308)
    assert str(caught.value) == "the samples of all updates together must be finite, got inf"
    update(optimizer)
    assert scheduler.position == 1.7e308
