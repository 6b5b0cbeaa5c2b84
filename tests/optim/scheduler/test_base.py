"""Which number is `base`: never one that passo wrote; and it is part of today's plan.

The cases are those of issue 12, each called by its kind.
"""

from __future__ import annotations

import copy
from itertools import permutations

import pytest
import torch

from passo import (
    Exponential,
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    by_group,
    cosine_decay,
    steps,
    warmup_cosine,
)
from passo.optim import tensorize
from tests.optim.tools import adam, rates, sgd, update, weight

RUN = Run(steps(100))
FALLING = Linear(base, 0, steps(10))
HALVING = base * Exponential(1, 0.5)
RIGHT = "begin from that again"


def refused(optimizer, plan, *arguments, **settings):
    before = [dict(group) for group in optimizer.param_groups]
    with pytest.raises(PassoError) as caught:
        attach(optimizer, plan, *arguments, **settings)
    assert [dict(group) for group in optimizer.param_groups] == before
    return str(caught.value)


# -- what a detached plan left is no base


def test_a_rate_that_a_detached_plan_left_is_no_base():
    optimizer = sgd(momentum=0.9)
    attach(optimizer, warmup_cosine(), Run(steps(20))).detach()
    text = refused(optimizer, warmup_cosine(), Run(steps(20)))
    assert text == (
        "lr of param group 0 holds 0, which a plan that is detached wrote last; its base was 1. "
        "Write attach(..., base=1) to begin from that again, base=0 to begin from what is there, "
        "or detach(restore=True) before"
    )


def trained(plan=FALLING, updates=4, **settings):
    optimizer = sgd(**settings)
    scheduler = attach(optimizer, plan)
    update(optimizer, updates)
    return optimizer, scheduler


def test_each_way_that_the_refusal_names_is_a_way():
    optimizer, scheduler = trained()
    scheduler.detach()
    assert "base=1)" in refused(optimizer, FALLING)
    attach(optimizer, FALLING, base=1).detach()
    assert optimizer.param_groups[0]["lr"] == 1.0
    optimizer, scheduler = trained()
    scheduler.detach()
    assert ", base=0.6 to" in refused(optimizer, FALLING)
    attach(optimizer, FALLING, base=0.6)
    assert rates(optimizer, 2) == [0.6, 0.54]
    optimizer, scheduler = trained()
    scheduler.detach(restore=True)
    attach(optimizer, FALLING)
    assert rates(optimizer, 2) == [1.0, 0.9]


def test_the_bases_of_several_groups_are_told_as_a_list_and_of_other_keys_as_a_mapping():
    def build():
        groups = [{"params": [weight()], "lr": lr} for lr in (1.0, 0.1)]
        return torch.optim.SGD(groups, momentum=0.5)

    optimizer = build()
    plan = {"lr": FALLING, "momentum": 0.5 * base}
    attach(optimizer, plan).detach()
    attach(optimizer, {"lr": FALLING})  # its fields hold their bases
    text = refused(optimizer, {"momentum": base})
    assert "base={'momentum': 0.5}) to begin from that" in text
    assert "base={'momentum': 0.25} to begin from what" in text
    optimizer = build()
    scheduler = attach(optimizer, FALLING, base=[1.0, 0.1])
    update(optimizer, 5)
    scheduler.detach()
    text = refused(optimizer, FALLING)
    assert "base=[1, 0.1]) to begin from that" in text
    assert "base=[0.5, 0.05] to begin from what" in text
    attach(optimizer, FALLING, base=[1.0, 0.1])
    assert [group["lr"] for group in optimizer.param_groups] == [1.0, 0.1]


@pytest.mark.parametrize("set_to", [0.25, 0.6])
def test_a_rate_that_is_set_by_hand_since_is_a_base(set_to):
    optimizer, scheduler = trained()
    scheduler.detach()
    optimizer.param_groups[0]["lr"] = float(str(set_to))
    attach(optimizer, FALLING)
    assert rates(optimizer, 2) == [set_to, 0.9 * set_to]


