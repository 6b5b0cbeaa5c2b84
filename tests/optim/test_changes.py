"""A checkpoint whose plan is not today's: four policies, and a difference that can be read."""

from __future__ import annotations

import pytest
import torch

import passo
from passo import (
    Constant,
    Cosine,
    Linear,
    PassoError,
    Plateau,
    Run,
    base,
    by_group,
    epochs,
    percent,
    rest,
    steps,
    tokens,
    warmup_cosine,
    warmup_linear,
)
from passo.optim import attach
from tests.optim.tools import rates, sgd, update, weight

TEN, TWENTY = Run(steps(10)), Run(steps(20))
COSINE, LINEAR = warmup_cosine(warmup=steps(2)), warmup_linear(warmup=steps(2))
WAYS_OUT = (
    'write attach(..., on_change="keep") for the checkpoint\'s plan, "replace" for today\'s at '
    'the same update, "rescale" for today\'s at the same share of the run'
)
BY_TOKENS = Run(tokens(100), tokens_per_step=10, axis="token")


def saved(plan, run=None, updates=5, reports=(), **settings):
    """The state of that plan after some updates and reports."""
    optimizer = sgd(weight_decay=0.1)
    scheduler = attach(optimizer, plan, run, **settings)
    update(optimizer, updates)
    for report in reports:
        scheduler.report(report)
    return scheduler.state_dict()


def loaded(state, plan, run=None, on_change="error", **settings):
    """Another process: the optimizer, and the Scheduler that took up the state."""
    optimizer = sgd(weight_decay=0.1)
    scheduler = attach(optimizer, plan, run, on_change=on_change, **settings)
    scheduler.load_state_dict(state)
    return optimizer, scheduler


def refusal(*arguments, **settings) -> str:
    with pytest.raises(PassoError) as error:
        loaded(*arguments, **settings)
    return str(error.value)


# -- what differs is told


def test_another_shape_is_refused_whole_text():
    assert refusal(saved(COSINE, TEN), LINEAR, TEN) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        "  lr of group 0, saved: Linear(0, base, steps(2)).then(Cosine(base, 0)) on "
        "Run(steps(10))\n"
        "  lr of group 0, today: Linear(0, base, steps(2)).then(Linear(base, 0)) on "
        "Run(steps(10))\n"
        "    now 0.6913417161825449 and 0.625\n"
        "    at the end 0 and 0\n" + WAYS_OUT
    )


def test_another_length_of_the_run_is_refused_whole_text():
    floored = warmup_cosine(warmup=steps(2), floor=0.1)
    assert refusal(saved(floored, TEN), floored, TWENTY) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        f"  lr of group 0, saved: {floored!r} on Run(steps(10))\n"
        f"  lr of group 0, today: {floored!r} on Run(steps(20))\n"
        "    now 0.7222075445642904 and 0.9397114317029974\n"
        "    at the end 0.1 and 0.1\n" + WAYS_OUT
    )


def test_a_field_that_is_no_longer_driven_is_a_difference_whole_text():
    both = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}
    assert refusal(saved(both, TEN), COSINE, TEN) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        "  weight_decay of group 0, saved: Linear(0.1, 0) on Run(steps(10))\n"
        "  weight_decay of group 0, today: not driven\n"
        "    now 0.05 and nothing\n"
        "    at the end 0 and nothing\n" + WAYS_OUT
    )


def test_a_field_that_is_driven_since_is_a_difference_whole_text():
    both = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}
    assert refusal(saved(COSINE, TEN), both, TEN) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        "  weight_decay of group 0, saved: not driven\n"
        "  weight_decay of group 0, today: Linear(0.1, 0) on Run(steps(10))\n"
        "    now nothing and 0.05\n"
        "    at the end nothing and 0\n" + WAYS_OUT
    )


