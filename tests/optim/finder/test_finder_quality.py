"""What a range test suggests, beside limits that are known: bench/range_quality.py in small."""

from __future__ import annotations

import pytest
from bench import range_quality as quality


@pytest.mark.parametrize("noise", ["none", "low"])
@pytest.mark.parametrize("momentum", quality.MOMENTA)
def test_on_quadratics_it_answers_below_the_limit_and_not_far_below(noise, momentum):
    scores = list(quality.on_quadratics(noise, 6, momenta=(momentum,)))
    answered, below, above = quality.shares(scores)
    assert answered >= 0.9
    assert below >= 0.99
    assert above >= 0.95


def test_on_quadratics_of_high_noise_what_it_answers_is_below_the_limit():
    scores = list(quality.on_quadratics("high", 4))
    _, below, _ = quality.shares(scores)
    assert below >= 0.99


@pytest.mark.parametrize("make", [quality.logistic, quality.perceptron])
def test_on_digits_it_is_below_the_limit_found_by_force(make):
    for momentum in quality.MOMENTA:
        best, limit = quality.digits_score(make, momentum, 0)
        assert best is not None
        assert limit / 50 < best < limit


@pytest.mark.parametrize("kind", quality.HOPELESS)
def test_where_there_is_no_answer_it_gives_none(kind):
    answers = [bool(quality.hopeless(kind, seed).suggestion()) for seed in range(20)]
    assert sum(answers) <= 1
