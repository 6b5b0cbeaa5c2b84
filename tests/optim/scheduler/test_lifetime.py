"""The optimizer owns the Scheduler, the Scheduler owns nothing: what is let go is freed."""

from __future__ import annotations

import copy
import gc
import pickle
import signal
import time
import weakref
from io import BytesIO

import pytest
import torch

from passo import (
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    steps,
)
from passo.optim import tensorize
from tests.optim.tools import ROOT, adam, rates, sgd, update, values, weight
from tests.warm import begun

RAMP = Linear(0.0, 1.0, steps(100))


@pytest.fixture
def _by_counting_alone():
    """What is freed now is freed because nothing refers to it."""
    update(adam())  # the first step of a process imports much, and leaves cycles behind
    gc.collect()
    gc.disable()
    yield
    gc.enable()


PLANS = {
    "a rate": lambda: RAMP,
    "many fields": lambda: {"lr": base * RAMP, "momentum": 0.9, "weight_decay": 0.1},
    "a plateau": lambda: base * Plateau("loss"),
    "by group": lambda: by_group({"head": RAMP}, others=0.5),
}


@pytest.mark.usefixtures("_by_counting_alone")
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("order", ["model first", "scheduler first"])
def test_model_optimizer_and_scheduler_are_freed_without_the_collector(plan, order, tmp_path):
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    scheduler = attach(optimizer, PLANS[plan](), record=tmp_path / "run.jsonl")
    update(optimizer, 2)
    scheduler.report(loss=1.0)
    dead = [weakref.ref(each) for each in (model, model.weight, optimizer, scheduler)]
    if order == "model first":
        del model, optimizer, scheduler
    else:
        del scheduler
        assert dead[-1]() is not None
        del optimizer, model
    assert [each() for each in dead] == [None] * 4
    assert Trace.load(tmp_path / "run.jsonl").complete


@pytest.mark.usefixtures("_by_counting_alone")
def test_a_detached_scheduler_is_freed_while_its_optimizer_goes_on():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    dead = weakref.ref(scheduler)
    scheduler.detach()
    del scheduler
    assert dead() is None
    update(optimizer)


def test_a_result_that_nobody_keeps_still_works():
    optimizer = sgd()
    attach(optimizer, RAMP)
    gc.collect()
    assert rates(optimizer, 5) == values(RAMP, 5)


def test_a_scheduler_whose_optimizer_is_gone_says_so():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    del optimizer
    gc.collect()
    with pytest.raises(PassoError) as caught:
        scheduler.get_last_lr()
    assert str(caught.value) == (
        "the optimizer of this scheduler is gone; keep a reference to the optimizer"
    )


# -- copies of the optimizer


@pytest.mark.parametrize(
    "make", [sgd, adam, lambda: tensorize(adam())], ids=["sgd", "adam", "Tensors"]
)
@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
def test_a_copy_of_the_optimizer_is_driven_by_nobody(make, how):
    optimizer = make()
    scheduler = attach(optimizer, RAMP)
    update(optimizer, 3)
    twin = copy.deepcopy(optimizer) if how == "deepcopy" else pickle.loads(pickle.dumps(optimizer))
    assert float(twin.param_groups[0]["lr"]) == pytest.approx(RAMP(3))
    update(twin, 5)
    assert scheduler.clock == 3
    assert float(twin.param_groups[0]["lr"]) == pytest.approx(RAMP(3))
    assert rates(optimizer, 3) == pytest.approx([RAMP(t) for t in (3, 4, 5)])


@pytest.mark.parametrize("carry", [False, True])
def test_the_optimizers_state_is_what_it_is_without_us_but_for_what_it_carries(carry):
    ours, plain = adam(lr=0.5), adam(lr=0.5)
    attach(ours, {"lr": 0.5, "momentum": 0.9}, carry=carry)
    for optimizer in (ours, plain):
        update(optimizer, 3)
    saved, expected = BytesIO(), BytesIO()
    state = ours.state_dict()
    assert (state["param_groups"][0].pop("passo", None) is not None) == carry
    torch.save(state, saved)
    torch.save(plain.state_dict(), expected)
    assert saved.getvalue() == expected.getvalue()


def test_torchs_own_scheduler_may_wrap_the_same_optimizer():
    optimizer = sgd(momentum=0.9)
    attach(optimizer, {"momentum": RAMP})
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    found = []
    for _ in range(4):
        found.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        update(optimizer)
        theirs.step()
    assert found == [(1.0, RAMP(0)), (1.0, RAMP(1)), (0.5, RAMP(2)), (0.5, RAMP(3))]


# -- copies of the scheduler


def test_a_deepcopy_of_a_scheduler_drives_a_copy_of_the_optimizer():
    optimizer = sgd()
    scheduler = attach(optimizer, base * RAMP)
    update(optimizer, 3)
    twin = copy.deepcopy(scheduler)
    other = twin.optimizer
    assert other is not optimizer
    assert (twin.clock, twin.values()) == (3, scheduler.values())
    update(other, 4)
    assert (scheduler.clock, twin.clock) == (3, 7)
    assert optimizer.param_groups[0]["lr"] == RAMP(3)
    update(optimizer)
    assert (scheduler.clock, twin.clock) == (4, 7)


