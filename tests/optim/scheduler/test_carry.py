"""The state rides in the optimizer's state_dict: who saves no scheduler resumes rightly, too."""

from __future__ import annotations

import copy
import gc
import io
import json
import pickle
from collections import OrderedDict
from functools import partial

import pytest
import torch
from torch.distributed.checkpoint import state_dict as checkpoint

from passo import (
    Exponential,
    Linear,
    PassoError,
    Plateau,
    Run,
    attach,
    base,
    cosine_decay,
    one_cycle_momentum,
    steps,
    warmup_cosine,
)
from passo.optim.scheduler.carry import KEY, clock_of
from tests.optim.tools import adam, on_ranks, rates, said, sgd, update, weight
from tests.optim.wrapped import Sam

PLAN, RUN = base * Linear(1.0, 0.1), Run(steps(20))
WHENCE = "the optimizer's state carries that of a Scheduler, with which this one cannot go on: "
LEAVE = "\nor attach(..., carry=False) to leave it out"


def as_it_is(state):
    return copy.deepcopy(state)


def with_weights_only(state):
    torch.save(state, held := io.BytesIO())
    held.seek(0)
    return torch.load(held, weights_only=True)


def as_json(state):
    kept = [{**each, "params": list(each["params"])} for each in state["param_groups"]]
    return {"state": state["state"], "param_groups": json.loads(json.dumps(kept))}


def trained(make=sgd, updates=8, plan=PLAN, run=RUN, **options):
    """What is saved after some updates under a plan, and the rates that would have come then."""
    optimizer = make()
    attach(optimizer, plan, run, **options)
    update(optimizer, updates)
    saved = copy.deepcopy(optimizer.state_dict())
    return saved, rates(optimizer, 5)


def resumed(saved, order, make=sgd, plan=PLAN, run=RUN, **options):
    """Another process that loads nothing but the optimizer, in either order."""
    optimizer = make()
    for letter in order:
        if letter == "a":
            scheduler = attach(optimizer, plan, run, **options)
        else:
            optimizer.load_state_dict(saved)
    return optimizer, scheduler


both_orders = pytest.mark.parametrize("order", ["ao", "oa"])


@pytest.mark.parametrize("way", [as_it_is, with_weights_only, as_json])
@pytest.mark.parametrize("make", [sgd, adam])
@both_orders
def test_a_run_goes_on_where_nobody_saved_the_scheduler(order, make, way):
    saved, then = trained(make)
    optimizer, scheduler = resumed(way(saved), order, make)
    assert scheduler.clock == 8
    found = []
    assert said(lambda: found.extend(rates(optimizer, 5))) == []
    assert found == then


def test_a_live_group_never_holds_it():
    saved, _ = trained()
    optimizer, _ = resumed(saved, "oa")
    assert set(optimizer.param_groups[0]) == set(sgd().param_groups[0])
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.add_param_group({"params": [weight()]})
    update(optimizer)
    assert KEY in optimizer.state_dict()["param_groups"][0]
    assert [KEY in group for group in optimizer.state_dict()["param_groups"]] == [True, False]
    assert not any(KEY in group for group in optimizer.param_groups)


def test_it_is_left_out_and_left_alone_where_nobody_wants_it():
    saved, _ = trained(carry=False)
    assert KEY not in saved["param_groups"][0]
    saved, _ = trained()
    optimizer, scheduler = resumed(saved, "ao", carry=False)
    assert (scheduler.clock, KEY in optimizer.param_groups[0]) == (0, False)
    assert KEY not in optimizer.state_dict()["param_groups"][0]


def test_carry_is_true_or_false():
    with pytest.raises(PassoError) as error:
        attach(sgd(), PLAN, RUN, carry="yes")
    assert str(error.value) == "carry must be True or False, got 'yes'"


def test_without_passo_it_does_no_harm_and_is_replaced_when_passo_saves_again():
    saved, _ = trained(adam)
    optimizer = adam()
    optimizer.load_state_dict(saved)
    torch.compile(optimizer.step, backend="eager")()
    twin = pickle.loads(pickle.dumps(copy.deepcopy(optimizer)))
    assert json.loads(twin.state_dict()["param_groups"][0][KEY])["states"][0]["clock"] == 8
    scheduler = attach(twin, PLAN, RUN)
    update(twin)
    assert scheduler.clock == 9
    assert json.loads(twin.state_dict()["param_groups"][0][KEY])["states"][0]["clock"] == 9


