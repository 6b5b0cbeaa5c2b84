"""Torch tensors: kind, type, shape and device kept; whole graphs under torch.compile."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from passo import PassoError
from tests.schedules.leaves import few
from tests.schedules.samples import SCHEDULES, TIMES, close, worst
from tests.strategies import placed_trees
from tests.torches import no_schedule_inside

S = SCHEDULES["warm-up and cosine"]
BITS = {torch.float16: 11, torch.bfloat16: 8, torch.float32: 24, torch.float64: 53}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("dtype", BITS)
def test_float_tensors_keep_their_type_and_have_the_values_of_the_points(name, dtype):
    schedule, t = SCHEDULES[name], torch.tensor(TIMES, dtype=dtype)
    values = schedule(t)
    assert type(values) is torch.Tensor
    assert values.dtype == dtype
    points = [schedule(float(each)) for each in t]
    assert worst(points, values.tolist(), BITS[dtype]) <= (4 if dtype == torch.float64 else 0.51)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.int64, torch.uint8])
def test_integer_tensors_become_float64(dtype):
    values = S(torch.arange(100, dtype=dtype))
    assert values.dtype == torch.float64
    assert values.tolist() == S(torch.arange(100, dtype=torch.float64)).tolist()


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 4)])
def test_the_shape_is_kept(name, shape):
    flat = torch.linspace(0, 99, math.prod(shape), dtype=torch.float64)
    values = SCHEDULES[name](flat.reshape(shape))
    assert values.shape == shape
    assert values.reshape(-1).tolist() == SCHEDULES[name](flat).tolist()


@settings(few, max_examples=25)
@given(placed_trees(), st.lists(st.floats(0, 300), min_size=1, max_size=20))
def test_every_tree_has_the_values_of_its_points(s, times):
    found = s(torch.tensor(times, dtype=torch.float64))
    assert close([s(t) for t in times], found.tolist(), 1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_negative_times_are_nan(name):
    values = SCHEDULES[name](torch.tensor([3.0, -1.0, math.nan, 64.0])).tolist()
    assert [math.isnan(value) for value in values] == [False, True, True, False]


@pytest.mark.parametrize("dtype", [torch.bool, torch.complex64])
def test_other_tensors_are_refused(dtype):
    text = f"^t must be an array of integers or floats, got one of {dtype}$"
    with pytest.raises(PassoError, match=text):
        S(torch.ones(2, dtype=dtype))


def test_a_tensor_stays_on_its_device():
    assert S(torch.ones(3, device="meta")).device.type == "meta"


COMPILED = ["warm-up and cosine", "repeat", "restarts", "table", "product"]


@no_schedule_inside
@pytest.mark.parametrize("name", COMPILED)
def test_a_schedule_compiles_as_one_whole_graph(name):
    schedule = SCHEDULES[name]
    torch.compiler.reset()
    written = lambda t: schedule(t)  # noqa: E731, PLW0108  # as users write it
    compiled = torch.compile(written, fullgraph=True, backend="aot_eager")
    for dtype in (torch.float64, torch.float32):
        t = torch.tensor(TIMES, dtype=dtype)
        assert compiled(t).dtype == dtype
        assert compiled(t).tolist() == pytest.approx(schedule(t).tolist(), rel=1e-7)
    assert compiled(torch.tensor(3)).tolist() == pytest.approx(schedule(3.0), rel=1e-12)
