"""Resuming, story by story: long runs, Tensors and floats, groups that came late, kill -9."""

from __future__ import annotations

import copy
import json
import time
from itertools import permutations

import pytest
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from passo import Cosine, Linear, Plateau, Run, base, rest, steps, tokens
from passo.optim import attach, tensorize
from tests.optim.make_fixtures import MOMENTA, RECIPES
from tests.optim.tools import ROOT, adam, rates, sgd, update, weight
from tests.warm import begun

RUN = Run(steps(150), steps_per_epoch=10, tokens_per_step=8)
PLANS = {**{name: {"lr": plan} for name, plan in RECIPES.items()}, "momenta": MOMENTA}
PLANS["momenta"] = {"momentum": MOMENTA["cyclic_momentum"], "betas[1]": Linear(0.9, 0.99, rest)}


def numbers(optimizer, updates):
    """Every number in the groups, as each update uses it."""
    found = []
    for _ in range(updates):
        found.append(
            [(float(g["lr"]), g["betas"], g["weight_decay"]) for g in optimizer.param_groups]
        )
        update(optimizer)
    return found


@pytest.mark.parametrize("order", ["oas", "aos", "aso"])
@pytest.mark.parametrize("name", PLANS)
def test_the_next_hundred_values_and_the_weights_are_those_of_the_run_that_did_not_die(name, order):
    optimizer = adam(betas=(0.9, 0.99))
    scheduler = attach(optimizer, PLANS[name], RUN)
    update(optimizer, 41)
    [parameter] = optimizer.param_groups[0]["params"]
    saved = copy.deepcopy((parameter.data, optimizer.state_dict(), scheduler.state_dict()))
    then = numbers(optimizer, 100)

    again = adam(betas=(0.9, 0.99))
    again.param_groups[0]["params"][0].data.copy_(saved[0])
    for letter in order:
        if letter == "o":
            again.load_state_dict(saved[1])
        elif letter == "a":
            other = attach(again, PLANS[name], RUN)
        else:
            other.load_state_dict(saved[2])
    assert numbers(again, 100) == then
    assert torch.equal(again.param_groups[0]["params"][0], parameter)
    assert other.state_dict() == scheduler.state_dict()


# -- floats and Tensors


def follows(optimizer, exact):
    """Updates 7 to 11 use what the schedules say, in the type that is there."""
    group = optimizer.param_groups[0]
    for t in range(7, 12):
        for key, value in (("lr", group["lr"]), ("betas", group["betas"][0])):
            wanted = exact[key](t)
            if isinstance(value, torch.Tensor):
                wanted = torch.tensor(wanted, dtype=value.dtype).item()
            assert float(value) == pytest.approx(wanted, rel=1e-7)
        update(optimizer)


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("order", [o for o in permutations("oas") if o.index("a") < o.index("s")])
def test_a_checkpoint_of_floats_fits_tensors_and_the_other_way(tensor, order):
    plan = {"lr": Cosine(base, 0.0, steps(20)), "betas[0]": Linear(0.9, 0.8, steps(20))}

    def build(tensors):
        return tensorize(adam()) if tensors else adam()

    optimizer = build(not tensor)
    scheduler = attach(optimizer, plan)
    update(optimizer, 7)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))

    optimizer = build(tensor)
    held = optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"][0]
    for letter in order:
        if letter == "o":
            optimizer.load_state_dict(saved[0])
        elif letter == "a":
            scheduler = attach(optimizer, plan)
        else:
            scheduler.load_state_dict(saved[1])
    group = optimizer.param_groups[0]
    if order.index("a") < order.index("o"):  # passo was there when the types were replaced
        assert isinstance(group["lr"], torch.Tensor) is tensor
        assert isinstance(group["betas"][0], torch.Tensor) is tensor
    if tensor and order[0] == "a":
        assert (group["lr"] is held[0], group["betas"][0] is held[1]) == (True, True)
    follows(optimizer, {"lr": Cosine(0.1, 0.0, steps(20)), "betas": plan["betas[0]"]})


def test_a_base_that_was_a_tensor_is_the_float_that_the_tensor_held():
    optimizer = tensorize(adam(0.1))
    scheduler = attach(optimizer, base * Linear(1.0, 0.0, steps(10)))
    state = scheduler.state_dict()
    assert json.loads(json.dumps(state))["fields"][0][3] == torch.tensor(0.1).item()


# -- groups


