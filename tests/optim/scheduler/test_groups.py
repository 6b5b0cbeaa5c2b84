"""Each param group may follow its own schedule; groups come and go."""

from __future__ import annotations

import math

import pytest
import torch

from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    steps,
    warmup_cosine,
)
from tests.optim.tools import rates, update, used, weight

UP, DOWN = Linear(0.0, 1.0, steps(100)), Linear(1.0, 0.0, steps(100))


def grouped(*names, lr=1.0, kind=torch.optim.SGD):
    """One group of one weight for each name; None leaves the group without a name."""
    groups = [{"params": [weight()]} | ({"name": name} if name else {}) for name in names]
    return kind(groups, lr=lr)


def group(name=None, lr=123.0):
    """A group to be added, with a rate that no plan gives."""
    return {"params": [weight()], "lr": lr} | ({"name": name} if name else {})


def now(optimizer, key="lr"):
    return [each[key] for each in optimizer.param_groups]


# -- which group follows what


def test_groups_follow_the_schedule_of_their_name():
    optimizer = grouped("head", "backbone", None)
    attach(optimizer, by_group({"head": UP, "backbone": DOWN}, others=0.5))
    assert used(optimizer, 4) == [[UP(t), DOWN(t), 0.5] for t in range(4)]


def test_none_leaves_a_group_alone_on_purpose():
    optimizer = grouped("head", "backbone", "neck", lr=0.25)
    scheduler = attach(optimizer, by_group({"head": UP, "backbone": None}, others=None))
    assert used(optimizer, 3) == [[UP(t), 0.25, 0.25] for t in range(3)]
    assert scheduler.values() == {"lr": [UP(3)]}
    assert scheduler.base_lrs == [0.25]


@pytest.mark.parametrize(
    ("names", "called", "hint", "way"),
    [
        (["head", "neck"], "param group 1 ('neck')", "", "name it there"),
        (["head", "hed"], "param group 1 ('hed')", "; did you mean 'head'?", "name it there"),
        ([None], "param group 0, unnamed,", "", "write \"name\": 'head' in the group"),
    ],
)
def test_a_group_that_no_name_covers_is_refused(names, called, hint, way):
    optimizer = grouped(*names)
    with pytest.raises(PassoError) as caught:
        attach(optimizer, by_group({"head": UP, "tail": DOWN}))
    assert str(caught.value) == (
        f"{called} has no schedule in by_group({{'head', 'tail'}}){hint}; {way}, "
        "or write others=... (None leaves the others alone)"
    )
    assert now(optimizer) == [1.0] * len(names)


def test_the_first_predicate_that_wants_a_group_decides():
    optimizer = grouped("head", "backbone", None)
    optimizer.param_groups[2]["params"].append(weight(3))
    plan = [
        (lambda each: len(each["params"]) > 1, 0.125),
        (lambda each: each["name"] == "head", UP),
        (lambda each: True, None),
    ]
    attach(optimizer, {"lr": plan})
    assert used(optimizer, 3) == [[UP(t), 1.0, 0.125] for t in range(3)]


def test_a_group_that_no_predicate_wants_is_refused():
    with pytest.raises(PassoError) as caught:
        attach(grouped("head"), {"lr": [(lambda each: False, UP)]})
    assert str(caught.value) == (
        "no predicate in the plan of 'lr' wants param group 0; "
        "end the list with (lambda group: True, schedule)"
    )


def test_each_key_of_a_plan_has_its_own_groups():
    optimizer = grouped("decay", "no decay", kind=torch.optim.AdamW)
    plan = {"lr": DOWN, "weight_decay": by_group({"decay": UP, "no decay": 0.0})}
    attach(optimizer, plan)
    update(optimizer, 7)
    assert now(optimizer) == [DOWN(7)] * 2
    assert now(optimizer, "weight_decay") == [UP(7), 0.0]


