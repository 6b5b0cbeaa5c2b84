"""What the demo says is made from its numbers: properties over shuffled and invented ones."""

from __future__ import annotations

import math
import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passo.demo.findings import Ground, findings, ranges
from passo.demo.values import Cell

GOAL, IMAGES = 95.0, 600
TITLES = ("constant", "step", "cosine", "one-cycle")
BASES = (0.01, 0.02, 0.05)
SAME = (
    "At {} all work, and the differences are within the spread: there the schedule does not matter."
)
CHOSEN = "Each at the rate that its validation images choose, "
FLAT = "the differences are within the spread, and the schedule does not matter: "
few = settings(max_examples=settings().max_examples // 3)  # 1,000 in the thorough profile


def said(cells):
    return findings(cells, GOAL, IMAGES)


def cell(title, base, *accuracies):
    return Cell(title, base, accuracies, accuracies)


def table(**rows):
    """Cells from one mean for each base; the seeds lie half a percent around it."""
    return [
        cell(title.replace("_", "-"), base, mean - 0.5, mean, mean + 0.5)
        for title, means in rows.items()
        for base, mean in zip(BASES, means, strict=True)
    ]


@st.composite
def seeds_of(draw, count):
    """Accuracies of some seeds: close together or wide apart, at the goal, at guessing, between."""
    mean = draw(st.one_of(st.sampled_from((10.0, 94.9, 95.0, 97.0)), st.floats(80, 99)))
    width = draw(st.sampled_from((0.0, 0.3, 1.0, 8.0)))
    spread = (width * draw(st.sampled_from((-1.0, 0.0, 0.4, 1.0))) for _ in range(count))
    return tuple(min(mean + each, 100.0) for each in spread)


@st.composite
def results(draw, seeds=st.just(3)):
    """A whole table of invented accuracies; validation is invented on its own."""
    count = draw(seeds)
    titles = draw(st.lists(st.sampled_from(TITLES), min_size=2, unique=True))
    drawn = seeds_of(count)
    return [Cell(title, base, draw(drawn), draw(drawn)) for title in titles for base in BASES]


@few
@given(results(), st.randoms(use_true_random=False))
def test_the_order_of_the_results_changes_no_sentence(cells, dice):
    shuffled = [
        Cell(c.title, c.base, *zip(*dice.sample(pairs, len(pairs)), strict=True))
        for c in dice.sample(cells, len(cells))
        for pairs in [list(zip(c.accuracies, c.validation, strict=True))]
    ]
    assert said(shuffled) == said(cells)
    assert ranges(shuffled, GOAL, IMAGES) == ranges(cells, GOAL, IMAGES)


@few
@given(results())
def test_best_is_only_what_is_above_all_others_by_more_than_the_spread(cells):
    text = " ".join(said(cells))
    for title, mean, base in re.findall(r"choose, (\S+) ([\d.]+) % \(([\d.]+)\) is best", text):
        chosen = {
            t: max(own(cells, t), key=lambda c: (sum(c.validation), -c.base))
            for t in TITLES
            if own(cells, t)
        }
        best = chosen.pop(title)
        assert (f"{best.mean:.1f}", f"{best.base:g}") == (mean, base)
        for other in chosen.values():
            assert min(best.accuracies) > max(other.accuracies)
            assert best.mean - other.mean > 0.3  # a sixth of a percent is one image of 600
    assert text.count("best") <= 1


def own(cells, title):
    return [each for each in cells if each.title == title]


@few
@given(results())
def test_every_number_that_is_said_was_measured(cells):
    means = {f"{each.mean:.1f}" for each in cells}
    rates = {f"{each.base:g}" for each in cells}
    for sentence in said(cells):
        assert set(re.findall(r"([\d.]+) %", sentence)) <= means
        rest = re.sub(r"[\d.]+ %|[\d.e+]+ times", "", sentence)
        assert set(re.findall(r"\d+(?:\.\d+)?", rest)) <= rates


@few
@given(results())
def test_where_the_schedule_does_not_matter_no_band_is_apart_from_another_by_much(cells):
    for sentence in said(cells):
        if sentence.endswith("there the schedule does not matter."):
            for base in map(float, re.findall(r"0\.\d+", sentence)):
                here = [each for each in cells if each.base == base]
                assert min(round(each.mean, 1) for each in here) >= GOAL
                for low, high in pairwise(sorted(here, key=lambda each: each.mean)):
                    touch = max(low.accuracies) >= min(high.accuracies)
                    assert touch or high.mean - low.mean < 2


@few
@given(results())
def test_a_schedule_that_works_where_constant_does_not_is_named_only_where_it_is_apart(cells):
    for sentence in said(cells):
        for base, parts in re.findall(
            r"at ([\d.]+) it ends at [\d.]+ %, ([^;]+?)[;.](?=\s|$)",
            sentence if sentence.startswith("Where") else "",
        ):
            here = {each.title: each for each in cells if each.base == float(base)}
            for title in re.findall(r"([a-z-]+) at [\d.]+ %", parts):
                assert round(here[title].mean, 1) >= GOAL > round(here["constant"].mean, 1)
                assert min(here[title].accuracies) > max(here["constant"].accuracies)


@few
@given(results(seeds=st.integers(1, 2)))
def test_of_one_or_two_seeds_nothing_is_said(cells):
    assert said(cells) == []


@few
@given(results())
def test_one_schedule_is_never_above_another_that_is_above_it(cells):
    ground = Ground.of(cells, GOAL, IMAGES)
    for base in BASES:
        here = ground.at(base)
        assert ground.leaders(here)
        assert not any(ground.above(a, b) and ground.above(b, a) for a in here for b in here)


@given(st.permutations([96.0, 96.4, 96.8, 97.2]))
def test_means_within_the_spread_are_called_so_in_any_order(means):
    cells = [cell(t, 0.1, m - 1, m, m + 1) for t, m in zip(TITLES, means, strict=True)]
    sentences = said(cells)
    assert "best" not in " ".join(sentences)
    assert sentences[1] == SAME.format("0.1")
    assert sentences[2].startswith(f"{CHOSEN}{FLAT}")


def test_above_is_more_than_two_errors_of_the_images_of_all_seeds_and_of_no_shared_seed():
    def error(mean):  # of Agresti and Coull, 1998: two right and two wrong are added
        images = 3 * IMAGES
        share = (mean / 100 * images + 2) / (images + 4)
        return 100 * (share * (1 - share) / (images + 4)) ** 0.5

    for low in (60.0, 97.0):
        for high in (low + 0.1 * k for k in range(31)):
            one, other = cell("a", 0.1, high, high, high), cell("b", 0.1, low, low, low)
            is_above = high - low > 2 * math.hypot(error(high), error(low))
            assert Ground.of([one, other], GOAL, IMAGES).above(one, other) == is_above
    touching = cell("a", 0.1, 90.0, 99.0, 99.0), cell("b", 0.1, 80.0, 80.0, 90.0)
    assert not Ground.of(touching, GOAL, IMAGES).above(*touching)


def test_a_rate_works_as_its_mean_is_shown_and_of_equal_choices_the_lowest_is_taken():
    assert ranges([cell("a", 0.1, 94.96), cell("a", 0.2, 94.94)], GOAL, IMAGES) == {
        "a": "1 of 2: 0.1"
    }
    cells = [
        Cell(title, rate, (mean,) * 3, chosen)
        for title in ("constant", "cosine")
        for rate, mean, chosen in ((0.1, 97.0, (96.0,) * 3), (0.2, 98.0, (96.0,) * 3))
    ]
    assert said(cells)[-1] == f"{CHOSEN}{FLAT}constant 97.0 % (0.1), cosine 97.0 % (0.1)."


# -- whole texts


def test_a_decay_that_stands_higher_rates_is_said_with_its_factor():
    cells = table(
        constant=(97, 97, 40), cosine=(97, 97, 97), one_cycle=(97, 97, 96), step=(80, 97, 50)
    )
    assert said(cells) == [
        (
            "Constant works up to a rate of 0.02; cosine and one-cycle work up to 0.05, "
            "2.5 times as high."
        ),
        (
            "Where constant fails, others still work: at 0.05 it ends at 40.0 %, "
            "cosine at 97.0 % and one-cycle at 96.0 %."
        ),
        SAME.format("0.02"),
        "Constant is ahead of some: at 0.01 it ends at 97.0 %, step at 80.0 %.",
        (
            f"{CHOSEN}{FLAT}constant 97.0 % (0.01), "
            "cosine 97.0 % (0.01), one-cycle 97.0 % (0.01), step 97.0 % (0.02)."
        ),
    ]


def test_where_one_schedule_is_best_and_no_rate_suits_all_that_is_said():
    cells = table(constant=(50, 90, 60), cosine=(50, 98, 60))
    assert said(cells) == [
        "Constant works at none of these rates; cosine works up to 0.02.",
        ("Where constant fails, others still work: at 0.02 it ends at 90.0 %, cosine at 98.0 %."),
        "At none of these rates do all work within the spread of each other.",
        f"{CHOSEN}cosine 98.0 % (0.02) is best, above constant 90.0 % (0.02).",
        "At 0.01 and 0.05 none works: a schedule does not make every rate work.",
    ]


def test_several_leaders_are_named_as_equals_and_those_behind_as_such():
    cells = table(constant=(97, 97, 97), cosine=(97.2, 97, 97), step=(90, 90, 90))
    assert said(cells)[-1] == (
        f"{CHOSEN}constant 97.0 % (0.01) and "
        "cosine 97.2 % (0.01) are within the spread of each other, and step 90.0 % (0.01) "
        "falls short."
    )


def test_without_a_constant_rate_the_rest_is_said():
    cells = table(cosine=(97, 97, 97), step=(97, 97, 97))
    assert said(cells) == [
        SAME.format("0.01, 0.02 and 0.05"),
        (f"{CHOSEN}{FLAT}cosine 97.0 % (0.01), step 97.0 % (0.01)."),
    ]
    assert said(own(cells, "step")) == []


@pytest.mark.parametrize("seed", range(3))
def test_names_that_are_dealt_anew_are_named_anew(seed):
    """The numbers of one schedule under the name of another: the sentences follow the numbers."""
    rows = [(97, 97, 40), (97, 97, 97), (80, 97, 50)]
    names = ["cosine", "step", "one_cycle"]
    random.Random(seed).shuffle(names)
    sentences = said(table(constant=(97, 97, 40), **dict(zip(names, rows, strict=True))))
    assert sentences[0] == (
        f"Constant works up to a rate of 0.02; {names[1].replace('_', '-')} works up to 0.05, "
        "2.5 times as high."
    )


def test_the_rates_that_work_are_listed():
    found = ranges(table(constant=(97, 97, 40), cosine=(40, 50, 60)), GOAL, IMAGES)
    assert found == {"constant": "2 of 3: 0.01, 0.02", "cosine": "0 of 3"}
