"""Spans and runs: exact amounts, six units, one measure."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import passo
from passo import PassoError, Run, Span, epochs, percent, rest, samples, steps, tokens
from tests.schedules.leaves import UNITS, runs, spans

amounts = st.fractions(0, 50, max_denominator=1000)
known = st.sampled_from(UNITS)


def span(unit, amount):
    return getattr(passo, unit)(amount)


@given(known, amounts, amounts)
def test_spans_of_one_unit_add_and_subtract_as_fractions_do(unit, a, b):
    assert span(unit, a) + span(unit, b) == span(unit, a + b)
    assert (span(unit, a) + span(unit, b)) - span(unit, b) == span(unit, a)
    assert span(unit, a) + span(unit, b) == span(unit, b) + span(unit, a)


@given(known, amounts, st.fractions(0, 2, max_denominator=60))
def test_spans_scale_as_fractions_do(unit, a, factor):
    assume(unit != "percent" or a * factor <= 100)
    assert factor * span(unit, a) == span(unit, a) * factor == span(unit, a * factor)
    if factor:
        assert span(unit, a * factor) / factor == span(unit, a)


@pytest.mark.parametrize(
    ("made", "amount"),
    [
        (steps(0.1), Fraction(1, 10)),
        (steps("1/3"), Fraction(1, 3)),
        (steps(Fraction(1, 3)), Fraction(1, 3)),
        (steps(3) / 9, Fraction(1, 3)),
        (0.1 * steps(3), Fraction(3, 10)),
        (steps(1e6), Fraction(10**6)),
        (epochs(0.7) + epochs(0.1), Fraction(8, 10)),
        (percent(7) + percent(93), Fraction(100)),
        (steps(5) - steps(5), Fraction(0)),
        (steps("0.25"), Fraction(1, 4)),
        (steps(-0.0), Fraction(0)),
    ],
)
def test_the_amount_is_the_fraction_that_was_written(made, amount):
    assert made.amount == amount
    assert type(made.amount) is Fraction


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (steps(5), "steps(5)"),
        (epochs(0.5), "epochs(0.5)"),
        (samples(1e6), "samples(1000000)"),
        (tokens(2e9), "tokens(2000000000)"),
        (percent("1/3"), 'percent("1/3")'),
        (steps(1e-7), "steps(1e-07)"),
        (rest, "rest"),
        (Run(epochs(90), steps_per_epoch=391), "Run(epochs(90), steps_per_epoch=391)"),
        (Run(steps(5), tokens_per_step=0.5, axis="token"),
         'Run(steps(5), tokens_per_step=0.5, axis="token")'),
    ],
)  # fmt: skip
def test_it_prints_as_the_code_that_makes_it(made, text):
    assert repr(made) == text


@given(spans(), spans())
def test_spans_of_two_units_are_unequal_and_do_not_raise(a, b):
    assert (a == b) == (a.unit == b.unit and a.amount == b.amount)
    assert a != 5
    assert a != "steps(5)"


@pytest.mark.parametrize("other", [1, 0.5, "steps(1)", None, True])
def test_only_spans_are_added_and_only_numbers_scale(other):
    for operation in (
        lambda: steps(1) + other,
        lambda: other + steps(1),
        lambda: steps(1) - other,
    ):
        with pytest.raises(TypeError):
            operation()
    for wrong in ("2", None, True, steps(2)):
        with pytest.raises(TypeError):
            steps(1) * wrong
        with pytest.raises(TypeError):
            steps(1) / wrong


@given(runs(), spans(UNITS), spans(UNITS))
def test_measuring_is_linear_and_exact(run, a, b):
    assert run.measure(a / 2) * 2 == run.measure(a)
    if a.unit == b.unit:
        assert run.measure(a / 2 + b / 2) == run.measure(a) / 2 + run.measure(b) / 2
    assert isinstance(run.measure(a), Fraction)
    assert run.measure(percent(100)) == run.measure(run.length)


@given(runs(axis="step"))
def test_one_of_each_unit_is_what_the_rates_say(run):
    assert run.measure(steps(1)) == 1
    assert run.measure(epochs(1)) == run.steps_per_epoch
    assert run.measure(samples(run.samples_per_step)) == 1
    assert run.measure(tokens(run.tokens_per_step)) == 1


@given(runs(axis="token"), spans(UNITS[:4]))
def test_the_axis_only_changes_the_unit_of_the_measure(run, a):
    by_step = Run(
        run.length,
        steps_per_epoch=run.steps_per_epoch,
        samples_per_step=run.samples_per_step,
        tokens_per_step=run.tokens_per_step,
    )
    assert run.measure(a) == by_step.measure(a) * run.tokens_per_step
    assert run.updates == by_step.updates == math.ceil(by_step.measure(run.length))


@given(runs(), st.integers(0, 10**6))
def test_where_an_update_stands_and_which_update_stands_there(run, update):
    assert run.update_at(run.at(update)) == pytest.approx(update, rel=1e-12)
    rate = {"step": 1, "sample": run.samples_per_step, "token": run.tokens_per_step}[run.axis]
    assert run.at(update) == pytest.approx(float(update * rate), rel=1e-15)
    assert run.unit == run.axis + "s"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"batches": 391, "epochs": 90}, (391, 35190)),
        ({"batches": 391, "epochs": 90, "accumulate": 4}, (98, 8820)),
        ({"batches": 391, "epochs": 90, "accumulate": 4, "drop_last_window": True}, (97, 8730)),
        ({"batches": 392, "epochs": 1, "accumulate": 4, "drop_last_window": True}, (98, 98)),
        ({"batches": 3, "epochs": 2, "accumulate": 8}, (1, 2)),
        ({"batches": 10, "epochs": 0.25}, (10, 3)),
        ({"batches": 1, "epochs": 1}, (1, 1)),
    ],
)
def test_run_of_counts_updates_and_not_batches(given, expected):
    run = Run.of(**given)
    assert (run.steps_per_epoch, run.updates) == expected
    assert run == Run(epochs(given["epochs"]), steps_per_epoch=expected[0])


@given(st.integers(1, 500), st.integers(1, 64), st.integers(1, 5), st.booleans())
def test_run_of_is_the_loop_that_people_write(batches, accumulate, epoch_count, drop):
    updates = 0
    for _ in range(epoch_count):
        waiting = 0
        for _ in range(batches):
            waiting += 1
            if waiting == accumulate:
                updates, waiting = updates + 1, 0
        updates += bool(waiting) and not drop
    if updates:
        options = {"accumulate": accumulate, "drop_last_window": drop}
        assert Run.of(batches, epochs=epoch_count, **options).updates == updates


@pytest.mark.parametrize("value", [Span(Fraction(1), "steps"), Run(steps(5))])
def test_spans_and_runs_are_frozen(value):
    with pytest.raises((AttributeError, TypeError)):
        value.unit = "epochs"
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("amount", [Fraction(1, 10**18), Fraction(10**18), Fraction(0)])
def test_the_shortest_and_the_longest_span_are_allowed(amount):
    assert steps(amount).amount == amount


@pytest.mark.parametrize("amount", ["1/" + "9" * 350, Fraction(1, 10**19), 10**18 + 1])
def test_what_is_shorter_or_longer_is_not_rounded_but_refused(amount):
    with pytest.raises(PassoError, match=r"^a span is between 10\*\*-18 and 10\*\*18 long, or "):
        steps(amount)
