"""`last_epoch` is written by frameworks that count so; the clock stays right, or it is said."""

from __future__ import annotations

import pytest

from passo import Linear, PassoError, Run, attach, steps
from tests.optim.tools import graded, said, sgd, update

LINE, RUN = Linear(1.0, 0.0), Run(steps(8))


class Handler:
    """As ignite's: writes what `get_lr` says into the groups, then counts."""

    def __init__(self, scheduler):
        self.scheduler = scheduler

    def __call__(self):
        rates = self.scheduler.get_lr()
        for group, rate in zip(self.scheduler.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self.scheduler.last_epoch += 1


def trained(clock, when):
    """What 8 updates used, with the handler at the begin or the end of each, or after 4."""
    optimizer = sgd()
    scheduler, found = attach(optimizer, LINE, RUN, clock=clock), []
    handler = Handler(scheduler)
    for k in range(8):
        if when == "before":
            handler()
        found.append(optimizer.param_groups[0]["lr"])
        graded(optimizer)
        optimizer.step()
        if when == "after" or (when == "epoch" and k % 4 == 3):
            handler()
    return found, scheduler


@pytest.mark.parametrize(
    ("clock", "when"),
    [("hook", "before"), ("hook", "after"), ("hook", "epoch"), ("calls", "after")],
)
def test_a_handler_that_counts_by_last_epoch_leaves_the_rates_of_the_plan(clock, when):
    found = []
    assert said(lambda: found.append(trained(clock, when))) == []
    rates, scheduler = found[0]
    assert rates == [LINE.on(RUN)(t) for t in range(8)]
    assert scheduler.clock == scheduler.last_epoch == 8


@pytest.mark.parametrize("value", [-1, 0, 2, 3, 4])
def test_where_the_optimizer_counts_what_is_written_changes_nothing(value):
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, RUN)
    update(optimizer, 3)
    before = scheduler.state_dict()
    scheduler.last_epoch = value
    assert (scheduler.state_dict(), scheduler.last_epoch) == (before, 3)


def test_who_wants_to_go_ahead_by_it_is_told_once_what_to_write():
    scheduler = attach(optimizer := sgd(), LINE, RUN)

    def story():
        for _ in range(2):
            scheduler.last_epoch = 5

    assert said(story) == [
        (
            "last_epoch was set to 5 while the clock stands at 0, and changes nothing: the "
            "optimizer's updates are counted; write scheduler.seek(5) to go on at that update"
        )
    ]
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (0, 1.0)


def test_with_clock_calls_the_next_update_is_the_one_that_is_written(tmp_path):
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, RUN, clock="calls", record=tmp_path / "a.jsonl")
    for value in (1, 2, 2, 6, 3):
        scheduler.last_epoch = value
        assert scheduler.clock == value
        assert optimizer.param_groups[0]["lr"] == LINE.on(RUN)(value)
    assert scheduler.last_used() is None  # it was moved


@pytest.mark.parametrize(
    ("clock", "value", "text"),
    [
        ("hook", "3", "last_epoch must be a whole number of at least -1, got '3'"),
        ("hook", -2, "last_epoch must be a whole number of at least -1, got -2"),
        ("calls", -1, "update must be a whole number of at least 0, got -1"),
    ],
)
def test_what_is_no_update_is_refused(clock, value, text):
    optimizer = sgd()
    scheduler = attach(optimizer, LINE, RUN, clock=clock)
    before = scheduler.state_dict()
    with pytest.raises(PassoError) as caught:
        scheduler.last_epoch = value
    assert str(caught.value) == text
    assert (scheduler.state_dict(), optimizer.param_groups[0]["lr"]) == (before, 1.0)


def test_ignite_as_it_is_uses_the_rates_of_the_plan():
    pytest.importorskip("ignite", reason="ignite is not installed")
    from ignite.engine import Engine, Events
    from ignite.handlers.param_scheduler import LRScheduler

    for event in (Events.ITERATION_STARTED, Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED):
        optimizer, found = sgd(), []
        scheduler = attach(optimizer, LINE, RUN)

        def step(_engine, _batch, optimizer=optimizer, found=found):
            found.append(optimizer.param_groups[0]["lr"])
            update(optimizer)

        engine = Engine(step)
        engine.add_event_handler(event, LRScheduler(scheduler))
        engine.run([0] * 4, max_epochs=2)
        assert (found, scheduler.clock) == ([LINE.on(RUN)(t) for t in range(8)], 8)
