"""Exported code has the values of the schedule, and needs no passo."""

from __future__ import annotations

import csv
import io
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import passo
from passo import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    NeedsBase,
    NeedsRun,
    PassoError,
    Plateau,
    Polynomial,
    Run,
    base,
    epochs,
    export,
    multistep_decay,
    percent,
    step_decay,
    steps,
    tokens,
    warm_restarts,
    warmup_cosine,
    wsd,
)
from passo.schedules.algebra import Product, Sum
from passo.schedules.export.python import EMITTERS
from tests.schedules.leaves import LEAVES, few, instants
from tests.strategies import RECIPES, pairs, placed_trees
from tests.test_house import KINDS

RUN = Run(steps(100))
CLOSED = ("Plateau", "Greedy", "Bounce", "Function")


def made(code: str):
    """What the code defines, with no passo to be had."""
    names = {"__name__": "exported"}
    exec(compile(code, "exported", "exec"), names)
    assert "passo" not in names
    return names


def optimizer(*rates):
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


def used(code: str, updates: int, *rates: float):
    """The rates of each group at each update of a loop of torch."""
    mover = optimizer(*rates)
    scheduler = made(code)["scheduler"](mover)
    rows = []
    for _ in range(updates):
        rows.append([group["lr"] for group in mover.param_groups])
        mover.step()
        scheduler.step()
    return type(scheduler).__name__, rows


def below(schedule):
    """Every node of a tree."""
    yield schedule
    for part in schedule._parts():
        yield from below(part)


def value(schedule, t):
    """The value, or that there is none."""
    try:
        return schedule(t)
    except (PassoError, ValueError, OverflowError, ZeroDivisionError):
        return None


def test_every_kind_of_schedule_has_its_emitter():
    lacks = "EMITTERS of src/passo/schedules/export/python.py lacks these"
    assert not KINDS - set(EMITTERS), lacks
    assert not set(EMITTERS) - KINDS, "these are gone, and have emitters still"


# -- laws


@few
@given(placed_trees(CLOSED), st.lists(instants, min_size=1, max_size=8))
def test_the_function_has_the_same_bits(schedule, times):
    lr = made(export(schedule, RUN))["lr"]
    for t in times:
        expected = value(schedule, t)
        assert expected is None or lr(t) == expected
        assert expected is None or type(lr(t)) is type(expected)


@few
@given(pairs(CLOSED), st.sampled_from([0.1, 1.0, 3e-4]), instants)
def test_the_function_takes_an_open_base(pair, rate, t):
    placed, written, run = pair
    lr = made(export(written, run))["lr"]
    expected = value(written.on(run).with_base(rate), t)
    given = (t, rate) if placed.relative else (t,)
    if expected is None or lr(*given) == expected:
        return
    # `with_base` puts a number where it belongs among three parts or more, and sums in that order.
    assert any(
        isinstance(node, (Sum, Product)) and len(node.parts) > 2 and node.relative
        for node in below(written)
    )


@few
@given(placed_trees(CLOSED))
def test_the_scheduler_of_torch_has_the_same_bits(schedule):
    run = Run(steps(12))
    expected = [value(schedule, t) for t in range(13)]
    if None in expected:
        return
    _, rows = used(export(schedule, run, "torch"), 12, 0.5)
    assert [row[0] for row in rows] == expected[:12]


@pytest.mark.parametrize("name", sorted(set(LEAVES) - {*CLOSED, "Base"}))
@few
@given(data=st.data())
def test_each_leaf_has_the_same_bits_at_any_time(name, data):
    leaf = data.draw(LEAVES[name])
    t = data.draw(instants | st.floats(0, 1e12))
    lr = made(export(leaf, RUN))["lr"]
    expected = value(leaf, t)
    assert expected is None or lr(t) == expected


@few
@given(data=st.data())
def test_each_recipe_is_exported(data):
    name = data.draw(st.sampled_from(sorted(RECIPES)))
    schedule = data.draw(RECIPES[name])
    run = Run(steps(4000), steps_per_epoch=16, samples_per_step=8, tokens_per_step=1024)
    try:
        placed = schedule.on(run)
    except PassoError:
        return
    t = data.draw(st.floats(0, 5000))
    lr = made(export(schedule, run))["lr"]
    expected = value(placed.with_base(0.3), t)
    assert expected is None or lr(*((t, 0.3) if placed.relative else (t,))) == expected


