"""Comparisons and searches, killed at any of their lines and at any touch of the disk."""

from __future__ import annotations

from random import Random

import filelock  # noqa: F401 (what is imported before the fork is imported once)
import optuna  # noqa: F401
import pytest
import scipy.stats  # noqa: F401

from passo import Run, compare, parse, steps, tune
from passo.sweep import Trial, crew, searchers  # noqa: F401
from tests.kills import MANY, Story, killed
from tests.sweep.searched import an_hour_later

RUN = Run(steps(4))
PLANS = ["Constant(0.1)", "Constant(0.2)"]
SPACE = "Constant(between(0.0, 1.0))"


def train(plan, run, seed, trial):
    at = int((trial.latest / "at").read_text()) if trial.latest else 0
    for update in range(at, 4):
        mine = trial.folder / "mine"
        mine.mkdir(exist_ok=True)
        trial.report(update + 1, loss=plan(0) + 1 / (update + 1))
        (mine / "at").write_text(str(update + 1))
        trial.checkpoint(mine)
    return plan(0) + Random(seed).random()


def compared(folder, processes=1):
    store = folder / "a.journal"
    found = compare(train, PLANS, RUN, seeds=2, store=store, processes=processes, progress=False)
    return [[each.plan, each.seed, each.loss, Trial(each.folder).reports] for each in found.results]


def searched(folder, processes=1):
    store = folder / "a.db"
    found = tune(train, SPACE, RUN, trials=2, seeds=2, store=store, processes=processes)
    for each in found.finished:
        assert each.value == parse(each.user_attrs["plan"])(0) + Random(0).random()
    for each in found.few:
        assert sorted(each.losses) == sorted(
            parse(each.text)(0) + Random(seed).random() for seed in (1, 2)
        )
    return [len(found.trials), len(found.few), found.notes]


def later(folder):
    an_hour_later(folder / "a.db")


in_one = Story(compared)
in_two = Story(lambda folder: compared(folder, 2), threads=True)
a_worker = Story(lambda folder: compared(folder, 2), worker=True)
a_search = Story(searched, later, ignored=r"trial-\d+(?!.*new-)")
a_search_in_two = Story(lambda folder: searched(folder, 2), later, ignored=a_search.ignored)
a_searcher = Story(lambda folder: searched(folder, 2), later, worker=True, ignored=a_search.ignored)


FEW = {"in_one": 3, "a_worker": 2}
MORE = {"in_two": 3, "a_search": 1, "a_search_in_two": 1, "a_searcher": 1}


@pytest.mark.long
@pytest.mark.parametrize("story", FEW | MORE if MANY else FEW)
def test_what_is_killed_anywhere_and_called_again_comes_out_as_if_it_had_not_been(story):
    found = killed(f"{__name__}:{story}", (FEW | MORE)[story])
    assert found["wrong"] == []
    assert found["died"]


@pytest.mark.parametrize("how", ["cut", "full"] if MANY else ["full"])
def test_a_comparison_on_a_disk_that_is_full_comes_out_whole_when_there_is_room(how):
    found = killed(f"{__name__}:in_one", 2, how)
    assert found["wrong"] == []