def test_a_key_is_looked_for_in_each_group():
    optimizer = torch.optim.SGD([{"params": [weight()]} for _ in range(3)], lr=1.0, momentum=0.9)
    del optimizer.param_groups[0]["momentum"]
    optimizer.param_groups[0]["betas"] = (0.9, 0.99)
    attach(optimizer, {"momentum": 0.5})
    first, *others = optimizer.param_groups
    assert (first["betas"], "momentum" in first) == ((0.5, 0.99), False)
    assert [each["momentum"] for each in others] == [0.5, 0.5]


@pytest.mark.parametrize("other", [None, 0.1 * base])
def test_groups_with_bases_of_their_own_keep_their_ratio(other):
    optimizer = grouped("head", "backbone")
    optimizer.param_groups[1]["lr"] = 0.1
    attach(optimizer, base * DOWN if other is None else by_group({"backbone": other}, base * DOWN))
    rows = used(optimizer, 5)
    tail = [0.1 * DOWN(t) if other is None else 0.1 * 0.1 for t in range(5)]
    assert rows == [[DOWN(t), tail[t]] for t in range(5)]


def test_bases_may_be_given_for_each_group():
    optimizer = grouped("head", "backbone")
    scheduler = attach(optimizer, base * DOWN, base=[0.5, 0.25])
    assert now(optimizer) == [0.5, 0.25]
    assert scheduler.base_lrs == [0.5, 0.25]


# -- groups that come


@pytest.mark.parametrize("join", ["from_start", "now"])
@pytest.mark.parametrize("late", [37, 0])
def test_a_group_that_comes_late_joins_at_its_very_first_update(join, late):
    optimizer = grouped("first")
    attach(optimizer, base * UP, join=join)
    update(optimizer, late)
    optimizer.add_param_group(group(lr=0.5))
    begin = late if join == "now" else 0
    rows = used_exactly(optimizer, 5)
    assert rows == [[UP(late + t), 0.5 * UP(late + t - begin)] for t in range(5)]


def used_exactly(optimizer, times):
    """What each update really used: read in the midst of the step, behind all hooks before it."""
    rows = []

    def closure():
        rows.append([each["lr"] for each in optimizer.param_groups])
        for each in optimizer.param_groups:
            for parameter in each["params"]:
                parameter.grad = torch.ones_like(parameter)

    for _ in range(times):
        optimizer.step(closure)
    return rows


def test_a_late_group_joins_by_the_rule_of_its_name():
    optimizer = grouped("head")
    attach(optimizer, by_group({"head": UP, "tail": DOWN}, others=None))
    update(optimizer, 37)
    optimizer.add_param_group(group("tail"))
    optimizer.add_param_group(group("unknown"))
    assert used_exactly(optimizer, 2) == [[UP(t), DOWN(t), 123.0] for t in (37, 38)]


def test_a_late_group_that_no_rule_covers_is_an_error_before_its_update():
    optimizer = grouped("head")
    scheduler = attach(optimizer, by_group({"head": UP}))
    update(optimizer, 37)
    optimizer.add_param_group(group("tail"))
    before = [each["params"][0].item() for each in optimizer.param_groups]
    with pytest.raises(PassoError, match=r"^param group 1 \('tail'\) has no schedule"):
        update(optimizer)
    assert [each["params"][0].item() for each in optimizer.param_groups] == before
    assert scheduler.clock == 37


def test_after_a_refused_group_the_others_go_on_as_if_it_had_never_come():  # issue 11
    optimizer = grouped("head", "body")
    attach(optimizer, by_group({"head": UP, "body": DOWN}))
    update(optimizer)
    del optimizer.param_groups[0]
    optimizer.add_param_group(group("neck"))
    for _ in range(2):
        with pytest.raises(PassoError, match="'neck'"):
            update(optimizer)
    del optimizer.param_groups[1]
    assert rates(optimizer, 3) == [DOWN(t) for t in (1, 2, 3)]


