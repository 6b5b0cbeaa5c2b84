"""What each policy does at the join, to the rates, the plateaus and the groups."""

from __future__ import annotations

import pytest
import torch

from passo import (
    Constant,
    Cosine,
    Linear,
    PassoError,
    Plateau,
    Run,
    base,
    by_group,
    rest,
    samples,
    steps,
    tokens,
)
from passo.optim import attach
from tests.optim.checkpoints import BY_TOKENS, COSINE, LINEAR, TEN, TWENTY, loaded, refusal, saved
from tests.optim.tools import rates, sgd, update, weight

# -- the four policies, at the join


def test_keep_is_the_checkpoints_plan_on_the_checkpoints_run():
    optimizer, scheduler = loaded(saved(COSINE, TEN), LINEAR, TWENTY, "keep")
    cosine = COSINE.on(TEN).with_base(1.0)
    assert (scheduler.clock, scheduler.run) == (5, TEN)
    assert rates(optimizer, 5) == [cosine(t) for t in range(5, 10)]


def test_replace_is_todays_plan_at_the_same_update():
    optimizer, scheduler = loaded(saved(COSINE, TEN), LINEAR, TWENTY, "replace")
    line = LINEAR.on(TWENTY).with_base(1.0)
    assert (scheduler.clock, scheduler.run) == (5, TWENTY)
    assert rates(optimizer, 15) == [line(t) for t in range(5, 20)]


def test_rescale_is_todays_plan_at_the_same_share_of_the_run():
    optimizer, scheduler = loaded(saved(COSINE, TEN), LINEAR, TWENTY, "rescale")
    line = LINEAR.on(TWENTY).with_base(1.0)
    assert (scheduler.clock, scheduler.run) == (10, TWENTY)
    assert rates(optimizer, 10) == [line(t) for t in range(10, 20)]


@pytest.mark.parametrize(("on_change", "rate"), [("keep", 0.5), ("replace", 0.75)])
def test_the_rate_at_the_join(on_change, rate):
    line = Linear(base, 0.0, rest)
    optimizer, _ = loaded(saved(line, TEN), line, TWENTY, on_change)
    assert rates(optimizer, 1) == [rate]


def test_what_was_chosen_is_what_the_next_checkpoint_holds():
    state = saved(COSINE, TEN)
    for on_change, plan, run in (("keep", COSINE, TEN), ("replace", LINEAR, TWENTY)):
        held, scheduler = loaded(state, LINEAR, TWENTY, on_change)
        again, _ = loaded(scheduler.state_dict(), plan, run)
        assert rates(again, 3) == rates(held, 3)


def test_rescale_without_a_run_is_refused_whole_text():
    state = saved(Cosine(base, 0.0, steps(10)))
    for run in (None, TEN):
        assert refusal(state, Cosine(base, 0.0, steps(20)), run, on_change="rescale") == (
            'on_change="rescale" needs a run on both sides, and the checkpoint has none; write '
            'on_change="replace"'
        )
    state = saved(Cosine(base, 0.0, steps(10)), TEN)
    assert refusal(state, Cosine(base, 0.0, steps(20)), on_change="rescale") == (
        'on_change="rescale" needs a run on both sides; write attach(..., run)'
    )


def test_keep_needs_somebody_who_drives_the_field_whole_text():
    both = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}
    assert refusal(saved(both, TEN), COSINE, TEN, "keep") == (
        "the checkpoint drives weight_decay of group 0, and nothing does today, so its plan "
        'cannot be kept; write a plan that drives it, or write on_change="replace"'
    )


