"""The sentences follow the numbers: an interval over 0 is no proof, shuffled numbers say else."""

from __future__ import annotations

import random

import pytest
from evidence.frame.arms import TINY
from evidence.frame.claims import Case
from evidence.frame.intervals import Effect, level_of, paired
from evidence.frame.sides import crossing
from evidence.frame.verdicts import answer_of, flat, shown, verdict
from hypothesis import given
from hypothesis import strategies as st

YES, NO, OPEN = Effect(2.0, 1.0, 3.0, 8), Effect(-2.0, -3.0, -1.0, 8), Effect(0.5, -1.0, 2.0, 8)
SAME = Effect(0.0, 0.0, 0.0, 8)


def said(*effects: Effect) -> str:
    cases = [Case(f"case {k}", effect) for k, effect in enumerate(effects)]
    return verdict(cases, "the task", "points").sentence


def test_true_where_every_case_bears_it_out():
    assert said(YES, YES) == (
        "True here. It holds for case 0 (2.0 points of error less, 1.0 to 3.0); "
        "case 1 (2.0 points of error less, 1.0 to 3.0)."
    )


def test_false_where_no_case_bears_it_out_and_one_says_the_opposite():
    assert said(NO, OPEN) == (
        "False here. The opposite holds for case 0 (2.0 points of error more, 1.0 to 3.0). "
        "It cannot be told for case 1 (0.5 points of error less, −1.0 to 2.0)."
    )


def test_not_seen_where_no_interval_says_anything():
    assert said(OPEN, SAME) == (
        "Not seen here. It makes no difference for case 1 (exactly the same in every seed). "
        "It cannot be told for case 0 (0.5 points of error less, −1.0 to 2.0)."
    )


@pytest.mark.parametrize("other", [NO, SAME])
def test_it_depends_where_the_cases_disagree(other):
    assert said(YES, other).startswith("It depends on the task. It holds for case 0 (2.0 points")


def test_true_in_part_where_the_other_intervals_say_nothing():
    assert said(OPEN, YES) == (
        "True here in part. It holds for case 1 (2.0 points of error less, 1.0 to 3.0). "
        "It cannot be told for case 0 (0.5 points of error less, −1.0 to 2.0)."
    )
    assert said(OPEN, YES, SAME).startswith("It depends on the task. It holds for case 1 ")


def test_a_verdict_needs_a_case():
    with pytest.raises(ValueError, match="a verdict needs one case or more"):
        verdict([], "the task", "points")


@given(st.floats(-5, 5), st.floats(0, 5), st.floats(0, 5))
def test_an_interval_over_0_bears_nothing_out(mean, below, above):
    effect = Effect(mean, min(mean - below, 0.0), max(mean + above, 0.0), 8)
    cases = [Case("one", effect), Case("two", effect)]
    assert answer_of(cases[0]) in ("open", "same")
    assert verdict(cases, "x", "points").word == "not seen here"


@pytest.mark.parametrize(
    ("effect", "answer"),
    [(Effect(-0.4, -0.9, 0.1, 8), "true"), (Effect(-2, -3, -1.1, 8), "false"), (NO, "open")],
)
def test_a_margin_is_what_the_better_side_may_be_worse_by(effect, answer):
    assert answer_of(Case("near", effect, margin=1.0)) == answer


def test_shuffled_numbers_change_the_sentence():
    chance = random.Random(3)
    better = [chance.gauss(8, 0.3) for _ in range(8)]
    worse = [each + 2 + chance.gauss(0, 0.2) for each in better]
    pool = better + worse
    words = []
    for _ in range(40):
        chance.shuffle(pool)
        words.append(verdict([Case("x", paired(pool[:8], pool[8:]))], "x", "points"))
    real = verdict([Case("x", paired(worse, better))], "x", "points")
    assert real.word == "true here"
    assert sum(each.word == "true here" for each in words) <= 4
    assert real.sentence not in {each.sentence for each in words}
    turned = verdict([Case("x", paired(better, worse))], "x", "points")
    assert turned.word == "false here"


@pytest.mark.parametrize(
    ("effect", "unit", "text"),
    [
        (NO, "nats", "2.000 nats of loss more, 1.000 to 3.000"),
        (Effect(0.01, -0.04, 0.06, 8), "points", "0.0 points of error less, 0.0 to 0.1"),
        (Effect(-1, -2, 0.5, 8), "times", "0.50 times fewer updates, 0.25 to 1.41"),
        (SAME, "times", "exactly the same in every seed"),
    ],
)
def test_an_effect_in_words(effect, unit, text):
    assert shown(effect, unit) == text


# -- intervals


def test_a_paired_interval_is_students():
    effect = paired([3.0, 5.0, 4.0, 8.0], [1.0, 2.0, 3.0, 4.0])
    assert effect.mean == 2.5
    # 3.182446 is Student's for 3 degrees, 1.290994 the deviation of 2, 3, 1, 4
    assert effect.high - 2.5 == pytest.approx(3.182446 * 1.290994 / 2, rel=1e-5)
    assert effect.low + effect.high == pytest.approx(5)


def test_more_cases_widen_the_intervals():
    more, less = [3.0, 5.0, 4.0, 8.0], [1.0, 2.0, 3.0, 4.0]
    assert paired(more, less, level_of(5)).low < paired(more, less, level_of(1)).low


@pytest.mark.parametrize(("more", "less"), [([1.0], [2.0]), ([1.0, 2.0], [1.0]), ([], [])])
def test_pairs_are_needed(more, less):
    with pytest.raises(ValueError, match="two seeds or more are needed, in pairs; got"):
        paired(more, less)


# -- sweeps and ladders


@pytest.mark.parametrize(
    ("worse", "text"),
    [
        ([YES, YES, SAME, YES], "best at 4; every other value is worse"),
        ([OPEN, YES, SAME, OPEN], "best at 4; flat from 4 to 8"),
        ([OPEN, OPEN, SAME, OPEN], "best at 4; flat from 1 to 8, all that was tried"),
    ],
)
def test_where_a_setting_is_flat(worse, text):
    assert flat([1, 2, 4, 8], worse, 4) == text


@pytest.mark.parametrize(
    ("errors", "updates"),
    [
        ([9.0, 8.0, 7.0], 100),
        ([12.0, 8.0, 7.0], 200),
        ([12.0, 13.0, 10.0], 1600),
        ([12.0] * 3, 3200),
    ],
)
def test_updates_to_a_target(errors, updates):
    assert 2 ** crossing([100, 400, 1600], errors, 10.0) == pytest.approx(updates)


def test_the_tiny_size_reports_two_seeds_and_tries_others():
    assert (TINY.updates(500), len(TINY.reported), set(TINY.tried) & set(TINY.reported)) == (
        10,
        2,
        set(),
    )
