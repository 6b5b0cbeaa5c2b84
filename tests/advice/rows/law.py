"""What the law advises."""

from __future__ import annotations

import numpy as np

from passo import Constant, Linear, Plateau, Run, analysis, base, cosine_decay, percent, steps, wsd
from passo.law import Law
from passo.trace import Trace
from tests.advice.table import Table, Told
from tests.law.recorded import trace_of

RUN = Run(steps(1000))
CLOCKS = np.arange(10, 1001, 10)


def made(schedule=None, *, peak=0.1, run=RUN, metric="val_loss", losses=None, noise=0.0, every=1):
    """A run whose losses follow its rates without an error, or those given."""
    placed = (wsd() if schedule is None else schedule).on(run).with_base(peak)
    rates = placed(np.arange(float(run.updates))) + np.zeros(run.updates)
    clocks = np.arange(10, run.updates + 1, 10)[::every]
    sums = np.cumsum(rates / peak)[clocks - 1]
    found = (
        1 + 5 * (sums + 1) ** -0.5 + 0.5 * rates[clocks - 1] / peak if losses is None else losses
    )
    found = found * (1 + noise * np.random.default_rng(0).standard_normal(len(clocks)))
    return trace_of(rates, clocks, found[: len(clocks)], metric=metric)


CONST = made(Constant(base))
LAW = Law.fit([made(), made(wsd(cooldown=percent(60)))])
FALLING = 1 / CLOCKS**0.1
tried = Table(
    fit=Law.fit,
    made=made,
    Law=Law,
    law=LAW,
    run=RUN,
    Trace=Trace,
    np=np,
    flat=Constant(base),
    bounce=base * Plateau("val_loss"),
    FALLING=FALLING,
    analysis=analysis,
    cosine_decay=cosine_decay,
    schedule=wsd(),
)
NEEDS = "a law needs "


@tried("Law.fit needs a Trace, or several, got {}; write Law.fit([Trace.load(path)])")
def a_law_is_fitted_on_traces(told: Told) -> None:
    text = told("fit('a.jsonl')")
    text.words("Law.fit([Trace.load(path)])")
    assert Law.fit([made()]).runs == 1


@tried(
    "predict needs a Schedule and a Run, got {} and {}; "
    "write law.predict(cosine_decay(), Run(steps(1000)))"
)
def what_is_predicted_is_a_schedule_on_a_run(told: Told) -> None:
    text = told("law.predict('wsd()', run)")
    assert text.put("@")[0].end > 0


@tried(
    'compare needs schedules by name, got {}; write law.compare({"linear": cosine_decay(), ...}, '
    "run)"
)
def what_is_compared_has_names(told: Told) -> None:
    text = told("law.compare([cosine_decay()], run)")
    text.words('law.compare({"linear": cosine_decay(), ...}, run)')
    assert LAW.compare({"cosine": cosine_decay()}, RUN).best.name == "cosine"


@tried(
    "{} falls when reports say so, and nobody knows them yet; write a schedule without a plateau"
)
def a_plateau_is_not_predicted(told: Told) -> None:
    told("law.predict(bounce, run)").words("a schedule without a plateau")
    assert LAW.predict(wsd(), RUN).end > 0


@tried(
    "{} updates are {} times the longest fitted run of {}, and {} times is the most that holds; "
    "give a longer run"
)
def a_horizon_too_far_is_not_predicted(told: Told) -> None:
    told("law.predict(schedule, Run(steps(2001)))").words("give a longer run")
    longer = Law.fit([made(run=Run(steps(2001)))])
    assert longer.predict(wsd(), Run(steps(2001))).end > 0


@tried(
    "the rates go from {} to {}, and the fitted runs had a peak of {}: another one is predicted "
    "wrong by 3 to 14 %; write a schedule with that peak, base stands for it"
)
def another_peak_is_not_predicted(told: Told) -> None:
    told("law.predict(wsd(peak=0.2), run)").words("a schedule with that peak, base stands for it")
    assert LAW.predict(wsd(peak=base), RUN).loss == LAW.predict(wsd(peak=0.1), RUN).loss


