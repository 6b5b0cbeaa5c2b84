"""JAX arrays, with and without 64 bits, and under jit."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passo import PassoError
from tests.schedules.leaves import few
from tests.schedules.samples import SCHEDULES, TIMES, close, worst
from tests.strategies import placed_trees

S = SCHEDULES["warm-up and cosine"]
BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


@pytest.fixture
def wide():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.usefixtures("wide")
def test_float_arrays_keep_their_type_and_have_the_values_of_the_points(name, dtype):
    schedule, t = SCHEDULES[name], jnp.asarray(TIMES, dtype)
    values = schedule(t)
    assert isinstance(values, jax.Array)
    assert values.dtype == dtype
    points = [schedule(float(each)) for each in t]
    assert worst(points, values.tolist(), BITS[dtype]) <= (4 if dtype == "float64" else 0.51)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_without_64_bits_the_type_is_kept_and_the_values_are_near(name, dtype):
    schedule, t = SCHEDULES[name], jnp.asarray(TIMES, dtype)
    values = schedule(t)
    assert values.dtype == dtype
    points = [schedule(float(each)) for each in t]
    assert worst(points, values.tolist(), BITS[dtype]) <= (16 if dtype == "float32" else 0.6)


def test_integers_become_the_widest_float_there_is():
    assert S(jnp.arange(100)).dtype == jnp.float32
    with jax.enable_x64(True):
        assert S(jnp.arange(100)).dtype == jnp.float64
        assert S(jnp.arange(100, dtype=jnp.int32)).dtype == jnp.float64


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 4)])
@pytest.mark.usefixtures("wide")
def test_the_shape_is_kept(name, shape):
    flat = jnp.linspace(0, 99, math.prod(shape))
    values = SCHEDULES[name](flat.reshape(shape))
    assert values.shape == shape
    assert values.reshape(-1).tolist() == SCHEDULES[name](flat).tolist()


@settings(few, max_examples=15)
@given(placed_trees(), st.lists(st.floats(0, 300), min_size=9, max_size=9))
def test_every_tree_has_the_values_of_its_points(s, times):
    with jax.enable_x64(True):
        # Away from joins: XLA may write x / 3 as x * (1 / 3).
        times = [math.floor(t) + 0.3819660112501051 for t in times]
        assert close([s(t) for t in times], s(jnp.asarray(times)).tolist(), 1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_negative_times_are_nan(name):
    values = SCHEDULES[name](jnp.asarray([3.0, -1.0, math.nan, 64.0])).tolist()
    assert [math.isnan(value) for value in values] == [False, True, True, False]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_runs_under_jit_and_vmap(name):
    schedule, t = SCHEDULES[name], jnp.asarray(TIMES)
    compiled = jax.jit(lambda t: schedule(t))(t)  # noqa: PLW0108
    assert not jnp.isnan(compiled).any()
    assert compiled.dtype == t.dtype
    assert compiled.tolist() == pytest.approx(schedule(t).tolist(), rel=3e-6, abs=1e-7)
    assert jax.vmap(schedule)(t).tolist() == pytest.approx(compiled.tolist(), rel=3e-6, abs=1e-7)


@pytest.mark.parametrize("dtype", [bool, complex])
def test_other_arrays_are_refused(dtype):
    with pytest.raises(PassoError, match=r"^t must be an array of integers or floats, got one of "):
        S(jnp.ones(2, dtype))
