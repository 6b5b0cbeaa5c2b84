"""What `report` answers with: the falls that change a number, and `step(metric)` as a report."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from itertools import pairwise

import pytest
import torch

import passo
from passo import (
    Constant,
    Cosine,
    Fall,
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    by_group,
    steps,
)
from tests.optim.tools import adam, on_ranks, sgd, update, weight

DROPS = base * Plateau("loss", patience=0)
RUN = Run(steps(100))
KEPT = []


@pytest.fixture(autouse=True)
def kept():
    """The optimizers of a test, which own their Schedulers."""
    yield
    KEPT.clear()


def attached(plan, *, optimizer=None, **options):
    """A Scheduler whose optimizer lives as long as the test."""
    KEPT.append(sgd() if optimizer is None else optimizer)
    return attach(KEPT[-1], plan, **options)


def told(scheduler, times, **metrics):
    """What each of so many reports of the same answers."""
    return [scheduler.report(metrics or {"loss": 1.0}) for _ in range(times)]


def test_a_report_answers_with_the_fall_that_it_brought():
    optimizer = sgd()
    scheduler = attach(optimizer, DROPS)
    update(optimizer, 3)
    assert scheduler.report(loss=1.0) == ()
    (fall,) = scheduler.report(loss=1.0)
    assert fall == Fall("loss", ("lr",), clock=3, before=1.0, after=0.1)
    assert scheduler.get_last_lr() == [0.1]
    assert repr(fall) == "Fall(metric='loss', keys=('lr',), clock=3, before=1.0, after=0.1)"
    assert passo.Fall is passo.optim.Fall is Fall
    assert pickle.loads(pickle.dumps(fall)) == fall
    with pytest.raises(FrozenInstanceError):
        fall.clock = 4


@pytest.mark.parametrize(
    ("plan", "falls"),
    [
        (base * Plateau("loss", patience=0, floor=0.05), [1.0, 0.1, 0.05]),
        (base * Plateau("loss", patience=0, floor=0.1), [1.0, 0.1]),
        (base * Plateau("loss", patience=0, factor=0.0), [1.0, 0.0]),
        (base * Plateau("loss", patience=0, floor=1.0), [1.0]),
    ],
)
def test_there_is_no_fall_where_the_floor_stops_it(plan, falls):
    found = told(attached(plan), 6)
    assert [(each.before, each.after) for each in sum(found, ())] == [*pairwise(falls)]
    assert found[len(falls) :] == [()] * (6 - len(falls))


def test_nor_where_a_bound_of_the_plan_stops_it():
    scheduler = attached(DROPS.clip(low=0.05))
    assert [len(each) for each in told(scheduler, 5)] == [0, 1, 1, 0, 0]
    assert scheduler.get_last_lr() == [0.05]


def test_a_bound_counts_for_each_group_by_its_own_base():
    groups = [{"params": [weight()], "lr": lr} for lr in (1.0, 0.01)]
    scheduler = attached(DROPS.clip(low=0.005), optimizer=torch.optim.SGD(groups))
    found = [(scheduler.report(loss=1.0), scheduler.get_last_lr()) for _ in range(5)]
    assert [len(falls) for falls, _ in found] == [0, 1, 1, 1, 0]
    assert found[2][1] == [pytest.approx(0.01), 0.005]


def test_a_fall_that_a_stair_shows_later_is_one():
    optimizer = sgd()
    scheduler = attach(optimizer, DROPS.staircase(steps(10)), RUN)
    update(optimizer, 5)
    assert [len(each) for each in told(scheduler, 2)] == [0, 1]
    assert scheduler.get_last_lr() == [1.0]
    update(optimizer, 5)
    assert scheduler.get_last_lr() == [0.1]


@pytest.mark.parametrize(
    ("run", "made", "stair", "join", "falls"),
    [
        (None, 5, 10, "from_start", 1),
        (RUN, 5, 90, "from_start", 1),
        (RUN, 5, 110, "from_start", 0),
        (RUN, 95, 4, "now", 1),
        (RUN, 95, 9, "now", 0),
    ],
)
def test_a_fall_that_no_update_of_the_run_shows_is_none(run, made, stair, join, falls):
    """What falls is shown by the next stair, and that may be past the end."""
    optimizer = torch.optim.SGD([{"params": [weight()], "name": "first"}], lr=1.0)
    plan = by_group({"late": DROPS.staircase(steps(stair))}, others=None)
    scheduler = attach(optimizer, plan, run, join=join)
    update(optimizer, made)
    optimizer.add_param_group({"params": [weight()], "name": "late"})
    update(optimizer)
    assert [len(each) for each in told(scheduler, 2)] == [0, falls]


def test_a_fall_at_a_rate_of_zero_is_one_where_the_rate_rises_again():
    waves = Cosine(base, 0.0, steps(4)).repeat() * Plateau("loss", patience=0)
    waves_end = Cosine(base, 0.0, steps(4)) * Plateau("loss", patience=0)
    for plan, count in ((waves, 1), (waves_end, 0)):
        scheduler = attach(optimizer := sgd(), plan, RUN)
        update(optimizer, 100)  # at the end of the run nothing comes any more
        assert [len(each) for each in told(scheduler, 2)] == [0, count]


def test_a_plateau_that_is_not_active_yet_hears_nothing():
    plan = Linear(0, base, steps(5)).then(Constant(1.0) * Plateau("loss", patience=0))
    scheduler = attach(optimizer := sgd(), plan, RUN)
    assert told(scheduler, 3) == [()] * 3
    update(optimizer, 6)
    assert [len(each) for each in told(scheduler, 3)] == [0, 1, 1]


def test_each_plateau_that_falls_is_told_once_with_the_keys_that_follow_it():
    plan = {
        "lr": DROPS,
        "weight_decay": DROPS,
        "momentum": Constant(0.9) * Plateau("loss", patience=1, factor=0.5),
    }
    scheduler = attached(
        plan,
        optimizer=adam(weight_decay=0.1),
        values={"ema": 0.5 * Plateau("acc", "max")},
    )
    found = told(scheduler, 3)
    assert found[1] == (Fall("loss", ("lr", "weight_decay"), 0, 1.0, 0.1),)
    lr, momentum = found[2]
    assert (lr.keys, lr.before) == (("lr", "weight_decay"), 0.1)
    assert momentum == Fall("loss", ("momentum",), 0, 1.0, 0.5)
    assert scheduler.report(acc=0.5) == ()


def test_a_fall_is_told_after_a_resume_where_its_patience_ends():
    plan = base * Plateau("loss", patience=2)
    first, second = attached(plan), attached(plan)
    assert told(first, 3) == [()] * 3
    second.load_state_dict(first.state_dict())
    assert second.report(loss=1.0) == first.report(loss=1.0) == (Fall("loss", ("lr",), 0, 1, 0.1),)


def test_all_ranks_are_answered_alike():
    story = (
        "from passo import *\n"
        "o = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)\n"
        "s = attach(o, base * Plateau('loss', patience=0))\n"
        "for loss in (1.0, 1.0 if rank else 0.9, 2.0): print(s.report(loss=loss))\n"
    )
    one, two = on_ranks({"falls": story}, 2)["falls"]
    fall = "(Fall(metric='loss', keys=('lr',), clock=0, before=1.0, after=0.1),)"
    assert one == two == ["()", "()", fall]


# -- step(metric)


@pytest.mark.parametrize("metric", [0.5, torch.tensor(0.5), torch.tensor([1]), float("nan")])
@pytest.mark.parametrize("clock", ["hook", "calls"])
def test_a_metric_handed_to_step_is_the_report_of_the_one_plateau(metric, clock):
    by_step, by_report = (attached(DROPS, clock=clock) for _ in range(2))
    for _ in range(3):
        assert by_step.step(metric) == by_report.report(loss=metric)
    assert by_step.get_last_lr() == by_report.get_last_lr() != [1.0]
    assert (by_step.clock, by_step.state_dict()) == (0, by_report.state_dict())


def test_plateaus_that_watch_one_metric_are_told_it_by_step():
    groups = [{"params": [weight()], "name": name} for name in "ab"]
    plan = by_group({"a": DROPS, "b": base * Plateau("loss", patience=0, factor=0.5)})
    scheduler = attached({"lr": plan}, optimizer=torch.optim.SGD(groups, lr=1.0))
    assert [len(scheduler.step(1.0)) for _ in range(2)] == [0, 2]
    assert scheduler.get_last_lr() == [0.1, 0.5]


def test_an_int_is_an_epoch_and_nothing_is_an_update():
    scheduler = attached(DROPS, clock="calls")
    assert [scheduler.step(), scheduler.step(7), scheduler.step(epoch=8)] == [()] * 3
    assert (scheduler.clock, scheduler.get_last_lr()) == (3, [1.0])


def test_a_metric_that_may_be_of_several_is_refused_and_nothing_is_told():
    plan = base * Plateau("loss", patience=0) * Plateau("acc", "max", patience=0)
    scheduler = attached(plan)
    before = scheduler.state_dict()
    for _ in range(2):
        with pytest.raises(PassoError) as caught:
            scheduler.step(0.5)
        assert str(caught.value) == (
            "step takes a metric where the plateaus of the plan watch one, and these watch 'acc' "
            "and 'loss'; write scheduler.report({'acc': ...})"
        )
    assert scheduler.state_dict() == before


def test_what_is_no_metric_is_refused_by_its_name():
    with pytest.raises(PassoError) as caught:
        attached(DROPS).step("good")
    assert str(caught.value) == (
        "the metric 'loss' must be a number, or a Tensor or an array of one element, got 'good'"
    )
