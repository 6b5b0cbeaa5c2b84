"""NumPy arrays through the same formulas: kind, type and shape kept, values those of the points."""

from __future__ import annotations

import math
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import Constant, Cosine, Linear, PassoError, steps
from tests.schedules.leaves import few
from tests.schedules.samples import SCHEDULES, TIMES, close, worst
from tests.strategies import LEAVES, placed_trees

S = SCHEDULES["warm-up and cosine"]
BITS = {"float16": 11, "float32": 24, "float64": 53}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("dtype", BITS)
def test_float_arrays_keep_their_type_and_have_the_values_of_the_points(name, dtype):
    schedule, t = SCHEDULES[name], np.asarray(TIMES, dtype)
    values = schedule(t)
    assert type(values) is np.ndarray
    assert values.dtype == dtype
    points = [schedule(float(each)) for each in t]
    assert worst(points, values.tolist(), BITS[dtype]) <= (4 if dtype == "float64" else 0.51)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint64"])
def test_integer_arrays_become_float64(dtype):
    values = S(np.arange(100, dtype=dtype))
    assert values.dtype == np.float64
    assert values.tolist() == S(np.arange(100.0)).tolist()


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 4), (2, 0, 3), (2, 1, 8)])
def test_the_shape_is_kept(name, shape):
    size = math.prod(shape)
    values = SCHEDULES[name](np.linspace(0, 99, size).reshape(shape))
    assert values.shape == shape
    flat = SCHEDULES[name](np.linspace(0, 99, size))
    assert np.ravel(values).tolist() == flat.tolist()


def test_a_numpy_scalar_gives_a_numpy_scalar():
    assert S(np.float64(10)) == 0.3
    assert isinstance(S(np.float64(10)), np.float64)
    assert isinstance(S(np.float32(10)), np.float32)
    assert isinstance(S(np.int64(10)), np.float64)


@pytest.mark.parametrize("name", sorted(LEAVES))
@given(data=st.data())
def test_every_leaf_has_the_values_of_its_points(name, data):
    schedule = data.draw(LEAVES[name])
    t = np.asarray(data.draw(st.lists(st.floats(0, 120, allow_subnormal=False), max_size=12)))
    points = [schedule(float(each)) for each in t]
    ends = max([abs(schedule(0.0)), abs(schedule(60.0)), *map(abs, points)])
    slack = 4 * math.ulp(ends)
    found = schedule(t).tolist()
    assert all(abs(one - two) <= slack for one, two in zip(points, found, strict=True))


@few
@given(placed_trees(), st.lists(st.floats(0, 300), min_size=1, max_size=40))
def test_every_tree_has_the_values_of_its_points(s, times):
    points = [s(t) for t in times]
    assert close(points, s(np.asarray(times)).tolist(), 1e-12)
    assert close(points[::-1], s(np.asarray(times)[::-1]).tolist(), 1e-12)


@few
@given(placed_trees(), st.integers(1, 50))
def test_strides_and_orders_do_not_matter(s, count):
    t = np.linspace(0, 90, 4 * count).reshape(2, 2 * count)
    values = s(t)
    assert s(t[:, ::2]).tolist() == values[:, ::2].tolist()
    assert s(np.asfortranarray(t)).tolist() == values.tolist()
    assert s(t.T).T.tolist() == values.tolist()


def test_the_array_given_is_not_written():
    t = np.array([-1.0, 0.0, 5.0])
    S(t)
    assert t.tolist() == [-1.0, 0.0, 5.0]


@pytest.mark.parametrize("name", SCHEDULES)
def test_negative_and_nan_times_are_nan_and_spoil_no_neighbour(name):
    schedule = SCHEDULES[name]
    values = schedule(np.array([3.0, -1.0, 20.0, math.nan, 64.0, -math.inf, -1e-300])).tolist()
    assert [math.isnan(value) for value in values] == [False, True] * 2 + [False, True, True]
    assert values[:5:2] == schedule(np.array([3.0, 20.0, 64.0])).tolist()


def test_minus_zero_is_zero():
    assert S(np.array([-0.0])).tolist() == [S(0)]
    assert S(-0.0) == S(0)


@pytest.mark.parametrize("t", [-1, -1e-300, -math.inf, math.inf, math.nan])
def test_a_number_before_the_beginning_or_without_end_is_refused(t):
    with pytest.raises(PassoError, match=f"^t must be at least 0 and below 1.8e308, got {t!r}$"):
        S(t)


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (np.array([True]), "t must be an array of integers or floats, got one of bool"),
        (np.array([1j]), "t must be an array of integers or floats, got one of complex128"),
        (np.array(["3"]), "t must be an array of integers or floats, got one of <U1"),
        (np.array([None]), "t must be an array of integers or floats, got one of object"),
        (np.bool_(1), "t must be an array of integers or floats, got one of bool"),
    ],
)
def test_other_arrays_are_refused(t, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        S(t)


@pytest.mark.parametrize("t", [True, "3", None, [1, 2], (1,), 1j, {}, b"1", S])
def test_what_is_neither_number_nor_array_is_refused(t):
    with pytest.raises(PassoError, match=r"^t must be a number or an array of numbers, got "):
        S(t)


def test_a_long_list_is_not_repeated_in_the_message():
    with pytest.raises(PassoError) as caught:
        S([0.0] * 100_000)
    assert len(str(caught.value)) < 250


def test_a_million_points_are_the_points():
    t = np.arange(1_000_000) / 9000
    values = S(t)
    some = range(0, 1_000_000, 9973)
    assert worst([S(float(t[k])) for k in some], values[list(some)].tolist(), 53) <= 4


def test_a_then_of_a_thousand_parts_is_quick_and_right():
    parts = [Linear(k, k + 1, steps(1 + k % 3)) for k in range(1000)]
    s = parts[0].then(*parts[1:])
    t = np.linspace(0, 2100, 100_000)
    begin = time.process_time()
    values = s(t)
    assert time.process_time() - begin < 20
    some = range(0, 100_000, 997)
    assert worst([s(float(t[k])) for k in some], values[list(some)].tolist(), 53) <= 4
    assert s(t[::-1]).tolist() == values[::-1].tolist()


def test_an_overflow_is_an_infinity_in_arrays_and_no_warning():
    grows = Constant(1) * Cosine(1, 2, steps(4)) * 1e308
    assert grows(np.array([4.0])).tolist() == [math.inf]
    assert (grows * 0)(np.array([1.0])).tolist() == [0.0]


def test_numpy_arrays_are_times_and_not_factors():
    for operation in (lambda: np.ones(2) * S, lambda: S + np.ones(2), lambda: np.ones(2) - S):
        with pytest.raises(TypeError):
            operation()
    assert np.float64(2) * S == S * np.float32(2) == 2 * S
