"""`Plateau`: what reports do to a schedule, by hand and as a reducer would see them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from passo import Constant, Cosine, Linear, Plateau, steps
from passo.schedules.reducer import Rule
from tests.schedules.leaves import few, instants
from tests.strategies import placed_trees

metrics = st.floats(-2, 2) | st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, -math.inf])
rules = st.builds(
    Plateau,
    st.just("loss"),
    mode=st.sampled_from(["min", "max"]),
    factor=st.sampled_from([0.1, 0.5, 0.9]),
    patience=st.integers(0, 3),
    threshold=st.sampled_from([0.0, 1e-4, 0.1]),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    cooldown=st.integers(0, 3),
    floor=st.sampled_from([0.0, 0.05]),
)
pasts = st.lists(metrics, max_size=40)


def told(schedule, seen, name="loss"):
    """One report after each update."""
    return schedule.with_reports([(t + 1, {name: value}) for t, value in enumerate(seen)])


@given(rules, pasts)
def test_with_reports_is_the_reducer_replayed(rule, seen):
    reducer, schedule = rule.reducer(), told(rule, seen)
    assert schedule(0) == 1.0
    for t, value in enumerate(seen):
        reducer.see(value)
        assert schedule(t + 1) == rule.after(reducer.reductions)
    assert schedule(10_000) == rule.after(reducer.reductions)


@given(rules, pasts)
def test_told_at_once_or_one_by_one_is_the_same(rule, seen):
    by_one = rule
    for t, value in enumerate(seen):
        by_one = by_one.with_reports([(t + 1, {"loss": value, "other": 3.0})])
    assert by_one == told(rule, seen)


@given(rules, pasts, st.integers(1, 100))
def test_a_product_with_a_plateau_is_the_curve_times_the_factor_exactly(rule, seen, t):
    curve = Cosine(0.3, 0.001, steps(90))
    whole, reducer = told(curve * rule, seen), rule.reducer()
    for value in seen[:t]:
        reducer.see(value)
    assert whole(t) == curve(t) * rule.after(reducer.reductions)


@given(rules, pasts, st.integers(0, 20), st.integers(1, 20))
def test_within_then_a_plateau_sees_only_the_reports_of_its_segment(rule, seen, begin, long):
    before, after = Constant(1, steps(begin)), Constant(1, steps(5))
    s = before.then((Constant(1) * rule).until(steps(long)), after)
    reports = [(t + 0.5, {"loss": value}) for t, value in enumerate(seen)]
    inside = [(t - begin, m) for t, m in reports if begin <= t < begin + long]
    alone = rule.with_reports(inside)
    placed = s.with_reports(reports)
    for t in range(begin, begin + long):
        assert placed(t) == alone(t - begin)
    assert placed(begin + long) == 1.0


def test_a_report_on_the_join_belongs_to_the_right_part():
    rule = Plateau("loss", patience=0, factor=0.5)
    s = (Constant(1) * rule).until(steps(10)).then(Constant(1) * rule)
    bad = s.with_reports([(5, {"loss": 1}), (10, {"loss": 1}), (15, {"loss": 2})])
    assert [bad(t) for t in (9, 10, 14, 15)] == [1.0, 1.0, 1.0, 0.5]


def test_each_plateau_keeps_only_the_reports_of_its_own_segment():
    rule = Plateau("loss")
    s = (Constant(1, steps(10)) * rule).then(Constant(1) * rule)
    told_both = s.with_reports([(5, {"loss": 1}), (10, {"loss": 2}), (15, {"loss": 3})])
    first, second = replace(rule, past=((5, 1),)), replace(rule, past=((0, 2), (5, 3)))
    assert told_both == (Constant(1, steps(10)) * first).then(Constant(1) * second)


def test_reports_reach_a_plateau_through_every_warp():
    rule = Plateau("loss", patience=0, factor=0.5)
    reports = [(4, {"loss": 1.0}), (8, {"loss": 1.0})]
    warped = {
        rule.skip(steps(3)): (7.9, 8),
        rule.stretch(2): (7.9, 8),
        rule.clip(high=2): (7.9, 8),
        rule.minimum(2): (7.9, 8),
        (rule + 1).maximum(0): (7.9, 8),
        rule.staircase(steps(3)): (8.9, 9),
        rule.until(steps(9)): (7.9, 8),
    }
    for schedule, (before, after) in warped.items():
        bad = schedule.with_reports(reports)
        assert bad(after) == schedule(after) - 0.5
        assert bad(before) == schedule(before)
    assert rule.until(steps(8)).with_reports(reports)(20) == 1.0


@few
@given(placed_trees(("Plateau",)), st.lists(st.tuples(instants, metrics), max_size=5))
def test_reports_do_not_touch_a_schedule_without_a_plateau(s, seen):
    reports = [(t, {"loss": value}) for t, value in sorted(seen, key=lambda report: report[0])]
    assert s.with_reports(reports) == s


@given(pasts, st.sampled_from(["rel", "abs"]), st.integers(0, 3))
def test_falling_and_rising_metrics_are_mirror_images(seen, threshold_mode, patience):
    down = Plateau("loss", patience=patience, threshold_mode=threshold_mode)
    up = Plateau("loss", mode="max", patience=patience, threshold_mode=threshold_mode)
    mirrored = [-value for value in seen]
    assert [told(down, seen)(t) for t in range(41)] == [told(up, mirrored)(t) for t in range(41)]


@given(
    st.floats(0.01, 0.5),
    st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-3),
    st.sampled_from(["min", "max"]),
)
def test_a_relative_threshold_asks_for_a_share_of_the_size_whatever_the_sign(share, best, mode):
    better = -1 if mode == "min" else 1
    rule = Rule(mode, share)
    assert rule.is_better(best + better * abs(best) * share * 1.01, best)
    assert not rule.is_better(best + better * abs(best) * share * 0.99, best)
    assert not rule.is_better(best, best)
    assert not rule.is_better(best - better * abs(best), best)


def test_a_steady_improvement_of_a_negative_metric_is_an_improvement():
    rule = Plateau("loss", patience=0, threshold=0.1)
    assert told(rule, [-1.0, -1.2, -1.5, -2.0])(9) == 1.0
    assert told(rule, [-1.0, -1.05])(9) == 0.1  # less than a tenth better: not enough


@pytest.mark.parametrize(
    ("rule", "seen", "factors"),
    [
        (Plateau("x", patience=0), [1, 1, 1], [1, 0.1, 0.01]),
        (Plateau("x", patience=1), [1, 1, 1, 1, 1], [1, 1, 0.1, 0.1, 0.01]),
        (Plateau("x", patience=0, cooldown=2), [1, 1, 1, 1, 1], [1, 0.1, 0.1, 0.1, 0.01]),
        (Plateau("x", patience=0, floor=0.05), [1, 1, 1], [1, 0.1, 0.05]),
        (Plateau("x", patience=0, mode="max"), [1, 2, 3, 3], [1, 1, 1, 0.1]),
        (Plateau("x", patience=0, threshold=0.5), [4, 3, 1], [1, 0.1, 0.1]),
        (
            Plateau("x", patience=0, threshold=0.5, threshold_mode="abs"),
            [4, 3.6, 3.4],
            [1, 0.1, 0.1],
        ),
        (Plateau("x", patience=0), [1, math.nan, 0.5], [1, 0.1, 0.1]),
        (Plateau("x", patience=0), [math.nan, 1, 0.5], [0.1, 0.1, 0.1]),
        (Plateau("x", patience=0), [math.inf, 1, 0.5], [0.1, 0.1, 0.1]),
        (Plateau("x", patience=0, mode="max"), [-math.inf, 1], [0.1, 0.1]),
        (Plateau("x", patience=2), [1, 2, 2, 0.5, 2, 2, 2], [1, 1, 1, 1, 1, 1, 0.1]),
        (Plateau("x", factor=0.5, patience=0), [0.0, 0.0], [1, 0.5]),
    ],
)
def test_reports_bring_these_factors(rule, seen, factors):
    schedule = told(rule, seen, "x")
    found = [schedule(t + 1) for t in range(len(seen))]
    assert found == pytest.approx(factors, rel=1e-15)


@given(rules, pasts)
def test_the_memory_of_a_reducer_is_plain_and_small(rule, seen):
    reducer = rule.reducer()
    for value in seen:
        reducer.see(value)
    assert reducer.reductions <= len(seen)
    assert 0 <= reducer.bad <= rule.patience
    assert 0 <= reducer.cooling <= rule.cooldown
    assume(any(not math.isnan(value) for value in seen))
    assert reducer.best is None or not math.isnan(reducer.best)


def test_reports_before_the_first_are_not_seen_and_equal_times_both_count():
    s = Plateau("loss", patience=0).with_reports([(5, {"loss": 1.0})] * 3)
    assert [s(4), s(5)] == [1.0, 0.1**2]


def test_two_plateaus_watch_their_own_metrics():
    s = Plateau("a", patience=0, factor=0.5) * Plateau("b", patience=0, factor=0.1) * Constant(4)
    bad = s.with_reports([(1, {"a": 1, "b": 1}), (2, {"a": 1}), (3, {"b": 1})])
    assert [bad(t) for t in range(4)] == pytest.approx([4, 4, 2, 0.2])


def test_a_warm_up_is_untouched_by_the_plateau_after_it():
    s = Linear(0, 1, steps(4)).then(Constant(1) * Plateau("loss", patience=1))
    bad = told(s, [1.0] * 8)
    assert [bad(t) for t in range(9)] == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1, 0.1, 0.1, 0.01])


def test_each_plateau_is_replaced_in_the_order_in_which_they_are_listed():
    first, second = Plateau("a"), Plateau("b", factor=0.5)
    s = (Constant(1, steps(10)) * first).then((Constant(1) * second).clip(high=2))
    assert [plateau for plateau, _ in s.plateaus(lambda t: t)] == [first, second]
    numbers = iter([3.0, 5.0])
    replaced = s.with_plateaus(lambda _: Constant(next(numbers)))
    assert replaced == (3 * Constant(1, steps(10))).then((5 * Constant(1)).clip(high=2))


@few
@given(placed_trees(("Plateau",)))
def test_without_a_plateau_there_is_nothing_to_replace(s):
    def refuse(plateau):
        raise AssertionError(plateau)

    assert s.with_plateaus(refuse) == s


@few
@given(placed_trees())
def test_each_plateau_replaced_by_itself_is_the_same_schedule(s):
    assert s.with_plateaus(lambda plateau: plateau) == s
