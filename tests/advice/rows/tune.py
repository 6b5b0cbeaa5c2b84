"""What a search advises: its holes, its spaces, its store."""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from pathlib import Path

import optuna
import pytest

from passo import Run, catalogue, steps, tune
from passo.plot.parallel import Axis, Strand, parallel
from passo.sweep.holes import Template
from passo.sweep.judges import foreseen
from passo.sweep.offered import offered
from passo.sweep.spaces import space_of
from passo.sweep.study import Study
from tests.advice.rows.law import LAW
from tests.advice.table import Table, Told
from tests.sweep.test_tune import Kept, follows

RUN = Run(steps(100))
SPACE = "Constant(between(0.0, 1.0))"
FLOAT = 'trial.suggest_float("peak", 1e-4, 1e-1, log=True)'


def lowest(plan: object, *_: object) -> float:
    """A run whose loss is its rate."""
    return float(repr(plan).partition("(")[2].partition(",")[0].strip(")"))


def small(
    train: object = lowest, space: object = SPACE, run: object = RUN, **more: object
) -> Study:
    """A search of one run, in this folder."""
    given = {"trials": 1, "seeds": 2, "store": "tune.db", **more}
    return tune(train, space, run, **given)


tried = Table(
    between=Template,  # in a text only: that they are names is enough to find the code of a text
    one_of=Template,
    log=Template,
    whole=Template,
    Template=Template,
    space_of=space_of,
    catalogue=catalogue,
    offered=offered,
    small=small,
    run=RUN,
    space=SPACE,
    train=lowest,
    LAW=LAW,
    loader=range(9),
    optuna=optuna,
)


def hole(told: Told, text: str) -> None:
    """The case with the code of the text in place of the hole, which then is one."""
    said = told("Template.of(f'wsd(peak={given})')", given=text)
    for code in said.code():
        assert Template.of(f"wsd(peak={code})").holes or float(code)


@tried('tune(train, "warmup_cosine(peak=between(1e-4, 1e-1, log))", Run(steps(1000)))')
def a_wrong_call_is_told_a_right_one(told: Told) -> None:
    said = told("tune(train, spaces=1)").quoted(r"write tune\(train, (.*)\)$")
    space, run = eval(said, tried.world)
    assert small(lambda *_: 0.5, space, run).best.mean == 0.5


@tried("the hole {} is {}, and {}; write one_of(3, 10)")
def a_choice_has_two_values(told: Told) -> None:
    hole(told, "one_of(3)")
    hole(told, "one_of(3, 3)")


@tried("a hole is two numbers, then log or whole where it is meant, got {}; write {}")
def a_hole_has_two_ends(told: Told) -> None:
    hole(told, "between(3)")


@tried("the hole {} has one value, {}; write {} in its place")
def a_hole_of_one_value_is_that_value(told: Told) -> None:
    said = told("Template.of('wsd(peak=between(2, 2))')").quoted(r"write (\S+) in its place")
    assert Template.of(f"wsd(peak={said})").holes == ()


@tried("the hole {} is upside down, {}; write {}")
def a_hole_goes_up(told: Told) -> None:
    hole(told, "between(2, 1, whole)")


@tried("the hole {} has no logarithm at {}, {}; write {}")
def a_logarithm_begins_above_zero(told: Told) -> None:
    for text in ("between(0, 1, log)", "between(-2, -1, log)", "between(0, 9, log, whole)"):
        hole(told, text)
    hole(told, "between(-3, 1, log, whole)")


@tried("the hole {} is of whole numbers and has an end at {}, {}; write between({}, {}{})")
def whole_numbers_have_whole_ends(told: Told) -> None:
    hole(told, "between(1.5, 2.5, whole)")


@tried("the ends of the hole {} are numbers, got {}; write {}")
def the_ends_of_a_hole_are_numbers(told: Told) -> None:
    hole(told, "between(base, 2)")


@tried(
    "{} is no schedule of a rate that has a peak, and offers no space; write between(0.1, 0.9) or "
    "one_of(3, 10) in the text of a schedule"
)
def an_entry_without_a_peak_is_written_with_holes(told: Told) -> None:
    hole_ = told("offered(catalogue.named('Noam'))").code()
    assert [len(Template.of(f"wsd(peak={each})").holes) for each in hole_] == [1, 1]


@tried(
    "a space is a function of an Optuna trial, a text with holes, or a schedule of the catalogue "
    "by its name, got {}; write {}"
)
def a_space_may_be_text(told: Told) -> None:
    (made,) = told("space_of(3, run)").put("space_of(@, run)")
    assert made.key == "warmup_cosine(peak=between(1e-4, 1e-1, log))"


@tried(
    "a space answers with a plan, a schedule or a mapping from fields to schedules, got {}; write "
    'return warmup_cosine(peak=trial.suggest_float("peak", 1e-4, 1e-1, log=True))'
)
def a_space_answers_with_a_plan(told: Told) -> None:
    said = told("space_of(lambda trial: None, run)").quoted(r"write return (.*)$")
    answers(said)


def answers(code: str) -> None:
    """A space that answers with this code is one."""
    made = space_of(eval(f"lambda trial: {code}", dict(tried.world)), RUN)
    assert made.key.startswith("(peak: FloatDistribution")