@pytest.mark.parametrize("on_change", ["replace", "rescale"])
def test_replace_may_drop_a_field_and_take_one_up(on_change):
    state = saved({"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}, TEN)
    _, scheduler = loaded(state, COSINE, TEN, on_change)
    assert scheduler.values() == {"lr": [pytest.approx(0.691, abs=1e-3)]}
    plan = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}
    _, scheduler = loaded(saved(COSINE, TEN), plan, TEN, on_change)
    assert scheduler.values()["weight_decay"] == [0.05]


@pytest.mark.parametrize(("on_change", "rate"), [("keep", 0.05), ("replace", 0.1)])
def test_an_explicit_base_counts_where_todays_plan_does(on_change, rate):
    plan = Cosine(base, 0.0, steps(10))
    optimizer, _ = loaded(saved(plan, base=0.1), plan, None, on_change, base=0.2)
    assert rates(optimizer, 1) == [pytest.approx(rate)]


@pytest.mark.parametrize(("on_change", "rate"), [("keep", 0.05), ("replace", 0.5)])
def test_a_base_that_was_not_given_is_part_of_the_plan(on_change, rate):  # issue 12
    state = saved(Cosine(base, 0.0, steps(10)), base=0.1)
    optimizer, _ = loaded(state, Linear(base, 0.0, steps(10)), None, on_change)
    assert rates(optimizer, 1) == [rate]


# -- samples and tokens


def test_more_tokens_per_update_are_no_other_plan():
    plan = Linear(1.0, 0.0, tokens(1000))
    state = saved(plan, Run(tokens(1000), tokens_per_step=10, axis="token"), updates=50)
    today = Run(tokens(1000), tokens_per_step=20, axis="token")
    for on_change in ("error", "keep", "replace", "rescale"):
        optimizer, _ = loaded(state, plan, today, on_change)
        assert rates(optimizer, 3) == [0.5, 0.48, 0.46]


def test_rescale_keeps_the_share_of_the_tokens_that_were_seen():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0, rest), BY_TOKENS)
    for _ in range(5):
        scheduler.count(tokens=8)
        update(optimizer)
    state = scheduler.state_dict()
    assert scheduler.get_last_lr() == [0.6]
    today = Run(tokens(200), tokens_per_step=10, axis="token")
    optimizer, scheduler = loaded(state, Linear(1.0, 0.0, rest), today, "rescale")
    assert (scheduler.clock, scheduler.position) == (5, 80.0)
    assert rates(optimizer, 2) == [0.6, 0.55]


BY_BOTH = Run(tokens(1000), tokens_per_step=10, samples_per_step=2, axis="token")


@pytest.mark.parametrize(
    ("then", "today", "kept"),
    [
        (BY_BOTH, None, BY_BOTH),
        (
            BY_BOTH,
            Run(tokens(2000), tokens_per_step=20, axis="token"),
            Run(tokens(1000), tokens_per_step=20, samples_per_step=2, axis="token"),
        ),
        (BY_BOTH, Run(tokens(2000), axis="token"), BY_BOTH),
        (
            Run(tokens(1000), axis="token"),
            Run(samples(50), samples_per_step=4, axis="sample"),
            Run(tokens(1000), samples_per_step=4, axis="token"),
        ),
        (Run(steps(10), tokens_per_step=5), Run(steps(20), tokens_per_step=7), None),
        (None, BY_BOTH, None),
    ],
    ids=str,
)
def test_the_run_that_is_kept_consumes_what_an_update_does_today(then, today, kept):
    state = attach(sgd(), 0.5, then).state_dict()
    _, scheduler = loaded(state, 0.25, today, "keep")
    assert scheduler.run == (then if kept is None else kept)


@pytest.mark.parametrize("on_change", ["replace", "rescale"])
def test_steps_become_tokens_and_tokens_steps(on_change):
    line = Linear(1.0, 0.0, rest)
    optimizer, _ = loaded(saved(line, TEN), line, BY_TOKENS, on_change)
    assert rates(optimizer, 3) == [0.5, 0.4, 0.3]
    optimizer, scheduler = loaded(saved(line, BY_TOKENS), line, TEN, on_change)
    assert scheduler.clock == 5
    assert rates(optimizer, 3) == [0.5, 0.4, pytest.approx(0.3)]


# -- plateaus and late groups


FELL = [{"m": 1.0}] * 3  # the best, a fall, one more bad one
RULE = Plateau("m", factor=0.5, patience=0)


@pytest.mark.parametrize("on_change", ["keep", "replace", "rescale"])
def test_a_plateau_of_the_same_rule_goes_on_from_what_it_remembers(on_change):
    state = saved(Linear(base, 0.0, rest) * RULE, TEN, reports=FELL)
    optimizer, scheduler = loaded(state, RULE * Cosine(base, 0.0, rest), TWENTY, on_change)
    shape = {
        "keep": Linear(1.0, 0.0, steps(10)),
        "replace": Cosine(1.0, 0.0, steps(20)),
        "rescale": Cosine(1.0, 0.0, steps(20)),
    }[on_change]
    at = 10 if on_change == "rescale" else 5
    assert rates(optimizer, 1) == [shape(at) * 0.25]
    scheduler.report(m=1.0)
    assert rates(optimizer, 1) == [shape(at + 1) * 0.125]