@both_orders
def test_several_schedulers_have_theirs(order):
    def built(optimizer, *, late=False):
        made = [attach(optimizer, PLAN, RUN)]
        return [*made, attach(optimizer, {"momentum": one_cycle_momentum()}, RUN)][:: 1 - 2 * late]

    def make():
        return sgd(momentum=0.9)

    optimizer = make()
    first = built(optimizer)
    update(optimizer, 8)
    first[1].seek(3)
    saved = copy.deepcopy(optimizer.state_dict())
    again = make()
    made = built(again) if order == "ao" else []
    again.load_state_dict(saved)
    made = made or built(again)
    assert [each.clock for each in made] == [8, 3]
    assert [each.state_dict() for each in made] == [each.state_dict() for each in first]


def test_who_attaches_after_updates_under_another_begins_anew():
    saved, _ = trained(lambda: sgd(momentum=0.9))
    optimizer, first = resumed(saved, "oa", lambda: sgd(momentum=0.9))
    update(optimizer)
    assert attach(optimizer, {"momentum": one_cycle_momentum()}, RUN).clock == 0
    assert said(lambda: update(optimizer)) == []
    first.detach()
    assert attach(optimizer, PLAN, RUN, base=1.0).clock == 0


# -- a state loaded by hand, and the past of the very run


@pytest.mark.parametrize("order", ["aos", "aso", "oas"])
def test_a_state_that_is_loaded_by_hand_wins(order):
    saved, _ = trained()
    optimizer = sgd()
    other = attach(optimizer, PLAN, RUN)
    update(optimizer, 5)
    state = other.state_dict()
    optimizer = sgd()
    for letter in order:
        if letter == "a":
            scheduler = attach(optimizer, PLAN, RUN)
        elif letter == "o":
            optimizer.load_state_dict(saved)
        else:
            scheduler.load_state_dict(state)
    assert scheduler.clock == 5


def test_a_run_that_goes_back_to_an_earlier_state_of_its_optimizer_goes_back():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN)
    update(optimizer, 4)
    saved = copy.deepcopy(optimizer.state_dict())
    then = rates(optimizer, 5)
    optimizer.load_state_dict(saved)
    assert (scheduler.clock, rates(optimizer, 5)) == (4, then)


def test_the_best_state_that_is_loaded_because_a_plateau_fell_does_not_take_the_fall_back():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=0))
    update(optimizer, 3)
    scheduler.report(loss=1.0)
    best = copy.deepcopy(optimizer.state_dict())
    update(optimizer, 3)
    if scheduler.report(loss=2.0):
        optimizer.load_state_dict(best)
    assert (scheduler.clock, scheduler.get_last_lr()) == (6, [0.1])
    update(optimizer)
    optimizer.load_state_dict(best)
    assert (scheduler.clock, scheduler.get_last_lr()) == (3, [1.0])


def test_a_load_of_what_is_there_changes_nothing():
    optimizer = sgd()
    scheduler = attach(optimizer, PLAN, RUN)
    update(optimizer, 4)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert scheduler.last_used() == {"lr": [PLAN.on(RUN).with_base(1.0)(3)]}


# -- a changed plan


@both_orders
def test_another_plan_is_dealt_with_as_on_change_says(order):
    saved, _ = trained()
    longer = Run(steps(40))
    for policy, clock in (("keep", 8), ("replace", 8), ("rescale", 16)):
        assert resumed(saved, order, run=longer, on_change=policy)[1].clock == clock