def test_a_late_group_on_its_own_clock_sees_only_the_reports_of_its_time():
    optimizer = grouped("first")
    plan = base * Plateau("loss", patience=0, factor=0.5)
    scheduler = attach(optimizer, plan, join="now")
    update(optimizer, 3)
    for _ in range(2):
        scheduler.report(loss=1.0)
    optimizer.add_param_group(group(lr=1.0))
    update(optimizer)
    assert now(optimizer) == [0.5, 1.0]
    for _ in range(2):
        scheduler.report(loss=1.0)
    assert now(optimizer) == [0.125, 0.5]


# -- groups that go


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_group_that_goes_is_dropped_and_the_others_keep_their_schedules(gone):
    optimizer = grouped("a", "b", "c")
    schedules = {"a": UP, "b": DOWN, "c": Constant(0.5)}
    scheduler = attach(optimizer, by_group(schedules))
    update(optimizer, 10)
    del optimizer.param_groups[gone]
    update(optimizer)
    left = [schedule for place, schedule in enumerate(schedules.values()) if place != gone]
    assert used_exactly(optimizer, 2) == [[each(t) for each in left] for t in (11, 12)]
    assert len(scheduler.values()["lr"]) == 2


def test_a_group_may_go_and_another_come_between_two_updates():
    optimizer = grouped("a", "b")
    attach(optimizer, by_group({"a": UP, "b": DOWN, "c": 0.5}))
    update(optimizer, 10)
    del optimizer.param_groups[0]
    optimizer.add_param_group(group("c"))
    assert used_exactly(optimizer, 2) == [[DOWN(t), 0.5] for t in (10, 11)]


# -- layer-wise decay


def test_layer_wise_decay_keeps_its_ratios_at_every_update():
    depth, run = 12, Run(steps(1000))
    optimizer = grouped(*(f"layer {k}" for k in range(depth)))
    for k, each in enumerate(optimizer.param_groups):
        each["lr"] = 3e-4 * 0.8 ** (depth - 1 - k)
    bases = now(optimizer)
    shape = warmup_cosine(peak=1.0, warmup=steps(100), floor=0.1)
    attach(optimizer, base * shape, run)
    factor = shape.on(run)
    for t in range(run.updates):
        found, top = now(optimizer), 3e-4 * factor(t)
        for mine, own in zip(found, bases, strict=True):
            assert abs(mine - own * factor(t)) <= math.ulp(mine)
            assert abs(mine - top * (own / bases[-1])) <= 2 * math.ulp(mine)
        update(optimizer)


# -- recorded


def test_a_trace_has_the_late_group_from_its_first_update_on(tmp_path):
    optimizer = grouped("head")
    plan = by_group({"head": UP, "tail": DOWN})
    scheduler = attach(optimizer, plan, record=tmp_path / "run.jsonl")
    update(optimizer, 37)
    optimizer.add_param_group(group("tail"))
    update(optimizer, 3)
    scheduler.detach()
    trace = Trace.load(tmp_path / "run.jsonl")
    assert trace.groups == ("head", "tail")
    assert trace.used("lr", "head") == (list(range(40)), [UP(t) for t in range(40)])
    assert trace.used("lr", "tail") == ([37, 38, 39], [DOWN(t) for t in (37, 38, 39)])


@pytest.mark.parametrize("gone", [0, 1])
def test_a_trace_says_when_a_group_went(tmp_path, gone):
    optimizer = grouped("a", "b")
    plan = by_group({"a": UP, "b": DOWN})
    scheduler = attach(optimizer, plan, record=tmp_path / "run.jsonl")
    update(optimizer, 5)
    del optimizer.param_groups[gone]
    update(optimizer, 5)
    scheduler.detach()
    trace = Trace.load(tmp_path / "run.jsonl")
    schedules = {"a": UP, "b": DOWN}
    for place, (name, schedule) in enumerate(schedules.items()):
        there = range(5 if place == gone else 10)
        assert trace.used("lr", name) == (list(there), [schedule(t) for t in there])


def test_a_thousand_groups_are_driven_alike():
    optimizer = grouped(*([None] * 1000))
    attach(optimizer, DOWN)
    assert rates(optimizer, 2) == [DOWN(0), DOWN(1)]
    assert now(optimizer) == [DOWN(2)] * 1000