def test_each_plateau_takes_from_its_own_like_and_from_no_other():
    gentle, hard = Plateau("m", factor=0.5, patience=0), Plateau("m", factor=0.1, patience=1)
    state = saved(base * gentle * hard, reports=FELL)
    today = base * gentle * Plateau("m", factor=0.1, patience=2)
    optimizer, _ = loaded(state, today, None, "replace")
    assert rates(optimizer, 1) == [pytest.approx(0.25 * 0.1)]


def test_a_stair_of_a_field_that_did_not_change_keeps_what_it_held():
    lr = (base * RULE).staircase(steps(10))
    state = saved({"lr": lr, "weight_decay": 0.1}, TEN, reports=FELL)
    optimizer, _ = loaded(state, {"lr": lr, "weight_decay": 0.2}, TEN, "replace")
    assert rates(optimizer, 1) == [0.5]


def test_replace_with_another_patience_keeps_the_reductions_made():
    state = saved(base * RULE, reports=FELL)
    patient = Plateau("m", factor=0.5, patience=1)
    optimizer, scheduler = loaded(state, base * patient, None, "replace")
    assert rates(optimizer, 1) == [0.25]
    for _ in range(2):
        scheduler.report(m=1.0)
    assert rates(optimizer, 1) == [0.125]


def test_a_plateau_on_a_new_metric_begins_afresh_and_an_old_one_stays():
    state = saved(base * RULE, reports=FELL)
    new = Plateau("n", factor=0.1, patience=0)
    optimizer, scheduler = loaded(state, base * new * RULE, None, "replace")
    assert rates(optimizer, 1) == [0.25]
    for _ in range(2):
        scheduler.report(n=1.0)
    assert rates(optimizer, 1) == [pytest.approx(0.025)]


def test_two_plateaus_that_change_places_keep_their_own_memories():
    one, other = Plateau("a", patience=0), Plateau("b", patience=0)
    first = (Constant(base, steps(20)) * one).then(base * other)
    state = saved(first, reports=[{"a": 1.0}, {"a": 1.0}])
    second = (Constant(base, steps(20)) * other).then(base * one)
    optimizer, scheduler = loaded(state, second, None, "replace")
    assert rates(optimizer, 1) == [1.0]
    scheduler.seek(20)
    assert rates(optimizer, 1) == [0.1]


@pytest.mark.parametrize("on_change", ["error", "keep", "replace"])
def test_a_group_that_joined_late_keeps_its_own_clock(on_change):
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(base, 0.0, steps(10)), join="now")
    update(optimizer, 4)
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    update(optimizer)
    state = scheduler.state_dict()
    assert scheduler.get_last_lr() == [0.5, 0.9]

    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
    length = steps(20) if on_change == "replace" else steps(10)
    plan = Linear(base, 0.0, length)
    scheduler = attach(optimizer, plan, join="now", on_change=on_change)
    scheduler.load_state_dict(state)
    then = [0.75, 0.95] if on_change == "replace" else [0.5, 0.9]
    assert scheduler.get_last_lr() == then


def test_by_group_plans_are_compared_group_by_group():
    def started(head, on_change="error"):
        groups = [{"params": [weight()], "name": name} for name in ("head", "backbone")]
        optimizer = torch.optim.SGD(groups, lr=1.0)
        plan = by_group({"head": head, "backbone": Linear(base, 0.0, steps(10))})
        return optimizer, attach(optimizer, plan, on_change=on_change)

    held, scheduler = started(Linear(base, 0.0, steps(10)))
    update(held, 5)
    state = scheduler.state_dict()
    held, scheduler = started(Linear(base, 0.0, steps(50)))
    with pytest.raises(PassoError, match="one field differs:\n  lr of group 0, saved"):
        scheduler.load_state_dict(state)
    held, scheduler = started(Linear(base, 0.0, steps(50)), "replace")
    scheduler.load_state_dict(state)
    assert scheduler.get_last_lr() == [0.9, 0.5]
    assert len(held.param_groups) == 2
