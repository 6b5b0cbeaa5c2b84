"""A schedule is a value: text, data, JSON, pickles and copies give an equal one back."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import passo
from passo import from_json, from_spec, parse, parse_span, to_json
from tests.schedules.leaves import few, instants, runs, spans
from tests.strategies import LEAVES, RECIPES, pairs, trees


def code(text):
    """What repr prints, run as the code that it is."""
    return eval(text, {name: getattr(passo, name) for name in passo.schedules.__all__})


def is_same(one, other):
    return one == other and hash(one) == hash(other) and repr(one) == repr(other)


@few
@given(trees())
def test_repr_is_the_code_that_makes_the_schedule(s):
    assert is_same(code(repr(s)), s)
    assert is_same(parse(repr(s)), s)


@few
@given(trees())
def test_spec_and_json_read_back_to_an_equal_schedule(s):
    assert is_same(from_spec(s.to_spec()), s)
    assert is_same(from_spec(json.loads(json.dumps(s.to_spec()))), s)
    assert is_same(from_json(to_json(s)), s)
    assert json.loads(to_json(s)) == s.to_spec()


@few
@given(trees())
def test_pickles_and_copies_are_equal(s):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert is_same(pickle.loads(pickle.dumps(s, protocol)), s)
    assert is_same(copy.copy(s), s)
    assert is_same(copy.deepcopy(s), s)
    assert copy.deepcopy([s, s])[0] == s


@few
@given(pairs(), instants)
def test_what_reads_back_has_the_same_values(pair, t):
    _, written, run = pair
    placed = written.on(run).with_base(0.3)
    for again in (parse(repr(placed)), from_json(to_json(placed))):
        assert again(t) == placed(t)


@pytest.mark.parametrize("name", sorted(LEAVES))
@settings(max_examples=20)
@given(data=st.data())
def test_every_leaf_reads_back(name, data):
    s = data.draw(LEAVES[name])
    assert is_same(parse(repr(s)), s)
    assert is_same(from_json(to_json(s)), s)
    assert is_same(pickle.loads(pickle.dumps(s)), s)


@pytest.mark.parametrize("name", sorted(RECIPES))
@settings(max_examples=15)
@given(data=st.data())
def test_every_recipe_reads_back_and_leaves_no_node_behind(name, data):
    s = data.draw(RECIPES[name])
    assert is_same(parse(repr(s)), s)
    assert is_same(from_json(to_json(s)), s)
    assert not repr(s).startswith(name)


@given(st.text(max_size=8).filter(bool), st.floats(), st.floats(0, 1e6))
def test_a_plateau_reads_back_with_its_past(metric, seen, t):
    s = passo.Plateau(metric, patience=0, past=[(0, 1.0), (t, seen), (1e7, float("nan"))])
    if metric.isascii() and metric.isprintable():
        assert is_same(parse(repr(s)), s)
    assert is_same(code(repr(s)), s)
    assert is_same(from_json(to_json(s)), s)
    assert is_same(pickle.loads(pickle.dumps(s)), s)


@given(spans())
def test_a_span_reads_back(span):
    assert is_same(code(repr(span)), span)
    assert is_same(pickle.loads(pickle.dumps(span)), span)
    assert is_same(copy.deepcopy(span), span)
    assert is_same(
        passo.schedules.time.span_from_spec(json.loads(json.dumps(span.to_spec()))), span
    )
    assert span.unit == "rest" or is_same(parse_span(repr(span)), span)


@given(runs())
def test_a_run_reads_back(run):
    assert is_same(code(repr(run)), run)
    assert is_same(pickle.loads(pickle.dumps(run)), run)
    assert is_same(copy.deepcopy(run), run)
    assert is_same(passo.schedules.time.run_from_spec(json.loads(json.dumps(run.to_spec()))), run)


def test_equality_is_structure_and_never_raises():
    from passo import Constant, Linear, base, percent, rest, steps

    assert Linear(0, 1) == Linear(0.0, 1, rest) != Linear(0, 1, percent(100))
    assert Constant(1) != 1
    assert Constant(1) != "Constant(1)"
    assert base == passo.base
    assert steps(1) != passo.epochs(1)
    assert steps("1/3") != steps(1 / 3)
    assert len({Linear(0, 1), Linear(0.0, 1.0), Linear(-0.0, 1)}) == 1


def test_a_schedule_is_frozen():
    s = passo.Linear(0, 1, passo.steps(5))
    with pytest.raises((AttributeError, TypeError)):
        s.start = 3
    with pytest.raises((AttributeError, TypeError)):
        del s.start
    with pytest.raises((AttributeError, TypeError)):
        s.other = 3
    assert vars(s) == {}
