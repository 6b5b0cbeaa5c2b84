"""The laws of the algebra, over generated trees of every node, four and more deep."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from passo import Constant, Cosine, base, steps
from passo.schedules.algebra import Maximum, Minimum, Product, Sum, Then
from tests.schedules.leaves import RAMPS, WAVE, few, instants, lengths, numbers, ramps
from tests.strategies import Need, grown, placed_trees

finite = placed_trees(endless=False)


def end_of(schedule) -> float:
    """The length in steps of a tree that ends."""
    return float(schedule.length().amount)


def sized(length, levels=2):
    """Trees in steps, so long, without base."""
    return grown(Need(length, frozenset({"Base"})), levels)


@st.composite
def side_by_side(draw, count):
    """So many trees of one length, the first of them four deep."""
    length = draw(lengths | st.none())
    first = draw(grown(Need(length, frozenset({"Base"})), 4))
    return first, *(draw(sized(draw(st.sampled_from([length, None])))) for _ in range(count - 1))


# -- one after another


@few
@given(finite, finite, placed_trees())
def test_then_is_associative(a, b, c):
    assert a.then(b).then(c) == a.then(b.then(c)) == a.then(b, c)


@few
@given(placed_trees(), st.integers(1, 3))
def test_a_sequence_of_one_is_the_thing_itself_at_any_nesting(s, nested):
    wrapped = s
    for _ in range(nested):
        wrapped = Then.of([wrapped.then()])
    assert wrapped == s


@few
@given(finite, placed_trees())
def test_a_span_of_zero_is_an_identity_on_both_sides_of_then(a, b):
    nothing = list(_nothings())
    assert all(nought.then(b) == b for nought in nothing)
    assert all(a.then(nought) == a for nought in nothing)
    assert a.then(*nothing, b) == a.then(b)


def _nothings():
    yield from (Constant(7, steps(0)), base.until(steps(0)), Constant(3, steps(2)).skip(steps(2)))
    yield Constant(7, steps(0)).then(Constant(8, steps(0)))
    yield Constant(7, steps(0)) * Constant(8)


@few
@given(finite, placed_trees())
def test_the_join_of_a_then_belongs_to_the_right_part(a, b):
    assume(not isinstance(a, Then))
    first, end = b(0), end_of(a)
    joined = a.then(b)
    assert joined(end) == first
    before = math.nextafter(end, 0)
    assert joined(before) == a(before)


@few
@given(finite, placed_trees(), instants)
def test_each_part_of_a_then_runs_in_its_own_time(a, b, t):
    joined, end = a.then(b), end_of(a)
    assert joined(end + t) == b(t)
    assert joined(min(t, end / 2)) == a(min(t, end / 2))


@settings(few, max_examples=120)
@given(finite, instants)
def test_past_its_end_a_schedule_holds_its_last_value(s, beyond):
    end = end_of(s)
    assert s(end + beyond) == s(end)


@given(lengths, st.integers(2, 4), st.sampled_from([2, 3, 4]), instants)
def test_past_its_end_a_growing_repeat_holds_its_last_value(length, times, grow, beyond):
    s = Cosine(1, 0.25, steps(length)).repeat(times, grow=grow, scale=0.5)
    assert s(end_of(s)) == s(end_of(s) + beyond) == 0.25 * 0.5 ** (times - 1)


@given(st.sampled_from(sorted(RAMPS)).flatmap(ramps), instants)
def test_a_leaf_reaches_its_end_exactly_and_holds_it(leaf, beyond):
    spec = leaf.to_spec()
    last = spec["points"][-1][1] if "points" in spec else spec.get("end", spec.get("value"))
    last = WAVE(1) if spec["is"] == "Function" else last
    assert leaf(end_of(leaf)) == leaf(end_of(leaf) + beyond) == last


# -- side by side


@few
@given(st.sampled_from([Sum, Product, Minimum, Maximum]), side_by_side(3), st.randoms(), instants)
def test_the_order_of_the_parts_side_by_side_never_matters(kind, parts, random, t):
    one = kind.of(parts)
    shuffled = random.sample(parts, 3)
    other = kind.of([kind.of(shuffled[:2]), shuffled[2]])
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other)
    assert one(t) == other(t)


@few
@given(side_by_side(2), instants)
def test_operators_commute_bit_for_bit(pair, t):
    a, b = pair
    assert a + b == b + a
    assert a * b == b * a
    assert a.minimum(b) == b.minimum(a)
    assert a.maximum(b) == b.maximum(a)
    assert (a + b)(t) == (b + a)(t)
    assert (a * b)(t) == (b * a)(t)


@few
@given(side_by_side(2), instants)
def test_two_parts_side_by_side_have_the_values_of_python(pair, t):
    a, b = pair
    within = t if a._endless or b._endless else min(t, end_of(a))
    x, y = a(within), b(within)
    end = (a + b).length()
    assume(end is None or within <= end.amount)
    assert (a + b)(within) in (x + y, y + x) or _nested(a, b)
    assert (a * b)(within) in (x * y, y * x) or _nested(a, b)
    assert a.minimum(b)(within) == min(x, y)
    assert a.maximum(b)(within) == max(x, y)


def _nested(a, b):
    """A sum in a sum is folded in another order: the last digit may differ."""
    return isinstance(a, (Sum, Product)) or isinstance(b, (Sum, Product))


@few
@given(side_by_side(3))
def test_nodes_side_by_side_are_flat(parts):
    a, b, c = parts
    for kind, made in (
        (Sum, (a + b) + c),
        (Product, a * (b * c)),
        (Minimum, a.minimum(b).minimum(c)),
        (Maximum, a.maximum(b.maximum(c))),
    ):
        assert isinstance(made, kind)
        assert not any(isinstance(part, kind) for part in made.parts)
    joined = a.until(steps(3)).then(b.until(steps(4)).then(c))
    assert not any(isinstance(part, Then) for part in joined.parts)


@few
@given(placed_trees(), instants)
def test_times_one_and_plus_zero_change_no_value(s, t):
    assert (s * 1.0)(t) == s(t)
    assert (1 * s)(t) == s(t)
    assert (s + 0)(t) == s(t)


# -- in another time


@few
@given(placed_trees(without=("Plateau",)), lengths, st.lists(instants, min_size=1, max_size=8))
def test_until_x_then_skip_x_has_the_values_of_the_schedule(s, x, times):
    length = s.length()
    assume(length is None or x <= length.amount)
    cut = s.until(steps(x)).then(s.skip(steps(x)))
    assert [cut(t) for t in times] == [s(t) for t in times]
    assert cut(float(x)) == s(float(x))


@few
@given(finite, st.integers(1, 5), st.integers(1, 5))
def test_a_repeat_of_a_repeat_is_one_repeat(s, m, n):
    assume(not s.to_spec().get("times") and not list(s.plateaus(lambda t: t)))
    assert s.repeat(m).repeat(n) == s.repeat(m * n)
    assert s.repeat(m).repeat() == s.repeat()
    assert s.repeat(1) == s


@few
@given(placed_trees(("Plateau",), endless=False), st.integers(2, 4), instants)
def test_repeat_is_the_same_part_one_after_another(s, times, t):
    end = end_of(s)
    assert s.repeat(times)(t) == s.then(*[s] * (times - 1))(t)
    assert s.repeat()(t) == s(math.fmod(t, end))


@few
@given(placed_trees(("Plateau",), endless=False), st.sampled_from([2, 3, Fraction(1, 2)]), instants)
def test_each_cycle_is_the_part_stretched_and_scaled(s, grow, t):
    grown_up = s.repeat(3, grow=grow, scale=0.5)
    apart = s.then(0.5 * s.stretch(grow), 0.25 * s.stretch(grow).stretch(grow))
    assert grown_up.length() == apart.length()
    assert math.isclose(grown_up(t), apart(t), rel_tol=1e-9, abs_tol=1e-9) or _at_a_join(apart, t)


def _at_a_join(s, t):
    return any(abs(corner - t) < 1e-6 for corner in s.corners(t + 1))


@few
@given(placed_trees(), st.sampled_from([Fraction(1, 3), 2, 0.25, 1.5]), st.sampled_from([4, 0.1]))
def test_stretches_multiply_and_undo_each_other(s, j, k):
    both = Fraction(repr(j)) if isinstance(j, float) else Fraction(j)
    both *= Fraction(repr(k))
    assert s.stretch(j).stretch(k) == s.stretch(both)
    assert s.stretch(1) == s
    assert s.stretch(k).stretch(1 / Fraction(repr(k))) == s


@few
@given(placed_trees(), st.sampled_from([2, 4, 0.5, 0.125]), instants)
def test_a_stretched_schedule_has_the_same_values_later(s, factor, t):
    assert s.stretch(factor)(t * factor) == s(t)


@few
@given(placed_trees(), lengths, instants)
def test_staircase_holds_the_value_at_the_start_of_each_stair(s, stair, t):
    length = s.length()
    within = t if length is None else min(t, float(length.amount))
    held = s.staircase(steps(stair))
    assert held(t) == s(within // float(stair) * float(stair))


@few
@given(placed_trees(), lengths, instants)
def test_skip_begins_inside(s, x, t):
    length = s.length()
    assume(length is None or x <= length.amount)
    assert s.skip(steps(x))(t) == s(t + float(x))


# -- values


@few
@given(placed_trees(), numbers, numbers, instants)
def test_clip_is_idempotent_and_keeps_within(s, one, other, t):
    low, high = sorted([one, other])
    clipped = s.clip(low, high)
    assert clipped.clip(low, high) == clipped
    assert clipped.clip(low=low).clip(high=high)(t) == clipped(t) == min(max(s(t), low), high)
    assert s.clip() == s


@few
@given(
    placed_trees(), st.lists(instants | st.floats(0, 500), min_size=2, max_size=12), st.integers()
)
def test_the_order_of_evaluation_never_matters(s, times, seed):
    first = {t: s(t) for t in times}
    again = list(times) * 2
    Random(seed).shuffle(again)
    fresh = type(s)._make(**s._fields())
    assert all(s(t) == first[t] for t in again)
    assert all(fresh(t) == first[t] for t in again)


@few
@given(placed_trees(), st.integers(0, 300))
def test_an_int_is_its_float(s, t):
    assert s(t) == s(float(t))
    assert type(s(t)) is (int if s.whole else float)
