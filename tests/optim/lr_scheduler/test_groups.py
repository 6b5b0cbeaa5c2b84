"""Groups that go, come and change places: each has its own rate, whatever its place is (#12)."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch.optim import SGD, AdamW

from passo import PassoError
from passo.optim import lr_scheduler as ours
from tests.optim.lr_scheduler.twins import torchs
from tests.optim.tools import update, weight

pytestmark = [
    pytest.mark.filterwarnings("ignore:Detected call of:UserWarning"),
    pytest.mark.filterwarnings("ignore:Seems like `optimizer.step:UserWarning"),
]
RATES = {"a": 1.0, "b": 0.1, "c": 0.01}


def falls(t):
    return 1 - t / 20


def halves(t):
    return 0.5**t


def grows(t):
    return 1.0 + t


def three(momentum=0.9):
    groups = [{"params": [weight()], "lr": lr, "name": name} for name, lr in RATES.items()]
    return SGD(groups, momentum=momentum)


def by_name(optimizer):
    return {group["name"]: float(group["lr"]) for group in optimizer.param_groups}


def made(optimizer, scheduler, steps, *metrics):
    for _ in range(steps):
        update(optimizer)
        scheduler.step(*metrics)
    return by_name(optimizer)


class Own(ours.LRScheduler):
    """A class of somebody's own, with the base of each group."""

    def get_lr(self):
        return [lr * falls(self.last_epoch) for lr in self.base_lrs]


BUILDS = {
    "StepLR": lambda o: ours.StepLR(o, 2, 0.5),
    "MultiStepLR": lambda o: ours.MultiStepLR(o, [2, 6], 0.5),
    "ConstantLR": lambda o: ours.ConstantLR(o, 0.5, 6),
    "LinearLR": lambda o: ours.LinearLR(o, 0.1, 1.0, 10),
    "ExponentialLR": lambda o: ours.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: ours.PolynomialLR(o, 12, 2.0),
    "CosineAnnealingLR": lambda o: ours.CosineAnnealingLR(o, 5, 0.001),
    "CosineAnnealingWarmRestarts": lambda o: ours.CosineAnnealingWarmRestarts(o, 4, 2),
    "LambdaLR": lambda o: ours.LambdaLR(o, falls),
    "LambdaLR of a list": lambda o: ours.LambdaLR(o, [falls, halves, grows]),
    "MultiplicativeLR": lambda o: ours.MultiplicativeLR(o, [falls, halves, falls]),
    "CyclicLR": lambda o: ours.CyclicLR(o, [0.1, 0.2, 0.3], [1.0, 2.0, 3.0], 4),
    "OneCycleLR": lambda o: ours.OneCycleLR(o, [1.0, 2.0, 3.0], 20),
    "SequentialLR": lambda o: ours.SequentialLR(
        o, [ours.LinearLR(o, 0.1, 1.0, 4), ours.LambdaLR(o, [falls, halves, grows])], [4]
    ),
    "ChainedScheduler": lambda o: ours.ChainedScheduler(
        [ours.LambdaLR(o, [falls, halves, grows]), ours.ExponentialLR(o, 0.9)]
    ),
    "a class of one's own": Own,
}


def whole(name, steps, build=None):
    optimizer = three()
    return made(optimizer, (build or BUILDS[name])(optimizer), steps)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1), (0, 2), (1,), (2,)])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", BUILDS)
def test_groups_in_another_order_or_without_some_keep_their_own_rates(name, steps, order):
    optimizer = three()
    scheduler = BUILDS[name](optimizer)
    made(optimizer, scheduler, steps)
    groups = optimizer.param_groups
    groups[:] = [groups[place] for place in order]
    found = made(optimizer, scheduler, 4)
    wanted = whole(name, steps + 4)
    assert found == pytest.approx({each: wanted[each] for each in found}, rel=1e-12)
    last = dict(zip(found, map(float, scheduler.get_last_lr()), strict=True))
    assert last == found


