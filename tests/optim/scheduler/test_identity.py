"""Who is this group, whose Tensor is this? The dict, then what it holds; between processes, names.

The cases are those of issue 12, each called by its kind.
"""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from passo import (
    Constant,
    Exponential,
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    percent,
    steps,
    warmup_cosine,
)
from passo.optim import tensorize
from tests.optim.tools import graded, said, sgd, update, used, weight

HALVING = base * Exponential(1, 0.5)
FALLING = base * Linear(1, 0, steps(10))
RUN = Run(steps(100))
SETTINGS = [{}, {"strict": True}, {"clock": "calls"}, {"record": True}]


def three(*rates, kind=torch.optim.SGD, **fields):
    return kind(
        [{"params": [weight()], "lr": rate} for rate in rates or (1.0, 0.1, 0.01)], **fields
    )


def now(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def started(optimizer, plan, tmp_path, settings):
    """Attached; and a function that makes one update, in the way that is counted."""
    told = dict(settings)
    if told.pop("record", False):
        told["record"] = tmp_path / "run.jsonl"
    scheduler = attach(optimizer, plan, RUN, **told)

    def go(times=1):
        for _ in range(times):
            update(optimizer)
            scheduler.step()

    return scheduler, go


# -- the same dict, whatever it holds and wherever it stands


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("emptied", [False, True])
def test_a_group_whose_parameters_are_replaced_is_the_same_group(settings, emptied, tmp_path):
    optimizer = sgd()
    _, go = started(optimizer, HALVING, tmp_path, settings)
    go(3)
    held = optimizer.param_groups[0]["params"]
    if emptied:
        held.clear()
        optimizer.step()
        held.append(weight())
    else:
        held[0] = weight()
    go()
    assert now(optimizer) == [0.0625]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_parameter_that_is_replaced_before_the_first_update_makes_no_base_of_a_warm_up(
    settings, tmp_path
):
    optimizer = sgd()
    _, go = started(optimizer, Linear(0, base, steps(10)), tmp_path, settings)
    optimizer.param_groups[0]["params"][0] = weight()
    go(6)
    assert now(optimizer) == [0.6]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_groups_that_are_put_in_another_order_keep_their_rates(settings, tmp_path):
    optimizer = three()
    scheduler, go = started(optimizer, HALVING, tmp_path, settings)
    go()
    a, b, c = optimizer.param_groups
    optimizer.param_groups[:] = [b, a, c]
    go()
    assert now(optimizer) == [0.025, 0.25, 0.0025]
    assert scheduler.base_lrs == [0.1, 1.0, 0.01]
    assert scheduler.values() == {"lr": now(optimizer)}
    assert scheduler.get_last_lr() == now(optimizer)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_group_that_is_replaced_anywhere_is_seen_before_its_first_update(
    settings, place, tmp_path
):
    optimizer = three()
    scheduler, go = started(optimizer, HALVING, tmp_path, settings)
    go(2)
    optimizer.param_groups[place] = {**optimizer.defaults, "params": [weight()], "lr": 0.4}
    seen = []
    optimizer.register_step_pre_hook(lambda *_: seen.append(now(optimizer)))
    go()
    expected = [rate / 4 for rate in (1.0, 0.1, 0.01)]
    expected[place] = 0.1
    assert seen == [expected]
    assert scheduler.base_lrs[place] == 0.4


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("how", ["copy", "deepcopy", "pickle", "other parameters"])
def test_another_dict_of_the_same_group_is_the_same_group(how, place):
    optimizer = three(momentum=0.9)
    attach(optimizer, HALVING)
    update(optimizer, 2)
    old = optimizer.param_groups[place]
    ways = {
        "copy": lambda: dict(old),
        "deepcopy": lambda: copy.deepcopy(old),
        "pickle": lambda: pickle.loads(pickle.dumps(old)),
        "other parameters": lambda: {**old, "params": [weight(), weight()]},
    }
    optimizer.param_groups[place] = ways[how]()
    update(optimizer, 2)
    assert now(optimizer) == [1.0 / 16, 0.1 / 16, 0.01 / 16]


def test_all_groups_may_be_other_dicts():
    optimizer = three(momentum=0.9)
    attach(optimizer, HALVING)
    update(optimizer, 2)
    optimizer.param_groups = [dict(group) for group in reversed(optimizer.param_groups)]
    update(optimizer)
    assert now(optimizer) == [0.01 / 8, 0.1 / 8, 1.0 / 8]


def test_parameters_that_change_groups_do_not_take_their_rates_along():
    optimizer = three(1.0, 0.1)
    attach(optimizer, HALVING)
    update(optimizer)
    a, b = optimizer.param_groups
    a["params"], b["params"] = b["params"], a["params"]
    update(optimizer)
    assert now(optimizer) == [0.25, 0.025]


def test_a_group_that_is_split_has_the_same_base_in_both_halves():
    first, second = weight(), weight()
    optimizer = torch.optim.SGD([first, second], lr=1.0)
    attach(optimizer, HALVING)
    update(optimizer)
    [group] = optimizer.param_groups
    optimizer.param_groups = [{**group, "params": [first]}, {**group, "params": [second]}]
    update(optimizer)
    assert now(optimizer) == [0.25, 0.25]


def test_a_new_group_that_copies_a_rate_goes_on_with_it():
    optimizer = sgd()
    attach(optimizer, HALVING)
    update(optimizer)
    optimizer.add_param_group({"params": [weight()], "lr": optimizer.param_groups[0]["lr"]})
    assert used(optimizer, 2) == [[0.5, 0.5], [0.25, 0.25]]


def test_a_group_that_goes_and_comes_back_has_its_base():
    optimizer = three()
    attach(optimizer, HALVING)
    update(optimizer)
    away = optimizer.param_groups.pop(1)
    update(optimizer, 2)
    optimizer.param_groups.insert(0, away)
    update(optimizer)
    assert now(optimizer) == [0.1 / 16, 1.0 / 16, 0.01 / 16]


AWAY = [torch.optim.SGD, torch.optim.AdamW]


@pytest.mark.parametrize("kind", AWAY)
@pytest.mark.parametrize("named", [False, True])
def test_a_copy_of_a_group_that_is_away_is_that_group(kind, named):
    """The very rate that it held says so: another dict, other parameters."""
    optimizer = three(1.0, 0.1, 0.01, kind=kind, weight_decay=0.5)
    for k, group in enumerate(optimizer.param_groups if named else ()):
        group["name"] = f"group {k}"
    scheduler = attach(optimizer, {"lr": FALLING, "weight_decay": FALLING}, RUN, join="now")
    update(optimizer)
    away = [optimizer.param_groups.pop() for _ in range(2)]
    update(optimizer, 2)
    optimizer.param_groups += [{**group, "params": [weight()]} for group in away]
    update(optimizer)
    assert now(optimizer) == [0.6, 0.01 * 0.6, 0.1 * 0.6]
    assert scheduler.values()["weight_decay"] == [0.5 * 0.6] * 3


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("missed", [1, 2])
def test_a_new_group_that_copies_the_rate_of_one_that_is_away_has_its_base(tensors, missed):
    optimizer = three(1.0, 0.1)
    for name, group in zip("ab", optimizer.param_groups, strict=True):
        group["name"] = name
    if tensors:
        tensorize(optimizer)
    attach(optimizer, FALLING, RUN)
    update(optimizer, 3)
    away = optimizer.param_groups.pop()
    update(optimizer, missed)
    optimizer.param_groups.append({**away, "params": [weight()], "name": "c"})
    update(optimizer)
    assert now(optimizer) == pytest.approx([0.6 - missed / 10, 0.1 * (0.6 - missed / 10)])


def test_a_new_group_beside_one_that_is_away_is_new():
    optimizer = three(1.0, 0.1)
    attach(optimizer, FALLING, RUN)
    update(optimizer)
    optimizer.param_groups.pop()
    update(optimizer)
    optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    update(optimizer)
    assert now(optimizer) == [0.7, 0.5 * 0.7]


def test_a_copy_of_a_group_that_is_away_follows_what_its_own_name_says():
    optimizer = three(1.0, 0.1)
    for name, group in zip("ab", optimizer.param_groups, strict=True):
        group["name"] = name
    attach(optimizer, by_group({"c": HALVING}, others=FALLING), RUN)
    update(optimizer)
    away = optimizer.param_groups.pop()
    update(optimizer)
    optimizer.param_groups.append({**away, "params": [weight()], "name": "c"})
    update(optimizer)
    assert now(optimizer) == [0.7, 0.1 / 8]


# -- late groups


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_late_group_is_known_at_once(settings, tmp_path):
    optimizer = sgd()
    scheduler, go = started(optimizer, FALLING, tmp_path, {**settings, "join": "now"})
    go(2)
    optimizer.add_param_group({"params": [weight()], "lr": 2.0})
    assert scheduler.get_last_lr() == [0.8, 2.0]
    assert scheduler.base_lrs == [1.0, 2.0]
    go()
    assert now(optimizer) == [0.7, 1.8]


@pytest.mark.parametrize("read", ["values", "state_dict", "__repr__", "last_used"])
def test_whatever_is_read_first_knows_a_late_group(read):
    optimizer = sgd()
    scheduler = attach(optimizer, 0.5 * base)
    optimizer.add_param_group({"params": [weight()], "lr": 0.25})
    getattr(scheduler, read)()
    assert now(optimizer) == [0.5, 0.125]


@pytest.mark.parametrize("join", ["from_start", "now"])
@pytest.mark.parametrize("order", ["os", "so", "s"])
def test_the_same_script_that_adds_its_group_again_goes_on(join, order):
    def build():
        optimizer = sgd(momentum=0.9)
        scheduler = attach(optimizer, FALLING, join=join)
        update(optimizer, 2)
        optimizer.add_param_group({"params": [weight()], "lr": 2.0})
        return optimizer, scheduler

    optimizer, scheduler = build()
    saved = copy.deepcopy({"o": optimizer.state_dict(), "s": scheduler.state_dict()})
    saved = [saved, copy.deepcopy({"s": scheduler.state_dict(), "o": optimizer.state_dict()})]
    update(optimizer)
    for one in saved:
        again, other = build()
        for letter in order:
            {"o": again, "s": other}[letter].load_state_dict(one[letter])
        assert other.get_last_lr() == [0.8, 2.0 if join == "now" else 1.6]
        update(again)
        assert now(again) == now(optimizer)


def test_a_state_of_more_groups_says_that_one_is_lacking():
    optimizer = three(1.0, 0.1)
    state = attach(optimizer, FALLING).state_dict()
    with pytest.raises(PassoError) as caught:
        attach(held := sgd(), FALLING).load_state_dict(state)
    assert held.param_groups[0]["lr"] == 1.0
    assert str(caught.value) == (
        "the plan saved at update 0 is not today's, one field differs:\n"
        "  lr of group 1, saved: Linear(1, 0, steps(10)) * base, base 0.1 without a run\n"
        "  lr of group 1, today: there is no such group; where it is added later, add it before "
        "loading\n"
        "    now 0.1 and nothing\n"
        "    at the end 0 and nothing\n"
        'write attach(..., on_change="replace") for today\'s at the same update'
    )


def test_bases_in_a_list_are_those_of_the_groups_that_were_there():
    optimizer = three(9.0, 9.0, momentum=0.9)
    scheduler = attach(optimizer, FALLING, base={"lr": [1.0, 0.5]})
    update(optimizer)
    optimizer.add_param_group({"params": [weight()], "lr": 0.25})
    update(optimizer)
    assert now(optimizer) == [0.8, 0.4, 0.2]
    scheduler.load_state_dict(scheduler.state_dict())
    twin = copy.deepcopy(scheduler)
    assert twin.get_last_lr() == now(optimizer) == [0.8, 0.4, 0.2]
    del optimizer.param_groups[0]
    optimizer.add_param_group({"params": [weight()], "lr": 0.125})
    assert scheduler.base_lrs == [0.5, 0.25, 0.125]


def test_a_group_that_begins_now_uses_what_it_begins_with_before_it_began():
    optimizer = sgd()
    scheduler = attach(optimizer, warmup_cosine(warmup=percent(10)), RUN, join="now")
    update(optimizer, 20)
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    update(optimizer, 5)
    scheduler.seek(3)
    assert now(optimizer) == [0.3, 0.0]
    scheduler.seek(25)
    assert now(optimizer)[1] == 0.5


# -- Tensors


@pytest.mark.parametrize("others", [base * Constant(0.5), None])
def test_a_tensor_that_several_groups_share_stays_the_first_ones(others):
    held = torch.tensor(0.01)
    optimizer = torch.optim.SGD(
        [{"params": [weight()], "name": "a"}, {"params": [weight()], "name": "b"}], lr=held
    )
    attach(optimizer, by_group({"a": HALVING, "b": others}))
    update(optimizer)
    first, second = (group["lr"] for group in optimizer.param_groups)
    assert first is held
    assert second is not held
    assert now(optimizer) == pytest.approx([0.005, 0.01 if others is None else 0.005])
    update(optimizer)
    assert now(optimizer) == pytest.approx([0.0025, 0.01 if others is None else 0.005])


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_a_late_group_with_the_default_rate_has_the_base_of_the_default(kind):
    optimizer = torch.optim.AdamW([weight()], lr=kind(1e-3))
    plan = warmup_cosine(warmup=percent(10))
    scheduler = attach(optimizer, plan, RUN)
    update(optimizer, 60)
    optimizer.add_param_group({"params": [weight()]})
    exact = plan.on(RUN).with_base(1e-3)
    assert scheduler.base_lrs == pytest.approx([1e-3, 1e-3], rel=1e-6)
    assert now(optimizer) == pytest.approx([exact(60)] * 2, rel=1e-6)
    update(optimizer)
    assert now(optimizer) == pytest.approx([exact(61)] * 2, rel=1e-6)


def test_the_betas_that_several_groups_share_are_their_own_too():
    betas = (torch.tensor(0.9), torch.tensor(0.99))
    groups = [{"params": [weight()], "name": name} for name in "ab"]
    optimizer = torch.optim.Adam(groups, lr=torch.tensor(0.1), betas=betas)
    attach(optimizer, {"betas[0]": by_group({"a": base, "b": 0.5})})
    assert [float(g["betas"][0]) for g in optimizer.param_groups] == pytest.approx([0.9, 0.5])


def test_a_tensor_that_is_put_into_two_groups_by_hand_is_one_groups():
    optimizer = three(1.0, 0.5)
    attach(optimizer, HALVING)
    for group in optimizer.param_groups:
        group["lr"] = optimizer.defaults["lr"] = torch.tensor(9.0)
    optimizer.param_groups[1]["lr"] = optimizer.param_groups[0]["lr"]
    with pytest.warns(PassoWarning, match="another hand writes lr of param group 0"):
        update(optimizer, 2)
    assert now(optimizer) == [0.25, 0.125]


def test_tensors_that_change_places_are_filled_where_they_are():
    optimizer = tensorize(three(1.0, 0.5, 0.25))
    attach(optimizer, FALLING, RUN)
    update(optimizer)
    _, second, third = optimizer.param_groups
    was = second["lr"]
    second["lr"], third["lr"] = third["lr"], was
    with pytest.warns(PassoWarning):
        update(optimizer)
    assert now(optimizer) == pytest.approx([0.8, 0.4, 0.2])
    assert third["lr"] is was
    update(optimizer)
    assert now(optimizer) == pytest.approx([0.7, 0.35, 0.175])


def test_two_optimizers_that_share_a_tensor_are_told_apart():
    held = torch.tensor(0.5)
    one, other = (torch.optim.SGD([weight()], lr=held) for _ in "ab")
    attach(one, HALVING)
    update(one, 2)
    attach(other, HALVING)
    assert one.param_groups[0]["lr"] is held
    assert now(one) + now(other) == [0.125, 0.5]
    update(other)
    assert now(one) + now(other) == [0.125, 0.25]


def test_tensorize_gives_each_group_tensors_of_its_own():
    held = torch.tensor(0.1)
    groups = [{"params": [weight()]}, {"params": [weight()]}]
    optimizer = tensorize(torch.optim.Adam(groups, lr=held))
    first, second = optimizer.param_groups
    assert first["lr"] is held
    assert second["lr"] is not held
    assert second["lr"] == held


# -- between processes


def named(order, rates={"head": 1.0, "backbone": 0.1}):  # noqa: B006
    groups = [{"params": [weight()], "lr": rates[name], "name": name} for name in order]
    return torch.optim.SGD(groups, momentum=0.9)


def test_groups_that_are_listed_in_another_order_are_known_by_their_names():
    scheduler = attach(optimizer := named(["head", "backbone"]), FALLING)
    update(optimizer, 5)
    state = scheduler.state_dict()
    other = attach(today := named(["backbone", "head"]), FALLING)
    other.load_state_dict(state)
    assert other.get_last_lr() == now(today) == [0.05, 0.5]
    assert other.base_lrs == [0.1, 1.0]


def test_a_state_from_before_names_were_kept_goes_by_place():
    scheduler = attach(optimizer := named(["head", "backbone"]), FALLING)
    update(optimizer, 5)
    state = scheduler.state_dict()
    old = {key: each for key, each in state.items() if key != "groups"} | {"version": 1}
    other = attach(today := named(["head", "backbone"]), FALLING)
    other.load_state_dict(old)
    assert other.get_last_lr() == now(today) == [0.5, 0.05]


def test_a_group_that_was_given_a_name_since_is_known_by_its_place():
    groups = [{"params": [weight()], "lr": rate} for rate in (1.0, 0.1)]
    scheduler = attach(optimizer := torch.optim.SGD(groups, momentum=0.9), FALLING)
    update(optimizer, 5)
    other = attach(today := named(["head", "backbone"]), FALLING)
    other.load_state_dict(scheduler.state_dict())
    assert other.get_last_lr() == now(today) == [0.5, 0.05]


def test_an_optimizers_state_that_would_name_a_group_otherwise_is_refused():
    saved = named(["head", "backbone"]).state_dict()
    optimizer = named(["backbone", "head"])
    scheduler = attach(optimizer, FALLING)
    with pytest.raises(PassoError) as caught:
        optimizer.load_state_dict(saved)
    assert str(caught.value) == (
        "param group 0 is 'backbone', and 'head' in the state that is to be loaded; torch pairs "
        "param groups by their place, so each would get what belongs to another; give the groups "
        "in the order of the state: head, backbone"
    )
    assert [group["name"] for group in optimizer.param_groups] == ["backbone", "head"]
    assert scheduler.get_last_lr() == [0.1, 1.0]
    attach(optimizer := named(["head", "backbone"]), FALLING)  # as it says
    optimizer.load_state_dict(saved)


# -- a trainer that steps one group at a time


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("settings", [{}, {"strict": True}], ids=str)
def test_groups_that_are_stepped_one_at_a_time_make_one_update(reads, settings):
    optimizer = three(0.1, 0.01, kind=torch.optim.AdamW)
    scheduler = attach(optimizer, base * Linear(1, 0), Run(steps(10)), **settings)
    rows = []
    for _ in range(4):
        graded(optimizer)
        full, row = optimizer.param_groups, []
        for group in full:
            optimizer.param_groups = [group]
            optimizer.register_step_pre_hook(lambda *_, row=row: row.append(now(optimizer)[0]))
            optimizer.step()
            optimizer._optimizer_step_pre_hooks.popitem()
            optimizer.param_groups = full
            if reads:
                scheduler.get_last_lr()
        rows.append(row)
    shape = Linear(1, 0, steps(10))
    assert rows == [[0.1 * shape(t), 0.01 * shape(t)] for t in range(4)]
    assert scheduler.clock == 4
    assert scheduler.base_lrs == [0.1, 0.01]


@pytest.mark.parametrize("strict", [False, True])
def test_the_last_update_of_groups_that_are_stepped_one_at_a_time_is_not_past_the_end(strict):
    optimizer = three(0.1, 0.01, 1.0)  # 16: a word, or a refusal, at the second group
    scheduler = attach(optimizer, base * Linear(1, 0), Run(steps(3)), strict=strict)

    def stepped():
        graded(optimizer)
        full = optimizer.param_groups
        try:
            for group in full:
                optimizer.param_groups = [group]
                optimizer.step()
        finally:
            optimizer.param_groups = full

    assert said(lambda: [stepped() for _ in range(3)]) == []
    assert scheduler.clock == 3
    if strict:
        with pytest.raises(PassoError, match="update 3 is past the end of"):
            stepped()
    else:
        (told,) = said(stepped)
        assert told.startswith("update 3 is past the end of Run(steps(3)): ")
        assert said(stepped) == []


def test_a_step_of_all_after_a_step_of_one_is_another_update():
    optimizer = three(0.1, 0.01)
    scheduler = attach(optimizer, FALLING, RUN)
    both = optimizer.param_groups
    for groups in (both[:1], both):
        optimizer.param_groups = groups
        update(optimizer)
    assert scheduler.clock == 2
    assert now(optimizer) == pytest.approx([0.08, 0.008])


def test_a_group_that_was_only_read_since_lacks_the_same_update():
    optimizer = three(0.1, 0.01, kind=torch.optim.AdamW)
    scheduler = attach(optimizer, base * Linear(1, 0), Run(steps(10)))
    graded(optimizer)
    both = optimizer.param_groups
    first, second = both

    def step(group):
        optimizer.param_groups = [group]
        optimizer.step()

    step(first)
    for groups in (both, [first]):
        optimizer.param_groups = groups
        scheduler.get_last_lr()
    step(second)
    optimizer.param_groups = both
    assert scheduler.clock == 1
    assert now(optimizer) == pytest.approx([0.09, 0.009])


def test_a_group_that_is_stepped_alone_for_long_makes_updates_of_its_own():
    optimizer = three(1.0, 0.1)
    scheduler = attach(optimizer, HALVING)
    full = optimizer.param_groups
    for group in full:
        optimizer.param_groups = [group]
        update(optimizer, 5)
    assert scheduler.clock == 10
    optimizer.param_groups = full
    update(optimizer)
    assert now(optimizer) == [0.5**11, 0.1 * 0.5**11]


# -- what else a group may be


class Groups:
    """What a wrapper may look like: groups without parameters, and no hook."""

    def __init__(self, *rates):
        self.param_groups = [{"lr": rate} for rate in rates]


def test_a_group_without_parameters_is_a_group():
    target = Groups(1.0, 0.1)
    scheduler = attach(target, HALVING, clock="calls")
    scheduler.step()
    target.param_groups.reverse()
    scheduler.step()
    assert now(target) == [0.025, 0.25]


def test_reports_reach_a_late_group_that_has_made_no_update():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5))
    optimizer.add_param_group({"params": [weight()], "lr": 0.1})
    for _ in range(2):
        scheduler.report(loss=1.0)
    assert now(optimizer) == [0.5, 0.05]