def test_a_tensor_that_a_detached_plan_filled_is_no_base_until_it_is_filled_by_hand():
    optimizer = tensorize(adam(1.0))
    scheduler = attach(optimizer, FALLING)
    update(optimizer, 5)
    scheduler.detach()
    assert RIGHT in refused(optimizer, FALLING)
    optimizer.param_groups[0]["lr"].fill_(0.25)
    attach(optimizer, FALLING)
    assert float(optimizer.param_groups[0]["lr"]) == 0.25


@pytest.mark.parametrize("plan", [base, 0.5, cosine_decay(peak=0.5, over=steps(10))])
def test_where_nothing_depends_on_it_nothing_is_refused(plan):
    optimizer, scheduler = trained(base * Exponential(1, 1.0) if plan is base else FALLING)
    scheduler.detach()
    attach(optimizer, plan)


def test_what_an_absolute_plan_left_is_no_base_either():
    optimizer, scheduler = trained(Linear(0.5, 0.1, steps(4)))
    scheduler.detach()
    assert "its base was 1." in refused(optimizer, by_group({"a": 0.1}, others=HALVING))


def test_another_field_that_was_left_is_another_matter():
    optimizer, scheduler = trained({"momentum": 0.5}, momentum=0.9)
    scheduler.detach()
    attach(optimizer, {"lr": HALVING})


def test_groups_that_two_optimizers_share_are_looked_at_in_both():
    optimizer, scheduler = trained()
    scheduler.detach()
    other = torch.optim.SGD(optimizer.param_groups, lr=1.0)
    assert other.param_groups[0] is optimizer.param_groups[0]
    assert RIGHT in refused(other, FALLING)


def test_what_is_loaded_back_after_a_plan_left_it_is_refused_before_the_first_update():
    optimizer, scheduler = trained(momentum=0.9)
    scheduler.detach()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    attach(optimizer, FALLING)
    held = optimizer.param_groups[0]["params"][0].item()
    for _ in range(2):
        with pytest.raises(PassoError, match=r"^lr of param group 0 holds 0\.6, which a plan"):
            update(optimizer)
    assert optimizer.param_groups[0]["params"][0].item() == held


def test_what_is_loaded_back_is_right_with_the_state_of_its_scheduler():
    optimizer, scheduler = trained(momentum=0.9)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    scheduler.detach()
    optimizer.load_state_dict(saved[0])
    again = attach(optimizer, FALLING)
    again.load_state_dict(saved[1])
    assert rates(optimizer, 2) == pytest.approx([0.6, 0.5])


def test_nothing_of_a_detached_plan_keeps_a_model_alive():
    import gc
    import weakref

    optimizer, scheduler = trained()
    dead = weakref.ref(optimizer.param_groups[0]["params"][0])
    scheduler.detach()
    del optimizer, scheduler
    gc.collect()
    assert dead() is None


# -- the base is part of today's plan


def make(lr, tensor=False, **settings):
    optimizer = sgd(lr, momentum=0.9)
    if tensor:
        tensorize(optimizer)
    return optimizer, attach(optimizer, warmup_cosine(), RUN, **settings)


def after_fifty(lr, **settings):
    optimizer, scheduler = make(lr, **settings)
    update(optimizer, 50)
    return copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))


EXACT = warmup_cosine().on(RUN)


@pytest.mark.parametrize("order", ["os", "so"])
@pytest.mark.parametrize(
    ("on_change", "lr"), [("keep", 1e-4), ("replace", 1e-3), ("rescale", 1e-3)]
)
def test_a_rate_that_was_changed_in_the_script_is_a_changed_plan(on_change, lr, order):
    saved = after_fifty(1e-4)
    optimizer, scheduler = make(1e-3, on_change=on_change)
    for letter in order:
        {"o": optimizer, "s": scheduler}[letter].load_state_dict(saved["os".index(letter)])
    assert optimizer.param_groups[0]["lr"] == EXACT.with_base(lr)(50)