@both_orders
def test_another_plan_is_refused_and_nothing_is_loaded(order):
    saved, _ = trained(adam)
    optimizer = adam()
    first, then = partial(attach, optimizer, PLAN, Run(steps(40))), optimizer.load_state_dict
    scheduler = first() if order == "ao" else then(saved)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(PassoError) as error:
        then(saved) if order == "ao" else first()
    assert str(error.value) == (
        WHENCE + "the plan saved at update 8 is not today's, one field differs:\n"
        "  lr of group 0, saved: Linear(1, 0.1) * base, base 0.1 on Run(steps(20))\n"
        "  lr of group 0, today: Linear(1, 0.1) * base, base 0.1 on Run(steps(40))\n"
        "    now 0.064 and 0.082\n"
        'write attach(..., on_change="keep") for the checkpoint\'s plan, "replace" for today\'s at '
        'the same update, "rescale" for today\'s at the same share of the run' + LEAVE
    )
    assert str(optimizer.state_dict()) == str(before)
    if scheduler is not None:
        assert scheduler.clock == 0
        return
    assert attach(optimizer, PLAN, Run(steps(40)), on_change="replace").clock == 8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "passo must be a mapping with updates, states, got []"),
        (
            '{"updates": 0, "states": [{"clock": 5}]}',
            "this is not the state of a passo Scheduler: it lacks version, at, run, tracks, fields",
        ),
        (
            '{"updates": -1, "states": []}',
            "passo.updates must be a whole number of at least 0, got -1",
        ),
    ],
)
@both_orders
def test_what_no_scheduler_wrote_is_refused(order, text, reason):
    saved = sgd().state_dict()
    saved["param_groups"][0][KEY] = text
    with pytest.raises(PassoError) as error:
        resumed(saved, order)
    assert str(error.value) == WHENCE + reason + LEAVE
    assert resumed(saved, order, carry=False)[1].clock == 0


# -- states that are not to be used


STALE = (
    "the state of Adam carries a Scheduler at update 8, and says that 3 updates were made since, "
    "without passo; it is not used, and the clock of the Scheduler stands at 0; write: "
    "scheduler.load_state_dict(...) with what was saved beside the optimizer, or "
    "attach(..., base=...) with what the run began with, and scheduler.seek(11) to go on, or "
    "scheduler.seek(0) to begin there on purpose"
)


def left_out(updates=3):
    """A checkpoint that was trained on without passo, and saved again."""
    saved, _ = trained(adam)
    optimizer = adam()
    optimizer.load_state_dict(saved)
    update(optimizer, updates)
    return optimizer.state_dict()


@both_orders
def test_a_stale_state_is_told_at_the_first_update_and_not_used(order):
    optimizer, scheduler = resumed(left_out(), order, adam)
    assert said(lambda: update(optimizer, 2)) == [STALE]
    assert scheduler.clock == 2


def test_a_stale_state_is_told_where_a_base_was_given_too():
    optimizer, _ = resumed(left_out(1), "oa", adam, base=0.1)
    text = STALE.replace("3 updates were", "1 update was").replace("seek(11)", "seek(9)")
    write = "attach(..., base=...) with what the run began with, and "
    assert said(lambda: update(optimizer, 2)) == [text.replace(write, "")]


@both_orders
def test_a_stale_state_is_no_matter_where_the_schedulers_own_is_loaded_or_sought(order):
    saved, _ = trained(adam)
    own = json.loads(saved["param_groups"][0][KEY])["states"][0]
    optimizer, scheduler = resumed(left_out(), order, adam)
    scheduler.load_state_dict(own)
    assert said(lambda: update(optimizer)) == []
    optimizer, scheduler = resumed(left_out(), order, adam, base=0.1)
    scheduler.seek(11)
    assert said(lambda: update(optimizer)) == []


def test_a_stale_state_that_comes_in_mid_run_is_told_too():
    optimizer, scheduler = resumed(trained(adam)[0], "oa", adam)
    update(optimizer)
    optimizer.load_state_dict(left_out())
    text = STALE.replace("stands at 0", "stands at 9").replace("seek(0)", "seek(9)")
    assert said(lambda: update(optimizer, 2)) == [text]
    assert scheduler.clock == 11


@both_orders
def test_the_state_of_a_scheduler_of_other_fields_is_told(order):
    saved, _ = trained()
    optimizer, _ = resumed(saved, order, plan={"weight_decay": 0.5})
    assert said(lambda: update(optimizer, 2)) == [
        (
            "the state of SGD carries a Scheduler of lr at update 8, and this one drives "
            "weight_decay; it is not used, and the clock of the Scheduler stands at 0; write: "
            "scheduler.load_state_dict(...) with what was saved beside the optimizer, or "
            "scheduler.seek(8) to go on, or scheduler.seek(0) to begin there on purpose"
        )
    ]


