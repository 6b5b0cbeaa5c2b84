"""States that somebody else wrote: each is refused in words, with all as it was, or it is right.

Issue 12, kind 5. PASSO_MUTATIONS sets how many are tried.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter

import pytest

from passo import PassoError
from tests.mutations import SHARES, changed, in_time, in_words, seeds
from tests.optim.make_fixtures import MADE, NEXT, STORIES, path, played, started

POLICIES = ("error", "error", "error", "keep", "replace", "rescale")
NAMES = sorted(STORIES)


def underway(name, **settings):
    """A story at update 5, and what its next updates use."""
    optimizer, scheduler = started(STORIES[name], **settings)
    played(optimizer, scheduler, STORIES[name], 0, 5)
    return optimizer, scheduler


@pytest.fixture(scope="module")
def expected():
    """What each story uses when nothing is loaded."""
    return {name: played(*underway(name), STORIES[name], 5, 8) for name in NAMES}


def highest(name):
    """The largest number that a story's plan gives each field from the bases that it began with."""
    optimizer, scheduler = started(STORIES[name])
    used = played(optimizer, scheduler, STORIES[name], 0, MADE + NEXT)
    return {key: max(max(each[key]) for each in used) for key in used[0]}


MOST = {name: highest(name) for name in NAMES}


@pytest.mark.parametrize("share", range(SHARES))
def test_a_mutation_of_a_state_is_refused_with_all_as_it_was_or_goes_on(share, expected):
    outcomes = Counter()
    for seed in seeds(share):
        rng = random.Random(seed)
        name, policy = rng.choice(NAMES), rng.choice(POLICIES)
        story = STORIES[name]
        told = json.loads(path(name).read_text("utf-8"))
        state = changed(told["state"], rng)
        optimizer, scheduler = underway(name, on_change=policy)
        before, values = scheduler.state_dict(), scheduler.values()
        with in_time():
            try:
                scheduler.load_state_dict(state)
            except PassoError as error:
                in_words(error, seed)
                assert scheduler.state_dict() == before, seed
                assert scheduler.values() == values, seed
                assert played(optimizer, scheduler, story, 5, 8) == expected[name], seed
                outcomes["refused"] += 1
                continue
        outcomes["loaded"] += 1
        scheduler.load_state_dict(scheduler.state_dict())
        for used in played(optimizer, scheduler, story, MADE, MADE + 3):
            for key, numbers in used.items():
                assert all(math.isfinite(each) and each >= 0 for each in numbers), seed
                if policy == "error":
                    same = state["fields"] == told["state"]["fields"]
                    assert not same or max(numbers) <= MOST[name][key] * 1.5, (seed, numbers)
    assert not seeds(share) or outcomes["refused"], outcomes