def test_a_rate_that_was_changed_in_the_script_is_told_with_both_numbers():
    saved = after_fifty(1e-4, carry=False)
    optimizer, scheduler = make(1e-3)
    optimizer.load_state_dict(saved[0])
    with pytest.raises(PassoError) as caught:
        scheduler.load_state_dict(saved[1])
    one, other = (EXACT.with_base(lr)(50) for lr in (1e-4, 1e-3))
    assert str(caught.value) == (
        "the plan saved at update 50 is not today's, one field differs:\n"
        f"  lr of group 0, saved: {warmup_cosine()!r}, base 0.0001 on Run(steps(100))\n"
        f"  lr of group 0, today: {warmup_cosine()!r}, base 0.001 on Run(steps(100))\n"
        f"    now {one:.3g} and {other:.3g}\n"
        'write attach(..., on_change="keep") for the checkpoint\'s plan, "replace" for today\'s at '
        'the same update, "rescale" for today\'s at the same share of the run'
    )


def test_each_group_is_told_with_its_own_base():
    def build(*lrs, plan=FALLING):
        groups = [{"params": [weight()], "lr": lr} for lr in lrs]
        return attach(held := torch.optim.SGD(groups), plan), held

    state = build(1.0, 0.5)[0].state_dict()
    scheduler, _held = build(1.0, 0.25)
    with pytest.raises(
        PassoError, match=r"one field differs:\n  lr of group 1, .*, base 0\.5 without"
    ):
        scheduler.load_state_dict(state)


def test_an_absolute_plan_has_no_base_that_could_differ():
    scheduler = attach(sgd(1.0), Linear(0.5, 0, steps(10)))
    other = attach(today := sgd(3.0), Linear(0.5, 0, steps(10)))
    other.load_state_dict(scheduler.state_dict())
    assert rates(today, 2) == [0.5, 0.45]


@pytest.mark.parametrize("saved_as", [False, True])
@pytest.mark.parametrize("loaded_as", [False, True])
@pytest.mark.parametrize("rate", [0.1, 1e-3, 3e-4])
@pytest.mark.parametrize("order", [o for o in permutations("oas") if o.index("a") < o.index("s")])
def test_a_rate_is_the_same_in_the_fields_own_precision(saved_as, loaded_as, rate, order):
    def build(tensor):
        optimizer = torch.optim.SGD([weight()], lr=rate)  # no state at all
        return tensorize(optimizer) if tensor else optimizer

    optimizer = build(saved_as)
    scheduler = attach(optimizer, warmup_cosine(), RUN)
    update(optimizer, 30)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    update(optimizer, 5)
    again = build(loaded_as)
    for letter in order:
        if letter == "o":
            again.load_state_dict(saved[0])
        elif letter == "a":
            other = attach(again, warmup_cosine(), RUN)
        else:
            other.load_state_dict(saved[1])
    update(again, 5)
    assert other.values() == scheduler.values()


def test_another_rate_is_another_base_in_a_tensor_too():
    saved = after_fifty(1e-4, tensor=True)
    _optimizer, scheduler = make(1.001e-4, tensor=True)
    with pytest.raises(PassoError, match="one field differs"):
        scheduler.load_state_dict(saved[1])


@pytest.mark.parametrize("which", ["next", "last"])
def test_a_field_that_was_loaded_is_no_base(which):
    optimizer, scheduler = make(1e-4)
    update(optimizer, 49)
    held = copy.deepcopy(optimizer.state_dict())
    update(optimizer)
    state = scheduler.state_dict()
    if which == "next":
        held = copy.deepcopy(optimizer.state_dict())
    again = sgd(1e-3, momentum=0.9)
    again.load_state_dict(held)
    other = attach(again, warmup_cosine(), RUN)
    other.load_state_dict(state)
    assert again.param_groups[0]["lr"] == EXACT.with_base(1e-4)(50)


# -- reductions


def test_a_higher_rate_after_reductions_is_begun_by_seek():
    plan = base * Plateau("loss", patience=0, factor=0.1)
    scheduler = attach(optimizer := sgd(), plan)
    update(optimizer, 5)
    for _ in range(3):
        scheduler.report(loss=1.0)
    assert scheduler.get_last_lr() == pytest.approx([0.01])
    state = scheduler.state_dict()
    same = attach(again := sgd(), plan)
    same.load_state_dict(state)
    assert same.get_last_lr() == scheduler.get_last_lr()
    fresh = attach(other := sgd(), plan)
    fresh.seek(state["clock"])
    assert fresh.get_last_lr() == [1.0]
    assert (fresh.clock, len(again.param_groups), len(other.param_groups)) == (5, 1, 1)