def test_updates_of_before_the_plan_do_not_make_a_state_stale():
    optimizer = adam()
    update(optimizer, 7)
    attach(optimizer, cosine_decay(peak=0.1), RUN).seek(0)
    update(optimizer, 5)
    saved = copy.deepcopy(optimizer.state_dict())
    again, scheduler = resumed(saved, "oa", adam, plan=cosine_decay(peak=0.1))
    assert said(lambda: update(again)) == []
    assert scheduler.clock == 6


def test_what_was_saved_before_the_first_update_is_stale_after_some_without_passo():
    attach(first := adam(), cosine_decay(peak=0.1), RUN)
    without = adam()
    without.load_state_dict(copy.deepcopy(first.state_dict()))
    update(without, 3)
    again, _ = resumed(copy.deepcopy(without.state_dict()), "oa", adam, plan=cosine_decay(peak=0.1))
    (text,) = said(lambda: update(again))
    assert text.startswith(
        "the state of Adam carries a Scheduler at update 0, and says that 3 updates were made "
        "since, without passo"
    )


def test_what_other_fields_were_to_follow_before_the_first_update_is_left_alone():
    attach(first := adam(), {"weight_decay": 0.5}, RUN)
    saved = copy.deepcopy(first.state_dict())
    again, scheduler = resumed(saved, "oa", adam, plan=cosine_decay(peak=0.1))
    assert said(lambda: update(again)) == []
    assert scheduler.clock == 1


def test_another_number_of_groups_is_torchs_to_refuse():
    first = torch.optim.SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
    attach(first, cosine_decay(), RUN)
    update(first, 2)
    optimizer = sgd()
    attach(optimizer, cosine_decay(), RUN)
    with pytest.raises(ValueError, match="different number of parameter groups") as caught:
        optimizer.load_state_dict(first.state_dict())
    assert not isinstance(caught.value, PassoError)


def test_the_clock_of_what_came_is_told_and_that_of_nothing_is_none():
    saved, _ = trained()
    optimizer = sgd()
    assert clock_of(optimizer) == 0
    optimizer.load_state_dict(saved)
    assert clock_of(optimizer) == 8
    attach(optimizer, PLAN, RUN)
    assert clock_of(optimizer) == 8


def test_it_is_found_in_groups_of_any_mapping():
    attach(first := sgd(), cosine_decay(), RUN)
    update(first, 3)
    saved = first.state_dict()
    saved["param_groups"] = [OrderedDict(group) for group in saved["param_groups"]]
    _, scheduler = resumed(saved, "oa", plan=cosine_decay())
    assert scheduler.clock == 3


def test_a_rate_that_was_loaded_near_its_end_is_not_called_far_from_the_plan():
    plan = warmup_cosine(peak=40.0, warmup=steps(2))
    optimizer = sgd(40.0)
    attach(optimizer, plan, RUN)
    update(optimizer, 19)
    saved = optimizer.state_dict()
    assert said(lambda: resumed(saved, "oa", plan=plan)) == []


# -- frameworks


def net():
    torch.manual_seed(0)
    return torch.nn.Linear(2, 1)


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
@pytest.mark.parametrize("flat", [False, True])
def test_distributed_checkpoint_brings_it_unless_it_flattens(kind, flat):
    options = checkpoint.StateDictOptions(flatten_optimizer_state_dict=flat)
    model = net()
    optimizer = kind(model.parameters(), lr=0.1)
    attach(optimizer, PLAN, RUN)
    update(optimizer, 8)
    saved = checkpoint.get_optimizer_state_dict(model, optimizer, options=options)
    again = net()
    other = kind(again.parameters(), lr=0.1)
    scheduler = attach(other, PLAN, RUN)
    checkpoint.get_optimizer_state_dict(again, other, options=options)
    checkpoint.set_optimizer_state_dict(again, other, saved, options=options)
    assert scheduler.clock == (0 if flat else 8)
    told = said(lambda: update(other))
    assert len(told) == (flat and kind is torch.optim.AdamW)
    assert not told or "says that 8 updates were made, and the clock" in told[0]


