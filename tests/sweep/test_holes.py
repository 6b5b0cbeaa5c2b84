"""Text with holes: what it takes, what it refuses, and that every filling is the text it was."""

from __future__ import annotations

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import PassoError, parse
from passo.sweep.holes import Between, OneOf, Template

TEXT = "warmup_cosine(peak=between(1e-4, 1e-1, log), warmup=one_of(percent(5), percent(10)))"


def test_a_hole_has_the_name_of_the_argument_that_it_stands_for():
    names = {
        TEXT: ["peak", "warmup"],
        "step_decay(steps(between(3, 30, whole)), gamma=between(0.1, 0.9))": ["every", "gamma"],
        "Linear(between(0, 1), 0).then(Cosine(between(0, 1), 0))": ["start", "start_2"],
        "wsd(peak=0.1).clip(between(0.01, 0.02), 1)": ["clip"],
        'base * Plateau("é", factor=between(0.1, 0.9))': ["factor"],
    }
    found = {text: [each.name for each in Template.of(text).holes] for text in names}
    assert found == names


def test_what_a_trial_puts_in_is_the_plan_and_its_text():
    trial = optuna.trial.FixedTrial({"peak": 0.01, "warmup": "percent(10)"})
    assert Template.of(TEXT).filled(trial) == "warmup_cosine(peak=0.01, warmup=percent(10))"
    whole = Template.of("step_decay(steps(one_of(3, 10)), gamma=between(1, 4, whole))")
    trial = optuna.trial.FixedTrial({"every": 10, "gamma": 2})
    assert whole.filled(trial) == "step_decay(steps(10), gamma=2)"


@given(st.floats(1e-4, 1e-1), st.booleans())
def test_a_filling_leaves_the_rest_of_the_text_as_it_is(peak, first):
    text = 'wsd(peak=between(1e-4, 1e-1),\r\n shape=one_of("linear", "1-sqrt")) * Plateau("µ")'
    shape = '"linear"' if first else '"1-sqrt"'
    made = Template.of(text).put([repr(peak), shape])
    assert made == f'wsd(peak={peak!r},\r\n shape={shape}) * Plateau("µ")'
    assert parse(made) == parse(f'wsd(peak={peak!r}, shape={shape}) * Plateau("µ")')


def test_a_text_without_a_hole_has_none_and_stays():
    made = Template.of(" wsd() ")
    assert (made.holes, made.put([]), list(made.corners())) == ((), "wsd()", [])


def test_each_end_of_each_hole_stands_in_a_corner_once():
    assert list(Template.of("wsd(peak=between(1, 2), floor=one_of(0, 0.1))").corners()) == [
        "wsd(peak=1, floor=0)",
        "wsd(peak=2, floor=0)",
        "wsd(peak=1, floor=0)",
        "wsd(peak=1, floor=0.1)",
    ]


LIKE = "a hole is written between(1e-4, 1e-1, log) or one_of(3, 10)"
TWO = "a hole is two numbers, then log or whole where it is meant, got {}; write "
TWO += "between(1e-4, 1e-1, log)"
WRONG = {
    "between(1, 1)": "the hole peak has one value, {}; write 1 in its place",
    "between(2, 1, log)": "the hole peak is upside down, {}; write between(1, 2, log)",
    "between(0, 0.5, log)": "the hole peak has no logarithm at 0, {}; write "
    "between(0.0005, 0.5, log)",
    "between(-2, -1, log)": "the hole peak has no logarithm at -2, {}; write between(-2, -1)",
    "between(0, 9, log, whole)": "the hole peak has no logarithm at 0, {}; write "
    "between(1, 9, log, whole)",
    "between(0.5, 2.5, whole)": "the hole peak is of whole numbers and has an end at 0.5, {}; "
    "write between(0, 3, whole)",
    "one_of(3)": "the hole peak is {}, and it needs two at least; write one_of(3, 10)",
    "one_of(3, 3, 4)": "the hole peak is {}, and a value may stand in it once; write one_of(3, 10)",
    "between(1)": TWO,
    "between(1, 2, lin)": TWO,
    "between(1, 2, log, log)": TWO,
    "between('a', 2)": "the ends of the hole peak are numbers, got {}; write "
    "between(1e-4, 1e-1, log)",
    "one_of(between(1, 2), 3)": "{} has a hole in it, and " + LIKE,
    "between(low=1, high=2)": "{} has an argument by name, and " + LIKE,
}


