"""What is the same for many groups is worked out once: attach, and each way to load."""

from __future__ import annotations

import collections
import gc
import sys
import weakref

import pytest
import torch

from passo import Cosine, Linear, PassoError, Run, attach, base, steps
from passo.ground.schema import number, table
from passo.optim import by_group
from passo.optim.ground import undo
from passo.optim.ground.attached import attached
from passo.optim.scheduler import bases, carry, changed, resume
from passo.optim.scheduler.bases import Left
from passo.optim.scheduler.driver import Driver
from passo.optim.scheduler.tracks import Track
from passo.schedules import Schedule

PLAN = Linear(0.1 * base, base, steps(5)).then(Cosine(base, 0, steps(15)))
RUN = Run(steps(20))


def sgd(groups):
    lots = [{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(groups)]
    return torch.optim.SGD(lots, lr=0.5)


def trained(groups):
    optimizer = sgd(groups)
    scheduler = attach(optimizer, PLAN, RUN)
    for _ in range(3):
        optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
        optimizer.step()
    return optimizer.state_dict(), scheduler.state_dict()


def attaching(groups, _saved, _state):
    optimizer = sgd(groups)
    return lambda: attach(optimizer, PLAN, RUN)


def loading(groups, _saved, state):
    scheduler = attach(optimizer := sgd(groups), PLAN, RUN)
    return lambda: scheduler.load_state_dict(state) or optimizer


def loading_the_optimizer(groups, saved, _state):
    attach(optimizer := sgd(groups), PLAN, RUN)
    return lambda: optimizer.load_state_dict(saved) or optimizer


def attaching_to_what_came(groups, saved, _state):
    optimizer = sgd(groups)
    optimizer.load_state_dict(saved)
    return lambda: attach(optimizer, PLAN, RUN)


WAYS = (attaching, loading, loading_the_optimizer, attaching_to_what_came)


@pytest.mark.parametrize("way", WAYS)
def test_schedules_are_placed_and_based_as_often_for_many_groups_as_for_two(way, monkeypatch):
    counted = []
    for name in ("on", "with_base"):
        whole = getattr(Schedule, name)

        def count(self, value, whole=whole):
            counted.append(self)
            return whole(self, value)

        monkeypatch.setattr(Schedule, name, count)
    calls = {}
    for groups in (2, 40):
        act = way(groups, *trained(groups))
        counted.clear()
        kept = act()
        calls[groups] = len(counted)
        del kept
    assert calls[40] == calls[2]
    assert calls[2] > 0


def test_one_wrong_field_among_many_of_a_state_is_named_and_nothing_is_loaded():
    _, state = trained(40)
    state["fields"][27][3] = float("nan")
    scheduler = attach(optimizer := sgd(40), PLAN, RUN)
    before = [dict(group) for group in optimizer.param_groups]
    with pytest.raises(PassoError) as caught:
        scheduler.load_state_dict(state)
    assert str(caught.value) == "state.fields[27].base must be finite, got nan"
    assert scheduler.clock == 0
    assert optimizer.param_groups == before


def test_a_load_keeps_what_was_worked_out_for_the_bases_in_use_alone():
    scheduler = attach(optimizer := sgd(3), PLAN, RUN, on_change="keep")
    _, state = trained(3)
    for factor in (2.0, 3.0, 4.0):
        state["fields"] = [[*field[:3], 0.5 * factor] for field in state["fields"]]
        scheduler.load_state_dict(state)
    (track,) = scheduler.driver.tracks
    assert list(track._from_base) == [2.0]
    assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]


# -- what is counted here grows with the kinds of what is driven, not with the groups


def counting(monkeypatch, owner, name):
    """A list that gets an item at each call."""
    calls, whole = [], getattr(owner, name)

    def counted(*args, **options):
        calls.append(args)
        return whole(*args, **options)

    monkeypatch.setattr(owner, name, counted)
    return calls


def calls_of(way, calls, most=40):
    """How many calls an act makes with two groups, and with many."""
    found = []
    for groups in (2, most):
        act = way(groups, *trained(groups))
        calls.clear()
        kept = act()
        found.append(len(calls))
        del kept
    return found


@pytest.mark.parametrize("name", ["own_base", "_differ"])
@pytest.mark.parametrize("way", [loading, loading_the_optimizer])
def test_groups_that_go_on_alike_are_compared_with_the_checkpoint_once(way, name, monkeypatch):
    few, many = calls_of(way, counting(monkeypatch, changed, name))
    assert few == many
    assert few > 0


def test_what_is_kept_for_an_undo_is_read_once_for_each_class(monkeypatch):
    few, many = calls_of(loading, counting(monkeypatch, undo, "_read"))
    assert few == many
    assert few > 0


