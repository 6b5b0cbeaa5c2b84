"""What the plan did not do: updates of before, and what another hand writes (issue 13)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch

from passo import (
    Linear,
    PassoError,
    Run,
    attach,
    base,
    cosine_decay,
    steps,
    tokens,
)
from passo.optim import tensorize
from passo.optim.scheduler.own_count import own_count
from tests.optim.tools import adam, graded, said, sgd, update

PLAN, RUN = base * Linear(1.0, 0.1), Run(steps(10))


# -- the optimizer's own count


def trained(updates, optimizer=None):
    optimizer = adam() if optimizer is None else optimizer
    update(optimizer, updates)
    return optimizer.state_dict()


OLDER = (
    "the state of Adam says that 10 updates were made, and the clock of the Scheduler stands at 0; "
    "the plan begins there, whatever was trained before; write: scheduler.load_state_dict(...) "
    "with what was saved beside the optimizer, or {base}scheduler.seek(10) to go on, or "
    "scheduler.seek(0) to begin there on purpose"
)


@pytest.mark.parametrize("order", ["loaded first", "attached first"])
@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize("clock", ["hook", "calls"])
def test_a_state_that_is_older_than_the_clock_is_told_at_the_first_update(order, number, clock):
    state = trained(10)
    if number:
        for each in state["state"].values():
            each["step"] = int(each["step"])
    optimizer = adam()
    if order == "loaded first":
        optimizer.load_state_dict(state)
    scheduler = attach(optimizer, cosine_decay(peak=0.1), RUN, clock=clock)
    if order != "loaded first":
        optimizer.load_state_dict(state)

    def once():
        update(optimizer)
        scheduler.step()

    assert said(once) == [OLDER.format(base="")]
    assert said(lambda: update(optimizer, 2)) == []


def test_counts_that_go_on_faster_than_the_clock_are_compared_at_the_first_update_alone():
    optimizer = adam()
    attach(
        optimizer,
        cosine_decay(peak=0.1, over=tokens(200)),
        Run(tokens(100), tokens_per_step=5, axis="token"),
    )

    def story():
        for _ in range(10):
            update(optimizer)
            for each in optimizer.state.values():
                each["step"] += 1

    assert said(story) == []


@pytest.mark.parametrize(("updates", "words"), [(1, 0), (2, 1)])
def test_one_step_may_have_filled_an_empty_state(updates, words):
    optimizer = adam()
    optimizer.load_state_dict(trained(updates))
    attach(optimizer, cosine_decay(peak=0.1), RUN)
    assert len(said(lambda: update(optimizer))) == words


class OnDevice(torch.Tensor):
    """A count whose look at the number waits for a device."""

    device = torch.device("cuda")
    reads: ClassVar[list[int]] = []

    def item(self):
        self.reads.append(1)
        return self.as_subclass(torch.Tensor).item()


def on_device(number):
    return torch.tensor(float(number)).as_subclass(OnDevice)


@pytest.mark.parametrize("near", [[], [30.0], [1.0] * 10])
def test_few_counts_are_read_from_a_device_and_all_that_are_near(near):
    OnDevice.reads.clear()
    steps = [*map(torch.tensor, near), *(on_device(20) for _ in range(50))]
    optimizer = SimpleNamespace(state={k: {"step": step} for k, step in enumerate(steps)})
    optimizer.param_groups = []
    assert own_count(optimizer) == max([20, *near])
    assert len(OnDevice.reads) <= 8


@pytest.mark.parametrize(
    ("state", "groups", "count"),
    [
        ({0: {"step": torch.zeros(3) + 9}, 1: {"step": 4}}, [], 4),
        ({0: {"step": "9"}, 1: 3, 2: {}}, [], 0),
        ({}, [{"step": 5}, {"params": []}], 5),
        (None, [{"step": torch.tensor(6)}], 6),
    ],
    ids=str,
)
def test_what_an_optimizer_counts_is_one_number_wherever_it_keeps_it(state, groups, count):
    assert own_count(SimpleNamespace(state=state, param_groups=groups)) == count


def made_right(how):
    first = adam()
    scheduler = attach(first, cosine_decay(), RUN, carry=False)
    update(first, 10)
    saved = first.state_dict(), scheduler.state_dict()
    optimizer = adam()
    optimizer.load_state_dict(saved[0])
    told = {} if how in ("state", "anew") else {"base": 0.1}
    scheduler = attach(optimizer, cosine_decay(), RUN, **told)
    if how == "state":
        scheduler.load_state_dict(saved[1])
        scheduler.seek(9)
    elif how == "seek":
        scheduler.seek(9)
    elif how == "anew":
        scheduler.seek(0)
    return optimizer


@pytest.mark.parametrize("how", ["state", "base", "seek", "anew"])
def test_what_makes_it_right_makes_it_silent(how):
    optimizer = made_right(how)
    assert said(lambda: update(optimizer)) == []


def test_the_advice_for_a_plan_that_is_relative_names_the_base_first():
    optimizer = adam()
    optimizer.load_state_dict(trained(10))
    attach(optimizer, cosine_decay(), RUN)
    text = "attach(..., base=...) with what the run began with, and "
    assert said(lambda: update(optimizer)) == [OLDER.format(base=text)]
    again = adam()
    again.load_state_dict(trained(10))
    scheduler = attach(again, cosine_decay(), Run(steps(20)), base=0.1)
    scheduler.seek(10)
    assert said(lambda: update(again)) == []


def test_strict_refuses_the_update_until_it_is_made_right():
    optimizer = adam()
    optimizer.load_state_dict(trained(10))
    scheduler = attach(optimizer, cosine_decay(peak=0.1), Run(steps(20)), strict=True)
    (parameter,) = optimizer.param_groups[0]["params"]
    for _ in range(2):
        with pytest.raises(PassoError) as caught:
            update(optimizer)
        assert str(caught.value) == OLDER.format(base="")
        assert (parameter.item(), scheduler.clock) == (1.0, 0)
    scheduler.seek(10)
    update(optimizer)
    assert scheduler.clock == 11


def test_a_second_phase_on_the_same_optimizer_is_no_older_state():
    optimizer = adam()

    def story():
        for _ in range(3):
            scheduler = attach(optimizer, PLAN, RUN, base=0.1)
            update(optimizer, 10)
            scheduler.detach()
        phase = attach(optimizer, cosine_decay(peak=0.01), RUN)
        update(optimizer, 5)
        other = attach(optimizer, {"momentum": Linear(0.9, 0.8)}, Run(steps(5)))
        update(optimizer, 5)
        phase.detach()
        other.detach()

    assert said(story) == []


def test_one_step_that_distributed_checkpoint_makes_is_no_older_state():
    optimizer = adam()
    attach(optimizer, cosine_decay(), RUN)
    held = optimizer.param_groups[0]["lr"]
    optimizer.param_groups[0]["lr"] = 0.0
    graded(optimizer, 0.0)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = held
    assert said(lambda: update(optimizer)) == []


# -- another hand


def hand(name, place, update, held, planned, tense="used"):
    return (
        f"another hand writes {name} of param group {place}: update {update} {tense} {held}, and "
        f"the plan has {planned}; each update puts the plan's value there, so that the other one "
        "lasts for one update; write: the other value into the plan and take the other writer away "
        "(a scheduler of torch, SWA, a line in the loop), or leave the field out of the plan"
    )


@pytest.mark.parametrize("often", [1, 5])
def test_a_rate_written_by_hand_is_told_once(often):
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    update(optimizer, 5)

    def story():
        for _ in range(often):
            optimizer.param_groups[0]["lr"] = 0.25
            update(optimizer)

    assert said(story) == [hand("lr", 0, 5, 0.25, 0.5)]


FIELDS = {
    "momentum": lambda group: group.update(betas=(0.5, 0.999)),
    "betas[1]": lambda group: group.update(betas=(group["betas"][0], 0.5)),
    "weight_decay": lambda group: group.update(weight_decay=0.5),
}


@pytest.mark.parametrize("key", FIELDS)
def test_any_field_of_the_plan_is_watched(key):
    optimizer = adam(weight_decay=0.1)
    attach(optimizer, {"lr": 0.1, "momentum": 0.9, "betas[1]": 0.99, "weight_decay": 0.1}, RUN)
    update(optimizer, 2)
    FIELDS[key](optimizer.param_groups[0])
    name, planned = {"momentum": ("betas[0]", 0.9), "betas[1]": ("betas[1]", 0.99)}.get(
        key, (key, 0.1)
    )
    assert said(lambda: update(optimizer)) == [hand(name, 0, 2, 0.5, planned)]


def test_a_tensor_that_is_filled_or_replaced_is_seen():
    for write in (lambda group: group["lr"].fill_(0.5), lambda group: group.update(lr=0.5)):
        optimizer = tensorize(adam())
        attach(optimizer, {"lr": Linear(1.0, 0.0)}, RUN)
        update(optimizer, 2)
        write(optimizer.param_groups[0])
        assert said(lambda o=optimizer: update(o)) == [hand("lr", 0, 2, 0.5, 0.8)]


def test_only_another_number_is_another_hand():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)

    def story():
        update(optimizer)
        optimizer.param_groups[0]["lr"] = float(repr(optimizer.param_groups[0]["lr"]))
        update(optimizer)
        optimizer.load_state_dict(optimizer.state_dict())
        update(optimizer)
        tensorize(optimizer)
        update(optimizer)
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
        update(optimizer, 6)

    assert said(story) == []


def test_a_scheduler_of_torch_beside_the_plan_is_another_hand():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    other = torch.optim.lr_scheduler.StepLR(optimizer, 2)

    def story():
        for _ in range(4):
            update(optimizer)
            other.step()

    (text,) = said(story)
    assert text.startswith("another hand writes lr of param group 0: update 2 used 0.08")


def test_averaging_of_weights_at_its_own_rate_is_another_hand():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0), RUN)
    averaged = torch.optim.swa_utils.SWALR(optimizer, 0.05, anneal_epochs=1)

    def story():
        for _ in range(4):
            update(optimizer)
            averaged.step()

    assert len(said(story)) == 1


def test_strict_refuses_the_update_that_would_use_it():
    optimizer = sgd()
    scheduler = attach(optimizer, Linear(1.0, 0.0), RUN, strict=True)
    update(optimizer, 2)
    optimizer.param_groups[0]["lr"] = 0.25
    (parameter,) = optimizer.param_groups[0]["params"]
    before = parameter.item()
    for _ in range(2):
        with pytest.raises(PassoError) as caught:
            update(optimizer)
        assert str(caught.value) == hand("lr", 0, 2, 0.25, 0.8, "would use")
    assert (parameter.item(), scheduler.clock) == (before, 2)
    scheduler.seek(2)
    update(optimizer)
    assert scheduler.clock == 3
