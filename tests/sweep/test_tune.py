"""A search: what it finds, how sure it is, what it gives up, and what is told in words."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
from contextlib import closing
from logging import StreamHandler, getLogger
from pathlib import Path
from random import Random
from statistics import fmean, stdev, variance
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import optuna
import pytest
import torch
from matplotlib.text import Text

from passo import (
    Constant,
    NeedsRun,
    PassoError,
    PassoWarning,
    Run,
    attach,
    percent,
    steps,
    tune,
    wsd,
)
from passo.sweep import WrongAnswer, search, working
from passo.sweep.judges import Rungs
from passo.sweep.study import Plan, Study
from tests.law.recorded import trace_of

RUN = Run(steps(100))
SPACE = "warmup_cosine(peak=between(1e-2, 1.0, log), warmup=one_of(percent(5), percent(10)))"
MADE = []
SEARCHED = []
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # sqlite waits for the disk otherwise


@pytest.fixture
def folder():
    with TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made)


def train(plan, run, seed, trial):
    """The best rate at update 10 is 0.3; the seed is noise."""
    MADE.append((repr(plan), seed))
    error = (plan.on(run)(10) - 0.3) ** 2
    for update in range(10, 101, 10):
        trial.report(update, loss=error + 1 / update)
    return {"loss": error + Random(f"{plan} {seed}").random() / 1000, "accuracy": 1 - error}


@pytest.fixture(scope="module")
def store():
    with TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made) / "tune.db"


@pytest.fixture(scope="module")
def found(store):
    MADE.clear()
    found = tune(train, SPACE, RUN, trials=9, seeds=3, store=store)
    SEARCHED[:] = MADE
    return found


def test_the_best_is_trained_again_on_seeds_that_it_was_not_chosen_by(found):
    again = {}
    for plan, seed in SEARCHED:
        again.setdefault(plan, []).append(seed)
    assert sorted(map(sorted, again.values())).count([0, 1, 2, 3]) == 3
    assert len(again) == 9
    assert [each.mean for each in found.few] == sorted(each.mean for each in found.few)
    best = found.best
    assert best.mean == fmean(best.losses)
    t = 7.6489  # of 1 - 0.05 / (2 * 3), with 2 degrees of freedom
    assert best.margin == pytest.approx(t * stdev(best.losses) / math.sqrt(3), rel=1e-3)
    assert best.low == pytest.approx(2 * best.mean - best.high)


def test_a_function_of_a_trial_is_tried_without_a_word_of_optuna(folder):
    said = []
    heard = StreamHandler()
    heard.emit = lambda record: said.append(record.getMessage())
    getLogger("optuna").addHandler(heard)

    def space(trial):
        return Constant(trial.suggest_float("value", 0.1, 0.9))

    try:
        tune(lambda plan, *_: plan(0), space, RUN, trials=1, seeds=2, store=folder / "tune.db")
    finally:
        getLogger("optuna").removeHandler(heard)
    assert said == []


def test_which_hole_matters_and_how_flat_it_is(found):
    assert found.importance["peak"] > found.importance["warmup"]
    assert sum(found.importance.values()) == pytest.approx(1)
    near = [each for each in found.finished if each.value <= found.reach]
    peaks = [each.params["peak"] for each in near] + [found.best.holes["peak"]]
    assert found.flat["peak"] == (min(peaks), max(peaks))
    assert set(found.flat["warmup"]) <= {"percent(5)", "percent(10)"}
    assert found.best.mean < found.reach < max(each.value for each in found.finished)


def test_the_reach_of_the_best_is_of_the_spread_of_all_that_were_trained_again():
    few = ((0.1, 0.2, 0.6), (0.5, 0.6), (0.9,))
    found = Study(None, tuple(Plan("wsd()", {}, 0.5, losses, 3) for losses in few))
    spread = math.sqrt((2 * variance(few[0]) + variance(few[1])) / 3)
    t = 3.18245  # of 0.975, with 3 degrees of freedom
    assert found.reach == pytest.approx(0.3 + t * spread * math.sqrt(1 + 1 / 3), rel=1e-5)


def test_the_picture_counts_the_runs_within_the_reach_of_the_best(found):
    near = sum(each.value <= found.reach for each in found.finished)
    assert near < len(found.finished)
    texts = [each.get_text() for each in found.figure().findobj(Text)]
    assert any(f"blue: the {near} that cannot be told from the best" in each for each in texts)
    assert {"0.01", "0.1", "1"} <= set(texts)  # of the peak, which was searched by its logarithm


def test_it_is_shown_as_text_as_json_as_a_table_and_as_a_picture(found, folder):
    assert str(found).startswith(f"best: {found.best.text}: {found.best.mean:.4g} (")
    assert "  peak: importance " in str(found)
    assert "over 3 seeds that they were not chosen by (the search had seed 0)" in str(found)
    found.write(folder / "found.json")
    spec = json.loads((folder / "found.json").read_text())
    assert spec["best"]["plan"] == found.best.text
    assert [len(spec["runs"]), spec["passo"], spec["version"]] == [9, "study", 1]
    assert found.table().row_count == 3
    names = [each.get_text() for each in found.figure().axes[0].get_xticklabels()]
    assert names == [*found.importance, "loss"]
    assert repr(found) == f"<Study of 9 runs: {found.best}>"


def test_optunas_own_ways_are_open(found, store):
    again = optuna.load_study(study_name="trials", storage=f"sqlite:///{store}")
    assert found.study.best_value == again.best_value == min(e.value for e in found.finished)


def test_a_call_with_the_same_store_makes_nothing_again_and_goes_on_for_more(found, store, folder):
    MADE.clear()
    copied = shutil.copy(store, folder / "copied.db")
    same = tune(train, SPACE, RUN, trials=9, seeds=3, store=copied)
    assert (MADE, same.few) == ([], found.few)
    more = tune(train, SPACE, RUN, trials=10, seeds=3, store=copied)
    assert len(more.trials) == 10
    assert sum(seed == 0 for _, seed in MADE) == 1


def test_a_store_of_another_search_is_refused_and_left_as_it_is(found, store):
    before = store.read_bytes()
    other = "; give another store, store='another.db'"
    with pytest.raises(PassoError) as caught:
        tune(train, SPACE, Run(steps(50)), store=store)
    assert str(caught.value) == (
        f"{str(store)!r} is of another search: there run is 'Run(steps(100))', here "
        f"'Run(steps(50))'{other}"
    )
    with pytest.raises(PassoError) as caught:
        tune(train, "wsd(peak=between(1, 2))", RUN, store=store)
    assert str(caught.value) == (
        f"{str(store)!r} is of another search: there space is "
        f"'warmup_cosine(peak=between(1e-2, 1.0, log), warmup=one_o..., here "
        f"'wsd(peak=between(1, 2))'{other}"
    )
    assert store.read_bytes() == before


def test_whether_this_optuna_can_read_a_store_is_looked_at_once_when_it_is_opened(
    folder, monkeypatch
):
    manager = optuna.storages._rdb.storage._VersionManager
    looked, look = [], manager.check_table_schema_compatibility
    monkeypatch.setattr(
        manager, "check_table_schema_compatibility", lambda self: looked.append(look(self))
    )
    path = folder / "tune.db"
    search = {"trials": 2, "seeds": 2, "store": path}
    tune(train, SPACE, RUN, **search)
    assert looked == [None]
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("update alembic_version set version_num = 'v99.0.0'")
    with pytest.raises(PassoError) as caught:
        tune(train, SPACE, RUN, **search)
    assert str(caught.value) == (
        f"{str(path)!r} is of another version of Optuna: The runtime optuna version "
        f"{optuna.__version__} is no longer compatible with the table schema (set up by optuna "
        f"{optuna.__version__}). Please try updating optuna to the latest version by "
        "`$ pip install -U optuna`.; give another store, store='another.db'"
    )


def test_a_store_of_an_older_version_or_of_something_else_is_refused(folder):
    other = "; give another store, store='another.db'"

    def refused(path):
        with pytest.raises(PassoError) as caught:
            tune(train, SPACE, RUN, store=path)
        return str(caught.value)

    old = folder / "old.db"
    made = optuna.create_study(storage=f"sqlite:///{old}", study_name="trials")
    made.set_user_attr("passo", {"version": 0})
    assert refused(old) == (
        f"{str(old)!r} has version 0 of the store, and this passo has 1; go on with the passo that "
        f"wrote it, or give another store, store='another.db'"
    )
    mine = folder / "mine.db"
    optuna.create_study(storage=f"sqlite:///{mine}", study_name="mine")
    assert refused(mine) == (
        f"{str(mine)!r} is of something else: it holds the studies 'mine', and none of passo{other}"
    )
    ended = optuna.create_study(storage=f"sqlite:///{mine}", study_name="trials")
    ended.add_trial(optuna.create_trial(value=1.0))
    assert refused(mine) == (
        f"{str(mine)!r} is of something else: it holds a study that is none of passo{other}"
    )
    text = folder / "text.db"
    text.write_text("{}\n")
    assert refused(text) == (
        f"{str(text)!r} is no store of a search, which is an sqlite file{other}"
    )
    away = folder / "no" / "tune.db"
    assert refused(away) == (
        f"cannot write {str(away)!r}: there is no folder {str(away.parent)!r}; make it first"
    )
    assert not away.parent.exists()
    assert refused(Path("/proc/tune.db")) == (
        "cannot write '/proc/tune.db': No such file or directory; give a path in a folder that can "
        "be written to"
    )


def test_that_the_code_has_changed_is_warned_of(folder, found, store):
    def code(text):
        (folder / "train.py").write_text(f"def train(plan, run, seed, trial):\n    return {text}\n")
        return str(folder / "train.py:train")

    path = folder / "tune.db"
    space = "Constant(between(0.0, 1.0))"
    tune(code("plan(0)"), space, RUN, trials=1, seeds=2, store=path)
    with pytest.warns(PassoWarning) as told:
        tune(code("plan(0) + 1"), space, RUN, trials=1, seeds=2, store=path)
    told = [str(each.message) for each in told]
    changed = f"train.py:train has changed since 1 runs of {str(path)!r} were made, and they are "
    changed += "kept; to make all of them again give another store, store='another.db'"
    assert told == [changed]


def test_a_run_that_fails_is_a_result_and_the_search_goes_on(folder):
    def odd(plan, run, seed, trial):
        value = plan(0)
        if value > 0.6:
            raise RuntimeError("diverged")
        return math.nan if value > 0.5 else value

    space = "Constant(between(0.0, 1.0))"
    found = tune(odd, space, RUN, trials=8, seeds=2, store=folder / "a.db")
    failed = [each for each in found.trials if "failed" in each.user_attrs]
    assert 0 < len(failed) < 8
    why = "; ".join(dict.fromkeys(each.user_attrs["failed"] for each in failed[:3]))
    assert f"{len(failed)} of 8 runs have no loss ({why})" in found.notes
    assert {each.user_attrs["failed"] for each in failed} <= {
        "RuntimeError: diverged",
        "its loss was nan",
    }
    same = "each seed gave the same loss: let train use its seed, as in torch.manual_seed(seed)"
    assert same in found.notes


def test_where_no_run_has_a_loss_that_is_the_answer(folder):
    def odd(plan, run, seed, trial):
        return math.inf

    with pytest.raises(PassoError) as caught:
        tune(odd, "Constant(between(0.0, 1.0))", RUN, trials=2, store=folder / "a.db")
    assert str(caught.value) == (
        "none of 2 runs has a loss (its loss was inf); mend train, or search lower rates, and give "
        "another store, store='another.db'"
    )


@pytest.mark.parametrize("answer", [None, "0.5"])
def test_an_answer_that_is_no_loss_ends_the_search(answer, folder):
    with pytest.raises(WrongAnswer) as caught:
        tune(lambda *_: answer, "Constant(between(0.0, 1.0))", RUN, store=folder / "a.db")
    assert str(caught.value) == (
        f"train answered with {answer!r}, and a run answers with its loss, a number, or with a "
        "mapping of metrics; write return loss"
    )


WRONG = {
    "judge": (
        {"judge": "banana"},
        "judge must be one of 'shares', 'law', got 'banana'",
    ),
    "law": (
        {"judge": 3},
        'judge is "shares", "law" or a Law, got 3; write judge="shares"',
    ),
    "metric": ({"metric": 3}, 'metric is the name of a metric, got 3; write metric="val_loss"'),
    "no name": (
        {"metric": ""},
        """metric is the name of a metric, got ''; write metric="val_loss\"""",
    ),
    "seeds": ({"seeds": 1}, "seeds must be a whole number of at least 2, got 1"),
    "trials": ({"trials": 0}, "trials must be a whole number of at least 1, got 0"),
    "processes": ({"processes": 0}, "processes must be a whole number of at least 1, got 0"),
    "on": ({"on": "slurm"}, "on must be one of 'process', 'ray', got 'slurm'"),
    "sampler": (
        {"sampler": 3},
        "sampler is one of Optuna's, got 3; write sampler=optuna.samplers.RandomSampler()",
    ),
    "pruner": (
        {"pruner": "median"},
        ("pruner is one of Optuna's, got 'median'; write pruner=optuna.pruners.NopPruner()"),
    ),
    "train": (
        {"train": 3},
        (
            "a train function makes one run, got 3; write def train(plan, run, seed, trial), or "
            '"train.py:train"'
        ),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_searched_is_refused_and_no_store_is_made(name, folder):
    given, text = WRONG[name]
    settings = {"train": train, "space": SPACE, "run": RUN, "store": folder / "a.db", **given}
    with pytest.raises(PassoError) as caught:
        tune(**settings)
    assert str(caught.value) == text
    assert list(folder.iterdir()) == []


def test_a_search_needs_a_run(folder):
    with pytest.raises(NeedsRun) as caught:
        tune(train, SPACE, 100, store=folder / "a.db")
    assert str(caught.value) == (
        "a search needs a run, got 100; write tune(train, space, Run.of(len(loader), epochs=90))"
    )


def test_a_worker_that_reads_the_script_does_not_search_in_turn(monkeypatch, folder):
    monkeypatch.setenv("PASSO_SWEEP_WORKER", "1")
    with pytest.raises(PassoError) as caught:
        tune(train, SPACE, RUN, store=folder / "a.db")
    assert str(caught.value) == (
        "tune was called while another process read the file of the train function; put the call "
        "under if __name__ == '__main__':"
    )


class Told:
    """A trial of Optuna's that is given up from a share on."""

    def __init__(self, until=2.0):
        self.reported, self.attrs, self.until = {}, {}, until

    def report(self, value, step):
        self.reported[step] = value

    def should_prune(self):
        return max(self.reported) >= 100 * self.until

    def set_user_attr(self, name, value):
        self.attrs[name] = value


def test_runs_are_compared_at_quarters_whenever_they_report():
    often, seldom = (Rungs(Told(), RUN, None, RuntimeError) for _ in range(2))
    for update in range(101):
        often(update, {"loss": 100.0 - update})
    for update in (0, 30, 70, 100):
        seldom(update, {"loss": 100.0 - update, "accuracy": 1.0})
    assert often.trial.reported == seldom.trial.reported == {25: 75.0, 50: 50.0, 75: 25.0}


def test_what_is_not_reported_before_and_after_a_share_has_no_loss_there():
    late = Rungs(Told(), RUN, "val", RuntimeError)
    late(40, {"val": 1.0})
    late(50, {"loss": 5.0})
    late(60, {"val": 0.0})
    assert late.trial.reported == {50: 0.5}


def test_a_run_that_is_given_up_says_at_which_share():
    rungs = Rungs(Told(until=0.5), RUN, None, RuntimeError)
    rungs(25, {"loss": 1.0})
    with pytest.raises(RuntimeError):
        rungs(50, {"loss": 1.0})
    assert rungs.trial.attrs == {"given_up_at": 0.5}


def test_a_run_that_is_given_up_stops_at_the_report_and_costs_no_more(folder):
    ended = []

    def slow(plan, run, seed, trial):
        for update in range(10, 101, 10):
            trial.report(update, loss=plan(0))
        ended.append(plan(0))
        return plan(0)

    pruner = optuna.pruners.ThresholdPruner(upper=0.5)
    space = "Constant(between(0.0, 1.0))"
    found = tune(slow, space, RUN, trials=6, seeds=2, store=folder / "a.db", pruner=pruner)
    early = [each.user_attrs.get("given_up_at") for each in found.trials]
    assert early.count(0.25) + sum(each.value is not None for each in found.finished) == 6
    assert max(ended) <= 0.5
    assert f"{early.count(0.25)} of 6 runs were given up before their end" in found.notes


def follows(plan, run, seed, trial):
    """Losses that follow the rates without an error, and a trace of them."""
    rates = plan.on(run)(np.arange(float(run.updates))) + np.zeros(run.updates)
    clocks = np.arange(10, run.updates + 1, 10)
    sums = np.cumsum(rates / 0.1)[clocks - 1]
    losses = 1 + 5 * (sums + 1) ** -0.5 + 0.5 * rates[clocks - 1] / 0.1
    trace_of(rates, clocks, losses).write(trial.record)
    MADE.append(plan)
    return {"val_loss": losses[-1] + 1e-9 * seed}


def test_a_law_foresees_the_end_of_a_plan_that_is_then_not_run(folder):
    MADE.clear()
    space = "wsd(peak=0.1, cooldown=percent(between(5.0, 90.0)))"
    run = Run(steps(400))
    settings = {"trials": 6, "seeds": 2, "judge": "law"}
    found = tune(follows, space, run, store=folder / "a.db", **settings)
    told = [each for each in found.trials if each.user_attrs.get("given_up_at") == 0.0]
    assert told
    assert len(MADE) == 6 - len(told) + 2 * len(found.few)
    for each in told:
        truth = follows(
            wsd(peak=0.1, cooldown=percent(each.params["cooldown"])), run, 0, Kept(folder)
        )["val_loss"]
        assert each.user_attrs["foreseen"] == pytest.approx(truth, rel=0.1)
        assert truth > 0.99 * min(e.value for e in found.finished)


@pytest.mark.parametrize(("margin", "is_made"), [(0.1, False), (0.2, True)])
def test_a_plan_is_given_up_where_its_whole_band_is_above_the_lowest_loss(
    margin, is_made, monkeypatch
):
    done = [SimpleNamespace(value=each, user_attrs={}) for each in (0.35, 0.6)]
    monkeypatch.setattr(working, "finished", lambda _study: done)
    told = SimpleNamespace(end=0.5, margin=margin)
    monkeypatch.setattr(working, "foreseen", lambda *_: told)
    task = working.OneTrial(SimpleNamespace(run=RUN, law="a law", metric=None), None)
    trial = SimpleNamespace(study=None, set_user_attr=lambda *_: None)
    if is_made:
        task._ask_law(trial, wsd(peak=0.1))
    else:
        with pytest.raises(optuna.TrialPruned):
            task._ask_law(trial, wsd(peak=0.1))


class Kept:
    def __init__(self, folder):
        self.record = str(folder / "kept.jsonl")


def test_where_the_law_foresees_nothing_it_is_said(folder):
    def silent(plan, run, seed, trial):
        return {"val_loss": plan.on(run)(5) + 1e-9 * seed}

    found = tune(
        silent, "wsd(peak=0.1, floor=between(0.0, 0.05))", RUN, trials=2, seeds=2,
        store=folder / "a.db", judge="law",
    )  # fmt: skip
    assert (
        "the law foresaw nothing of 1 runs: no finished run with the same peak has a trace: attach "
        "with trial.record"
    ) in found.notes


def test_a_plan_without_two_losses_has_no_interval():
    one = Plan("wsd()", {}, 0.5, (0.4,), 3)
    assert (one.mean, math.isnan(one.spread), math.isnan(one.low)) == (0.4, True, True)


def test_the_usual_sampler_does_not_draw_again_what_was_drawn():
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    first, more = (search.usual_sampler(k) for k in (0, 5))
    draws = [optuna.create_study(sampler=each).ask(space).params["x"] for each in (first, more)]
    assert draws[0] != draws[1]


def test_a_recorded_run_that_is_given_up_gives_no_word_that_it_ended_early(folder):
    """Warnings are errors in the tests: one would be here."""

    def attached(plan, run, seed, trial):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        scheduler = attach(optimizer, plan, run, record=trial.record)
        for update in range(1, 101):
            optimizer.step()
            if update % 10 == 0:
                trial.report(update, loss=plan(0))
        scheduler.detach()
        return plan(0)

    settings = {"trials": 3, "seeds": 2, "store": folder / "a.db"}
    pruner = optuna.pruners.ThresholdPruner(upper=0.6)
    found = tune(attached, "Constant(between(0.0, 1.0))", RUN, pruner=pruner, **settings)
    assert len(found.finished) < 3


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError


def test_an_exception_without_a_text_is_what_a_run_came_to(folder):
    """Issue 19."""

    def raising(plan, run, seed, trial):
        raise Speechless

    with pytest.raises(PassoError) as caught:
        tune(raising, SPACE, RUN, trials=2, seeds=2, store=folder / "a.db")
    assert str(caught.value) == (
        "none of 2 runs has a loss (Speechless, whose text raises RuntimeError); mend train, or "
        "search lower rates, and give another store, store='another.db'"
    )


def test_a_space_whose_exception_has_no_text_is_refused_with_its_name():
    def space(trial):
        raise Speechless

    with pytest.raises(PassoError) as caught:
        tune(train, space, RUN)
    assert str(caught.value) == (
        "the space raised Speechless, whose text raises RuntimeError; it is called with an Optuna "
        'trial: write lambda trial: warmup_cosine(peak=trial.suggest_float("peak", 1e-4, 1e-1, '
        "log=True))"
    )


def test_a_store_whose_name_is_too_long_is_refused_in_words(folder, monkeypatch):
    """Issue 19: also one that only its lock is too long for."""
    monkeypatch.chdir(folder)
    for name in ("x" * 300, "x" * 253):
        with pytest.raises(PassoError) as caught:
            tune(train, SPACE, RUN, store=name)
        assert str(caught.value).startswith("cannot write '")
        assert str(caught.value).endswith(": its name is too long; give a shorter one")
    assert list(folder.iterdir()) == []


def test_a_wrong_call_of_what_was_found_is_answered_with_a_right_one(found):
    for call, text in (
        (
            lambda: found.figure(3),
            "Study.figure: too many positional arguments; it takes (), write study.figure()",
        ),
        (
            lambda: found.write(pth="a"),
            (
                "Study.write: it has no argument 'pth'; did you mean 'path'? It takes (path), "
                'write study.write("tune.json")'
            ),
        ),
    ):
        with pytest.raises(PassoError) as caught:
            call()
        assert str(caught.value) == text


def test_which_hole_matters_is_not_said_where_all_runs_came_to_the_same(folder):
    """Warnings are errors in the tests, and Optuna warns that its answer means nothing."""
    found = tune(
        lambda plan, run, seed, trial: 0.5 + seed, SPACE, RUN, trials=6, seeds=2,
        store=folder / "a.db",
    )  # fmt: skip
    assert found.importance == {}
    assert str(found).splitlines()[1].startswith("  peak: ")
    assert "importance" not in str(found)
    names = [each.get_text() for each in found.figure().axes[0].get_xticklabels()]
    assert names == ["peak", "warmup", "loss"]


def test_a_picture_says_how_many_runs_ended(folder):
    def odd(plan, run, seed, trial):
        value = plan(0)
        return math.nan if value > 0.7 else value

    found = tune(odd, "Constant(between(0.0, 1.0))", RUN, trials=6, seeds=2, store=folder / "a.db")
    ended = len(found.finished)
    assert 0 < ended < 6
    (said,) = [x for x in (e.get_text() for e in found.figure().findobj(Text)) if "it came" in x]
    assert said == f"{ended} of 6 runs: the loss, and what it came from"