@tried("the file is no law of version 1; write law.write(path) with this passo")
def another_version_is_not_read(told: Told) -> None:
    told("Law.from_spec({**law.to_spec(), 'version': 2})").words("law.write(path)")
    assert Law.from_spec(LAW.to_spec()) == LAW


@tried(
    "the runs are too alike: {} of the noise is told apart from progress, and a law needs {}; "
    "add a run that ends low: linear to 0, or wsd(cooldown=percent(20))"
)
def runs_too_alike_are_refused(told: Told) -> None:
    told("fit(made(flat))").words("add a run that ends low", "wsd(cooldown=percent(20))")
    assert Law.fit([CONST, made(wsd(cooldown=percent(20)))]).variety > 0.1


@tried(
    "the rates explain {} of how the losses differ (R2), and a law needs {}; report means of more "
    "batches, or give a loss that follows the rate"
)
def losses_that_the_rates_do_not_explain_are_refused(told: Told) -> None:
    told("fit(made(noise=0.3))").words("report means of more batches")
    assert Law.fit(made(noise=0.01)).runs == 1


@tried(
    "{} reports {} from {} of the run on; a law needs losses from before {}, report from the "
    "beginning on"
)
def losses_of_the_end_alone_are_refused(told: Told) -> None:
    text = told("fit(Trace(1000, ('0',), made().columns, made().reports[50:]))")
    text.words("report from the beginning on")
    assert Law.fit(made()).runs == 1


@tried(
    "{} warms up for {} updates, and losses from update {} on are used; write start=steps({}), or "
    "give a run with a shorter warm-up"
)
def a_warm_up_longer_than_what_is_left_out_is_refused(told: Told) -> None:
    text = told("fit(made(wsd(warmup=steps(250))))")
    assert text.put("fit(made(wsd(warmup=steps(250))), @)")[0].runs == 1
    text.words("give a run with a shorter warm-up")
    assert Law.fit(made(wsd(warmup=steps(100)))).runs == 1


@tried(
    "{} of {} rises from {} to {}; a law is of losses, which fall, write metric= with the name of "
    "one"
)
def a_metric_that_rises_is_refused(told: Told) -> None:
    told("fit(made(losses=1 / FALLING))").words("metric= with the name of one")
    assert Law.fit(made(metric="loss"), metric="loss").metric == "loss"


@tried(
    "{} of {} ends {} above its lowest, while the rate did not rise: it overfits, or came apart; "
    "give runs that see new data, or more of it, and that end well"
)
def a_run_that_ends_far_above_its_lowest_is_refused(told: Told) -> None:
    text = told("fit(made(losses=1 + abs(np.arange(100) - 60) / 100))")
    text.words("give runs that see new data, or more of it, and that end well")
    assert Law.fit(made()).runs == 1


@tried("{} has {} reports of {} after update {}, and a law needs {}; report more often")
def too_few_reports_are_refused(told: Told) -> None:
    told("fit(made(every=12))").words("report more often")
    assert Law.fit(made(every=2)).runs == 1


@tried(
    "{} of {} is {} at update {}; a law needs losses that are finite and above 0, give a run that "
    "did not diverge"
)
def a_run_that_diverged_is_refused(told: Told) -> None:
    text = told("fit(made(losses=np.where(np.arange(100) > 80, np.nan, FALLING)))")
    text.words("give a run that did not diverge")
    assert Law.fit(made()).runs == 1


@tried(
    "{} has no reports of {}; it has {}, write metric= with one of them, or "
    "scheduler.report(val_loss=...) in the loop"
)
def a_metric_that_is_not_there_is_refused(told: Told) -> None:
    text = told("fit(made(metric='loss'))")
    text.words("metric= with one of them", "scheduler.report(val_loss=...)")
    assert Law.fit(made(metric="loss"), metric="loss").metric == "loss"


@tried(
    "{} has no column 'lr', and a law is of learning rates; write attach(..., record=path) where "
    "the run is made"
)
def a_trace_without_rates_is_refused(told: Told) -> None:
    told("fit(Trace(3))").words("attach(..., record=path)")
    assert Law.fit(made()).runs == 1