def test_a_trace_knows_its_groups_wherever_they_stand(tmp_path):
    optimizer = three(1.0, 0.1)
    scheduler = attach(optimizer, HALVING, record=tmp_path / "run.jsonl")
    update(optimizer, 2)
    optimizer.param_groups.reverse()
    optimizer.param_groups[1]["params"][0] = weight()
    update(optimizer, 2)
    scheduler.detach()
    trace = Trace.load(tmp_path / "run.jsonl")
    for place, rate in enumerate((1.0, 0.1)):
        found = trace.used("lr", str(place))
        assert found == ([0, 1, 2, 3], [rate * 0.5**t for t in range(4)])


def test_a_copy_of_a_group_goes_on_where_another_of_equal_value_went():
    """A warm-up holds 0 in every group before the first update."""
    optimizer = three(1.0, 0.1)
    scheduler = attach(optimizer, Linear(0, base, steps(10)), RUN)
    del optimizer.param_groups[0]
    optimizer.param_groups[0] = {**optimizer.param_groups[0], "params": [weight()]}
    update(optimizer)
    assert scheduler.get_last_lr() == pytest.approx([0.01])
    scheduler.seek(100)
    scheduler.detach()


def in_doubt(**names):
    """Two groups that hold 0; the first one goes, and of the second one a file's copy is left."""
    optimizer = three(1.0, 0.1)
    for group, name in zip(optimizer.param_groups, names.values(), strict=False):
        group["name"] = name
    scheduler = attach(optimizer, Linear(0, base, steps(10)), RUN)
    optimizer.param_groups[:] = [pickle.loads(pickle.dumps(optimizer.param_groups[1]))]
    return optimizer, scheduler