@pytest.mark.parametrize("what", ["state", "copy", "schedules", "last"])
@pytest.mark.parametrize("name", BUILDS)
def test_what_is_asked_right_after_a_change_of_places_is_right_too(name, what):
    optimizer = three()
    scheduler = BUILDS[name](optimizer)
    last = made(optimizer, scheduler, 3)
    optimizer.param_groups.reverse()
    if what == "state":
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        fresh = three()
        scheduler = BUILDS[name](fresh)
        fresh.param_groups.reverse()
        fresh.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        optimizer = fresh
    elif what == "copy":
        optimizer, scheduler = copy.deepcopy((optimizer, scheduler))
    elif what == "last":
        told = map(float, scheduler.get_last_lr())
        assert dict(zip(("c", "b", "a"), told, strict=True)) == pytest.approx(last)
    elif name in ("LambdaLR", "LambdaLR of a list", "CyclicLR", "OneCycleLR", "SequentialLR"):
        told = [schedule(3) for schedule in scheduler.schedules]
        assert dict(zip(("c", "b", "a"), told, strict=True)) == pytest.approx(last)
    assert made(optimizer, scheduler, 4) == pytest.approx(whole(name, 7), rel=1e-12)


def test_a_pickled_scheduler_knows_its_groups():
    optimizer = three()
    scheduler = ours.LambdaLR(optimizer, [falls, halves, grows])
    made(optimizer, scheduler, 3)
    optimizer.param_groups.reverse()
    optimizer, scheduler = pickle.loads(pickle.dumps((optimizer, scheduler)))
    found = made(optimizer, scheduler, 4)
    assert found == pytest.approx(whole("LambdaLR of a list", 7))


@pytest.mark.parametrize("name", [name for name in BUILDS if "list" not in name])
def test_a_group_between_the_others_follows_the_same_rule(name):
    kinds = ("MultiplicativeLR", "CyclicLR", "OneCycleLR", "SequentialLR", "ChainedScheduler")
    if name in kinds:
        pytest.skip("they have lists for each group: the next test")
    optimizer = three()
    scheduler = BUILDS[name](optimizer)
    made(optimizer, scheduler, 3)
    optimizer.add_param_group({"params": [weight()], "lr": 1.0, "name": "new"})
    optimizer.param_groups.insert(0, optimizer.param_groups.pop())
    del optimizer.param_groups[2]
    found = made(optimizer, scheduler, 4)
    wanted = whole(name, 7)
    del wanted["b"]
    assert found == pytest.approx({"new": wanted["a"], **wanted}, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LambdaLR of a list", "a list of 3 lr_lambdas; append one to scheduler.lr_lambdas"),
        ("MultiplicativeLR", "a list of 3 lr_lambdas; append one to scheduler.lr_lambdas"),
        ("CyclicLR", "a list of 3 base_lrs; append one to scheduler.base_lrs"),
    ],
)
def test_a_list_for_each_group_has_none_for_a_new_one_and_the_advice_works(name, text):
    optimizer = three()
    scheduler = BUILDS[name](optimizer)
    made(optimizer, scheduler, 3)
    optimizer.add_param_group({"params": [weight()], "lr": 1.0, "name": "new"})
    del optimizer.param_groups[0]
    update(optimizer)
    with pytest.raises(PassoError) as raised:
        scheduler.step()
    assert str(raised.value) == (
        f"there are 3 param groups and {text} for each group that is added"
    )
    if name == "CyclicLR":
        scheduler.base_lrs.append(0.1)
        scheduler.max_lrs.append(1.0)
        scheduler.step()
        assert by_name(optimizer)["new"] == pytest.approx(0.1 + 0.9)
    else:
        scheduler.lr_lambdas.append(halves)
        scheduler.step()
        wanted = 0.5**4
        assert by_name(optimizer)["new"] == wanted
    wanted = whole(name, 4)
    found = by_name(optimizer)
    assert (found["b"], found["c"]) == pytest.approx((wanted["b"], wanted["c"]))


def test_lists_that_somebody_has_arranged_by_hand_stay_so():
    for library in (torchs, ours):
        optimizer = three()
        scheduler = library.LambdaLR(optimizer, [falls, halves, grows])
        made(optimizer, scheduler, 3)
        for each in (optimizer.param_groups, scheduler.lr_lambdas, scheduler.base_lrs):
            each.reverse()
        assert made(optimizer, scheduler, 4) == pytest.approx(whole("LambdaLR of a list", 7))
        for each in (optimizer.param_groups, scheduler.lr_lambdas, scheduler.base_lrs):
            del each[0]
        found, wanted = made(optimizer, scheduler, 1), whole("LambdaLR of a list", 8)
        assert found == pytest.approx({name: wanted[name] for name in "ba"})