def test_five_groups_that_differ_are_counted_and_three_are_shown():
    def started(plan):
        optimizer = torch.optim.SGD([{"params": [weight()]} for _ in range(5)], lr=1.0)
        return optimizer, attach(optimizer, plan)

    held, scheduler = started(Linear(1.0, 0.0, steps(10)))
    state = scheduler.state_dict()
    held, scheduler = started(Linear(1.0, 0.0, steps(20)))
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict(state)
    text = str(error.value)
    assert text.startswith("the plan saved at update 0 is not today's, 5 fields differ:\n")
    assert text.count(", saved: ") == 3
    assert len(held.param_groups) == 5


def test_an_explicit_base_that_differs_is_told_with_both_bases():
    plan = Cosine(base, 0.0, steps(10))
    text = refusal(saved(plan, base=0.1), plan, base=0.2)
    assert "base 0.1" in text
    assert "base 0.2" in text
    assert "now 0.05 and 0.1\n" in text


def test_the_difference_is_told_in_todays_base_whatever_was_loaded_first():
    optimizer = sgd()
    scheduler = attach(optimizer, COSINE, TEN)
    update(optimizer, 5)
    state, held = scheduler.state_dict(), optimizer.state_dict()
    optimizer = sgd()
    optimizer.load_state_dict(held)  # its lr is no base any more
    scheduler = attach(optimizer, LINEAR, TEN)
    with pytest.raises(PassoError, match=r"\n    now 0\.6913417161825449 and 0\.625\n"):
        scheduler.load_state_dict(state)


def test_now_is_told_with_the_factor_of_the_plateaus():
    state = saved(base * Plateau("m", patience=0), reports=[{"m": 1.0}] * 2)
    assert "now 0.1 and " in refusal(state, base * Plateau("m", patience=0, factor=0.5))


def test_a_refused_load_changes_nothing():
    state = saved(COSINE, TEN)
    optimizer = sgd()
    scheduler = attach(optimizer, LINEAR, TEN)
    before, rate = scheduler.state_dict(), optimizer.param_groups[0]["lr"]
    with pytest.raises(PassoError):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before
    assert optimizer.param_groups[0]["lr"] == rate


# -- what is no difference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (warmup_cosine(warmup=steps(2)), warmup_cosine(warmup=percent(20))),
        (warmup_cosine(warmup=epochs(1)), warmup_cosine(warmup=steps(5))),
        (base * Linear(0, 1, steps(4)), Linear(0, base, steps(4))),
        (Constant(base, steps(3)).then(base), base),
        (0.5 * (2.0 * base), base),
        (base * Plateau("a") * Plateau("b"), Plateau("b") * base * Plateau("a")),
    ],
    ids=str,
)
@pytest.mark.parametrize("on_change", ["error", "keep", "replace", "rescale"])
def test_plans_that_differ_in_text_only_load_silently(one, other, on_change):
    run = Run(steps(10), steps_per_epoch=5)
    optimizer = sgd()
    scheduler = attach(optimizer, one, run)
    update(optimizer, 5)
    state = scheduler.state_dict()
    then = rates(optimizer, 4)
    optimizer, scheduler = loaded(state, other, run, on_change)
    assert scheduler.clock == 5
    assert rates(optimizer, 4) == then


def test_the_same_text_on_epochs_of_another_length_is_a_difference():
    plan = warmup_linear(warmup=epochs(2))
    state = saved(plan, Run(steps(100), steps_per_epoch=10))
    text = refusal(state, plan, Run(steps(100), steps_per_epoch=20))
    assert "    now 0.25 and 0.125\n" in text


def test_plateaus_that_watch_other_segments_are_a_difference():
    def plan(one, other):
        return (Constant(1, steps(5)) * Plateau(one)).then(Constant(1) * Plateau(other))

    assert "one field differs" in refusal(saved(plan("a", "b")), plan("b", "a"))


def test_a_plateau_that_now_sees_the_warm_up_is_a_difference():
    warm, rule = Linear(0, 1, steps(5)), Plateau("a", patience=0)
    state = saved(warm.then(Constant(1) * rule))
    assert "one field differs" in refusal(state, warm.then(Constant(1)) * rule)


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
    assert refusal(state, Cosine(base, 0.0, steps(20)), on_change="rescale") == (
        'on_change="rescale" needs a run on both sides; write attach(..., run)'
    )