@pytest.mark.parametrize("hole", WRONG)
def test_a_hole_with_nothing_to_search_is_refused(hole):
    with pytest.raises(PassoError) as caught:
        Template.of(f"wsd(peak={hole})")
    assert str(caught.value) == WRONG[hole].replace("{}", hole)


@pytest.mark.parametrize(
    ("text", "given", "meant"),
    [
        ("Constant(betwen(0, 1))", "betwen", "between"),
        ("step_decay(steps(oneof(3, 10)))", "oneof", "one_of"),
    ],
)
def test_a_hole_that_is_misspelt_is_named_as_it_is_written(text, given, meant):
    with pytest.raises(PassoError) as caught:
        Template.of(text)
    assert str(caught.value) == f"unknown name '{given}'; did you mean '{meant}'?"


def test_nothing_of_a_text_is_run():
    with pytest.raises(PassoError, match="may not stand in a schedule"):
        Template.of("wsd(peak=between(1, 2), warmup=__import__('os').getpid() if 1 else 2)")
    with pytest.raises(PassoError, match="unknown name 'open'"):
        parse(Template.of("open(between(1, 2))").put(["1"]))


@pytest.mark.parametrize(
    ("hole", "searched"),
    [
        ("between(1, 8)", optuna.distributions.FloatDistribution(1, 8)),
        ("between(1, 8, log)", optuna.distributions.FloatDistribution(1, 8, log=True)),
        ("between(1, 8, whole)", optuna.distributions.IntDistribution(1, 8)),
        ("between(1, 8, log, whole)", optuna.distributions.IntDistribution(1, 8, log=True)),
        ("one_of(1, 2.5, base)", optuna.distributions.CategoricalDistribution((1, 2.5, "base"))),
    ],
)
def test_what_a_hole_says_is_what_is_searched(hole, searched):
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    Template.of(f"wsd(peak={hole})").filled(trial)
    assert trial.distributions == {"peak": searched}


def test_holes_are_values():
    assert Template.of("wsd(peak=between(1, 2, log, whole))").holes == (
        Between("peak", 1.0, 2.0, log=True, whole=True),
    )
    assert Template.of("wsd(peak=one_of(1, base))").holes == (OneOf("peak", ("1", "base")),)


@pytest.mark.parametrize(
    ("hole", "drawn", "put"),
    [
        (Between("peak", 0.02, 1.0, log=True), 0.16856607690197417, "0.1686"),
        (Between("peak", 1e-6, 1e-3, log=True), 1.2345678e-06, "1.235e-06"),
        (Between("share", 0, 40), 17.522537174217284, "17.52"),
        (Between("beta", 0.9999, 0.99999), 0.999951234567, "0.9999512"),  # 1,000 places in it
        (Between("third", 1 / 3, 2 / 3), 1 / 3, repr(1 / 3)),  # and never beyond its ends
    ],
)
def test_a_number_is_drawn_in_as_few_digits_as_tell_it_apart(hole, drawn, put):
    assert hole.filled(optuna.trial.FixedTrial({hole.name: drawn})) == put


@given(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9), st.floats(0, 1))
def test_what_is_drawn_stays_in_the_hole_and_near_what_was_drawn(low, wide, share):
    high = low + wide
    drawn = min(high, low + share * wide)
    put = float(Between("x", low, high).filled(optuna.trial.FixedTrial({"x": drawn})))
    assert low <= put <= high
    assert abs(put - drawn) <= (high - low) / 2000
