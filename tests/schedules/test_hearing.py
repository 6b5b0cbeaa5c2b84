"""Factors that reports move: `Greedy`, `Bounce`, and a `Plateau` that rises."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import Bounce, Cosine, Greedy, Plateau, from_json, parse, steps, to_json
from tests.schedules.leaves import bounces, greedies, plateaus
from tests.schedules.test_plateau import metrics, pasts, told

kinds = plateaus | greedies | bounces


@given(kinds, st.lists(metrics, max_size=25))
def test_with_reports_is_the_memory_replayed(rule, seen):
    rule = replace(rule, past=())
    memory, schedule = rule.reducer(), told(rule, seen, rule.metric)
    assert schedule(0) == 1.0
    for t, value in enumerate(seen):
        before = rule.factors(memory)[1]
        moved = memory.see(value)
        assert rule.factors(memory)[0 if moved else 1] == before
        assert schedule(t + 1) == rule.factors(memory)[1]


@given(kinds, pasts)
def test_text_and_json_keep_what_was_heard(rule, seen):
    heard = told(rule.__class__(rule.metric), seen, rule.metric)
    assert parse(repr(heard)) == from_json(to_json(heard)) == heard
    assert parse(repr(rule)) == from_json(to_json(rule)) == rule


@given(kinds, st.lists(metrics, max_size=25), st.lists(metrics, max_size=25))
def test_a_memory_goes_on_from_its_json(rule, first, second):
    memory, other = rule.reducer(), rule.reducer()
    for value in first:
        memory.see(value)
    state = {**memory.state(), "fell": None}
    assert memory.cannot(state) == ""
    other.load(state)
    assert other.state() == memory.state()
    for value in second:
        assert memory.see(value) == other.see(value)
    assert rule.factors(memory)[1] == rule.factors(other)[1]


@given(greedies, st.lists(metrics, max_size=60))
def test_a_greedy_factor_stays_within_its_bounds(rule, seen):
    memory = rule.reducer()
    for value in seen:
        memory.see(value)
        assert rule.floor <= memory.now <= rule.ceiling


@given(
    st.sampled_from([0.5, 0.9, 0.95]),
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["min", "max"]),
    st.sampled_from([(0.1, 10.0), (0.0, 2.0), (0.7, 1.0)]),
    st.lists(st.floats(0.1, 2) | st.just(math.nan), max_size=40),
)
def test_greedy_moves_as_the_published_rule_does(
    factor, patience, cooldown, warmup, mode, bounds, seen
):
    """The rule in its own words: a rate of 1 that is multiplied, divided and held in bounds."""
    rate, best, good, bad, quiet = 1.0, math.inf if mode == "min" else -math.inf, 0, 0, 0
    memory = Greedy(
        "loss", mode, factor, patience, 0.0, cooldown=cooldown, warmup=warmup,
        floor=bounds[0], ceiling=bounds[1],
    ).reducer()  # fmt: skip
    for metric in seen:
        if quiet:
            quiet, good, bad = quiet - 1, 0, 0
        else:
            better = metric < best if mode == "min" else metric > best
            best = metric if better else best
            good, bad = (good + 1, 0) if better else (0, bad + 1)
            if good > patience:
                rate, good, quiet = min(rate / factor, bounds[1]), 0, warmup
            elif bad > patience:
                rate, bad, quiet = max(rate * factor, bounds[0]), 0, cooldown
        memory.see(metric)
        assert memory.now == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("smallest", [1e-3, 0.1])
def test_greedy_gives_the_rates_of_transformers(smallest):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("transformers.optimization").GreedyLR
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.2)
    told_them = {"factor": 0.7, "patience": 1, "cooldown": 1, "warmup": 2, "min_lr": smallest}
    scheduler = theirs(optimizer, max_lr=0.9, **told_them)
    memory = Greedy(
        "loss", factor=0.7, patience=1, cooldown=1, warmup=2, floor=smallest / 0.2, ceiling=4.5
    ).reducer()
    for t in range(300):
        loss = 1 / (1 + t % 90) if t % 90 < 40 else 1.0
        scheduler.step(loss)
        memory.see(loss)
        assert 0.2 * memory.now == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize(
    ("rule", "seen", "factors"),
    [
        (Plateau("x", factor=2, ceiling=6, patience=0), [1, 1, 1, 1, 1], [1, 2, 4, 6, 6]),
        (Plateau("x", factor=3, ceiling=1, patience=0), [1, 1, 1], [1, 1, 1]),
        (Greedy("x", factor=0.5, patience=0, floor=0.2), [1, 2, 2, 2, 2], [2, 1, 0.5, 0.25, 0.2]),
        (Greedy("x", factor=0.5, patience=0, ceiling=3), [9, 8, 7, 7, 7], [2, 3, 3, 1.5, 0.75]),
        (Greedy("x", factor=0.5, patience=1), [9, 8, 8, 8, 7], [1, 2, 2, 1, 1]),
        (Greedy("x", factor=0.5, patience=0, cooldown=2), [9, 9, 1, 1, 9], [2, 1, 1, 1, 0.5]),
        (Greedy("x", factor=0.5, patience=0, warmup=1), [9, 8, 7], [2, 2, 4]),
        (Greedy("x", factor=0.5, patience=0), [math.nan, 1], [0.5, 1]),
        (Greedy("x", factor=0.5, patience=0, mode="max"), [1, 2, 2], [2, 4, 2]),
        (Greedy("x", factor=0.5, patience=0, threshold=0.5), [2, 1.6, 1.4], [2, 1, 2]),
        (Bounce("x", factor=0.5), [5, 4, 4.5, 4.2, 4.6, 4.4], [1, 1, 1, 0.5, 0.5, 0.25]),
        (Bounce("x", factor=0.5), [5, 4, 4, 5, 4], [1, 1, 1, 1, 1]),
        (Bounce("x", factor=0.5), [5, 4, 5, math.nan, 4], [1, 1, 1, 1, 0.5]),
        (Bounce("x", factor=0.5, floor=0.8), [1, 2, 1, 2], [1, 1, 1, 0.8]),
    ],
)
def test_reports_bring_these_factors(rule, seen, factors):
    schedule = told(rule, seen, "x")
    assert [schedule(t + 1) for t in range(len(seen))] == pytest.approx(factors, rel=1e-15)


def test_a_rise_that_goes_on_for_ever_ends_at_its_ceiling():
    for factor, ceiling in ((2.0, 8.0), (1.0000001, 1e300), (1e200, 1e300)):
        rule = Plateau("x", factor=factor, ceiling=ceiling)
        assert rule.after(10**18) == ceiling
        assert rule.after(1) == min(factor, ceiling)


def test_a_factor_of_another_rule_is_brought_within_these_bounds():
    wide, narrow = Greedy("x", factor=0.5, patience=0), Greedy("x", factor=0.1, floor=0.5)
    memory, other = wide.reducer(), narrow.reducer()
    for loss in (1, 1, 1, 1):
        memory.see(loss)
    other.load(memory.state())
    other.fit()
    assert other.now == 0.5
    assert other.cannot({**other.state(), "fell": None}) == ""


@pytest.mark.parametrize(
    ("rule", "changed", "text"),
    [
        (Greedy("x"), {"good": 11}, ".good is at most the patience of 10, got 11"),
        (Greedy("x"), {"warming": 1}, ".warming is at most the warmup of 0, got 1"),
        (Greedy("x"), {"cooling": 1}, ".cooling is at most the cooldown of 0, got 1"),
        (
            Greedy("x"),
            {"good": 1, "bad": 1},
            ".good is 0 while there are bad reports in a row, got 1",
        ),
        (Greedy("x"), {"net": 999}, None),
        (Greedy("x"), {"net": -(10**18)}, " has a factor that is not from 0.1 to 10.0, got inf"),
        (Greedy("x"), {"anchor": 11.0}, " has a factor that is not from 0.1 to 10.0, got 11.0"),
        (Greedy("x"), {"before": 0.0}, " has a factor that is not from 0.1 to 10.0, got 0.0"),
        (Bounce("x"), {"turned": 2}, ".turned is 0 or 1, got 2"),
        (Bounce("x"), {"turned": 1}, " turned, and remembers fewer than two reports"),
        (Bounce("x"), {"fell": 3.0}, ".fell is 3.0, and there were no reductions"),
        (Bounce("x"), {"last": "inf"}, ".last is finite, got 'inf'"),
        (Bounce("x"), {"earlier": "1.0"}, ".last is the report after .earlier, and there is none"),
    ],
)
def test_a_state_that_no_reports_can_make_is_told(rule, changed, text):
    memory = rule.reducer()
    said = memory.cannot({**memory.state(), "fell": None, **changed})
    assert said == text or (text is None and said.startswith(" has a factor that is not from"))


def test_each_is_a_factor_of_whatever_stands_beside_it():
    curve = Cosine(0.3, 0.001, steps(90))
    rules = (Greedy("a", factor=0.5, patience=0), Bounce("a"), Plateau("a", factor=2, ceiling=8))
    for rule in rules:
        memory, seen = rule.reducer(), [3.0, 2.0, 2.5, 2.2, 2.4]
        whole = told(curve * rule, seen, "a")
        for value in seen:
            memory.see(value)
        assert whole(7) == curve(7) * rule.factors(memory)[1]
