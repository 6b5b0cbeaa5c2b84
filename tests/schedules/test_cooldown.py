"""`trunk.cooldown(at, over, end, shape)`: the trunk, then down from where it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passo import (
    Constant,
    Cosine,
    Linear,
    NeedsRun,
    PassoError,
    Plateau,
    Power,
    Run,
    base,
    percent,
    rest,
    steps,
    warmup_cosine,
    wsd,
)
from tests.schedules.leaves import few, instants, lengths, numbers
from tests.strategies import placed_trees, trees

SHAPES = {
    "linear": Linear,
    "cosine": Cosine,
    "1-sqrt": lambda a, b, over: Power(a, b, over, power=0.5),
}
shapes = st.sampled_from(sorted(SHAPES))


@settings(few, max_examples=100)
@given(placed_trees(), instants, lengths, numbers, shapes, st.lists(instants, min_size=1))
def test_a_branch_is_the_trunk_and_then_its_shape_from_there(trunk, at, over, end, shape, times):
    branch = trunk.cooldown(steps(at), steps(over), end, shape)
    begin = float(at)
    fall = SHAPES[shape](trunk(begin), end, steps(over))
    for t in times:
        assert branch(t) == (trunk(t) if t < begin else fall(t - begin))
    assert branch(begin) == trunk(begin)
    assert branch(begin + float(over)) == branch(begin + float(over) + 1e6) == end
    assert branch.length().amount == at + over


@few
@given(placed_trees(), instants, lengths, shapes)
def test_arrays_have_the_values_of_numbers(trunk, at, over, shape):
    branch = trunk.cooldown(steps(at), steps(over), 0.25, shape)
    times = np.linspace(0, float(at + over) * 1.2, 31)
    ones = np.array([branch(float(t)) for t in times])
    close = np.isclose(branch(times), ones, rtol=1e-12, atol=1e-12)
    jumps = list(branch.corners(0, 1e6))
    assert all(
        c or any(abs(t - j) < 1e-9 for j in jumps) for c, t in zip(close, times, strict=True)
    )


def test_the_trunk_keeps_the_run_that_it_was_planned_on():
    run = Run(steps(1000))
    trunk = warmup_cosine(peak=0.1)
    branch = trunk.cooldown(steps(600), steps(100)).on(run)
    assert [branch(t) for t in range(600)] == [trunk.on(run)(t) for t in range(600)]
    assert branch.length().amount == 700
    assert branch == trunk.on(run).cooldown(steps(600), steps(100))
    assert branch.on(Run(steps(5000))) == branch


def test_the_last_of_a_run_is_said_by_rest_or_in_percent():
    run = Run(steps(1000))
    flat = Constant(0.1)
    assert flat.cooldown(percent(80), rest).on(run) == flat.cooldown(steps(800), steps(200))
    assert flat.cooldown(percent(80), percent(20)).on(run) == flat.cooldown(steps(800), steps(200))
    with pytest.raises(NeedsRun):
        flat.cooldown(percent(80), rest)(3)
    with pytest.raises(PassoError, match="'rest' would be -200 steps"):
        flat.cooldown(steps(1200), rest).on(run)


def test_wsd_is_a_warm_up_and_a_constant_that_cool_down():
    run = Run(steps(1000))
    for shape in SHAPES:
        trunk = Linear(0, 0.1, steps(50)).then(Constant(0.1))
        branch = trunk.cooldown(steps(800), steps(200), shape=shape)
        whole = wsd(peak=0.1, warmup=steps(50), cooldown=steps(200), shape=shape).on(run)
        assert [branch(t) for t in range(1100)] == [whole(t) for t in range(1100)]


def test_the_factor_that_a_plateau_has_then_is_kept():
    trunk = base * Plateau("loss", factor=0.5, patience=0)
    branch = trunk.with_base(1.0).cooldown(steps(10), steps(4))
    told = branch.with_reports([(t, {"loss": 1.0}) for t in (4, 8, 10, 12)])
    assert [told(t) for t in (7, 8, 9, 10, 12, 14)] == [1.0, 0.5, 0.5, 0.25, 0.125, 0.0]


def test_an_end_may_be_a_share_of_base():
    branch = base * Constant(1.0)
    assert branch.cooldown(steps(2), steps(2), end=0.1 * base).with_base(2.0)(4) == 0.2


@few
@given(trees(), lengths)
def test_any_tree_cools_down_in_any_unit(trunk, over):
    run = Run(steps(64), steps_per_epoch=16, samples_per_step=8, tokens_per_step=1024)
    try:
        placed = trunk.on(run)
    except PassoError:
        return
    if placed.relative:
        placed = placed.with_base(0.5)
    branch = trunk.cooldown(steps(32), steps(over)).on(run)
    branch = branch.with_base(0.5) if branch.relative else branch
    assert branch(16) == placed(16)
    assert branch(32) == placed(32)
    assert branch(32 + float(over)) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((rest, steps(5)), "at cannot be rest: it needs a length of its own, such as steps(500)"),
        ((5, steps(5)), "at must be a span, got 5; write steps(5) or epochs(5)"),
        ((steps(5), steps(0)), "over must be longer than nothing, got steps(0)"),
        ((steps(5), steps(5), "a"), "end must be a number, got 'a'"),
        (
            (steps(5), steps(5), 0.0, "lin"),
            "shape must be one of 'linear', 'cosine', '1-sqrt', got 'lin'",
        ),
    ],
)
def test_it_refuses_in_these_words(arguments, words):
    with pytest.raises(PassoError) as caught:
        Constant(1).cooldown(*arguments)
    assert str(caught.value) == words
