"""What is a space, what the catalogue offers, and what is refused before anything is trained."""

from __future__ import annotations

import optuna
import pytest

from passo import Constant, PassoError, Run, catalogue, epochs, percent, steps, warmup_cosine
from passo.catalogue.lookup import ENTRIES
from passo.schedules import base
from passo.sweep.offered import offered
from passo.sweep.spaces import WrongSpace, space_of

RUN = Run(steps(1000))
FLOAT = 'trial.suggest_float("peak", 1e-4, 1e-1, log=True)'


def peaks(trial):
    return warmup_cosine(peak=trial.suggest_float("peak", 1e-4, 1e-1, log=True))


def offering():
    for entry in ENTRIES:
        try:
            yield entry.name, offered(entry)
        except PassoError:
            continue


@pytest.mark.parametrize(("name", "space"), list(offering()))
def test_each_plan_that_an_entry_offers_has_its_place_on_a_run(name, space):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    plans = [space(study.ask()) for _ in range(5)]
    assert len({repr(each.on(RUN)) for each in plans}) > 1


def test_what_an_entry_offers_is_around_what_is_published():
    trial = optuna.trial.FixedTrial({"peak": 2.0, "warmup": 10.0})
    assert offered(catalogue.named("cosine"))(trial) == warmup_cosine(
        peak=2.0 * base, warmup=percent(10)
    )
    assert len(list(offering())) > 80


def test_a_space_is_a_function_a_text_or_a_name():
    trial = optuna.trial.FixedTrial({"peak": 0.01, "warmup": 5.0})
    plan = warmup_cosine(peak=0.01)
    assert space_of(peaks, RUN).plan(trial) == (plan, repr(plan))
    text = "warmup_cosine(peak=between(1e-4, 1e-1, log))"
    assert space_of(text, RUN).plan(trial) == (plan, "warmup_cosine(peak=0.01)")
    twice = optuna.trial.FixedTrial({"peak": 2.0, "warmup": 5.0})
    made, _ = space_of("cosine", RUN).plan(twice)
    assert (
        made
        == space_of(catalogue.named("cosine"), RUN).plan(twice)[0]
        == offered(catalogue.named("cosine"))(twice)
    )
    both = space_of(lambda trial: {"lr": peaks(trial), "momentum": Constant(0.9)}, RUN)
    assert both.plan(trial)[0] == {"lr": plan, "momentum": Constant(0.9)}


def test_what_a_store_knows_a_space_by_is_its_text_or_its_name_and_what_it_asks_for():
    float_ = "FloatDistribution(high=0.1, log=True, low=0.0001, step=None)"
    assert space_of(peaks, RUN).key == f"peaks(peak: {float_})"
    assert space_of(lambda trial: 2.0 * peaks(trial), RUN).key == f"(peak: {float_})"
    assert space_of(" wsd(peak=between(1, 2)) ", RUN).key == "wsd(peak=between(1, 2))"


PLAN = (
    "a space answers with a plan, a schedule or a mapping from fields to schedules, got {}; write "
    f"return warmup_cosine(peak={FLOAT})"
)
NOTHING = (
    "the space asks its trial for nothing, so that there is nothing to search; write "
    f"{FLOAT} in place of a value"
)
WRONG = [
    (lambda trial: None, PLAN.format("None")),
    (lambda trial: 0.1, PLAN.format("0.1")),
    (lambda trial: {}, PLAN.format("{}")),
    (lambda trial: warmup_cosine(), NOTHING),
    (
        lambda trial: Constant(trial.suggest_float("value", 1.0, 1.0)),
        (
            "the hole value has one value, FloatDistribution(high=1.0, log=False, low=1.0, "
            "step=None); write that value in its place, or a range such as "
            'trial.suggest_float("value", 1e-4, 1e-1, log=True)'
        ),
    ),
    (
        lambda trial: Constant(1 / 0),
        (
            "the space raised ZeroDivisionError: division by zero; it is called with an Optuna "
            f"trial: write lambda trial: warmup_cosine(peak={FLOAT})"
        ),
    ),
    (
        "wsd(peak=0.1)",
        (
            "'wsd(peak=0.1)' has no hole, so that there is nothing to search; write "
            "between(1e-4, 1e-1, log) or one_of(3, 10) in place of a value"
        ),
    ),
    (
        "wsd(cooldown=percent(between(10, 120)))",
        (
            "the space has a plan that cannot be, wsd(cooldown=percent(120)): a percentage of the "
            "run is at most 100, got percent(120)"
        ),
    ),
    (
        "momentum against the rate",
        (
            "'momentum against the rate' is no schedule of a rate that has a peak, and offers no "
            "space; write between(0.1, 0.9) or one_of(3, 10) in the text of a schedule"
        ),
    ),
    (
        Constant(0.1),
        (
            "a space is a function of an Optuna trial, a text with holes, or a schedule of the "
            "catalogue by its name, got Constant(0.1); write "
            "'warmup_cosine(peak=between(1e-4, 1e-1, log))'"
        ),
    ),
    (
        3,
        (
            "a space is a function of an Optuna trial, a text with holes, or a schedule of the "
            "catalogue by its name, got 3; write 'warmup_cosine(peak=between(1e-4, 1e-1, log))'"
        ),
    ),
]


@pytest.mark.parametrize(("given", "text"), WRONG)
def test_what_is_no_space_is_refused(given, text):
    with pytest.raises(PassoError) as caught:
        space_of(given, RUN)
    assert str(caught.value) == text


def test_an_upside_down_hole_of_a_function_is_told_in_optunas_words():
    with pytest.raises(PassoError, match=r"^the space raised ValueError: .*low=2"):
        space_of(lambda trial: Constant(trial.suggest_float("value", 2, 1)), RUN)


def test_a_plan_that_needs_more_of_the_run_says_so_before_anything_is_trained():
    text = "the space has a plan that cannot be, step_decay(epochs(3)): epochs(3) needs the run's"
    with pytest.raises(PassoError) as caught:
        space_of("step_decay(epochs(between(3, 9)))", RUN)
    assert str(caught.value).startswith(text)
    assert space_of("step_decay(epochs(between(3, 9)))", Run(epochs(9), steps_per_epoch=5))


def test_a_space_that_answers_with_no_plan_later_is_told_then():
    space = space_of(lambda trial: peaks(trial) if trial.number == 0 else None, RUN)
    study = optuna.create_study()
    study.ask()
    with pytest.raises(WrongSpace):
        space.plan(study.ask())