def test_a_copy_that_may_be_of_either_of_two_groups_is_refused():
    optimizer, scheduler = in_doubt()
    for ask in (lambda: update(optimizer), scheduler.get_last_lr, scheduler.state_dict):
        with pytest.raises(PassoError) as caught:
            ask()
        assert str(caught.value) == (
            "param group 0 is a new dict with new parameters, and may be param group 0 or 1 of "
            "before: both held the same numbers, and go on differently; give each group a "
            '"name", or replace the parameters within its own dict'
        )
    assert scheduler.clock == 0
    scheduler.detach()


def test_a_copy_is_known_by_the_name_of_its_group():
    optimizer, scheduler = in_doubt(one="a", two="b")
    update(optimizer)
    assert scheduler.get_last_lr() == pytest.approx([0.01])
    scheduler.seek(100)
    scheduler.detach()


def test_a_copy_may_be_of_either_of_two_groups_that_go_on_alike():
    optimizer = three(1.0, 1.0)
    scheduler = attach(optimizer, Linear(0, base, steps(10)), RUN)
    optimizer.param_groups[:] = [pickle.loads(pickle.dumps(optimizer.param_groups[1]))]
    update(optimizer)
    assert scheduler.get_last_lr() == pytest.approx([0.1])
    scheduler.seek(100)
    scheduler.detach()


def test_copies_of_all_groups_are_those_of_their_places():
    optimizer = three(1.0, 0.1)
    scheduler = attach(optimizer, Linear(0, base, steps(10)), RUN)
    optimizer.param_groups[:] = pickle.loads(pickle.dumps(optimizer.param_groups))
    update(optimizer)
    assert scheduler.get_last_lr() == pytest.approx([0.1, 0.01])
    scheduler.seek(100)
    scheduler.detach()
