"""What is advised where a law foresees: by `passo predict`, by the doctor, by a picture."""

from __future__ import annotations

import shlex
from dataclasses import replace

from passo import Run, steps, wsd
from passo.doctor import check
from passo.plot import draw
from tests.advice.rows.cli import passo, refused
from tests.advice.rows.law import LAW, RUN, made
from tests.advice.table import Table, Told

PREDICTION = LAW.predict(wsd(), RUN)
tried = Table(check=check, draw=draw, law=LAW, run=RUN, schedule=wsd(), prediction=PREDICTION)


@tried(
    'predict needs recorded runs, got {}; write passo predict run.jsonl "wsd()", with the file of '
    "attach(..., record='run.jsonl')"
)
def runs_come_before_a_prediction(told: Told) -> None:
    text = refused(told, "predict", "wsd()")
    made().write("run.jsonl")
    line = text.quoted(r"write passo (.*), with the file")
    assert "val_loss" in passo(*shlex.split(line))


@tried('{} says how a run is counted, and there is none; write --run "90 epochs" too')
def a_run_that_is_counted_has_a_length(told: Told) -> None:
    made().write("run.jsonl")
    given = ("predict", "run.jsonl", "wsd()", "--steps-per-epoch", "10")
    more = refused(told, *given).quoted(r"write (--run .*) too$")
    assert "after 900 updates" in passo(*given, *shlex.split(more))


@tried("'law' must be a Law, got {}; write law=Law.load(path)")
def a_law_is_loaded_first(told: Told) -> None:
    text = told("check(schedule, run, law='law.json')")
    LAW.write("law.json")
    from passo.law import Law

    assert text.put("check(schedule, run, @)", Law=Law, path="law.json") == [[]]


@tried("{}, where base is {}")
def another_cooldown_is_written(told: Told) -> None:
    schedule = wsd(cooldown=steps(1))
    (found,) = check(schedule, RUN, law=LAW)
    assert found.code == "P025"
    text = told.of(found.write)
    code, peak = text.quoted(r"^(.*), where"), text.quoted(r"base is (.*)$")
    assert check(eval(code, dict(tried.world)), RUN, base=float(peak), law=LAW) == []


@tried(
    "beside a prediction draw shows the Traces that were seen, got {}; write draw(prediction, "
    "trace)"
)
def beside_a_prediction_there_are_traces(told: Told) -> None:
    text = told("draw(prediction, 'run.jsonl')")
    for ax in text.put("@", trace=replace(made(), run=repr(Run(steps(1000))))):
        assert ax.get_lines()[0].get_label() == "seen"
