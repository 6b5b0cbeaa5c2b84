"""`from_spec` and `from_json`: plain data in, a schedule or a PassoError out, nothing run."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import passo
from passo import Linear, PassoError, from_json, from_spec, steps, to_json
from tests.schedules.leaves import few
from tests.schedules.test_text import sealed
from tests.schedules.units import KEY, kinds
from tests.strategies import LEAVES, NODES, trees

FIVE = {"span": "5", "unit": "steps"}
LINE = Linear(0, 1, steps(5)).to_spec()


def kind(name, /, **fields):
    return {KEY: name, **fields}


def nested(levels, wrap, inner=LINE):
    for _ in range(levels):
        inner = wrap(inner)
    return inner


def clipped(part):
    return kind("Clip", part=part, low=0.0, high=None)


BAD = [
    None, 5, "Constant(1)", [], {}, {"a": 1}, {KEY: None}, {KEY: []}, {KEY: {}}, {KEY: "Schedule"},
    kind("Linar"), kind("Run"), kind("Span"), kind("os.system"), kind("__class__"), kind("eval"),
    kind("Constant"), kind("Constant", value="1", over=None),
    kind("Constant", value=True, over=None), kind("Constant", value=[1], over=None),
    kind("Constant", value=1, over=5), kind("Constant", value=1, over="steps(5)"),
    kind("Constant", value=1, over=None, more=1), kind("Constant", value=1, over=None, _depth=1),
    kind("Constant", value=FIVE, over=None), kind("Constant", value=LINE, over=None),
    kind("Constant", value=1, over={"span": "5"}), kind("Constant", value=1, over=LINE),
    kind("Constant", value=1, over={"span": "5", "unit": "weeks"}),
    kind("Constant", value=1, over={"span": "5", "unit": ["steps"]}),
    kind("Constant", value=1, over={"span": [5], "unit": "steps"}),
    kind("Constant", value=1, over={"span": "1e999999999", "unit": "steps"}),
    kind("Constant", value=1, over={"span": "1/0", "unit": "steps"}),
    kind("Constant", value=1, over={"span": "9" * 5000, "unit": "steps"}),
    kind("Constant", value=10**400, over=None), kind("Constant", value=1e999, over=None),
    kind("Function", name="os:system"), kind("Function", name=["a"]), kind("Function", name=LINE),
    kind("Then", parts=[]), kind("Then", parts=5), kind("Then", parts="ab"), kind("Then", parts={}),
    kind("Then", parts=[5]), kind("Then", parts=[FIVE]), kind("Then", parts=[[LINE]]), kind("Then"),
    kind("Sum", parts=[]), kind("Sum", parts=["a"]), kind("Sum", parts=[1, 2]),
    kind("Product", parts=[FIVE]), kind("Product", parts=[LINE, None]), kind("Sum", parts=None),
    kind("Minimum", parts=LINE), kind("Maximum", parts=[[]]),
    *(kind("Clip", part=part, low=0.0, high=None) for part in (5, None, "a", FIVE, [LINE], {})),
    kind("Clip", part=5, low=None, high=None), kind("Clip", part=LINE, low="a", high=None),
    kind("Clip", part=LINE, low=2, high=1), kind("Clip", part=LINE),
    *(kind("Until", part=part, span=FIVE) for part in (5, None, FIVE, [LINE])),
    *(kind("Skip", part=part, span=FIVE) for part in (5, None, FIVE)),
    *(kind("Staircase", part=part, span=FIVE) for part in (5, None, FIVE)),
    *(kind("Stretch", part=part, factor="2") for part in (5, None, FIVE)),
    *(kind("Repeat", part=part, times=2, grow="1", scale=1.0) for part in (5, None, FIVE)),
    kind("Until", part=LINE, span=5), kind("Until", part=LINE, span=None), kind("Until", part=LINE),
    kind("Stretch", part=LINE, factor="x"), kind("Stretch", part=LINE, factor=None),
    kind("Stretch", part=LINE, factor="1/" + "9" * 900), kind("Stretch", part=LINE, factor="-1"),
    kind("Repeat", part=LINE, times="2", grow="1", scale=1.0),
    kind("Repeat", part=LINE, times=2.5, grow="1", scale=1.0),
    kind("Repeat", part=LINE, times=2, grow=LINE, scale=1.0),
    kind("Repeat", part=LINE, times=2, grow="1", scale="1"),
    kind("Table", points=5, **({"kind": "step"} if KEY != "kind" else {})), kind("Table"),
    kind("Plateau"), kind("Plateau", metric=5), kind("Plateau", metric="x", past=5),
    kind("Plateau", metric="x", past=[1]), kind("Plateau", metric="x", past=[[1]]),
    kind("Plateau", metric="x", past=[[1, 2, 3]]), kind("Plateau", metric="x", past=[["a", 1]]),
    kind("Plateau", metric="x", past=[[1, "a"]]), kind("Plateau", metric="x", mode=[1]),
    kind("Base", value=1), kind("Geometric", start=0, end=1, over=FIVE),
]  # fmt: skip


@pytest.mark.parametrize("spec", BAD, ids=lambda spec: str(spec)[:70])
def test_bad_data_is_refused_in_passo_words(spec):
    with pytest.raises(PassoError) as caught, sealed():
        from_spec(spec)
    assert len(str(caught.value)) < 400
    assert "object" not in str(caught.value)
    assert "__init__" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (kind("Linar"), "there is no schedule 'Linar'; did you mean 'Linear'?"),
        (kind("os.system"), "there is no schedule 'os.system'"),
        (kind("Base", value=1), "Base has no field 'value'; it has none"),
        (kind("Until", part=LINE), "Until needs 'span', got part"),
        (kind("Then", parts="ab"), "the parts of Then are a list, got 'ab'"),
    ],
)
def test_it_refuses_in_these_words(spec, text):
    with pytest.raises(PassoError) as caught:
        from_spec(spec)
    assert str(caught.value) == text


@pytest.mark.parametrize("levels", [150, 250, 500, 1000, 10_000, 100_000])
@pytest.mark.parametrize(
    "wrap",
    [
        clipped,
        lambda part: kind("Then", parts=[part]),
        lambda part: kind("Sum", parts=[part, kind("Base")]),
        lambda part: kind("Repeat", part=part, times=2, grow="1", scale=1.0),
        lambda part: kind("Constant", value=part, over=None),
        lambda part: [part],
        lambda part: {"a": part},
        lambda part: kind("Then", parts=part),
    ],
)
def test_data_nested_deep_is_read_or_refused_at_once(levels, wrap):
    begin = time.process_time()
    with contextlib.suppress(PassoError), sealed():
        assert isinstance(from_spec(nested(levels, wrap)), passo.Schedule)
    assert time.process_time() - begin < 20


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"a":' * 100_000, "NaN", "1", '"base"', "null", "9" * 5000,
     "\0", "\ud800", '{"kind": "Base"', "[1, 2" + ", 3" * 100_000, None, 5, b"{}", b"\xff"],
    ids=lambda text: repr(text)[:30],
)  # fmt: skip
def test_bad_json_is_refused_at_once(text):
    begin = time.process_time()
    with pytest.raises(PassoError) as caught, sealed():
        from_json(text)
    assert len(str(caught.value)) < 400
    assert time.process_time() - begin < 20


def test_data_that_holds_itself_is_refused():
    spec = clipped(LINE)
    spec["part"] = spec
    with pytest.raises(PassoError):
        from_spec(spec)


def test_data_that_shares_its_parts_does_not_explode():
    spec = LINE
    for _ in range(60):
        spec = kind("Sum", parts=[clipped(spec), kind("Stretch", part=clipped(spec), factor="1")])
    begin = time.process_time()
    with pytest.raises(PassoError):
        from_spec(spec)
    assert time.process_time() - begin < 40


def test_a_class_that_somebody_derives_is_never_made_by_data():
    mine = {name: type(name, (passo.Schedule,), {}) for name in ("Linear", "MadeElsewhere")}
    assert type(from_spec(LINE)) is Linear is not mine["Linear"]
    with pytest.raises(PassoError, match=r"^there is no schedule 'MadeElsewhere'$"):
        from_spec(kind("MadeElsewhere"))


def test_a_process_that_knows_nothing_yet_unpickles_every_kind_of_shape():
    pickled = pickle.dumps([passo.Rex(1, 0, steps(5)), passo.Plateau("loss"), 2 * passo.base])
    code = f"import pickle; print(pickle.loads({pickled!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == '[Rex(1, 0, steps(5)), Plateau("loss"), 2 * base]\n', done.stderr


@few
@given(trees())
def test_the_data_is_plain_and_names_every_kind(s):
    spec = s.to_spec()
    assert json.loads(json.dumps(spec)) == spec
    assert kinds(spec) <= {*LEAVES, *NODES}
    assert spec == json.loads(to_json(s))


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from(
    ["a", "5", "1/3", "steps", "rest", "linear", "min", "", "wave of the tests"]
)  # fmt: skip
field_names = st.sampled_from(
    ["value", "over", "start", "end", "part", "parts", "span", "unit", "factor", "times", "grow",
     "scale", "low", "high", "points", "kind", "name", "metric", "past", "power", "k", "upper"]
)  # fmt: skip
junk = st.recursive(
    scalars | st.just(FIVE) | st.just(LINE) | st.just(kind("Base")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(field_names, inner, max_size=3)
        | st.builds(
            lambda name, fields: {**fields, KEY: name},
            st.sampled_from(sorted({*LEAVES, *NODES})),
            st.dictionaries(field_names, inner, max_size=4),
        )
    ),
    max_leaves=8,
)


@given(junk)
def test_any_data_is_a_schedule_or_a_passo_error(spec):
    with contextlib.suppress(PassoError):
        assert isinstance(from_spec(spec), passo.Schedule)


@few
@given(trees(), st.data())
def test_one_wrong_field_anywhere_is_a_schedule_or_a_passo_error(s, data):
    spec = json.loads(to_json(s))
    here, path = spec, []
    while isinstance(here, (dict, list)) and here:
        keys = list(here) if isinstance(here, dict) else range(len(here))
        path.append((here, data.draw(st.sampled_from(list(keys)))))
        here = path[-1][0][path[-1][1]]
        if data.draw(st.booleans()):
            break
    holder, key = path[-1]
    holder[key] = data.draw(junk)
    with contextlib.suppress(PassoError):
        again = from_spec(spec)
        assert isinstance(again, passo.Schedule)
        assert from_spec(again.to_spec()) == again
        assert repr(again)