def test_an_undo_puts_back_all_that_a_thousand_of_one_class_held():
    scheduler = attach(optimizer := sgd(40), PLAN, RUN)
    put_back = undo.of_objects(scheduler._engine)
    before = [(each.base, each.place, each.group, each.track) for each in scheduler.driver.driven]
    for k, each in enumerate(scheduler.driver.driven):
        each.base, each.place, each.group, each.track = k, None, None, None
    scheduler.driver.known.clear()
    put_back()
    now = [(each.base, each.place, each.group, each.track) for each in scheduler.driver.driven]
    assert all(a is c for one, other in zip(before, now, strict=True) for a, c in zip(one, other))  # noqa: B905
    assert scheduler.driver.known == optimizer.param_groups


def test_a_load_of_the_optimizer_is_foreseen_and_read_once(monkeypatch):
    act = loading_the_optimizer(3, *trained(3))
    foreseen = counting(monkeypatch, resume, "foresee")
    read = counting(monkeypatch, carry, "_read")
    optimizer = act()
    (scheduler,) = attached(optimizer)
    assert (len(foreseen), len(read)) == (1, 1)
    assert scheduler.clock == 3


def test_what_happens_between_the_two_ends_of_a_load_is_foreseen_anew(monkeypatch):
    saved, _ = trained(3)
    scheduler = attach(optimizer := sgd(3), PLAN, RUN)
    optimizer.register_load_state_dict_pre_hook(lambda *_: scheduler.seek(7))
    foreseen = counting(monkeypatch, resume, "foresee")
    optimizer.load_state_dict(saved)
    assert len(foreseen) == 2
    assert scheduler.clock == 3
    assert scheduler.get_last_lr() == [PLAN.with_base(0.5)(3)] * 3


def work(act):
    """How many functions an act calls: those that are written in Python, and the others."""
    found, before = collections.Counter(), sys.getprofile()
    gc.collect()
    gc.disable()  # or what other tests left would be taken leave of within the act
    sys.setprofile(lambda _frame, event, _arg: found.update((event,)))
    try:
        kept = act()
    finally:
        sys.setprofile(before)
        gc.enable()
    del kept
    return found["call"], found["c_call"]


# With more calls than these for each further group a thousand would be over the budget of bench/.
MOST = {loading: (2, 6), attaching: (22, 45)}


@pytest.mark.parametrize("way", MOST)
def test_a_further_group_costs_a_load_and_attach_few_calls(way, monkeypatch):
    monkeypatch.setattr(bases, "_left", weakref.WeakKeyDictionary())  # what other tests detached
    few, many = (work(way(groups, *trained(groups))) for groups in (50, 150))
    for less, more, most in zip(few, many, MOST[way], strict=True):
        assert (more - less) / 100 <= most


def test_each_group_that_is_gone_is_one_difference():
    _, state = trained(4)
    scheduler = attach(optimizer := sgd(2), PLAN, RUN)
    with pytest.raises(PassoError) as error:
        scheduler.load_state_dict(state)
    first, second, *_ = str(error.value).splitlines()
    assert first == "the plan saved at update 3 is not today's, 2 fields differ:"
    assert second.startswith("  lr of groups 2 and 3, saved: ")
    assert [group["lr"] for group in optimizer.param_groups] == [PLAN.with_base(0.5)(0)] * 2


def test_a_column_of_numbers_holds_them_as_one_number_alone_would_be_held():
    bases = [-0.0, 0.5]
    found = table(base=number())([[each] for each in bases], "fields")["base"]
    assert [repr(each) for each in found] == [repr(number()(each, "base")) for each in bases]
    assert repr(found) == "[0.0, 0.5]"
    assert table(base=number())([], "fields") == {"base": []}


