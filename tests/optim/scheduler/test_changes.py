"""A checkpoint whose plan is not today's: four policies, and a difference that can be read."""

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
    epochs,
    percent,
    rest,
    steps,
    warmup_cosine,
    warmup_linear,
)
from passo.optim import attach
from tests.optim.checkpoints import BY_TOKENS, COSINE, LINEAR, TEN, TWENTY, loaded, refusal, saved
from tests.optim.tools import rates, sgd, update, weight

WAYS_OUT = (
    'write attach(..., on_change="keep") for the checkpoint\'s plan, "replace" for today\'s at '
    'the same update, "rescale" for today\'s at the same share of the run'
)
WITHOUT_RESCALE = WAYS_OUT.partition(', "rescale"')[0]
WITHOUT_KEEP = WAYS_OUT.replace('"keep") for the checkpoint\'s plan, "replace"', '"replace")')


# -- what differs is told


def test_another_shape_is_refused_whole_text():
    assert refusal(saved(COSINE, TEN), LINEAR, TEN) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        "  lr of group 0, saved: Linear(0, base, steps(2)).then(Cosine(base, 0)), base 1 on "
        "Run(steps(10))\n"
        "  lr of group 0, today: Linear(0, base, steps(2)).then(Linear(base, 0)), base 1 on "
        "Run(steps(10))\n"
        "    now 0.691 and 0.625\n" + WAYS_OUT
    )


def test_another_length_of_the_run_is_refused_whole_text():
    floored = warmup_cosine(warmup=steps(2), floor=0.1)
    assert refusal(saved(floored, TEN), floored, TWENTY) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        f"  lr of group 0, saved: {floored!r}, base 1 on Run(steps(10))\n"
        f"  lr of group 0, today: {floored!r}, base 1 on Run(steps(20))\n"
        "    now 0.722 and 0.94\n" + WAYS_OUT
    )