def test_groups_without_parameters_that_are_dropped_leave_each_its_own_rate():
    optimizer = AdamW([{"params": [], "lr": 1e-3}, {"params": [weight()], "lr": 5e-5}])
    scheduler = ours.LambdaLR(optimizer, falls)
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.param_groups[:] = [group for group in optimizer.param_groups if group["params"]]
    update(optimizer)
    scheduler.step()
    assert scheduler.get_last_lr() == [pytest.approx(5e-5 * 0.95)]


def test_a_group_that_takes_the_place_of_another_is_not_that_one():
    for rate in (0.5, 0.4, 1.0):  # that of the other by then, or not, or its base
        optimizer = SGD([weight()], lr=1.0)
        scheduler = ours.LinearLR(optimizer, 0.5, 1.0, 10)
        optimizer.param_groups[0] = {**optimizer.param_groups[0], "params": [weight()]}
        optimizer.param_groups[0]["lr"] = rate
        del optimizer.param_groups[0]["initial_lr"]
        update(optimizer)
        scheduler.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.55 * rate)


@pytest.mark.parametrize("library", [torchs, ours])
def test_another_optimizer_that_takes_over_goes_on(library):
    optimizer = SGD([{"params": [weight()], "lr": lr} for lr in (1.0, 0.1)])
    scheduler = library.ExponentialLR(optimizer, 0.5)
    for _ in range(2):
        update(optimizer)
        scheduler.step()
    other = SGD([{"params": [weight()]}, {"params": [weight()]}], lr=7.0)
    other.load_state_dict(optimizer.state_dict())
    scheduler.optimizer = other
    scheduler.step()
    assert [group["lr"] for group in other.param_groups] == pytest.approx([0.125, 0.0125])


def test_replaced_parameters_make_no_new_group():
    optimizer = three()
    scheduler = ours.LinearLR(optimizer, 0.1, 1.0, 10)
    made(optimizer, scheduler, 3)
    for group in optimizer.param_groups:
        group["params"] = [weight()]
    optimizer.state.clear()
    optimizer.load_state_dict(optimizer.state_dict())
    assert made(optimizer, scheduler, 4) == pytest.approx(whole("LinearLR", 7))


def test_a_late_group_in_a_chain_has_the_product_of_the_shapes():
    optimizer = SGD([weight()], lr=1.0)
    parts = [ours.LinearLR(optimizer, 0.1, 1.0, 10), ours.ExponentialLR(optimizer, 0.9)]
    scheduler = ours.ChainedScheduler(parts)
    for _ in range(3):
        update(optimizer)
        scheduler.step()
    optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    for t in range(4, 14):
        update(optimizer)
        scheduler.step()
        share = min(0.1 + 0.09 * t, 1.0) * 0.9**t
        assert scheduler.get_last_lr() == pytest.approx([share, 0.5 * share], rel=1e-12)


CHAINS = {
    "a function, then a shape": lambda o: [ours.LambdaLR(o, falls), ours.StepLR(o, 1, 0.5)],
    "one that gives the rate that came": lambda o: [
        ours.ConstantLR(o, 0.25, 6),
        ours.StepLR(o, 1, 0.5),
    ],
    "a shape, then a function": lambda o: [ours.StepLR(o, 1, 0.5), ours.LambdaLR(o, falls)],
    "two shapes": lambda o: [ours.LinearLR(o, 0.1, 1.0, 10), ours.ExponentialLR(o, 0.9)],
    "three shapes": lambda o: [
        ours.ConstantLR(o, 0.5, 20),
        ours.CosineAnnealingLR(o, 20),
        ours.ExponentialLR(o, 0.9),
    ],
    "a sequence in its second part": lambda o: [
        ours.SequentialLR(o, [ours.StepLR(o, 1, 0.1), ours.StepLR(o, 2, 0.5)], [2]),
        ours.ConstantLR(o, 1.0, 20),
    ],
    "a shape, then a chain": lambda o: [
        ours.ExponentialLR(o, 0.9),
        ours.ChainedScheduler([ours.LinearLR(o, 0.1, 1.0, 10)]),
    ],
}


@pytest.mark.parametrize("composed", [True, False])
@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("build", CHAINS.values(), ids=CHAINS)
def test_a_late_group_in_a_chain_goes_on_as_the_one_that_was_there(build, composed, asked):
    optimizer = SGD([weight()], lr=1.0)
    parts = build(optimizer)
    chain = [ours.ChainedScheduler(parts)] if composed else parts

    def go():
        update(optimizer)
        for each in chain:
            each.step()

    for _ in range(5):
        go()
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    for _ in range(5 if asked else 0):
        parts[-1].get_last_lr()  # looking changes nothing
    for _ in range(8):
        go()
        old, new = (group["lr"] for group in optimizer.param_groups)
        assert new == pytest.approx(old, rel=1e-12)


