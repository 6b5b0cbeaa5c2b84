"""Questions about a schedule on a run: area, peak, jumps, first crossing, distance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import passo
from passo import (
    Constant,
    Cosine,
    Linear,
    PassoError,
    Polynomial,
    Run,
    analysis,
    base,
    percent,
    rest,
    steps,
    tokens,
)
from tests.schedules.leaves import few
from tests.strategies import placed_trees

RUN = Run(steps(100))
TRIANGLE = Linear(0, 1, steps(50)).then(Linear(1, 0, steps(50)))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Constant(0.1), 10),
        (Linear(0, 1), 50),
        (Cosine(1, 0), 50),
        (TRIANGLE, 50),
        (Polynomial(1, 0, power=3), 25),
        (passo.warmup_linear(peak=1, warmup=steps(20)), 50),
        (passo.step_decay(steps(50), gamma=0.5, peak=1.0), 75),
        (passo.wsd(peak=1, warmup=steps(10), cooldown=steps(20)), 85),
        (passo.Exponential(1, math.exp(-0.01)), 100 * (1 - math.exp(-1))),
        (Constant(3, steps(50)).then(Constant(-3)), 0),
        (base * Linear(0, 1), 50),
        (Linear(0, 1, steps(0.001)), 99.9995),
        (passo.cyclic(0, peak=1, rise=steps(1)), 50),
        (Linear(0, 1).clip(0.25, 0.75), 50),
    ],
)
def test_the_area_is_the_integral(schedule, expected):
    assert analysis.area(schedule, RUN) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@few
@given(placed_trees(), placed_trees(), st.floats(-3, 3))
def test_the_area_is_linear(a, b, factor):
    run = Run(steps(8))
    one, two = a.until(steps(8)), b.until(steps(8))
    both = analysis.area(one + factor * two, run)
    apart = analysis.area(one, run) + factor * analysis.area(two, run)
    scale = analysis.peak((one * one + two * two), run).value
    assert both == pytest.approx(apart, abs=1e-3 * (1 + scale))


def test_the_area_is_in_the_unit_of_the_axis():
    run = Run(tokens(1000), tokens_per_step=10, axis="token")
    assert analysis.area(Linear(0, 1), run) == pytest.approx(500)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (passo.warmup_cosine(peak=0.3, warmup=steps(10)), (10, 0.3)),
        (Linear(0, 1), (100, 1)),
        (Cosine(1, 0), (0, 1)),
        (passo.wsd(peak=1, warmup=steps(7.5), cooldown=steps(20)), (7.5, 1)),
        (Constant(-1), (0, -1)),
        (Constant(1, steps(33)).then(Constant(2, steps(0.001)), Constant(1)), (33, 2)),
    ],
)
def test_the_peak_is_the_largest_value_and_its_first_time(schedule, expected):
    assert analysis.peak(schedule, RUN) == pytest.approx(expected)


@few
@given(placed_trees(), st.floats(0, 60))
def test_no_value_is_above_the_peak_by_much(s, t):
    run = Run(steps(60))
    top = analysis.peak(s, run)
    assert s(top.time) == top.value
    size = analysis.peak(s * s, run).value ** 0.5
    assert s(t) <= top.value + 0.02 * size + 1e-12


@pytest.mark.parametrize(
    ("schedule", "times"),
    [
        (passo.warmup_cosine(peak=1, warmup=steps(10)), []),
        (TRIANGLE, []),
        (Linear(1, 0, steps(50)).then(Linear(0, 1, steps(50))), []),
        (passo.wsd(peak=0.1), []),
        (passo.one_cycle(peak=1.0), []),
        (passo.cyclic(0.1, peak=1, rise=steps(20)), []),
        (passo.noam(64, warmup=steps(40)), []),
        (passo.multistep_decay([steps(30)]), [30]),
        (passo.step_decay(steps(30)), [30, 60, 90]),
        (passo.warm_restarts(first=steps(40), peak=1.0), [40, 80]),
        (Linear(0, 1, steps(10)).then(Constant(0.999)), [10]),
        (Linear(0, 1, steps(10)).then(Constant(1 + 1e-12)), []),
        (Linear(0, 1, steps(90)).staircase(steps(40)), [40, 80]),
        (Linear(0, 1e-9, steps(10)).then(Constant(0)), [10]),
    ],
)
def test_jumps_are_where_the_value_jumps(schedule, times):
    assert [corner.time for corner in analysis.jumps(schedule, RUN)] == times


def test_small_jumps_may_be_left_out():
    s = Linear(0, 1, steps(10)).then(Constant(0.9, steps(10)), Constant(0.1))
    assert [corner.time for corner in analysis.jumps(s, RUN, least=0.5)] == [20.0]
    (jump,) = analysis.jumps(s, RUN, least=0.5)
    assert (jump.before, jump.value) == (0.9, 0.1)


@pytest.mark.parametrize(
    ("schedule", "level", "expected"),
    [
        (Linear(1, 0), 0.25, 75),
        (Linear(0, 1), 0.25, 25),
        (Linear(0, 1), 0, 0),
        (Linear(0, 1), 1, 100),
        (Linear(0, 1), 1.1, None),
        (Linear(0, 1), -0.1, None),
        (TRIANGLE, 0.5, 25),
        (passo.step_decay(steps(30), gamma=0.1, peak=1.0), 0.5, 30),
        (passo.step_decay(steps(30), gamma=0.1, peak=1.0), 0.1, 30),
        (Constant(1), 1, 0),
        (Constant(1), 2, None),
        (Cosine(1, 0), 0.5, 50),
        (Linear(-1, 1), 0, 50),
        (Constant(0, steps(40)).then(Linear(0, 1, steps(60))), 0.5, 70),
        (Constant(1, steps(40)).then(Constant(3, steps(0.01)), Constant(1)), 2, 40),
    ],
)
def test_the_first_crossing_is_the_first_time_a_level_is_reached(schedule, level, expected):
    found = analysis.first_crossing(schedule, RUN, level)
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-12))


def test_a_crossing_is_found_where_products_of_differences_are_too_small_for_floats():
    found = analysis.first_crossing(Linear(0, 1e-300), RUN, 0.3e-300)
    assert found == pytest.approx(30, rel=1e-12)


@few
@given(placed_trees(), st.floats(-1, 1))
def test_at_the_crossing_the_level_is_reached_and_not_before(s, level):
    run = Run(steps(50))
    found = analysis.first_crossing(s, run, level)
    if found is None or found == 0:
        return
    start = s(0) - level
    side = math.copysign(1, start)
    assert start != 0
    assert (s(found) - level) * side <= 0
    assert (s(math.nextafter(found, 0)) - level) * side > 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Linear(0, 1), Linear(0, 1, percent(100)), (0, 0)),
        (Linear(0, 1), Constant(0), (100, 1)),
        (Constant(1), Constant(-1), (0, 2)),
        (Constant(1, steps(33)).then(Constant(2, steps(0.01)), Constant(1)), Constant(1), (33, 1)),
        (Linear(1, 0), Linear(1, 0).staircase(steps(50)), (math.nextafter(50, 0), 0.5)),
        (base, 2 * base, (0, 1)),
    ],
)
def test_the_distance_is_the_widest_gap_and_its_place(one, other, expected):
    assert analysis.distance(one, other, RUN) == pytest.approx(expected)
    assert analysis.distance(other, one, RUN) == pytest.approx(expected)


@few
@given(placed_trees())
def test_a_schedule_is_at_no_distance_from_itself_written_otherwise(s):
    run = Run(steps(8))
    assert analysis.distance(s, s * 1.0 + 0, run).distance == 0
    assert analysis.distance(s, s + 1, run).distance == pytest.approx(1, abs=1e-9)


def test_a_relative_schedule_is_not_compared_with_an_absolute_one():
    with pytest.raises(PassoError) as caught:
        analysis.distance(base, Constant(1), RUN)
    assert str(caught.value) == (
        "one schedule is relative to base and the other is not; "
        "write .with_base(0.1) to compare them"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: analysis.area(s, 5),
        lambda s: analysis.first_crossing(s, RUN, "a"),
        lambda s: analysis.first_crossing(s, RUN, math.nan),
        lambda s: analysis.jumps(s, RUN, least=None),
        lambda s: analysis.peak(s.then(Linear(0, 1, passo.epochs(1))), RUN),
    ],
)
def test_bad_questions_are_refused(ask):
    with pytest.raises(PassoError):
        ask(Linear(0, 1, rest))
