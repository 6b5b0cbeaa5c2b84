"""Spans become numbers on a run: every unit, `rest` anywhere, and any axis."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import (
    Constant,
    Cosine,
    Linear,
    Plateau,
    Run,
    base,
    epochs,
    percent,
    rest,
    samples,
    steps,
    tokens,
)
from tests.schedules.leaves import few, positives
from tests.strategies import pairs

RUN = Run(steps(100), steps_per_epoch=10, samples_per_step=8, tokens_per_step=1024)
UP, DOWN = Linear(0, 1), Cosine(1, 0)


@few
@given(pairs())
def test_on_a_run_every_way_of_saying_a_span_is_the_same_schedule(pair):
    placed, written, run = pair
    assert written.on(run) == placed


@few
@given(pairs())
def test_placing_twice_is_placing_once(pair):
    _, written, run = pair
    assert written.on(run).on(run) == written.on(run)


@few
@given(pairs(), positives)
def test_base_may_be_filled_before_or_after_the_run(pair, value):
    _, written, run = pair
    assert written.with_base(value).on(run) == written.on(run).with_base(value)
    assert written.with_base(value).with_base(5) == written.with_base(value)


def axes(length, tokens_per_step, samples_per_step):
    more = {"tokens_per_step": tokens_per_step, "samples_per_step": samples_per_step}
    make = lambda axis: Run(length, steps_per_epoch=16, axis=axis, **more)  # noqa: E731
    return make("step"), make("token"), make("sample")


@few
@given(pairs(("Function", "Plateau", "Base")), st.integers(0, 800))
def test_the_axis_does_not_matter_where_a_step_is_a_power_of_two(pair, eighth):
    placed, _, run = pair
    by_step, by_token, by_sample = axes(run.length, 1024, 8)
    t = eighth / 8
    value = placed.on(by_step)(t)
    assert placed.on(by_token)(t * 1024) == value
    assert placed.on(by_sample)(t * 8) == value


@few
@given(pairs(("Function", "Plateau", "Base")), st.integers(0, 100))
def test_the_axis_does_not_matter_for_any_rate(pair, update):
    """Away from joins: where time is rounded, a point just before a join may fall behind it."""
    placed, _, run = pair
    by_step, by_token, by_sample = axes(run.length, 1000, 12)
    t = update + 0.38196601125
    value = placed.on(by_step)(t)
    for other in (by_token, by_sample):
        near = placed.on(other)(other.at(t))
        assert math.isclose(near, value, rel_tol=1e-9, abs_tol=1e-9)


@few
@given(pairs(("Function", "Base")))
def test_a_plateau_sees_the_same_reports_on_every_axis(pair):
    placed = pair[0]
    bare = Constant(1) * Plateau("mine", patience=0, factor=0.5)
    s = placed.until(steps(40)).then(bare)
    by_step, by_token, _ = axes(steps(100), 1024, 8)
    reports = [(30, {"mine": 1.0}), (50, {"mine": 1.0}), (60, {"mine": 2.0})]
    told = s.on(by_step).with_reports(reports)
    other = s.on(by_token).with_reports([(t * 1024, seen) for t, seen in reports])
    assert [told(t) for t in (45, 59, 60)] == [1.0, 1.0, 0.5]
    assert [other(t * 1024) for t in (45, 59, 60)] == [1.0, 1.0, 0.5]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (steps(7), 7),
        (epochs(2.5), 25),
        (samples(24), 3),
        (tokens(2048), 2),
        (percent(7), 7),
        (percent("1/3"), Fraction(1, 3)),
        (samples(1), Fraction(1, 8)),
    ],
)
def test_a_run_measures_each_unit_exactly(span, expected):
    assert RUN.measure(span) == expected
    assert Linear(0, 1, span).on(RUN) == Linear(0, 1, steps(expected))
    on_tokens = Run(tokens(102_400), tokens_per_step=1024, steps_per_epoch=10, samples_per_step=8,
                    axis="token")  # fmt: skip
    assert on_tokens.measure(span) == expected * 1024


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (UP, Linear(0, 1, steps(100))),
        (UP.then(Constant(1, steps(30))), Linear(0, 1, steps(70)).then(Constant(1, steps(30)))),
        (Constant(1, percent(5)).then(UP), Constant(1, steps(5)).then(Linear(0, 1, steps(95)))),
        (Constant(1, epochs(2)).then(UP, Constant(3, percent(10))),
         Constant(1, steps(20)).then(Linear(0, 1, steps(70)), Constant(3, steps(10)))),
        (UP.then(Constant(1)), Linear(0, 1, steps(100)).then(Constant(1))),
        (UP * DOWN, Linear(0, 1, steps(100)) * Cosine(1, 0, steps(100))),
        (Constant(1, steps(20)).then(UP * DOWN),
         Constant(1, steps(20)).then(Linear(0, 1, steps(80)) * Cosine(1, 0, steps(80)))),
        (UP * Constant(1, steps(20)).then(DOWN),
         Linear(0, 1, steps(100)) * Constant(1, steps(20)).then(Cosine(1, 0, steps(80)))),
        (UP.repeat(4), Linear(0, 1, steps(25)).repeat(4)),
        (Constant(1, steps(30)).then(UP.repeat(3, grow=2)),
         Constant(1, steps(30)).then(Linear(0, 1, steps(10)).repeat(3, grow=2))),
        (Constant(1, steps(5)).then(UP).repeat(4),
         Constant(1, steps(5)).then(Linear(0, 1, steps(20))).repeat(4)),
        (UP.skip(steps(20)), Linear(0, 1, steps(120)).skip(steps(20))),
        (UP.until(steps(30)), Linear(0, 1, steps(100)).until(steps(30))),
        (UP.until(rest), Linear(0, 1, steps(100)).until(steps(100))),
        (UP.until(steps(30)).then(DOWN),
         Linear(0, 1, steps(100)).until(steps(30)).then(Cosine(1, 0, steps(70)))),
        (UP.until(steps(30)).then(UP.skip(steps(30))),
         Linear(0, 1, steps(100)).until(steps(30)).then(Linear(0, 1, steps(100)).skip(steps(30)))),
        (UP.stretch(4), Linear(0, 1, steps(25)).stretch(4)),
        (UP.staircase(epochs(1)), Linear(0, 1, steps(100)).staircase(steps(10))),
        (Constant(base, rest).then(Linear(base, 0, percent(20))),
         Constant(base, steps(80)).then(Linear(base, 0, steps(20)))),
        (Constant(1, steps(100)).then(UP), Constant(1, steps(100))),
        (UP.then(Constant(1, percent(100))), Constant(1, steps(100))),
    ],
)  # fmt: skip
def test_rest_is_the_run_less_its_siblings(schedule, expected):
    assert schedule.on(RUN) == expected


def test_percent_is_of_the_whole_run_wherever_it_stands():
    inner = Linear(0, 1, percent(10))
    for s in (inner, Constant(1, steps(50)).then(inner), inner.repeat(3), inner.skip(steps(1))):
        assert "Linear(0, 1, steps(10))" in repr(s.on(RUN))


def test_spans_are_never_rounded():
    run = Run(steps(390))
    halves = Linear(0, 1, percent(7)).then(Constant(1, percent(93)))
    assert halves.on(run).length().amount == 390
    third = Linear(0, 1, percent("100/3")).on(Run(steps(100)))
    assert third.over.amount == Fraction(100, 3)


def test_a_cycle_of_a_third_of_a_percent_is_counted_right_on_two_trillion_tokens():
    run = Run(tokens(2e12), tokens_per_step=2**20, axis="token")
    s = Linear(0, 1, percent("1/3")).repeat().on(run)
    assert [s(k * 2e10) for k in range(1, 100)] == [0.0] * 99