@both_orders
def test_accelerate_saves_it_with_nothing_registered(order, tmp_path):
    accelerate = pytest.importorskip("accelerate", reason="accelerate is not installed")
    accelerator = accelerate.Accelerator(cpu=True)
    _, optimizer = accelerator.prepare(net(), sgd())
    attach(optimizer, PLAN, RUN)
    update(optimizer, 8)
    accelerator.save_state(str(tmp_path))
    then = rates(optimizer, 5)
    other = accelerate.Accelerator(cpu=True)
    _, again = other.prepare(net(), sgd())
    scheduler = attach(again, PLAN, RUN) if order == "ao" else None
    other.load_state(str(tmp_path))
    scheduler = scheduler or attach(again, PLAN, RUN)
    assert (scheduler.clock, rates(again, 5)) == (8, then)


ON_RANKS = """
import copy
from torch.distributed.checkpoint import state_dict as checkpoint
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from passo import Linear, Run, attach, base, steps
from tests.optim.tools import update

plan, run = base * Linear(1.0, 0.1), Run(steps(20))

def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
"""
ZERO = """
def sharded():
    return ZeroRedundancyOptimizer(model().parameters(), torch.optim.AdamW, lr=0.1)

first = sharded()
scheduler = attach(first, plan, run)
update(first, 8)
first.consolidate_state_dict(to=0)
held = [copy.deepcopy(first.state_dict()) if rank == 0 else None]
torch.distributed.broadcast_object_list(held)
update(first, 12)
for order in ("oa", "ao"):
    again = sharded()
    made = attach(again, plan, run) if order == "ao" else None
    again.load_state_dict(copy.deepcopy(held[0]))
    made = made or attach(again, plan, run)
    update(again)
    again.consolidate_state_dict(to=0)
    if rank == 0:
        again.state_dict()
        assert "passo" not in again.param_groups[0]
    print(made.clock, made.get_last_lr() == [plan.on(run).with_base(0.1)(9)])
    update(again, 11)
"""
FULLY = """
def sharded():
    made = model()
    fully_shard(made, mesh=init_device_mesh("cpu", (2,)))
    return made, torch.optim.AdamW(made.parameters(), lr=0.1)

net, first = sharded()
scheduler = attach(first, plan, run)
update(first, 8)
for full in (False, True):
    options = checkpoint.StateDictOptions(full_state_dict=full)
    saved = checkpoint.get_optimizer_state_dict(net, first, options=options)
    other, again = sharded()
    made = attach(again, plan, run)
    checkpoint.set_optimizer_state_dict(other, again, saved, options=options)
    update(again)
    print(made.clock, made.get_last_lr() == [plan.on(run).with_base(0.1)(9)])
    update(again, 11)
update(first, 12)
"""


def test_sharded_optimizers_bring_it_to_all_ranks():
    told = on_ranks({"zero": ON_RANKS + ZERO, "fully": ON_RANKS + FULLY}, 2)
    assert told == {name: [["9 True", "9 True"]] * 2 for name in ("zero", "fully")}


class Lent(Sam):
    """A wrapper with hooks of its own, which hands its state on to what it holds."""

    def state_dict(self):
        return self.base_optimizer.state_dict()

    def load_state_dict(self, state_dict):
        self.base_optimizer.load_state_dict(state_dict)
        self.param_groups = self.base_optimizer.param_groups


@both_orders
def test_a_wrapper_that_hands_its_state_on_carries_it(order):
    def make():
        return Lent([weight()], torch.optim.SGD, lr=1.0)

    optimizer = make()
    attach(optimizer, PLAN, RUN, clock="calls").advance(8)
    saved = copy.deepcopy(optimizer.state_dict())
    again, scheduler = resumed(saved, order, make, clock="calls")
    assert (scheduler.clock, scheduler.get_last_lr()) == (8, [PLAN.on(RUN).with_base(1.0)(8)])
    assert KEY not in again.param_groups[0]


def test_a_copy_of_the_optimizer_that_goes_through_its_state_has_it():
    optimizer = sgd()
    attach(optimizer, base * Exponential(1, 0.5))
    update(optimizer, 3)
    twin = sgd()
    twin.load_state_dict(optimizer.state_dict())
    assert attach(twin, base * Exponential(1, 0.5)).get_last_lr() == [0.125]


def test_a_plan_that_is_let_go_is_freed_with_what_it_carried():
    saved, _ = trained()
    optimizer, scheduler = resumed(saved, "oa")
    held = [torch.utils.weak.weakref.ref(each) for each in (optimizer, scheduler)]
    gc.disable()
    del optimizer, scheduler
    assert [each() for each in held] == [None, None]
    gc.enable()