def with_bases_of_their_own(groups):
    lots = [
        {"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.5 + k / 100} for k in range(groups)
    ]
    return torch.optim.SGD(lots, lr=0.5)


def test_the_values_of_many_bases_are_asked_for_without_a_check_of_each(monkeypatch):
    optimizers = [with_bases_of_their_own(groups) for groups in (2, 40)]
    calls, found = counting(monkeypatch, Schedule, "__call__"), []
    for optimizer in optimizers:
        calls.clear()
        scheduler = attach(optimizer, base * Linear(1, 0), RUN)
        found.append(len(calls))
        scheduler.detach()
    assert found == [0, 0]


def test_a_schedule_that_has_no_value_somewhere_is_told_in_its_own_words():
    plan = Linear(1e308, 1.7e308, steps(4)) * base
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    with pytest.raises(PassoError) as error:
        attach(optimizer, plan, RUN, base=2.0)
    assert str(error.value) == (
        "the value at t=0.0 is beyond the largest float: 2 * Linear(1e+308, 1.7e+308, steps(4))"
    )


def with_tensors(groups):
    lots = [
        {"params": [torch.nn.Parameter(torch.ones(1))], "lr": torch.tensor(0.5)}
        for _ in range(groups)
    ]
    return torch.optim.AdamW(lots, foreach=False)


def test_whose_a_tensor_is_is_looked_up_for_all_groups_at_once(monkeypatch):
    calls = counting(monkeypatch, Driver, "everything")
    found = []
    for groups in (2, 40):
        optimizer = with_tensors(groups)
        calls.clear()
        scheduler = attach(optimizer, PLAN, RUN)
        found.append(len(calls))
        assert all(isinstance(group["lr"], torch.Tensor) for group in optimizer.param_groups)
        scheduler.detach()
    assert found[0] == found[1]


def test_what_a_detached_plan_left_is_looked_for_where_it_may_be(monkeypatch):
    calls = counting(monkeypatch, Left, "is_in")
    found = []
    for groups in (2, 40):
        optimizer = sgd(groups)
        attach(optimizer, PLAN, RUN).detach()
        calls.clear()
        with pytest.raises(PassoError, match="which a plan that is detached wrote last"):
            attach(optimizer, PLAN, RUN)
        found.append(len(calls) / groups)
    assert found[1] <= found[0]


def by_their_names(groups):
    lots = [{"params": [torch.nn.Parameter(torch.ones(1))], "name": f"{k}"} for k in range(groups)]
    plan = by_group({f"{k}": base * Linear(1, 0.01 * k, steps(20)) for k in range(groups)})
    return torch.optim.SGD(lots, lr=0.5), plan


def test_a_schedule_for_each_group_is_found_without_asking_all_the_others(monkeypatch):
    calls = counting(monkeypatch, Track, "is_again")
    found = []
    for groups in (2, 40):
        optimizer, plan = by_their_names(groups)
        state = attach(optimizer, plan, RUN).state_dict()
        optimizer, plan = by_their_names(groups)
        scheduler = attach(optimizer, plan, RUN)
        calls.clear()
        scheduler.load_state_dict(state)
        found.append(len(calls) / groups)
        assert len(scheduler.driver.tracks) == groups
    assert found[1] <= found[0]


@pytest.mark.parametrize("joined", [1, 2])
def test_the_groups_behind_those_of_a_checkpoint_have_joined_since_and_are_no_difference(joined):
    _, state = trained(2)
    scheduler = attach(optimizer := sgd(2 + joined), PLAN, RUN)
    scheduler.load_state_dict(state)
    assert [group["lr"] for group in optimizer.param_groups] == [PLAN.with_base(0.5)(3)] * (
        2 + joined
    )


def test_groups_of_one_base_that_held_other_numbers_are_compared_apart():
    plan = Linear(base, 0, steps(20))
    before = attach(optimizer := sgd(2), 2 * plan, RUN)
    before.advance(12)
    state = before.state_dict()
    scheduler = attach(optimizer := sgd(1), 2 * plan, RUN, on_change="replace")
    scheduler.advance(4)
    rate = optimizer.param_groups[0]["lr"]
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": rate})
    state["fields"] = [[*field[:3], 1.0] for field in state["fields"]]
    scheduler.load_state_dict(state)  # the second held what that state gives: it was loaded
    assert scheduler.base_lrs == [0.5, 1.0]


def test_groups_whose_base_was_given_or_read_are_compared_apart():
    plan = Linear(base, 0, steps(20))
    before = attach(optimizer := sgd(2), plan, RUN)
    before.advance(10)
    state = before.state_dict()
    scheduler = attach(optimizer := sgd(1), plan, RUN, base={"lr": [0.5]}, on_change="replace")
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.25 + 0.25})
    state["fields"] = [[*field[:3], 1.0] for field in state["fields"]]
    scheduler.load_state_dict(state)  # what was given counts, and 0.5 is what that state gives
    assert scheduler.base_lrs == [0.5, 1.0]


def test_a_group_that_was_away_while_a_state_without_a_cooldown_came_has_none():
    optimizer, plan = by_their_names(2)
    alone, _ = by_their_names(1)
    state = attach(alone, plan, RUN).state_dict()
    scheduler = attach(optimizer, plan, RUN)
    scheduler.cool_down(over=steps(2))
    gone = optimizer.param_groups.pop()
    scheduler.load_state_dict(state)
    optimizer.param_groups.append(gone)
    scheduler.seek(10)
    assert scheduler.cooldown is None
    assert scheduler.values()["lr"] == [each.with_base(0.5)(10) for each in plan.schedules.values()]