@tried(
    "{} has no hole, so that there is nothing to search; write between(1e-4, 1e-1, log) or "
    "one_of(3, 10) in place of a value"
)
def a_text_has_a_hole(told: Told) -> None:
    said = told("space_of('wsd(peak=0.1)', run)")
    for code in said.code():
        assert space_of(f"wsd(peak={code})", RUN).key == f"wsd(peak={code})"


@tried(
    "the space raised {}; it is called with an Optuna trial: write lambda trial: "
    'warmup_cosine(peak=trial.suggest_float("peak", 1e-4, 1e-1, log=True))'
)
def a_space_is_called_with_a_trial(told: Told) -> None:
    said = told("space_of(lambda trial: trial.peak, run)")
    answers(said.quoted(r"write lambda trial: (.*)$"))


@tried(
    "the space asks its trial for nothing, so that there is nothing to search; write "
    'trial.suggest_float("peak", 1e-4, 1e-1, log=True) in place of a value'
)
def a_function_asks_its_trial(told: Told) -> None:
    said = told("space_of(lambda trial: wsd(), run)").quoted(r"write (.*) in place")
    answers(f"wsd(peak={said})")


@tried(
    "the hole {} has one value, {}; write that value in its place, or a range such as "
    'trial.suggest_float("{}", 1e-4, 1e-1, log=True)'
)
def a_hole_of_a_function_has_a_range(told: Told) -> None:
    case = 'space_of(lambda trial: wsd(peak=trial.suggest_float("peak", 1, 1)), run)'
    answers(f"wsd(peak={told(case).quoted(r'such as (.*)$')})")


@tried(
    "{} cannot be used: {}; wait until nobody else writes it, or {}",
)
def a_store_that_another_program_writes_is_waited_for(told: Told) -> None:
    small()
    broken = Path("broken.db")
    broken.write_bytes(Path("tune.db").read_bytes()[:5000])
    text = told("small(store='broken.db')")
    text.words("wait until nobody else writes it")
    (found,) = text.put("small(@)", verb="give another store,")
    assert len(found.trials) == 1


@tried("give another store, store='another.db'")
def another_store_is_a_new_search(told: Told) -> None:
    small()
    (found,) = told("small(space='wsd(peak=between(1, 2))')").put("small(@)", verb="another store,")
    assert len(found.trials) == 1
    assert sqlite3.connect("another.db").execute("select count(*) from studies").fetchone() == (2,)


@tried(
    "none of {} runs has a loss ({}); mend train, or search lower rates, and give another store, "
    "store='another.db'"
)
def a_search_without_a_loss_is_mended(told: Told) -> None:
    text = told("small(lambda *_: float('nan'))")
    text.words("mend train", "search lower rates")
    (found,) = text.put("small(@)", verb="another store,")
    assert found.best.text.startswith("Constant(")


@tried("a search needs a run, got {}; write tune(train, space, Run.of(len(loader), epochs=90))")
def a_search_is_given_a_run(told: Told) -> None:
    said = told("small(run=100)").quoted(r"write tune\(train, space, (.*)\)$")
    assert eval(said, tried.world).updates == 9 * 90


@tried('judge is "shares", "law" or a Law, got {}; write judge="shares"')
def a_search_has_a_judge(told: Told) -> None:
    (found,) = told("small(judge=3)").put("small(@)")
    assert len(found.trials) == 1


@tried("sampler is one of Optuna's, got {}; write sampler=optuna.samplers.RandomSampler()")
def a_sampler_is_optunas(told: Told) -> None:
    (found,) = told("small(sampler=3)").put("small(@)")
    assert len(found.trials) == 1


@tried("pruner is one of Optuna's, got {}; write pruner=optuna.pruners.NopPruner()")
def a_pruner_is_optunas(told: Told) -> None:
    (found,) = told("small(pruner=3)").put("small(@)")
    assert len(found.trials) == 1


@tried('metric is the name of a metric, got {}; write metric="val_loss"')
def a_metric_is_named(told: Told) -> None:
    (found,) = told("small(metric=3)").put("small(lambda *_: {'val_loss': 0.5, 'a': 1.0}, @)")
    assert found.best.mean == 0.5


@tried("no finished run with the same peak has a trace: attach with trial.record")
def a_law_needs_a_trace(told: Told) -> None:
    plan = tried.world["wsd"](peak=0.1)
    ask = partial(foreseen, None, plan, Run(steps(400)), [Path()], "val_loss")
    told.of(ask()).words("attach with trial.record")
    kept = Kept(Path())
    kept.record = "trace.jsonl"
    follows(plan, Run(steps(400)), 0, kept)
    assert ask().end == pytest.approx(1.24, abs=0.2)


@tried("parallel coordinates need an axis and a run; give both")
def a_picture_has_an_axis_and_a_run(told: Told) -> None:
    told(lambda: parallel([], [], title="none")).words("give both")
    assert parallel([Axis("peak")], [Strand([0.5], 1.0)], title="one").axes


@tried("study.figure()", 'study.write("tune.json")')
def what_a_search_answers_is_asked_like_that(told: Told) -> None:
    study = small(trials=2)
    name = told.template.partition(".")[2].partition("(")[0]
    (found,) = told(f"study.{name}(nme=3)", study=study).put("@", study=study)
    if name == "figure":
        assert [each.get_text() for each in found.axes[0].get_xticklabels()] == ["value", "loss"]
    else:
        assert json.loads(Path("tune.json").read_text())["passo"] == "study"