@pytest.mark.parametrize("join", ["from_start", "now"])
def test_a_group_that_joined_before_the_crash_is_where_it_was(join):
    optimizer = sgd(momentum=0.9)
    scheduler = attach(optimizer, Linear(base, 0.0, steps(20)), join=join)
    update(optimizer, 4)
    optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    update(optimizer, 3)
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    update(optimizer)
    then = scheduler.get_last_lr()

    optimizer = torch.optim.SGD([{"params": [weight()]} for _ in "ab"], lr=1.0, momentum=0.9)
    optimizer.load_state_dict(saved[0])
    scheduler = attach(optimizer, Linear(base, 0.0, steps(20)), join=join)
    scheduler.load_state_dict(saved[1])
    update(optimizer)
    assert scheduler.get_last_lr() == then


def test_a_checkpoint_from_before_a_group_joined_leaves_it_where_attach_put_it():
    scheduler = attach(optimizer := sgd(), Linear(base, 0.0, steps(10)))
    update(optimizer, 5)
    state = scheduler.state_dict()
    optimizer = torch.optim.SGD([{"params": [weight()], "lr": lr} for lr in (1.0, 0.5)], lr=1.0)
    scheduler = attach(optimizer, Linear(base, 0.0, steps(10)))
    scheduler.load_state_dict(state)
    assert scheduler.get_last_lr() == [0.5, 0.25]


# -- tokens


def test_fractions_of_tokens_add_up_as_if_nothing_had_happened():
    run = Run(tokens(100), tokens_per_step=10, axis="token")

    def play(scheduler, optimizer, amounts):
        for amount in amounts:
            scheduler.count(tokens=amount)
            update(optimizer)
        return scheduler.state_dict()

    scheduler = attach(optimizer := sgd(), Linear(0.2, 0.02, rest), run)
    state = play(scheduler, optimizer, [0.3, 20.7, 20.7])
    then = play(scheduler, optimizer, [20.7])
    scheduler = attach(optimizer := sgd(), Linear(0.2, 0.02, rest), run)
    scheduler.load_state_dict(state)
    assert play(scheduler, optimizer, [20.7]) == then


# -- plateaus


@pytest.mark.parametrize("killed", range(14))
def test_reductions_come_when_they_would_have_come(killed):
    rule = Plateau("loss", factor=0.5, patience=2, cooldown=2)
    losses = [1.0, 0.9, 0.95, 0.95, 0.95, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]

    def play(optimizer, scheduler, first, last):
        found = []
        for k in range(first, last):
            found += rates(optimizer, 1)
            scheduler.report(loss=losses[k])
        return found

    scheduler = attach(optimizer := sgd(), base * rule)
    then = play(optimizer, scheduler, 0, len(losses))
    twin = ReduceLROnPlateau(theirs := sgd(), factor=0.5, patience=2, cooldown=2)
    for rate, loss in zip(then, losses, strict=True):
        assert theirs.param_groups[0]["lr"] == rate
        twin.step(loss)
    scheduler = attach(optimizer := sgd(), base * rule)
    play(optimizer, scheduler, 0, killed)
    state = json.loads(json.dumps(scheduler.state_dict()))
    scheduler = attach(optimizer := sgd(), base * rule)
    scheduler.load_state_dict(state)
    assert play(optimizer, scheduler, killed, len(losses)) == then[killed:]


# -- kill -9

KILLED = """
import json, os, sys, torch
from passo import Run, base, steps, warmup_cosine
from passo.optim import attach
from tests.optim.tools import adam, update
optimizer = adam()
scheduler = attach(optimizer, warmup_cosine(warmup=steps(100)), Run(steps(1_000_000)))
while True:
    update(optimizer)
    parts = [optimizer.param_groups[0]["params"][0].data, optimizer.state_dict()]
    torch.save([*parts, scheduler.state_dict()], sys.argv[1] + ".new")
    os.replace(sys.argv[1] + ".new", sys.argv[1])
"""


def test_kill_minus_9_loses_what_was_not_saved_and_nothing_else(tmp_path):
    from passo import warmup_cosine

    path, plan = tmp_path / "checkpoint", warmup_cosine(warmup=steps(100))
    with begun("-c", KILLED, str(path), cwd=ROOT):  # killed with the block
        until = time.monotonic() + 60
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
    held, optimizer_state, state = torch.load(path, weights_only=True)

    optimizer = adam()
    [parameter] = optimizer.param_groups[0]["params"]
    parameter.data.copy_(held)
    optimizer.load_state_dict(optimizer_state)
    scheduler = attach(optimizer, plan, Run(steps(1_000_000)))
    scheduler.load_state_dict(state)
    made = scheduler.clock
    update(optimizer, 20)

    whole = adam()
    other = attach(whole, plan, Run(steps(1_000_000)))
    update(whole, made + 20)
    assert made > 0
    assert torch.equal(whole.param_groups[0]["params"][0], parameter)
    assert other.values() == scheduler.values()
