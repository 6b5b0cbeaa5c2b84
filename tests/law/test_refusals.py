"""What a law refuses, in whole texts; each remedy is tried in tests/advice/rows/law.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from passo import Constant, Linear, PassoError, Plateau, Run, base, percent, steps, wsd
from passo.law import Law, NotPredictable
from passo.trace import Trace
from tests.advice.rows.law import FALLING, LAW, RUN, made
from tests.law.recorded import traces

FITS = {
    "runs at a constant rate": (
        lambda: made(Constant(base)),
        (
            "the runs are too alike: 0.000 of the noise is told apart from progress, and a law "
            "needs "
            "0.1; add a run that ends low: linear to 0, or wsd(cooldown=percent(20))"
        ),
    ),
    "another metric": (
        lambda: made(metric="loss"),
        (
            "the run has no reports of 'val_loss'; it has 'loss', write metric= with one of them, "
            "or "
            "scheduler.report(val_loss=...) in the loop"
        ),
    ),
    "too short": (
        lambda: made(every=12),
        (
            "the run has 7 reports of 'val_loss' after update 200, and a law needs 10; report more "
            "often"
        ),
    ),
    "a NaN": (
        lambda: made(losses=np.where(np.arange(100) > 80, np.nan, FALLING)),
        (
            "'val_loss' of the run is nan at update 820; a law needs losses that are finite and "
            "above "
            "0, give a run that did not diverge"
        ),
    ),
    "an accuracy": (
        lambda: made(losses=1 / FALLING),
        (
            "'val_loss' of the run rises from 1.722 to 1.991; a law is of losses, which fall, "
            "write "
            "metric= with the name of one"
        ),
    ),
    "overfitting": (
        lambda: made(losses=1 + abs(np.arange(100) - 60) / 100),
        (
            "'val_loss' of the run ends 35.4% above its lowest, while the rate did not rise: it "
            "overfits, or came apart; give runs that see new data, or more of it, and that end "
            "well"
        ),
    ),
    "a loss that jumps when the run is nearly over": (
        lambda: made(losses=np.where(np.arange(100) > 94, 3.0, 1.0) * FALLING),
        (
            "'val_loss' of the run ends 198.4% above its lowest, while the rate did not rise: it "
            "overfits, or came apart; give runs that see new data, or more of it, and that end "
            "well"
        ),
    ),
    "two peaks": (
        lambda: [made(), made(peak=0.2)],
        (
            "the runs have peaks from 0.1 to 0.2, and a law is of one peak, within 10 %; give the "
            "runs "
            "of one peak"
        ),
    ),
    "a long warm-up": (
        lambda: made(wsd(warmup=steps(300))),
        (
            "the run warms up for 294 updates, and losses from update 200 on are used; write "
            "start=steps(294), or give a run with a shorter warm-up"
        ),
    ),
}
FITS |= {
    "noise": (
        lambda: made(noise=0.3),
        (
            "the rates explain -0.24 of how the losses differ (R2), and a law needs 0.8; report "
            "means of more batches, or give a loss that follows the rate"
        ),
    ),
    "losses of the cooldown alone": (
        lambda: replace(made(), reports=made().reports[50:]),
        (
            "the run reports 'val_loss' from 51% of the run on; a law needs losses from before "
            "30%, report from the beginning on"
        ),
    ),
    "no rates": (
        lambda: Trace(1000, reports=made().reports),
        (
            "the run has no column 'lr', and a law is of learning rates; write "
            "attach(..., record=path) where the run is made"
        ),
    ),
    "a trace of the second half": (
        lambda: [made(), replace(made(), columns=(late(made().columns[0]),))],
        (
            "trace 2 does not know what update 0 used; give the trace of the whole run, from its "
            "first update on"
        ),
    ),
    "rates that climb": (
        lambda: made(Constant(-1), losses=FALLING),
        (
            "the run uses rates from -1 to -1; a law needs rates of at least 0, and one above 0, "
            "give another run"
        ),
    ),
    "no losses at all": (
        lambda: {"a.jsonl": replace(made(), reports=())},
        (
            "a.jsonl has no reports of 'val_loss'; it has no reports, write metric= with one of "
            "them, or scheduler.report(val_loss=...) in the loop"
        ),
    ),
}
PREDICTIONS = {
    "rates below zero": (
        lambda: LAW.predict(Linear(base, -0.1), RUN),
        ("the rates go down to -0.0998, and a law is of rates of at least 0; write .clip(low=0)"),
    ),
    "another peak": (
        lambda: LAW.predict(wsd(peak=0.2), RUN),
        (
            "the rates go from 0 to 0.2, and the fitted runs had a peak of 0.1: another one is "
            "predicted wrong by 3 to 14 %; write a schedule with that peak, base stands for it"
        ),
    ),
    "a horizon too far": (
        lambda: LAW.predict(wsd(), Run(steps(2500))),
        (
            "2,500 updates are 2.5 times the longest fitted run of 1,000, and 2 times is the most "
            "that "
            "holds; give a longer run"
        ),
    ),
    "a plateau": (
        lambda: LAW.predict(base * Plateau("val_loss"), RUN),
        (
            'Plateau("val_loss") * base falls when reports say so, and nobody knows them yet; '
            "write a schedule without a plateau"
        ),
    ),
}


BAD = {
    "no trace": (
        lambda: Law.fit("a.jsonl"),
        ("Law.fit needs a Trace, or several, got 'a.jsonl'; write Law.fit([Trace.load(path)])"),
    ),
    "no traces": (
        lambda: Law.fit([]),
        "Law.fit needs a Trace, or several, got []; write Law.fit([Trace.load(path)])",
    ),
    "a start that is no span": (
        lambda: Law.fit(made(), start=0.2),
        "what a run measures must be a span, got 0.2; write percent(20)",
    ),
    "a start of the whole run": (
        lambda: Law.fit(made(), start=percent(100)),
        (
            "start=percent(100) leaves nothing of the run, which has 1,000 updates; "
            "write start=percent(20)"
        ),
    ),
    "a group that is not there": (
        lambda: Law.fit(made(), group="head"),
        "one group must be called 'head', 0 are; write its place, the groups are '0'",
    ),
    "no schedule": (
        lambda: LAW.predict("wsd()", RUN),
        (
            "predict needs a Schedule and a Run, got 'wsd()' and Run(steps(1000)); "
            "write law.predict(cosine_decay(), Run(steps(1000)))"
        ),
    ),
    "no names": (
        lambda: LAW.compare([wsd()], RUN),
        (
            "compare needs schedules by name, got [Linear(0, base, percent(5)).then(Constant("
            'base, rest), L...; write law.compare({"linear": cosine_decay(), ...}, run)'
        ),
    ),
    "nothing to choose from": (
        lambda: LAW.best(RUN, {}),
        (
            "compare needs schedules by name, got {}; "
            'write law.compare({"linear": cosine_decay(), ...}, run)'
        ),
    ),
}


def late(column):
    return replace(column, updates=column.updates[500:], values=column.values[500:])


@pytest.mark.parametrize("kind", BAD)
def test_what_was_given_wrong_is_named(kind):
    ask, text = BAD[kind]
    with pytest.raises(PassoError) as told:
        ask()
    assert str(told.value) == text


@pytest.mark.parametrize("kind", FITS)
def test_runs_that_do_not_say_enough_are_refused(kind):
    make, text = FITS[kind]
    with pytest.raises(NotPredictable) as told:
        Law.fit(make())
    assert str(told.value) == text


def test_what_is_refused_begins_where_its_text_says():
    run = made()
    assert Law.fit([made(), made(peak=0.109)]).runs == 2
    assert Law.fit(replace(run, reports=run.reports[29:])).runs == 1
    assert LAW.predict(wsd(peak=0.109), RUN).end > 0
    with pytest.raises(NotPredictable, match=r"peaks from 0\.1 to 0\.112"):
        Law.fit([made(), made(peak=0.112)])
    with pytest.raises(NotPredictable, match="from 31% of the run on"):
        Law.fit(replace(run, reports=run.reports[30:]))
    with pytest.raises(NotPredictable, match=r"from 0 to 0\.112, and the fitted"):
        LAW.predict(wsd(peak=0.112), RUN)


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_what_the_runs_say_nothing_of_is_refused(kind):
    predict, text = PREDICTIONS[kind]
    with pytest.raises(NotPredictable) as told:
        predict()
    assert str(told.value) == text


@pytest.mark.parametrize("name", ["const", "invsqrt", "cosine10"])
def test_recorded_runs_that_never_fall_low_are_refused_alone(name):
    with pytest.raises(NotPredictable, match=r"^the runs are too alike: 0\.0"):
        Law.fit(traces()[name])


@pytest.mark.parametrize("name", ["cosine", "linear", "wsd40"])
def test_recorded_runs_that_fall_to_zero_are_enough_alone(name):
    assert Law.fit(traces()[name]).residual < 0.01


@pytest.mark.parametrize("task", [("char-repeated", 2000, 0.012), ("digits-raw", 1500, 0.05)])
def test_recorded_runs_that_overfit_or_say_nothing_are_refused(task):
    named = traces(*task)
    assert len(named) == 3
    with pytest.raises(NotPredictable):
        Law.fit(list(named.values()))


def test_the_horizon_is_the_longest_run_and_the_residual_a_mean_of_runs():
    long, short = made(noise=0.01), made(run=Run(steps(500)))
    assert Law.fit([short, long]).horizon == Law.fit([long, short]).horizon == 1000
    assert Law.fit([long, long]).residual == pytest.approx(Law.fit(long).residual)