@tried(
    "{} does not know what update {} used; give the trace of the whole run, from its first "
    "update on"
)
def a_trace_that_begins_late_is_refused(told: Told) -> None:
    from dataclasses import replace

    column = made().columns[0]
    late = replace(column, updates=column.updates[9:], values=column.values[9:])
    text = told("fit(Trace(1000, ('0',), (late,), made().reports))", late=late)
    text.words("give the trace of the whole run")
    assert Law.fit(made()).runs == 1


@tried(
    "{} uses rates from {} to {}; a law needs rates of at least 0, and one above 0, give "
    "another run"
)
def rates_below_zero_are_refused(told: Told) -> None:
    told("fit(made(Constant(-1), losses=FALLING))").words("give another run")
    assert Law.fit(made()).runs == 1


@tried(
    "the runs have peaks from {} to {}, and a law is of one peak, within 10 %; give the runs of "
    "one peak"
)
def runs_of_two_peaks_are_refused(told: Told) -> None:
    told("fit([made(), made(peak=0.2)])").words("give the runs of one peak")
    assert Law.fit([made(), made(peak=0.105)]).runs == 2


@tried("the bound is of values of at least 0, got {}; write .clip(low=0)")
def the_bound_of_values_below_zero_is_refused(told: Told) -> None:
    text = told("analysis.bound(Constant(-1), run)")
    text.words(".clip(low=0)")
    assert analysis.bound(Constant(-1).clip(low=0), RUN) == float("inf")


@tried(
    'compare names each schedule by a text that is not empty, got {}; write law.compare({"linear": '
    "cosine_decay(), ...}, run)"
)
def a_name_is_a_text(told: Told) -> None:
    text = told("law.compare({1: schedule}, run)")
    text.words('law.compare({"linear": cosine_decay(), ...}, run)')
    found = LAW.compare({"linear": cosine_decay(), "wsd": wsd()}, RUN)
    assert {each.name for each in found.outcomes} == {"linear", "wsd"}


@tried(
    "the rates are 0 until update {}, where the losses that are predicted begin; give a longer "
    "run, or a shorter time at 0"
)
def a_rate_comes_before_its_loss(told: Told) -> None:
    text = told("law.predict(schedule, Run(steps(2)))")
    text.words("give a longer run", "a shorter time at 0")
    assert LAW.predict(wsd(), Run(steps(20))).end > 0
    assert LAW.predict(Constant(base), Run(steps(2))).end > 0


@tried(
    "the bound is of a Schedule on a Run, got {} and {}; write "
    "analysis.bound(cosine_decay(peak=0.1), Run(steps(1000)))"
)
def a_bound_is_of_a_schedule(told: Told) -> None:
    assert told("analysis.bound(0.1, run)").put("@")[0] > 0


@tried("the bound is summed update by update, got {}; write a run of at most {} updates")
def a_bound_is_of_a_run_that_ends(told: Told) -> None:
    told("analysis.bound(schedule, Run(steps(10**17)))").words("a run of at most 100,000,000")
    assert analysis.bound(cosine_decay(peak=0.1), RUN) > 0


@tried("the bound squares the values, got {}; write values of at most {}")
def a_bound_is_of_values_with_squares(told: Told) -> None:
    text = told("analysis.bound(cosine_decay(peak=1e200), run)")
    most = float(text.quoted(r"at most (\S+)$"))
    assert analysis.bound(cosine_decay(peak=most), RUN) > 0


@tried("the rates go down to {}, and a law is of rates of at least 0; write .clip(low=0)")
def rates_that_go_below_zero_are_clipped(told: Told) -> None:
    text = told("law.predict(Linear(base, -0.1), run)")
    text.words(".clip(low=0)")
    assert LAW.predict(Linear(base, -0.1).clip(low=0), RUN).end > 0


@tried("start={} leaves nothing of {}, which has {} updates; write start=percent(20)")
def what_is_left_out_is_not_all(told: Told) -> None:
    text = told("fit(made(), start=percent(100))")
    assert text.put("fit(made(), @)")[0] == Law.fit(made())
