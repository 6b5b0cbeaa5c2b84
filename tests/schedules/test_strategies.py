"""The generated schedules are what the laws need: every kind, deep, valid, and well spread."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import passo
from passo.schedules import algebra, recipes, shapes
from tests.schedules.leaves import UNITS, runs, spans
from tests.schedules.units import depth, kinds
from tests.strategies import BRANCHES, LEAVES, NODES, RECIPES, placed_trees, trees

DRAWN = settings(
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def drawn(strategy, count=120) -> list:
    """Many examples, the same each time."""
    found: list = []
    settings(DRAWN, max_examples=count)(given(strategy)(lambda each: found.append(each)))()  # noqa: PLW0108
    return found


def test_every_shape_node_and_recipe_has_a_strategy():
    nodes = {name for name in algebra.__all__ if name[0].isupper() and name != "Schedule"}
    assert set(LEAVES) == set(shapes.__all__)
    assert set(NODES) == nodes
    assert set(RECIPES) == set(recipes.__all__)


def test_the_strategy_of_a_leaf_makes_that_leaf():
    for name, strategy in LEAVES.items():
        made = drawn(strategy, 25)
        assert {type(each).__name__ for each in made} == {name}
        assert len(set(made)) > 10 or name == "Function", name
    assert {each.kind for each in drawn(LEAVES["Table"])} == {"linear", "cosine", "step"}
    assert {each.over is None for each in drawn(LEAVES["Constant"])} == {True, False}


def test_the_strategy_of_a_recipe_makes_schedules_that_differ():
    for name, strategy in RECIPES.items():
        made = drawn(strategy, 25)
        assert all(isinstance(each, passo.Schedule) for each in made)
        assert len(set(made)) > 10, name


@pytest.fixture(scope="module")
def written():
    return drawn(trees(), 200)


@pytest.fixture(scope="module")
def placed():
    return drawn(placed_trees())


def test_generated_trees_are_deep_and_hold_every_kind(written):
    made = [tree.to_spec() for tree in written]
    deep = Counter(depth(spec) for spec in made)
    assert sum(n for levels, n in deep.items() if levels >= 4) > 0.98 * len(made)
    assert max(deep) >= 6
    assert set().union(*map(kinds, made)) == set(LEAVES) | set(NODES)


def test_nearly_every_node_stands_above_every_other(written, placed):
    above: set[tuple[str, str]] = set()
    for tree in written + placed:
        above |= set(_edges(tree))
    wanted = {(a, b) for a in BRANCHES for b in BRANCHES if a != b}
    assert len(above & wanted) > 0.7 * len(wanted), sorted(wanted - above)


def _edges(tree):
    parts = getattr(tree, "parts", None) or [getattr(tree, "part", None)]
    for part in parts:
        if part is not None:
            yield type(tree).__name__, type(part).__name__
            yield from _edges(part)


def test_generated_trees_use_every_unit_and_placed_ones_only_steps(written, placed):
    text = " ".join(map(repr, written))
    assert all(f"{unit}(" in text for unit in UNITS)
    assert "rest" in text.replace("restarts", "")
    for tree in placed:
        assert isinstance(tree(3.5), int if tree.whole else float)


def test_spans_and_runs_have_every_unit_and_axis():
    assert {span.unit for span in drawn(spans())} == {*UNITS, "rest"}
    made = drawn(runs())
    assert {run.axis for run in made} == {"step", "sample", "token"}
    assert {run.length.unit for run in made} == {"steps", "epochs", "samples", "tokens"}