def test_a_field_that_is_no_longer_driven_is_a_difference_whole_text():
    both = {"lr": COSINE, "weight_decay": Linear(0.1, 0.0, rest)}
    assert refusal(saved(both, TEN), COSINE, TEN) == (
        "the plan saved at update 5 is not today's, one field differs:\n"
        "  weight_decay of group 0, saved: Linear(0.1, 0) on Run(steps(10))\n"
        "  weight_decay of group 0, today: not driven\n"
        "    now 0.05 and nothing\n"
        "    at the end 0 and nothing\n" + WITHOUT_KEEP
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


def over_groups(*bases, plan):
    """A refusal over groups with these bases, one of them with a plan of its own: from a to b."""

    def state(plan, load=None):
        groups = [{"params": [weight()], "lr": each} for each in bases]
        optimizer = torch.optim.SGD(groups)
        scheduler = attach(optimizer, plan)
        if load is not None:
            scheduler.load_state_dict(load)
        return scheduler.state_dict()

    before, after = plan
    with pytest.raises(PassoError) as error:
        state(after, state(before))
    return str(error.value)


def test_groups_that_differ_alike_are_told_once_whole_text():
    plan = [Linear(base, 0.0, steps(length)) for length in (10, 20)]
    assert over_groups(0.1, 0.3, 0.1, 0.1, plan=plan) == (
        "the plan saved at update 0 is not today's, 4 fields differ:\n"
        "  lr of groups 0, 2 and 3, saved: Linear(base, 0, steps(10)), base 0.1 without a run\n"
        "  lr of groups 0, 2 and 3, today: Linear(base, 0, steps(20)), base 0.1 without a run\n"
        "    at update 8 0.02 and 0.06\n"
        "  lr of group 1, saved: Linear(base, 0, steps(10)), base 0.3 without a run\n"
        "  lr of group 1, today: Linear(base, 0, steps(20)), base 0.3 without a run\n"
        "    at update 8 0.06 and 0.18\n" + WITHOUT_RESCALE
    )


def test_five_groups_that_differ_each_by_itself_are_counted_and_three_are_shown():
    plan = [Linear(base, 0.0, steps(length)) for length in (10, 20)]
    text = over_groups(0.1, 0.2, 0.3, 0.4, 0.5, plan=plan)
    assert text.startswith("the plan saved at update 0 is not today's, 5 fields differ:\n")
    assert text.count(", saved: ") == 3
    assert "lr of groups 0 to 4" in over_groups(*[0.1] * 5, plan=plan)


def test_plans_that_agree_now_and_at_the_end_are_told_where_they_differ_most():
    plan = [Linear(1.0, 0.0, steps(64)), Cosine(1.0, 0.0, steps(64))]
    text = over_groups(0.1, plan=plan)
    assert "    at update 16 0.75 and 0.854\n" in text


def test_two_groups_that_are_alike_are_told_by_both_names():
    plan = [Linear(base, 0.0, steps(length)) for length in (10, 20)]
    assert "  lr of groups 0 and 1, saved: " in over_groups(0.1, 0.1, plan=plan)


def test_what_differed_before_now_is_no_place_where_plans_differ_most():
    def plan(begin, curve):
        return Linear(begin, 0.5, steps(4)).then(Constant(0.5, steps(4))).then(curve)

    text = refusal(
        saved(plan(9.0, Linear(0.5, 0.0, steps(64)))), plan(0.1, Cosine(0.5, 0.0, steps(64)))
    )
    assert "    at update 21 0.398 and 0.451\n" in text


def test_where_plans_differ_most_is_told_on_the_axis_of_the_run():
    text = refusal(saved(base * Linear(1.0, 0.0), BY_TOKENS, 0), base * Cosine(1.0, 0.0), BY_TOKENS)
    assert "    at token 78 0.22 and 0.115\n" in text


def test_now_is_told_at_the_same_update_where_the_axis_is_another():
    text = refusal(saved(base * Linear(1.0, 0.0), TEN), base * Cosine(1.0, 0.5), BY_TOKENS)
    assert "    now 0.5 and 0.75\n" in text


def test_large_values_are_told_in_all_their_digits():
    plan = [Linear(value, 0.0, steps(8)) for value in (123456.0, 200000.0)]
    state = saved({"weight_decay": plan[0]}, updates=0)
    assert "    now 123456 and 200000\n" in refusal(state, {"weight_decay": plan[1]})


def test_values_are_told_by_as_few_digits_as_tell_them_apart():
    plan = [base * Linear(1.0, 0.5, steps(8)), base * Linear(1.0 + 1e-7, 0.5, steps(8))]
    assert "    now 0.1 and 0.10000001\n" in over_groups(0.1, plan=plan)


def test_plans_without_a_difference_in_value_are_told_without_one():
    plan = [base * Plateau("a"), base * Plateau("b")]
    before, after, *ways = over_groups(0.1, plan=plan).splitlines()[1:]
    assert before.replace('"a"', '"b"').replace("saved", "today") == after
    assert len(ways) == 1


def test_an_explicit_base_that_differs_is_told_with_both_bases():
    plan = Cosine(base, 0.0, steps(10))
    text = refusal(saved(plan, base=0.1), plan, base=0.2)
    assert "base 0.1" in text
    assert "base 0.2" in text
    assert "now 0.05 and 0.1\n" in text


def test_the_difference_is_told_in_todays_base_whatever_was_loaded_first():
    optimizer = sgd()
    scheduler = attach(optimizer, COSINE, TEN, carry=False)
    update(optimizer, 5)
    state, held = scheduler.state_dict(), optimizer.state_dict()
    optimizer = sgd()
    optimizer.load_state_dict(held)  # its lr is no base any more
    scheduler = attach(optimizer, LINEAR, TEN)
    with pytest.raises(PassoError, match=r"\n    now 0\.691 and 0\.625\n"):
        scheduler.load_state_dict(state)


def test_now_is_told_with_the_factor_of_the_plateaus():
    state = saved(base * Plateau("m", patience=0), reports=[{"m": 1.0}] * 2)
    assert "now 0.1 and 0.5\n" in refusal(state, base * Plateau("m", patience=0, factor=0.5))


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