# -- torch's own classes, where they have the values


@pytest.mark.parametrize(
    ("schedule", "call"),
    [
        (base, "ConstantLR(optimizer, factor=1.0, total_iters=0)"),
        (step_decay(percent(30)), "StepLR(optimizer, step_size=30, gamma=0.1)"),
        (Exponential(base, 0.97), "ExponentialLR(optimizer, gamma=0.97)"),
        (
            multistep_decay([steps(30), steps(80)]),
            "MultiStepLR(optimizer, milestones=[30, 80], gamma=0.1)",
        ),
        (Cosine(base, 0.01), "CosineAnnealingLR(optimizer, T_max=100, eta_min=0.01)"),
        (Polynomial(base, 0, power=2), "PolynomialLR(optimizer, total_iters=100, power=2.0)"),
        (
            Linear(0.25 * base, base, steps(10)),
            "LinearLR(optimizer, start_factor=0.25, end_factor=1.0, total_iters=10)",
        ),
        (
            Constant(0.5 * base, steps(5)).then(Constant(base)),
            "ConstantLR(optimizer, factor=0.5, total_iters=5)",
        ),
    ],
)
def test_a_class_of_torch_stands_where_it_has_the_values_of_the_run(schedule, call):
    code = export(schedule, RUN, "torch")
    assert f"    return torch.optim.lr_scheduler.{call}\n" in code
    name, rows = used(code, 100, 0.1, 0.7)
    assert name == call.partition("(")[0]
    placed = schedule.on(RUN)
    for t, (one, other) in enumerate(rows):
        assert one == pytest.approx(placed.with_base(0.1)(t), rel=1e-12, abs=1e-15)
        assert other == pytest.approx(placed.with_base(0.7)(t), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    "schedule",
    [
        Cosine(base, 0.01, steps(50)),  # torch's climbs again
        Cosine(base, 0.1 * base),  # eta_min is no share of the base
        Cosine(0.3, 0.01),  # no word of the group's own rate
        Linear(0, base, steps(10)),  # torch refuses a start_factor of 0
        Linear(base, 2 * base),
        Linear(-0.5 * base, base, steps(10)),
        Constant(2 * base, steps(5)).then(Constant(base)),  # nor a factor above 1
        step_decay(steps(2.5)),
        Exponential(base, 0.9, every=steps(3)),
        Exponential(base, 0.9, every=steps(3)).staircase(steps(2)),
        passo.Table([(steps(0), base), (steps(5), 0.5 * base), (steps(9), 0.1 * base)], "step"),
        passo.Table([(steps(2), base), (steps(5), 0.5 * base)], "step"),
        Polynomial(base, 0.1, power=2),
        warmup_cosine(),
        1 + 2 * base,
    ],
)
def test_elsewhere_a_lambda_gives_each_group_the_same_bits(schedule):
    name, rows = used(export(schedule, RUN, "torch"), 100, 0.1, 0.7)
    assert name == "LambdaLR"
    ours = [schedule.on(RUN).with_base(rate) for rate in (0.1, 0.7)]
    assert rows == [[each(t) for each in ours] for t in range(100)]


@pytest.mark.parametrize(
    "schedule",
    [Linear(0, base, tokens(1000)).then(Cosine(base, 0)), step_decay(tokens(1000))],
)
def test_a_scheduler_of_torch_counts_updates_on_the_axis_of_tokens(schedule):
    run = Run(tokens(4000), tokens_per_step=40, axis="token")
    _, rows = used(export(schedule, run, "torch"), 100, 0.1)
    ours = schedule.on(run).with_base(0.1)
    assert [row[0] for row in rows] == [ours(40.0 * t) for t in range(100)]
    assert '"""The value at t, in tokens."""' in export(schedule, run)


# -- csv


@pytest.mark.parametrize("run", [RUN, Run(tokens(4000), tokens_per_step=40, axis="token")])
def test_a_csv_has_what_each_update_uses(run):
    schedule = warmup_cosine(peak=0.3, warmup=percent(7))
    rows = list(csv.DictReader(io.StringIO(export(schedule, run, "csv"))))
    placed = schedule.on(run)
    assert [int(row["update"]) for row in rows] == list(range(100))
    assert [float(row["value"]) for row in rows] == [placed(run.at(t)) for t in range(100)]


