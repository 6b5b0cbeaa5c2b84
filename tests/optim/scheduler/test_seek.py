"""`seek` is absolute: the same however often, and in an optimizer under way it needs base."""

from __future__ import annotations

import pytest

import passo
from passo import (
    Linear,
    PassoError,
    Plateau,
    Run,
    base,
    cosine_decay,
    epochs,
    percent,
    rest,
    steps,
    tokens,
    warmup_cosine,
)
from passo.optim import attach
from tests.optim.checkpoints import COSINE, TEN
from tests.optim.tools import rates, sgd, update


@pytest.mark.parametrize("plan", [passo.one_cycle(), COSINE, Linear(0.3, 0.0, rest)], ids=str)
def test_seek_is_absolute_and_idempotent(plan):
    optimizer = sgd()
    scheduler = attach(optimizer, plan, TEN)
    curve = plan.on(TEN).with_base(1.0)
    for there in (7, 7, 2, 7, 0, 9, 10, 100):
        scheduler.seek(there)
        scheduler.seek(there)
        assert (scheduler.clock, scheduler.get_last_lr()) == (there, [curve(there)])
    scheduler.seek(3)
    assert rates(optimizer, 5) == [curve(t) for t in range(3, 8)]


def test_seek_moves_the_clock_and_leaves_the_plateaus():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(base, 0.0, steps(20)) * Plateau("m", patience=0))
    update(optimizer, 10)
    for _ in range(2):
        scheduler.report(m=1.0)
    scheduler.seek(2)
    assert scheduler.get_last_lr() == [0.9 * 0.1]
    scheduler.report(m=1.0)
    assert scheduler.get_last_lr() == [pytest.approx(0.9 * 0.01)]
    scheduler.seek(15)
    assert scheduler.get_last_lr() == [pytest.approx(0.25 * 0.01)]


@pytest.mark.parametrize("run", [None, TEN, Run(tokens(100), axis="token")], ids=str)
def test_a_number_of_updates_is_one_whatever_they_consume(run):
    optimizer = sgd()
    scheduler = attach(optimizer, 0.5, run)
    scheduler.seek(steps(7))
    assert scheduler.clock == 7


def under_way():
    """An optimizer that a run left in the middle, at half its base, and without its plan."""
    optimizer = sgd(momentum=0.9)
    attach(optimizer, Linear(base, 0.0, steps(10)), carry=False).seek(4)
    update(optimizer)
    held = optimizer.state_dict()
    fresh = sgd(momentum=0.9)
    fresh.load_state_dict(held)
    return fresh


def test_seek_in_an_optimizer_under_way_needs_base_whole_text():
    scheduler = attach(optimizer := under_way(), Linear(base, 0.0, steps(10)))
    with pytest.raises(PassoError) as error:
        scheduler.seek(5)
    assert str(error.value) == (
        "the plan of 'lr' is relative to base, and the optimizer was under way when it was "
        "attached: lr was 0.5 there, which is probably not its base; write attach(..., base=0.1) "
        "with the value that the run began with"
    )
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (0, 0.5)


def test_seek_with_base_is_where_a_run_of_that_many_updates_would_be():
    optimizer = under_way()
    attach(optimizer, Linear(base, 0.0, steps(10)), base=1.0).seek(5)
    assert rates(optimizer, 5) == [pytest.approx(1 - t / 10) for t in range(5, 10)]


def test_seek_with_absolute_numbers_needs_no_base():
    optimizer = under_way()
    attach(optimizer, Linear(1.0, 0.0, steps(10))).seek(5)
    assert rates(optimizer, 1) == [0.5]


@pytest.mark.parametrize("update", [-1, 2.5, "3", True])
def test_seek_goes_to_a_whole_update(update):
    scheduler = attach(optimizer := sgd(), Linear(1.0, 0.0, steps(10)))
    with pytest.raises(PassoError):
        scheduler.seek(update)
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (0, 1.0)


# -- to a span

BETWEEN = (
    "epochs(0.5) is 1.5 updates of Run(epochs(10), steps_per_epoch=3), and seek goes to a whole "
    "one; write seek(1) or seek(2)"
)
VARIES = (
    "how many tokens an update consumes varies, so that tokens(50) is no update; write "
    "seek(steps(...)), or seek with the number of the update"
)


@pytest.mark.parametrize(
    ("span", "clock"),
    [(epochs(3), 300), (epochs(2.5), 250), (percent(50), 500), (steps(7), 7), (steps(0), 0)],
)
def test_a_span_goes_to_the_update_that_begins_after_it(span, clock):
    optimizer = sgd()
    scheduler = attach(optimizer, cosine_decay(), Run.of(100, epochs=10))
    scheduler.seek(span)
    assert scheduler.clock == clock
    assert scheduler.get_last_lr() == [cosine_decay(peak=1.0).on(scheduler.run)(clock)]


def test_a_span_on_the_axis_of_tokens_goes_by_what_an_update_consumes():
    optimizer = sgd()
    run = Run(tokens(4000), tokens_per_step=40, axis="token")
    scheduler = attach(optimizer, warmup_cosine(), run)
    scheduler.seek(tokens(1000))
    assert (scheduler.clock, scheduler.position) == (25, 1000.0)


@pytest.mark.parametrize(
    ("run", "span", "text"),
    [
        (
            Run.of(3, epochs=10),
            epochs(0.5),
            BETWEEN,
        ),
        (
            None,
            epochs(3),
            "epochs(3) needs a run; write attach(optimizer, plan, Run.of(len(loader), epochs=90))",
        ),
        (
            Run(steps(10)),
            rest,
            "rest has no length of its own: a run measures it beside its siblings",
        ),
        (
            Run(tokens(100), axis="token"),
            tokens(50),
            VARIES,
        ),
    ],
)
def test_a_span_that_is_no_update_is_refused(run, span, text):
    optimizer = sgd()
    scheduler = attach(optimizer, base, run)
    with pytest.raises(PassoError) as caught:
        scheduler.seek(span)
    assert str(caught.value) == text
    assert scheduler.clock == 0
