"""How sure a difference is: by the formula, by simulation, and in words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from passo import PassoError, Run, steps
from passo.sweep import Comparison, Pair, Result, compare

SAME = ["Constant(0.1)", "Constant(0.1)"]
NAMES = tuple("abcde")


def of_losses(losses, **more):
    """A Comparison of plans by their losses, a row for each."""
    names = NAMES[: len(losses)]
    results = [
        Result(name, seed, float(loss), failed="" if math.isfinite(loss) else "its loss was nan")
        for name, row in zip(names, losses, strict=True)
        for seed, loss in enumerate(row)
    ]
    return Comparison(names, tuple(range(len(losses[0]))), tuple(results), **more)


@given(st.integers(2, 9), st.integers(1, 10), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_interval_is_that_of_the_paired_t_test_shared_among_all_pairs(seeds, of, random):
    x, y = np.random.default_rng(random).standard_normal((2, seeds))
    pair = Pair("x", "y", tuple(x - y), of)
    known = stats.ttest_rel(x, y).confidence_interval(1 - 0.05 / of)
    assert (pair.low, pair.high) == pytest.approx((known.low, known.high), rel=1e-9)
    assert pair.is_told == (not known.low <= 0 <= known.high)


def test_a_plan_with_itself_is_told_apart_in_5_of_100_comparisons(tmp_path):
    random, run = np.random.default_rng(1), Run(steps(10))

    def train(plan, run, seed, trial):
        return float(random.standard_normal())

    told = [
        compare(train, SAME, run, store=tmp_path / f"{number}.journal").pairs[0].is_told
        for number in range(200)
    ]
    assert 0.02 <= sum(told) / 200 <= 0.08


@pytest.mark.parametrize("noise", [(1, 1, 1, 1, 1), (1, 1, 1, 1, 30)])
def test_of_five_plans_that_are_one_any_is_told_apart_in_at_most_8_of_100(noise):
    random = np.random.default_rng(2)
    scale = np.array(noise)[:, None]
    told = 0
    for _ in range(400):
        shared = random.standard_normal(5)
        found = of_losses(shared + scale * random.standard_normal((5, 5)))
        told += any(pair.is_told for pair in found.pairs)
    assert 0.01 <= told / 400 <= 0.08


def test_of_several_bases_a_plan_with_itself_is_not_told_apart_more_often():
    random, told = np.random.default_rng(3), 0
    bases = (0.1, 0.2, 0.3)
    for _ in range(400):
        results = tuple(
            Result(name, seed, random.standard_normal(), base=base)
            for name in "ab"
            for base in bases
            for seed in range(5)
        )
        told += Comparison(("a", "b"), tuple(range(5)), results, bases).pairs[0].is_told
    assert told / 400 <= 0.05


def test_the_seeds_that_are_advised_tell_the_difference_4_times_in_5():
    random = np.random.default_rng(4)
    pair = Pair("a", "b", tuple(random.standard_normal(5)), 3)
    needed = pair.seeds_for(0.8 * pair.spread)
    draws = random.normal(0.8, 1.0, (4000, needed))
    told = sum(Pair("a", "b", tuple(each), 3).is_told for each in draws)
    assert 0.78 <= told / 4000 <= 0.84
    fewer = random.normal(0.8, 1.0, (4000, needed - 1))
    assert sum(Pair("a", "b", tuple(each), 3).is_told for each in fewer) / 4000 < 0.81


@pytest.mark.parametrize(("seeds", "of"), [(2, 1), (2, 10), (3, 1), (5, 10), (20, 3)])
def test_a_difference_that_is_not_told_takes_more_seeds_than_there_are(seeds, of):
    noise = np.random.default_rng(seeds).standard_normal(seeds)
    noise -= noise.mean()
    edge = Pair("a", "b", tuple(noise), of).half * 0.999
    pair = Pair("a", "b", tuple(noise + edge), of)
    assert not pair.is_told
    assert pair.seeds_for(pair.mean) > seeds


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        (
            Pair("a", "b", (-0.3, -0.2, -0.25), 1),
            "'a' is better than 'b': its loss is 0.25 lower (0.13 to 0.37)",
        ),
        (
            Pair("a", "b", (0.3, -0.2, 0.25), 1),
            (
                "'a' and 'b' cannot be told apart with 3 seeds: +0.12 (-0.57 to +0.8); 46 "
                "would tell a "
                "difference of 0.12"
            ),
        ),
        (
            Pair("a", "b", (1.0, -0.99), 1),
            (
                "'a' and 'b' cannot be told apart with 2 seeds: +0.005 (-13 to +13); a "
                "difference of "
                "0.005 takes more than 1,000 seeds"
            ),
        ),
        (
            Pair("a", "b", (0.1, 0.1), 1, missing=1),
            "'a' and 'b' are not compared: with 1 seed a run has no loss",
        ),
        (
            Pair("a", "b", (), 1, missing=5),
            "'a' and 'b' are not compared: with 5 seeds a run has no loss",
        ),
        (
            Pair("a", "b", (0.0, 0.0), 1),
            "'a' and 'b' cannot be told apart with 2 seeds: +0 with every seed",
        ),
        (
            Pair("a", "b", (0.2001, 0.2002, 0.2003), 1),
            "'b' is better than 'a': its loss is 0.2002 lower (0.2 to 0.2004)",
        ),
        (
            Pair("a", "b", (-0.25, -0.25), 1),
            "'a' is better than 'b': its loss is 0.25 lower with every seed",
        ),
        (
            Pair("a", "b", (0.2, 0.2 + 1e-16, 0.2 - 1e-16), 1),
            "'b' is better than 'a': its loss is 0.2 lower with every seed",
        ),
        (
            Pair("a", "b", (0.1, 0.1), 1, is_noiseless=True),
            (
                "'a' and 'b' are not compared: each has the same loss with every seed, so "
                "that nothing "
                "is known of its noise"
            ),
        ),
    ],
)
def test_what_is_said_of_a_pair(pair, text):
    assert str(pair) == text


def test_a_difference_that_is_the_same_with_every_seed_is_told():
    losses = np.random.default_rng(5).standard_normal(5)
    (pair,) = of_losses([losses, losses + 1]).pairs
    assert pair.is_told
    assert pair.seeds_for(1) == 2


def test_what_the_best_is_and_what_cannot_be_told_from_it():
    noise = np.random.default_rng(6).normal(0, 0.01, (5, 8))
    found = of_losses(noise + np.array([1.0, 0.5, 0.5, 2.0, 0.2])[:, None])
    assert found.ranking[0] == "e"
    assert found.best == ("e",)
    assert set(found.ranking[1:3]) == {"b", "c"}
    assert found.ranking[3:] == ("a", "d")
    said = str(found)
    assert "'e' is better than 'd': its loss is 1.8 lower" in said
    assert "'b' and 'c' cannot be told apart with 8 seeds" in said or "'c' and 'b' cannot" in said
    alike = of_losses(noise)
    assert set(alike.best) == set(NAMES)


def test_with_five_seeds_and_five_plans_it_says_what_cannot_be_decided():
    noise = np.random.default_rng(9).standard_normal((5, 5))
    found = of_losses(noise + 0.1 * np.arange(5)[:, None])
    assert sum("cannot be told apart with 5 seeds" in str(each) for each in found.pairs) == 10
    assert found.notes == (
        (
            "intervals: 95 % for all 10 pairs together, by Student's t of the paired "
            "differences, each "
            "at 1 - 0.05/10"
        ),
    )


def test_a_plan_with_a_failed_run_is_last_and_has_no_interval():
    found = of_losses([[0.1, math.nan, 0.1], [0.9, 0.8, 0.7], [0.8, 0.9, 0.9]])
    assert found.ranking[-1] == "a"
    assert "a" not in found.best
    assert not any(each.is_told for each in found.pairs if "a" in (each.first, each.second))
    assert found.notes[-1] == (
        "'a': 1 of 3 runs have no loss (its loss was nan); a lower peak or a longer warm-up may "
        "keep them, and retry=True makes them again"
    )
    assert "2 of 3" in str(found)


def test_a_lost_run_leaves_a_pair_untold_however_far_apart_the_others_are():
    (pair,) = of_losses([[0.1, 0.11, 0.1, math.nan], [5.0, 5.1, 5.0, 5.1]]).pairs
    assert (pair.seeds, pair.missing) == (3, 1)
    assert abs(pair.mean) > pair.half
    assert not pair.is_told


def test_the_table_has_how_much_higher_each_loss_is_than_the_best_ones():
    found = of_losses([[0.3, 0.4, 0.5], [0.1, 0.1, 0.1]])
    *_, behind = found.table().columns
    assert list(behind.cells) == ["", "+0.3 (+0.052 to +0.55)"]


def test_where_every_run_failed_nothing_is_best():
    found = of_losses([[math.nan] * 3] * 2)
    assert found.best == ()
    assert "none" in str(found)


def test_a_seed_that_changes_nothing_decides_nothing():
    found = of_losses([[0.1] * 5, [0.2] * 5])
    assert not found.pairs[0].is_told
    assert found.notes[-1] == (
        "each seed gave the same loss: let train use its seed, as in torch.manual_seed(seed)"
    )


def test_a_plan_is_judged_at_the_base_that_was_best_for_it_and_never_failed():
    losses = {0.1: (0.0, 0.5, 0.5), 0.2: (0.4, 0.4, 0.4), 0.3: (0.1, math.nan, 0.1)}
    results = tuple(
        Result("a", seed, loss, base=base, failed="" if math.isfinite(loss) else "its loss was nan")
        for base, several in losses.items()
        for seed, loss in enumerate(several)
    )
    found = Comparison(("a",), (0, 1, 2), results, (0.1, 0.2, 0.3))
    assert found.best_base("a") == 0.1
    assert found.losses("a") == {0: 0.0, 1: 0.5, 2: 0.5}


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (
            lambda found: found.losses("cosin"),
            "the comparison has no plan 'cosin'; did you mean 'cosine'?; it has cosine, wsd",
        ),
        (
            lambda found: found.behind(["wsd"]),
            "the comparison has no plan ['wsd']; it has cosine, wsd",
        ),
        (
            lambda found: found.best_base(3),
            "the comparison has no plan 3; it has cosine, wsd",
        ),
        (
            lambda found: found.losses("wsd", 0.3),
            "the comparison has no base 0.3; it has 0.1, 1",
        ),
    ],
)
def test_what_is_not_compared_is_named(ask, text):
    names, seeds, bases = ("cosine", "wsd"), (0, 1), (0.1, 1.0)
    runs = [Result(n, s, 0.5 + s, base=b) for n in names for s in seeds for b in bases]
    with pytest.raises(PassoError) as caught:
        ask(Comparison(names, seeds, tuple(runs), bases))
    assert str(caught.value) == text


def chance(seeds, effect, of):
    """How often a difference of so many spreads is told: the mean over what a spread may be."""
    squares = stats.chi2.ppf((np.arange(4000) + 0.5) / 4000, seeds - 1)
    t = stats.t.ppf(1 - 0.025 / of, seeds - 1)
    shift = effect * math.sqrt(seeds)
    return stats.norm.sf(t * np.sqrt(squares / (seeds - 1)) - shift).mean()


def of_spread_one(of):
    """A pair whose differences have the spread 1, to the last bits."""
    return Pair("a", "b", (-math.sqrt(0.5), math.sqrt(0.5)), of)


@pytest.mark.parametrize("of", [1, 10])
@pytest.mark.parametrize("effect", [0.15, 0.4, 0.7, 1.0, 1.3, 1.6, 1.9, 2.4, 3, 4, 6, 10, 40, 200])
def test_the_seeds_that_are_advised_are_the_fewest_that_tell_it_4_times_in_5(effect, of):
    needed = of_spread_one(of).seeds_for(effect)
    assert chance(needed, effect, of) >= 0.7999
    assert needed == 2 or chance(needed - 1, effect, of) < 0.8001


def test_of_two_seeds_to_a_thousand_each_may_be_the_fewest():
    assert Pair("a", "b", (1.0, 1.0001), 1).seeds_for(1) == 2
    low, high = 0.05, 0.2  # the size that takes exactly a thousand
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(1000, middle, 1) < 0.8 else (low, middle)
    assert of_spread_one(1).seeds_for(high * 1.00005) == 1000
    assert of_spread_one(1).seeds_for(high * 0.9995) is None
    assert of_spread_one(1).seeds_for(high * 1.001) < 1000


def test_a_difference_is_as_hard_to_tell_below_as_above_0():
    pair = Pair("a", "b", (0.2, -0.1, 0.3, 0.0), 1)
    assert pair.seeds_for(-0.3) == pair.seeds_for(0.3) == 6