def test_a_csv_has_ints_where_the_schedule_gives_ints():
    assert export(Linear(8, 16, steps(2)).round(8), Run(steps(2)), "csv") == (
        "update,value\n0,8\n1,16\n"
    )


def test_a_csv_has_the_values_of_a_registered_function():
    wave = passo.Function("wave of the tests")
    assert export(wave, Run(steps(2)), "csv") == "update,value\n0,1.0\n1,0.5\n"


# -- short and readable


def test_code_has_only_what_it_calls():
    run = Run.of(391, epochs=90)
    expected = {
        ("python", warmup_cosine(peak=3e-4)): ["half_wave", "cosine", "linear", "lr"],
        ("python", wsd(peak=3e-4)): ["linear", "lr"],
        ("python", step_decay(epochs(30))): ["exponential", "lr"],
        ("torch", step_decay(epochs(30))): ["scheduler"],
        ("torch", wsd(peak=3e-4)): ["linear", "lr", "scheduler"],
    }
    for (to, schedule), names in expected.items():
        code = export(schedule, run, to)
        assert re.findall(r"^def (\w+)", code, re.MULTILINE) == names
        assert max(map(len, code.splitlines())) <= 100


def test_deep_and_wide_trees_are_read_by_python():
    deep, wide = Linear(0, 1, steps(9)), Constant(0.5, steps(1))
    for _ in range(45):
        deep = ((deep + 0.001) * 0.99).clip(low=-1).skip(steps(0.01))
    wide = wide.then(*(Linear(k % 7, 1, steps(1)) for k in range(4000)))
    for schedule, t in ((deep, 3.3), (wide, 3321.7)):
        assert made(export(schedule, RUN))["lr"](t) == schedule(t)


# -- refusals


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: export(base * Plateau("val_loss"), RUN),
            PassoError,
            (
                'Plateau("val_loss") follows reports, and what is exported is a function of t '
                "alone; export the schedule without it"
            ),
        ),
        (
            lambda: export(0.1 * Plateau("val_loss"), RUN, "csv"),
            PassoError,
            (
                'Plateau("val_loss") follows reports, and what is exported is a function of t '
                "alone; export the schedule without it"
            ),
        ),
        (
            lambda: export(2 * passo.Function("wave of the tests"), RUN, "torch"),
            PassoError,
            (
                'Function("wave of the tests") is code of your own, which cannot be written out; '
                'write to="csv" for its values'
            ),
        ),
        (
            lambda: export(Linear(1, 0, steps(1.5)).repeat(grow=1.001), RUN),
            PassoError,
            (
                "Linear(1, 0, steps(1.5)).repeat(grow=1.001) has 29,439 cycles of their own, more "
                'than the 1,000 that can be written out; write to="csv" for its values'
            ),
        ),
        (
            lambda: export(base, RUN, "csv"),
            NeedsBase,
            "the values of a csv need a number for base; write schedule.with_base(0.1)",
        ),
        (
            lambda: export(Constant(1), Run(steps(10**8)), "csv"),
            PassoError,
            "a csv has at most 10,000,000 updates, got 100,000,000 of Run(steps(100000000))",
        ),
        (
            lambda: export("cosine_decay()", RUN),
            PassoError,
            "export needs a schedule, got 'cosine_decay()'; write parse(...) for one in text",
        ),
        (
            lambda: export(base, RUN, "keras"),
            PassoError,
            "to must be one of 'python', 'torch', 'csv', got 'keras'",
        ),
        (
            lambda: export(base, 100),
            PassoError,
            "a schedule is placed on a Run, got 100; write Run(steps(1000))",
        ),
        (
            lambda: export(step_decay(epochs(3)), RUN),
            NeedsRun,
            "epochs(3) needs the run's steps_per_epoch; write Run(..., steps_per_epoch=...)",
        ),
        (
            lambda: export(Linear(0, 1), Run(tokens(90), axis="token"), "torch"),
            NeedsRun,
            "tokens(90) needs the run's tokens_per_step; write Run(..., tokens_per_step=...)",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text
    assert type(caught.value) is error


def test_a_cycle_is_counted_as_long_as_a_float_can():
    schedule = warm_restarts(first=steps(10), grow=2, shrink=0.5, peak=1.0)
    lr = made(export(schedule, RUN))["lr"]
    for t in (0, 9.5, 10, 29.999, 30, 1e6, 2.0**53, 1e17):
        assert lr(t) == schedule(t)
