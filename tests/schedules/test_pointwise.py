"""Other values at the same times: `-`, `/`, `.power`, `.round`; ints where they are asked for."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from passo import (
    Constant,
    InversePower,
    KDecay,
    Linear,
    NeedsBase,
    PassoError,
    Plateau,
    Polynomial,
    base,
    from_json,
    parse,
    steps,
    to_json,
)
from tests.schedules.leaves import few, instants, numbers
from tests.strategies import placed_trees

LINE = Linear(0, 1, steps(4))


# -- minus and a share


@few
@given(placed_trees(), numbers, instants)
def test_minus_and_division_are_sums_and_products(s, number, t):
    assert -s == -1 * s
    assert (-s)(t) == -s(t)
    assert (-1 * -s)(t) == s(t)
    assert s - number == s + -number
    assert number - s == -s + number
    assert s - s == s + -1 * s
    assert s / 2 == 0.5 * s
    assert s / 3 == 1 / 3 * s


def test_what_is_no_number_divides_no_schedule():
    for wrong in ("a", None, True, [2]):
        with pytest.raises(TypeError, match=r"the other side of / must be a number"):
            LINE / wrong
        with pytest.raises(TypeError, match=r"the other side of - must be a number"):
            LINE - wrong
    with pytest.raises(PassoError, match="cannot be divided by 0"):
        LINE / 0
    with pytest.raises(PassoError, match=r"write a \* b\.power\(-1\)"):
        LINE / LINE
    with pytest.raises(PassoError, match=r"write 2 \* a\.power\(-1\)"):
        2 / LINE


# -- powers


@few
@given(placed_trees(), st.sampled_from([2, 3.0, 0, -1, 0.5, 1.5]), instants)
def test_a_power_has_the_values_of_python(s, power, t):
    raised, inner = s.power(power), s(t)
    if inner < 0 and not float(power).is_integer():
        with pytest.raises(PassoError, match=r"has no power .*; write \.maximum\(0\) before"):
            raised(t)
        assert math.isnan(raised(np.array([t]))[0])
    elif inner == 0 and power < 0:
        with pytest.raises(PassoError, match=r"0 has no power -1, .*write \.maximum\(1e-8\)"):
            raised(t)
    else:
        assume(abs(inner) < 1e100)
        assert raised(t) == float(inner) ** float(power)


@few
@given(placed_trees())
def test_the_first_power_is_the_thing_itself(s):
    assert s.power(1) == s.power(1.0) == s


def test_advice_about_a_power_is_right():
    below = Linear(-1, 1, steps(4))
    assert below.maximum(0).power(0.5)(0) == 0
    assert LINE.maximum(1e-8).power(-1)(0) == 1e8
    assert (2 * LINE.maximum(1e-8).power(-1))(4) == 2
    assert (LINE * LINE.maximum(1e-8).power(-1))(2) == 1


def test_the_square_root_rule_is_an_expression_of_base():
    rate = base * (Constant(64) / 16).power(0.5)
    assert rate.with_base(0.1)(0) == 0.2
    assert Linear(0, base.power(0.5), steps(4)).with_base(4.0)(4) == 2
    with pytest.raises(NeedsBase):
        base.power(2)(0)


@pytest.mark.parametrize("power", ["2", None, True, math.nan, math.inf, [1]])
def test_a_power_is_a_number(power):
    with pytest.raises(PassoError, match="exponent must be"):
        LINE.power(power)


# -- a name that a shape's field and a method have in common


@pytest.mark.parametrize(
    "s",
    [
        Polynomial(4, 1, steps(4), power=2),
        KDecay(4, 1, steps(4), k=2, power=2),
        InversePower(4, steps(4), 2.0),
    ],
    ids=repr,
)
def test_a_shape_with_a_power_of_its_own_is_raised_as_any_other(s):
    assert s.power == 2.0
    assert json.dumps(s.to_spec()["power"]) == "2.0"
    assert type(s.to_spec()["power"]) is float
    assert s.power(0.5)(2) == s(2) ** 0.5
    assert parse(repr(s.power(0.5))) == s.power(0.5)
    assert from_json(to_json(s.power(0.5))) == s.power(0.5)


def test_a_plateau_with_a_cooldown_of_its_own_can_be_cooled_down():
    plateau = Plateau("loss", cooldown=3)
    assert plateau.cooldown == 3
    assert plateau.cooldown(steps(4), steps(2))(5) == 0.5


# -- rounding


@few
@given(placed_trees(), st.sampled_from([1, 8, 0.5, 0.1]), instants)
def test_rounding_gives_the_nearest_multiple_half_to_even(s, to, t):
    rounded, inner = s.round(to), s(t)
    assume(abs(inner) < 1e15)
    assert rounded(t) == to * round(inner / to)
    assert type(rounded(t)) is (int if isinstance(to, int) else float)
    assert rounded.round(to) == rounded
    assert rounded(np.array([t]))[0] == rounded(t)


@few
@given(placed_trees(), st.sampled_from([1, 8]), st.integers(-3, 3), instants)
def test_a_whole_schedule_has_whole_values(s, to, number, t):
    rounded = s.round(to)
    assume(abs(s(t)) < 1e15)
    for made in (number * rounded, rounded + number, rounded * rounded, rounded.power(2), s):
        found = made(t)
        assert type(found) is (int if made.whole else float)
        assert type(made(np.array([t]))[0]) is np.float64
        assert made(np.array([t]))[0] == found
    assert (number * rounded)(t) == number * rounded(t)
    assert (rounded + number)(t) == rounded(t) + number


def test_half_is_rounded_to_even():
    halves = Linear(0.5, 4.5, steps(4)).round()
    assert [halves(t) for t in range(5)] == [0, 2, 2, 4, 4]


def test_ints_stay_ints_where_parts_are_handed_on():
    small, large = Linear(8, 16, steps(4)).round(8), Constant(64)
    for whole in (
        small.then(large),
        small.minimum(large),
        small.maximum(8),
        small.clip(low=8, high=32),
        small.skip(steps(1)),
        small.stretch(2),
        small.until(steps(2)),
        small.staircase(steps(2)),
        small.repeat(2, scale=3),
        2 * small,
        small + 1,
        -small,
        small - 3,
        small * small,
        small.power(2),
    ):
        assert type(whole(1)) is int, whole
        assert type(parse(repr(whole))(1)) is int
    for other in (
        *(small / 2, small + 0.5, small + Linear(0, 4, steps(4)), small.power(0.5)),
        *(small.power(-1), small.repeat(2, scale=0.5), small.round(0.5), small + base),
        *(small.then(Constant(0.5)), small.clip(low=0.5), large, 2 * large),
        small.cooldown(steps(2), steps(2)),
    ):
        assert type(other.with_base(0.5)(1)) is float, other
    assert small(np.arange(5)).dtype == np.float64


@pytest.mark.parametrize("to", [0, -8, "8", None, True, math.nan])
def test_a_multiple_is_of_a_number_above_0(to):
    with pytest.raises(PassoError, match=r"^to must be"):
        LINE.round(to)


def test_a_rounded_value_has_a_corner_wherever_it_jumps():
    rounded = Linear(0, 8, steps(8)).round(2)
    jumps = sorted(corner for corner in rounded.corners(0, 8) if corner < 8)
    assert len(jumps) == 4
    for jump in jumps:
        assert rounded(jump) != rounded(math.nextafter(jump, 0))