def test_tensors_of_one_base_are_compared_in_the_precision_of_each():
    _, state = trained(2)
    optimizer = with_tensors(2)
    optimizer.param_groups[0]["lr"] = torch.tensor(0.5, dtype=torch.bfloat16)
    scheduler = attach(optimizer, PLAN, RUN, on_change="replace")
    state["fields"] = [[*field[:3], 0.501] for field in state["fields"]]
    scheduler.load_state_dict(state)  # bfloat16 has nothing between 0.5 and 0.501
    assert scheduler.base_lrs == [0.501, 0.5]


def test_an_undo_of_our_objects_leaves_the_groups_of_the_optimizer_alone():
    scheduler = attach(optimizer := sgd(2), PLAN, RUN)
    put_back = undo.of_objects(scheduler._engine)
    optimizer.param_groups[0]["lr"] = 9.0
    put_back()
    assert optimizer.param_groups[0]["lr"] == 9.0


def test_an_undo_puts_back_what_drives_a_group_that_is_away():
    scheduler = attach(optimizer := sgd(2), PLAN, RUN)
    optimizer.param_groups.pop()
    scheduler.get_last_lr()
    (away,) = scheduler.driver.absences.away
    (one,) = away.driven
    was, put_back = one.base, undo.of_objects(scheduler._engine)
    one.base = 9.0
    away.driven.clear()
    put_back()
    assert away.driven == [one]
    assert one.base == was


def test_an_undo_of_some_fields_puts_back_these_alone_and_adds_none():
    rate = torch.tensor(0.5)
    groups = [
        {"params": [], "lr": rate, "betas": (0.9, torch.tensor(0.99)), "eps": 1.0},
        {"params": [], "lr": 0.25, "momentum": 0.9, "eps": 1.0},
    ]
    put_back = undo.of_fields(groups, {"lr", "betas", "momentum"})
    betas, lr = groups[0]["betas"], groups[1]["lr"]
    for group in groups:
        group["lr"] = group["eps"] = 7.0
    rate.fill_(3.0)
    betas[1].fill_(3.0)
    groups[0] |= {"betas": (0.5, 0.5), "momentum": 0.5}
    del groups[1]["momentum"]
    put_back()
    assert groups[0]["lr"] is rate
    assert groups[0]["betas"] is betas
    assert groups[1]["lr"] is lr
    held = {"params": [], "lr": 0.5, "betas": (0.9, pytest.approx(0.99)), "eps": 7.0}
    assert groups[0] == held | {"momentum": 0.5}
    assert groups[1] == {"params": [], "lr": 0.25, "momentum": 0.9, "eps": 7.0}


def test_an_undo_takes_out_what_came_since_from_groups_and_sets():
    scheduler = attach(optimizer := sgd(2), PLAN, RUN)
    put_back = undo.of_objects(scheduler._engine), undo.of_fields(optimizer.param_groups)
    before = set(scheduler.promises.said)
    optimizer.param_groups[1]["tag"] = "new"
    scheduler.promises.said.add("a word")
    for each in put_back:
        each()
    assert "tag" not in optimizer.param_groups[1]
    assert scheduler.promises.said == before


def test_curves_that_part_just_before_a_corner_alone_differ():
    run = Run(steps(10_000))
    before, today = (Linear(1, end, steps(2)).then(Linear(1, 0)) for end in (0.5, 0.7))
    other = sgd(1)
    state = attach(other, before, run).state_dict()
    scheduler = attach(optimizer := sgd(1), today, run)
    with pytest.raises(PassoError, match="the plan saved at update 0 is not today's"):
        scheduler.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 1.0


def falling(lr, plan, **options):
    """One group that begins with that rate, and its Scheduler."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)
    return optimizer, attach(optimizer, plan, RUN, **options)


@pytest.mark.parametrize("held", [0.5, 0.55])
def test_a_field_that_held_what_the_last_update_used_was_loaded_too(held):
    kept, before = falling(1.0, plan := Linear(base, 0, steps(20)))
    before.advance(10)
    optimizer, scheduler = falling(held, plan)
    scheduler.load_state_dict(before.state_dict())
    assert scheduler.base_lrs == before.base_lrs == [1.0]
    assert optimizer.param_groups[0]["lr"] == kept.param_groups[0]["lr"] == 0.5


def test_a_plan_that_is_not_relative_has_the_base_of_the_checkpoint():
    kept, before = falling(1.0, Linear(0.3, 0, steps(20)))
    optimizer, scheduler = falling(0.7, Linear(0.3, 0, steps(20)))
    scheduler.load_state_dict(before.state_dict())
    assert scheduler.base_lrs == [1.0]
    scheduler.detach(restore=True)
    assert optimizer.param_groups[0]["lr"] == 1.0
    assert kept.param_groups[0]["lr"] == 0.3