@pytest.mark.parametrize(
    "copied", [lambda c: c, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
)
def test_a_late_group_is_not_taken_for_one_that_went_with_the_same_base(copied):
    optimizer = SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
    parts = [ours.StepLR(optimizer, 1, 0.5), ours.MultiStepLR(optimizer, [0, 2], 0.5)]
    chain = copied(ours.ChainedScheduler(parts))
    optimizer = chain.optimizer
    del optimizer.param_groups[0]
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    for _ in range(4):
        update(optimizer)
        chain.step()
        old, new = (group["lr"] for group in optimizer.param_groups)
        assert new == old


def test_a_scheduler_whose_groups_are_all_gone_steps_on_without_them():
    for kind in (ours.StepLR, torchs.StepLR):
        optimizer = SGD([weight()], lr=1.0)
        scheduler = kind(optimizer, 1, 0.5)
        update(optimizer)
        scheduler.step()
        optimizer.param_groups.clear()
        scheduler.step()
        assert (scheduler.last_epoch, scheduler.get_last_lr()) == (2, [])


@pytest.mark.parametrize("restore", [True, False])
def test_leaving_gives_each_group_its_own_back(restore):
    optimizer = three()
    before = {group["name"]: dict(group) for group in optimizer.param_groups}
    scheduler = ours.OneCycleLR(optimizer, [1.0, 2.0, 3.0], 20)
    made(optimizer, scheduler, 3)
    optimizer.param_groups.reverse()
    optimizer.add_param_group({"params": [weight()], "lr": 1.0, "name": "new", "max_lr": 5.0})
    optimizer.param_groups.insert(0, optimizer.param_groups.pop())
    last = by_name(optimizer)
    scheduler.detach(restore=restore)
    groups = {group["name"]: group for group in optimizer.param_groups}
    assert groups.pop("new")["max_lr"] == 5.0
    assert all(set(group) == set(before["a"]) for group in groups.values())
    assert {name: group["lr"] for name, group in groups.items()} == (
        RATES if restore else {name: last[name] for name in groups}
    )


def test_a_plateau_keeps_the_least_rate_of_each_group():
    optimizer = three()
    scheduler = ours.ReduceLROnPlateau(optimizer, min_lr=[0.5, 0.05, 0.005], patience=0)
    optimizer.param_groups[:] = [optimizer.param_groups[place] for place in (2, 0)]
    assert made(optimizer, scheduler, 5, 1.0) == {"c": 0.005, "a": 0.5}
    optimizer.add_param_group({"params": [weight()], "lr": 1.0, "name": "new"})
    with pytest.raises(RuntimeError, match="The number of param groups in the `optimizer`"):
        made(optimizer, scheduler, 1, 1.0)
    scheduler.min_lrs = [0.005, 0.5, 0.75]
    assert made(optimizer, scheduler, 1, 1.0)["new"] == 0.75


def test_what_plateaus_in_a_chain_took_off_stays_with_its_group():
    optimizer = three()
    plateau = ours.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, min_lr=[0.0, 0.1, 0.0])
    chain = ours.ChainedScheduler([ours.LambdaLR(optimizer, falls), plateau])
    made(optimizer, chain, 3, 1.0)
    optimizer.param_groups.reverse()
    found = made(optimizer, chain, 1, 1.0)
    share = falls(4) * 0.5**3
    assert (found["a"], found["c"]) == pytest.approx((share, share * 0.01))
    assert found["b"] == pytest.approx(0.1 * falls(4))


# -- a Tensor that several groups share


def shared(momentum=0.0):
    groups = [{"params": [weight()], "name": name} for name in "ab"]
    return SGD(groups, lr=torch.tensor(1.0, dtype=torch.float64), momentum=momentum)


def test_groups_that_share_a_tensor_have_each_their_own_rate():
    optimizer = shared()
    first = optimizer.param_groups[0]["lr"]
    scheduler = ours.LambdaLR(optimizer, [falls, halves])
    assert made(optimizer, scheduler, 2) == pytest.approx({"a": 0.9, "b": 0.25})
    assert optimizer.param_groups[0]["lr"] is first
    scheduler.detach(restore=True)
    assert [group["lr"] is first for group in optimizer.param_groups] == [True, True]
    assert float(first) == 1.0


