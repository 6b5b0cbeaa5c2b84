"""Plan against run: what ended early or late says so once; `strict` stops at the end."""

from __future__ import annotations

import pytest

from passo import (
    Constant,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    steps,
    tokens,
    warmup_cosine,
)
from tests.optim.tools import graded, python, said, sgd, update

RUN = Run(steps(10))
DOWN = Linear(1.0, 0.1)


def ended(updates, schedule=DOWN, run=RUN, **settings):
    """What detach says after so many updates."""
    optimizer = sgd()
    scheduler = attach(optimizer, schedule, run, **settings)
    said(lambda: update(optimizer, updates))
    return said(scheduler.detach)


@pytest.mark.parametrize(
    ("updates", "when", "last", "against"),
    [
        (5, "early", "0.64", "6.4 times the 0.1 that its plan ends at"),
        (9, "early", "0.28", "2.8 times the 0.1 that its plan ends at"),
        (15, "late", "0.1", "as its plan ends"),
    ],
)
def test_a_run_that_ended_early_or_late_says_so(updates, when, last, against):
    text = (
        f"the run ended {when}: planned 10 updates, made {updates}; lr was {last} last, {against}"
    )
    assert ended(updates) == [text]


@pytest.mark.parametrize(
    ("plan", "against"),
    [
        (Constant(0.1), "lr was 0.1 last, as its plan ends"),
        (base * Plateau("far"), "lr was 1 last, as its plan ends"),
        (Linear(0.1, 0.10004), "lr was 0.100016 last, and its plan ends at 0.10004"),
        (Linear(0.1, 0.08), "lr was 0.092 last, 1.15 times the 0.08 that its plan ends at"),
    ],
)
def test_a_rate_that_hardly_moved_is_not_said_to_be_once_where_its_plan_ends(plan, against):
    (text, *_) = ended(5, plan)
    assert text == f"the run ended early: planned 10 updates, made 5; {against}"


@pytest.mark.parametrize("updates", [10, 0])
def test_a_run_that_ended_on_time_or_never_began_says_nothing(updates):
    assert ended(updates) == []


def test_a_plan_that_ends_at_zero_has_no_ratio():
    (text,) = ended(5, warmup_cosine(peak=1.0, warmup=steps(2)))
    assert text == (
        "the run ended early: planned 10 updates, made 5; "
        "lr was 0.853553 last, and its plan ends at 0"
    )


def test_without_a_run_nothing_was_planned():
    assert ended(5, Linear(1.0, 0.1, steps(10)), None) == []


def test_large_numbers_are_easy_to_read():
    optimizer = sgd()
    scheduler = attach(
        optimizer, warmup_cosine(peak=1.0, warmup=steps(500), floor=0.01), Run(steps(10_000))
    )
    scheduler.seek(7499)
    update(optimizer)
    (text,) = said(scheduler.detach)
    assert text == (
        "the run ended early: planned 10,000 updates, made 7,500; "
        "lr was 0.169866 last, 17 times the 0.01 that its plan ends at"
    )


def test_it_is_said_once():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN)
    update(optimizer, 3)
    assert len(said(scheduler.detach)) == 1
    assert said(scheduler.detach) == []
    assert said(scheduler.conclude) == []


def test_the_warning_is_at_the_line_that_called_detach():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN)
    update(optimizer, 3)
    with pytest.warns(PassoWarning) as told:
        scheduler.detach()
    assert [each.filename for each in told] == [__file__]


# -- tokens


def test_a_batch_ramp_that_ends_with_its_tokens_ended_on_time():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, Run(tokens(1000), tokens_per_step=10, axis="token"))
    for amount in [10] * 20 + [40] * 20:
        scheduler.count(tokens=amount)
        update(optimizer)
    assert said(scheduler.detach) == []


def test_tokens_are_compared_with_tokens():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, Run(tokens(10_000), axis="token"))
    for _ in range(10):
        scheduler.count(tokens=500)
        update(optimizer)
    (text,) = said(scheduler.detach)
    assert text == (
        "the run ended early: planned 10,000 tokens, made 5,000; "
        "lr was 0.595 last, 5.95 times the 0.1 that its plan ends at"
    )


# -- the end of the process

STORY = """
import sys
from passo import Linear, Run, attach, steps
from tests.optim.tools import sgd, update

optimizer = sgd()
scheduler = attach(optimizer, Linear(1.0, 0.1), Run(steps(10)))
"""


@pytest.mark.parametrize("end", ["del scheduler; sys.exit(0)", "scheduler.detach()"])
def test_a_process_that_ends_early_says_it_exactly_once(end):
    done = python(f"{STORY}update(optimizer, 4)\n{end}\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("PassoWarning") == 1
    assert "Traceback" not in done.stderr
    text = (
        "PassoWarning: the run ended early: planned 10 updates, made 4; lr was 0.73 last, "
        "7.3 times the 0.1 that its plan ends at"
    )
    assert text in done.stderr


def test_a_process_that_ends_on_time_says_nothing():
    done = python(f"{STORY}update(optimizer, 10)\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# -- strict


@pytest.mark.parametrize("clock", ["hook", "calls"])
def test_strict_raises_before_the_first_update_past_the_end(clock):
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN, strict=True, clock=clock)
    for _ in range(10):
        update(optimizer)
        scheduler.step()
    (weight,) = optimizer.param_groups[0]["params"]
    before = weight.detach().clone()
    with pytest.raises(PassoError) as caught:
        scheduler.step() if clock == "calls" else update(optimizer)
    assert str(caught.value) == (
        "update 10 is past the end of Run(steps(10)); "
        "write a longer run, or strict=False to hold the last value"
    )
    assert weight.equal(before)
    assert scheduler.clock == 10


def test_strict_refuses_to_advance_past_the_end():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN, strict=True)
    with pytest.raises(PassoError, match=r"^update 10 is past the end"):
        scheduler.advance(11)


def test_strict_lets_steps_pass_that_change_nothing():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, RUN, strict=True)
    update(optimizer, 10)
    optimizer.zero_grad()
    scheduler.step()
    assert scheduler.clock == 10


def test_strict_counts_tokens_where_the_run_does():
    optimizer = sgd()
    run = Run(tokens(100), tokens_per_step=10, axis="token")
    scheduler = attach(optimizer, DOWN, run, strict=True)
    for _ in range(2):
        scheduler.count(tokens=50)
        update(optimizer)
    graded(optimizer)
    with pytest.raises(PassoError, match=r"^update 2 is past the end"):
        optimizer.step()


def test_strict_needs_a_run():
    with pytest.raises(PassoError) as caught:
        attach(sgd(), 0.5, strict=True)
    assert str(caught.value) == (
        "strict=True stops at the end of the run; write attach(..., run, strict=True)"
    )


def test_a_strict_run_that_is_not_a_whole_number_of_updates_makes_the_last_one():
    optimizer = sgd()
    scheduler = attach(optimizer, DOWN, Run(steps(2.5)), strict=True)
    update(optimizer, 3)
    with pytest.raises(PassoError, match=r"^update 3 is past the end"):
        update(optimizer)
    assert said(scheduler.detach) == []
