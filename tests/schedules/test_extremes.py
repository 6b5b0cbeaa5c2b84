"""At the edge of what floats hold a value is finite or refused, never infinite, NaN or a crash."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import (
    Constant,
    Cosine,
    Exponential,
    Geometric,
    InversePower,
    Linear,
    PassoError,
    Run,
    Table,
    Tanh,
    steps,
)

LONG, SHORT = steps(10**18), steps(1e-18)


@pytest.mark.parametrize(
    ("schedule", "t", "value"),
    [
        (Table([(steps(0), 0.1), (steps(10**17), 1)]), 1e18, 1.0),
        (Table([(steps(0), 0.1), (LONG, 1)]), 1e18, 1.0),
        (Table([(steps(0), 0.1), (LONG, 1)], kind="cosine").skip(steps(3)), 1.7e308, 1.0),
        (Linear(1, 0, steps(1)).repeat(10**6, grow=0.5), 1.75, 1.0),
        (Linear(1, 0, steps(1)).repeat(10**6, grow=0.5), 1.25, 0.5),
        (Linear(1, 0, steps(1)).repeat(10**6, grow=0.5), 2, 0.0),
        (Linear(1, 2, steps(1)).repeat(10**6, grow=0.5, scale=0.5), 3, 0.0),
        (Linear(1, 2, steps(1)).repeat(3, grow=0.5, scale=0.5), 3, 0.5),
        (Linear(1, 2, steps(10**17)).repeat(3, grow=2, scale=0.5), 1e20, 0.5),
        (Linear(0, 1, steps(1)).repeat().stretch(1e9).skip(LONG), 1e300, 0.0),
    ],
)
def test_far_out_a_value_is_still_that_of_the_formula(schedule, t, value):
    assert schedule(t) == pytest.approx(value, abs=1e-300)


@pytest.mark.parametrize(
    ("schedule", "t", "text"),
    [
        (Exponential(1, 10), 400, "the value at t=400 is beyond the largest float: {}"),
        (Constant(1e308) * Constant(1e308), 3, "the value at t=3 is beyond the largest float: {}"),
        (
            Tanh(1, 0, steps(10**17)).repeat(scale=2).stretch("1/3"),
            1.7e308,
            "the value at t=1.7e+308 is not a number: {}",
        ),
        (
            Exponential(1, 0.999, every=steps(1e-9)).stretch(1e-5).skip(steps(1)),
            1e300,
            "the value at t=1e+300 is not a number: {}",
        ),
    ],
)
def test_what_no_float_can_say_is_refused(schedule, t, text):
    with pytest.raises(PassoError) as caught:
        schedule(t)
    code = repr(schedule)
    assert str(caught.value) == text.format(code if len(code) <= 60 else f"{code[:57]}...")


def test_where_parts_meet_beyond_floats_is_refused():
    schedule = Exponential(0.1, 1.1).clip(high=1)
    with pytest.raises(PassoError) as caught:
        schedule.curve(Run(steps(10_000)))
    text = "some values would be beyond the largest float: Exponential(0.1, 1.1).clip(high=1)"
    assert str(caught.value) == text


spans = st.sampled_from([0, 1, 3, 1e-18, 1e-9, 1e9, 10**17, 10**18, "1/3"]).map(steps)
times = st.sampled_from([0, 1, 3.5, 1e-300, 1e12, 2**53, 1e18, 1e36, 1e300, 1.7e308])
factors = st.sampled_from([1e-300, 1e-18, 1e-9, 0.5, 1, 2, 1e9, 1e18, 1e300, "1/3"])
leaves = [
    lambda span: Linear(0, 1, span),
    lambda span: Cosine(1, 0.1, span),
    lambda span: Geometric(1, 1e-9, span),
    lambda span: Exponential(1, 0.999, every=span),
    lambda span: Exponential(1, 1e300, every=span),
    lambda span: InversePower(1, span),
    lambda span: Table([(steps(0), 0.1), (span, 1)]),
    lambda span: Constant(1e308, span),
]


@st.composite
def grown(draw):
    """What extreme numbers make of a leaf; None where they are refused."""
    try:
        made = draw(st.sampled_from(leaves))(draw(spans))
        for _ in range(draw(st.integers(1, 4))):
            made = draw(st.sampled_from(WAYS))(draw, made)
    except PassoError:
        return None
    return made


WAYS = [
    lambda draw, s: s.skip(draw(spans)),
    lambda draw, s: s.until(draw(spans)),
    lambda draw, s: s.stretch(draw(factors)),
    lambda draw, s: s.staircase(draw(spans)),
    lambda draw, s: s.then(Linear(1, 0, draw(spans))),
    lambda draw, s: s.repeat(
        draw(st.sampled_from([None, 2, 300, 10**15])),
        grow=draw(st.sampled_from([1, 2, 0.5, 1e9, 1e-9])),
        scale=draw(st.sampled_from([1, 0.5, -2, 1e300])),
    ),
]


@given(grown(), times)
def test_a_value_is_finite_or_refused(schedule, t):
    if schedule is None:
        return
    try:
        value = schedule(t)
    except PassoError:
        return
    assert type(value) is float
    assert math.isfinite(value)