def test_a_group_that_comes_later_begins_at_the_default_not_at_what_was_made_of_it():
    for scheduled in (ours.LinearLR, lambda o, *given: ours.LambdaLR(o, falls)):
        found = {}
        for rate in (1.0, torch.tensor(1.0, dtype=torch.float64)):
            optimizer = SGD([{"params": [weight()], "name": "a"}], lr=rate)
            scheduler = scheduled(optimizer, 0.1, 1.0, 10)
            made(optimizer, scheduler, 3)
            optimizer.add_param_group({"params": [weight()], "name": "b"})
            found[type(rate)] = made(optimizer, scheduler, 3)
        assert found[float] == pytest.approx(found[torch.Tensor])
        assert found[float]["a"] == pytest.approx(found[float]["b"])


# -- between processes


@pytest.mark.parametrize("name", [name for name in BUILDS if name != "OneCycleLR"])
def test_a_state_of_named_groups_finds_them_in_another_order(name):
    optimizer = three()
    scheduler = BUILDS[name](optimizer)
    made(optimizer, scheduler, 3)
    saved = copy.deepcopy(scheduler.state_dict())
    fresh = three()
    scheduler = BUILDS[name](fresh)
    fresh.param_groups.reverse()
    scheduler.load_state_dict(saved)
    assert by_name(fresh) == pytest.approx(whole(name, 3))
    assert made(fresh, scheduler, 4) == pytest.approx(whole(name, 7), rel=1e-12)


def test_a_state_of_more_groups_than_there_are_goes_on_with_the_groups_that_stayed():
    optimizer = three()
    scheduler = torchs.ExponentialLR(optimizer, 0.5)
    made(optimizer, scheduler, 3)
    saved = copy.deepcopy(scheduler.state_dict())
    optimizer = three()
    scheduler = ours.ExponentialLR(optimizer, 0.5)
    del optimizer.param_groups[0]
    scheduler.load_state_dict(saved)
    wanted = {"b": 0.1 * 0.5**4, "c": 0.01 * 0.5**4}
    assert made(optimizer, scheduler, 1) == pytest.approx(wanted)


def test_a_copy_goes_on_where_the_optimizer_says_whatever_order_states_load_in():
    optimizer = SGD([weight()], lr=1.0)
    chain = [ours.ConstantLR(optimizer, 0.5, 9), ours.ExponentialLR(optimizer, 0.9)]
    optimizer, chain = copy.deepcopy((optimizer, chain))
    for _ in range(3):
        update(optimizer)
        for each in chain:
            each.step()
    rate = optimizer.param_groups[0]["lr"]
    states = copy.deepcopy([optimizer.state_dict(), *(each.state_dict() for each in chain)])
    optimizer.load_state_dict(states[0])
    for each, state in reversed(list(zip(chain, states[1:], strict=True))):
        state["_held"] = [7.0]
        each.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == rate


def test_members_that_begin_late_know_the_groups_that_are_left():
    optimizer = three()
    chain = ours.ChainedScheduler([ours.StepLR(optimizer, 1, 0.5)])
    parts = [ours.StepLR(optimizer, 1, 0.5), ours.StepLR(optimizer, 1, 0.5), chain]
    scheduler = ours.SequentialLR(optimizer, parts, [1, 2])
    made(optimizer, scheduler, 1)
    del optimizer.param_groups[0]
    assert made(optimizer, scheduler, 1) == {"b": 0.1, "c": 0.01}
    assert made(optimizer, scheduler, 1) == {"b": 0.05, "c": 0.005}


def test_a_late_group_follows_who_writes_before_also_where_that_gives_what_was_there():
    optimizer = SGD([weight()], lr=1.0)
    parts = [ours.ConstantLR(optimizer, 0.25, 1), ours.StepLR(optimizer, 1, 0.5)]
    chain = ours.ChainedScheduler(parts)
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    for _ in range(3):
        update(optimizer)
        chain.step()
        old, new = (group["lr"] for group in optimizer.param_groups)
        assert new == old


def test_a_late_group_that_another_scheduler_has_met_has_no_function_of_one_that_went():
    optimizer = SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
    first = ours.StepLR(optimizer, 1, 0.5)
    second = ours.LambdaLR(optimizer, [falls, halves])
    del optimizer.param_groups[0]
    optimizer.add_param_group({"params": [weight()], "lr": 1.0})
    update(optimizer)
    first.step()
    with pytest.raises(PassoError, match=r"append one to scheduler\.lr_lambdas"):
        second.step()