def test_keep_needs_somebody_who_drives_the_field_whole_text():
    both = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}
    assert refusal(saved(both, TEN), COSINE, TEN, "keep") == (
        "the checkpoint drives weight_decay of group 0, and nothing does today, so its plan "
        'cannot be kept; attach a plan that drives it, or write on_change="replace"'
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


def test_a_base_that_was_not_given_is_the_checkpoints():
    state = saved(Cosine(base, 0.0, steps(10)), base=0.1)
    optimizer, _ = loaded(state, Linear(base, 0.0, steps(10)), None, "replace")
    assert rates(optimizer, 1) == [0.05]


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
    optimizer, _ = loaded(state, Linear(1.0, 0.0, rest), today, "rescale")
    assert rates(optimizer, 2) == [0.6, 0.55]


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


# -- seek


@pytest.mark.parametrize("plan", [passo.one_cycle(), COSINE, Linear(0.3, 0.0, rest)], ids=str)
def test_seek_is_absolute_and_idempotent(plan):
    optimizer = sgd()
    scheduler = attach(optimizer, plan, TEN)
    curve = plan.on(TEN).with_base(1.0)
    for there in (7, 7, 2, 7, 0, 9, 10, 100):
        scheduler.seek(there)
        scheduler.seek(there)
        assert (scheduler.clock, scheduler.get_last_lr()) == (there, [curve(there)])
    scheduler.seek(3)
    assert rates(optimizer, 5) == [curve(t) for t in range(3, 8)]


def test_seek_moves_the_clock_and_leaves_the_plateaus():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(base, 0.0, steps(20)) * Plateau("m", patience=0))
    update(optimizer, 10)
    for _ in range(2):
        scheduler.report(m=1.0)
    scheduler.seek(2)
    assert scheduler.get_last_lr() == [0.9 * 0.1]
    scheduler.report(m=1.0)
    assert scheduler.get_last_lr() == [pytest.approx(0.9 * 0.01)]
    scheduler.seek(15)
    assert scheduler.get_last_lr() == [pytest.approx(0.25 * 0.01)]


def under_way():
    """An optimizer that a run before this one left in the middle, at half its base."""
    optimizer = sgd(momentum=0.9)
    attach(optimizer, Linear(base, 0.0, steps(10))).seek(4)
    update(optimizer)
    held = optimizer.state_dict()
    fresh = sgd(momentum=0.9)
    fresh.load_state_dict(held)
    return fresh


def test_seek_in_an_optimizer_under_way_needs_base_whole_text():
    scheduler = attach(optimizer := under_way(), Linear(base, 0.0, steps(10)))
    with pytest.raises(PassoError) as error:
        scheduler.seek(5)
    assert str(error.value) == (
        "the plan of 'lr' is relative to base, and the optimizer was under way when it was "
        "attached: lr was 0.5 there, which is probably not its base; write attach(..., base=0.1) "
        "with the value that the run began with"
    )
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (0, 0.5)


def test_seek_with_base_is_where_a_run_of_that_many_updates_would_be():
    optimizer = under_way()
    attach(optimizer, Linear(base, 0.0, steps(10)), base=1.0).seek(5)
    assert rates(optimizer, 5) == [pytest.approx(1 - t / 10) for t in range(5, 10)]


def test_seek_with_absolute_numbers_needs_no_base():
    optimizer = under_way()
    attach(optimizer, Linear(1.0, 0.0, steps(10))).seek(5)
    assert rates(optimizer, 1) == [0.5]


@pytest.mark.parametrize("update", [-1, 2.5, "3", True])
def test_seek_goes_to_a_whole_update(update):
    scheduler = attach(optimizer := sgd(), Linear(1.0, 0.0, steps(10)))
    with pytest.raises(PassoError):
        scheduler.seek(update)
    assert (scheduler.clock, optimizer.param_groups[0]["lr"]) == (0, 1.0)
