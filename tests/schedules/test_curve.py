"""`Curve`: a schedule on a run as numbers to draw, exact at every corner."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import passo
from passo import (
    Constant,
    Cosine,
    Curve,
    Linear,
    NeedsRun,
    Run,
    base,
    epochs,
    percent,
    steps,
    tokens,
)
from tests.schedules.leaves import few
from tests.strategies import pairs, placed_trees

RUN = Run(steps(100))


@few
@given(pairs(), st.integers(2, 40))
def test_every_point_is_the_schedule_itself(pair, points):
    placed, written, run = pair
    curve = written.curve(run, points=points)
    exact = placed.with_base(1.0)
    assert list(curve.values) == [exact(t) for t in curve.times]
    assert list(curve.times) == sorted(set(curve.times))
    assert curve.times[0] == 0
    assert curve.times[-1] == float(run.length.amount)
    assert len(curve.times) >= points
    assert curve.filled == exact
    assert curve.schedule == written
    assert curve.relative == ("base" in repr(placed))


@few
@given(placed_trees(), st.integers(1, 200))
def test_corners_are_points_whatever_the_number_of_points(s, length):
    run = Run(steps(length))
    few_points, many = s.curve(run, points=2), s.curve(run, points=300)
    assert few_points.corners == many.corners
    for corner in few_points.corners:
        assert 0 < corner.time <= length
        assert corner.value == s(corner.time)
        assert corner.before == s(math.nextafter(corner.time, 0))
        assert {corner.time, math.nextafter(corner.time, 0)} <= set(few_points.times)


@few
@given(placed_trees(without=("Staircase", "Plateau")), st.integers(1, 60))
def test_between_corners_the_curve_does_not_jump(s, length):
    curve = s.curve(Run(steps(length)), points=2)
    assume(curve.complete and len(curve.times) < 300)
    steep = max(map(abs, curve.values)) * 1e-3 + 1e-6
    for begin, end in zip(curve.times, curve.times[1:], strict=False):
        if end - begin < 1e-6:
            continue  # a jump stands as two points
        for share in (0.3819, 0.7071):
            t = begin + share * (end - begin)
            assert abs(s(t) - s(t * (1 + 1e-12))) <= steep


def test_a_jump_is_two_points_and_a_corner():
    curve = Linear(0, 1, steps(4)).then(Constant(0.5)).curve(Run(steps(10)), points=2)
    assert curve.times == (0.0, math.nextafter(4, 0), 4.0, 10.0)
    assert curve.values == (0.0, pytest.approx(1), 0.5, 0.5)
    (corner,) = curve.corners
    assert (corner.time, corner.value) == (4.0, 0.5)
    assert corner.before == pytest.approx(1)


@pytest.mark.parametrize(
    ("schedule", "times"),
    [
        (Linear(0, 1, steps(30)), [30]),
        (passo.warmup_cosine(peak=1, warmup=percent(5)), [5, 100]),
        (passo.wsd(peak=1, warmup=steps(10), cooldown=steps(20)), [10, 80, 100]),
        (passo.step_decay(steps(30)), [30, 60, 90]),
        (passo.multistep_decay([steps(30), steps(80)]), [30, 80]),
        (passo.cyclic(0, peak=1, rise=steps(20), fall=steps(30)), [20, 50, 70, 100]),
        (passo.warm_restarts(first=steps(10), grow=2), [10, 30, 70]),
        (Linear(0, 1, steps(10)).repeat(3), [10, 20, 30]),
        (Linear(0, 1, steps(10)).repeat(2, grow=3), [10, 40]),
        (Linear(0, 1, steps(50)).skip(steps(20)), [30]),
        (Linear(0, 1, steps(50)).until(steps(20)), [20]),
        (Linear(0, 1, steps(10)).stretch(4), [40]),
        (Linear(0, 1, steps(50)).staircase(steps(20)), [20, 40]),
        (Constant(1), []),
        (passo.Plateau("x", patience=0, past=[(5, 1), (7, 1), (9, 1)]), [7, 9]),
        (passo.Table([(steps(20), 1), (steps(40), 2)]), [20, 40]),
        (Linear(0, 1, steps(40)) * passo.Table([(steps(25), 1), (steps(40), 2)]), [25, 40]),
    ],
)
def test_the_corners_are_where_another_formula_takes_over(schedule, times):
    corners = {corner.time for corner in schedule.curve(RUN).corners}
    assert set(times) <= corners
    jumps = {c.time for c in schedule.curve(RUN).corners if abs(c.value - c.before) > 1e-9}
    assert jumps <= set(times)


def test_a_clip_that_bites_is_a_corner():
    curve = Linear(0, 1, steps(100)).clip(high=0.25).curve(RUN, points=3)
    assert max(curve.values) == 0.25
    assert curve.filled(25) == 0.25


def test_base_may_be_given_or_left_open():
    s = 0.5 * base * Linear(0, 1, steps(100))
    assert Curve.of(s, RUN).relative
    assert max(Curve.of(s, RUN).values) == 0.5
    absolute = Curve.of(s, RUN, base=0.2, label="mine")
    assert not absolute.relative
    assert max(absolute.values) == 0.1
    assert absolute.label == "mine"
    assert Curve.of(s, RUN).label == repr(s)


def test_the_unit_is_that_of_the_axis():
    run = Run(tokens(1000), tokens_per_step=10, axis="token")
    curve = Linear(0, 1, percent(50)).curve(run)
    assert curve.unit == "token"
    assert curve.times[-1] == 1000.0
    assert [corner.time for corner in curve.corners] == [500.0]


def test_rows_are_the_updates_nearest_to_each_corner():
    run = Run.of(391, epochs=90)
    rows = passo.warmup_cosine(peak=3e-4, warmup=percent(5), floor=3e-5).curve(run).rows()
    assert [row.update for row in rows] == [0, 1759, 1760, 35189]
    assert rows[0].value == 0.0
    assert rows[-1].value == pytest.approx(3e-5, rel=1e-6)
    jump = passo.step_decay(steps(30), peak=1.0).curve(RUN).rows()
    assert [row.update for row in jump] == [0, 29, 30, 59, 60, 89, 90, 99]
    assert [row.value for row in jump] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


@few
@given(pairs())
def test_rows_are_what_their_updates_use(pair):
    placed, written, run = pair
    rows = written.curve(run, points=2).rows()
    exact = placed.with_base(1.0)
    assert [row.value for row in rows] == [exact(row.update) for row in rows]
    assert rows[0].update == 0
    assert rows[-1].update == run.updates - 1
    assert [row.update for row in rows] == sorted({row.update for row in rows})


def test_a_run_that_does_not_know_a_unit_is_named():
    with pytest.raises(NeedsRun, match=r"^epochs\(5\) needs the run's steps_per_epoch"):
        Cosine(1, 0, epochs(5)).curve(RUN)
    with pytest.raises(passo.PassoError, match=r"^points must be a whole number of at least 2"):
        Cosine(1, 0).curve(RUN, points=1)