@pytest.mark.parametrize("turned", [False, True])
def test_in_one_container_the_copies_belong_together(turned):
    optimizer = sgd()
    scheduler = attach(optimizer, base * RAMP)
    update(optimizer, 3)
    box = [scheduler, optimizer] if turned else [optimizer, scheduler]
    copies = copy.deepcopy(box)
    one, two = reversed(copies) if turned else copies
    assert two.optimizer is one
    update(one, 2)
    assert (scheduler.clock, two.clock) == (3, 5)
    assert rates(optimizer, 1) == [RAMP(3)]


def test_a_copy_of_a_recording_scheduler_leaves_the_trace_alone(tmp_path):
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP, record=tmp_path / "run.jsonl")
    update(optimizer, 3)
    twin = copy.deepcopy(scheduler)
    update(twin.optimizer, 4)
    update(optimizer)
    scheduler.detach()
    assert Trace.load(tmp_path / "run.jsonl").used() == ([0, 1, 2, 3], values(RAMP, 4))


def test_a_copy_does_not_warn_again_of_what_attach_warned_of():
    optimizer = tensorize(adam(weight_decay=0.1))
    with pytest.warns(PassoWarning, match="a compiled step would compile again"):
        scheduler = attach(optimizer, {"weight_decay": RAMP}, Run(steps(100)))
    assert copy.deepcopy(scheduler).values() == scheduler.values()


def test_a_copy_remembers_what_plateaus_saw():
    optimizer = sgd()
    scheduler = attach(optimizer, base * Plateau("loss", patience=1, factor=0.5))
    for _ in range(2):
        scheduler.report(loss=1.0)
    twin = copy.deepcopy(scheduler)
    twin.report(loss=1.0)
    assert (scheduler.get_last_lr(), twin.get_last_lr()) == ([1.0], [0.5])


def test_a_scheduler_is_pickled_as_its_state():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    update(optimizer, 3)
    saved = BytesIO()
    torch.save({"scheduler": scheduler}, saved)
    saved.seek(0)
    for state in (
        pickle.loads(pickle.dumps(scheduler)),
        torch.load(saved, weights_only=True)["scheduler"],
    ):
        assert state == scheduler.state_dict()
        other = sgd()
        again = attach(other, RAMP)
        again.load_state_dict(state)
        assert (again.clock, again.get_last_lr()) == (3, scheduler.get_last_lr())


def test_a_shallow_copy_of_a_scheduler_is_refused():
    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    with pytest.raises(PassoError) as caught:
        copy.copy(scheduler)
    assert str(caught.value) == (
        "a shallow copy of a Scheduler would drive the same optimizer; write "
        "copy.deepcopy((optimizer, scheduler)) for both"
    )
    assert scheduler.optimizer is optimizer


def test_a_scheduler_is_one_of_torch_and_of_distributed_checkpoint():
    from torch.distributed.checkpoint.stateful import Stateful

    optimizer = sgd()
    scheduler = attach(optimizer, RAMP)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    assert isinstance(scheduler, Stateful)
    assert scheduler.optimizer is optimizer
    assert "initial_lr" not in optimizer.param_groups[0]
    assert not hasattr(optimizer.step, "_wrapped_by_lr_sched")


# -- a kill


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_killed_run_leaves_a_readable_trace(tmp_path):
    path = tmp_path / "run.jsonl"
    code = """
import sys
from passo import Linear, attach, steps
from tests.optim.tools import sgd, update

optimizer = sgd()
scheduler = attach(optimizer, Linear(0.0, 1.0, steps(10**6)), record=sys.argv[1])
while True:
    update(optimizer, 100)
    scheduler.report(loss=1.0)
"""
    with begun("-c", code, str(path), cwd=ROOT):  # killed with the block
        end = time.monotonic() + 60
        while time.monotonic() < end and (not path.exists() or path.stat().st_size < 20_000):
            time.sleep(0.02)
    trace = Trace.load(path)
    assert not trace.complete
    assert trace.updates >= 100
    schedule = Linear(0.0, 1.0, steps(10**6))
    assert trace.used() == (list(range(trace.updates)), values(schedule, trace.updates))
    assert trace.series("loss")[0] == list(range(100, trace.updates + 1, 100))


def test_a_group_that_came_back_and_went_again_keeps_nothing_alive():
    head = weight()
    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [head]}], lr=1.0)
    scheduler = attach(optimizer, RAMP, Run(steps(10)))
    dead = weakref.ref(head)
    away = optimizer.param_groups.pop()
    update(optimizer)
    for groups in ([*optimizer.param_groups, away], optimizer.param_groups):
        optimizer.param_groups = groups
        scheduler.get_last_lr()
    del away, groups, head
    gc.collect()
    assert dead() is None


def test_a_group_of_a_model_that_was_freed_keeps_nothing_alive():
    head = weight()
    optimizer = torch.optim.SGD([{"params": [weight()]}, {"params": [head]}], lr=1.0)
    attach(optimizer, RAMP, Run(steps(10)))
    dead = weakref.ref(head)
    del optimizer.param_groups[1], head
    update(optimizer)
    gc.collect()
    assert dead() is None
