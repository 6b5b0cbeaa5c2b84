"""Pains of what is written, where, and what is told about it."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

import passo
from passo import Constant, Cosine, Linear, Plateau, Run, base, by_group, rest, steps
from passo.optim import attach
from tests.optim.pains import both, loop, watched
from tests.optim.tools import adam, graded, sgd, update, weight

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")


@both(ValueError, KeyError)
@pytest.mark.parametrize("plan", ["a function", "a ramp", "one cycle"])
def test_pain_10_a_group_that_is_added_later_follows_the_plan(library, plan):
    """Pain 10, pytorch/pytorch#79888: it crashes, or overshoots, or is left out."""
    optimizer = sgd(momentum=0.9)
    shape = {"a function": Linear(1.0, 0.0, steps(20)), "a ramp": Linear(0.1, 1.0, steps(10))}.get(
        plan, passo.one_cycle(peak=1.0).on(Run(steps(20)))
    )
    if library == "passo":
        scheduler = attach(optimizer, base * shape)
    else:
        scheduler = {
            "a function": lambda: lr_scheduler.LambdaLR(optimizer, shape),
            "a ramp": lambda: lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 10),
            "one cycle": lambda: lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=20),
        }[plan]()
    loop(optimizer, scheduler, 3)
    optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    used = []
    optimizer.register_step_pre_hook(lambda o, *_: used.append([g["lr"] for g in o.param_groups]))
    loop(optimizer, scheduler, 8)
    wanted = [pytest.approx([shape(t), 0.5 * shape(t)]) for t in range(3, 11)]
    assert used == wanted


@both(TypeError, ValueError)
def test_pain_11_every_number_that_moves_has_one_tool(library):
    """Pain 11, pytorch/pytorch#22343: only the lr can be scheduled."""
    optimizer = torch.optim.AdamW([weight()], lr=1.0, weight_decay=0.1)
    plan = {
        "lr": Linear(1.0, 0.0, steps(10)),
        "weight_decay": Cosine(0.1, 0.2, steps(10)),
        "betas[0]": Linear(0.9, 0.8, steps(10)),
    }
    if library == "torch":
        scheduler = lr_scheduler.LambdaLR(optimizer, plan)
    else:
        scheduler = attach(optimizer, plan)
    for t in range(10):
        group = optimizer.param_groups[0]
        assert group["lr"] == plan["lr"](t)
        assert group["weight_decay"] == plan["weight_decay"](t)
        assert group["betas"] == (plan["betas[0]"](t), 0.999)
        loop(optimizer, scheduler, 1)


@both()
def test_pain_13_layerwise_decay_is_exact_at_every_update(library):
    """Pain 13, pytorch/pytorch#67761: one floor for groups whose rates differ."""
    rates = [0.8**depth for depth in range(12)]
    optimizer = torch.optim.SGD([{"params": [weight()], "lr": lr} for lr in rates], lr=1.0)
    if library == "torch":
        warm = lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 5)
        cosine = lr_scheduler.CosineAnnealingLR(optimizer, 20, eta_min=0.01)
        scheduler = lr_scheduler.SequentialLR(optimizer, [warm, cosine], [5])
    else:
        warm = Linear(0.1, 1.0, steps(5))
        scheduler = attach(optimizer, base * warm.then(Cosine(1.0, 0.01, steps(20))))
    for _ in range(30):
        held = [group["lr"] for group in optimizer.param_groups]
        ratios = [held[k + 1] / held[k] for k in range(11)]
        assert ratios == pytest.approx([0.8] * 11, rel=1e-14)
        loop(optimizer, scheduler, 1)


@both(TypeError)
def test_pain_13_each_group_has_a_schedule_of_its_own(library):
    """Pain 13, pytorch/pytorch#63488: one scheduler drives all groups the same way."""
    groups = [{"params": [weight()], "name": name} for name in ("head", "backbone")]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    run = Run(steps(12))
    head, backbone = passo.one_cycle(), Constant(0.0, steps(5)).then(Constant(0.1 * base, rest))
    if library == "torch":
        scheduler = lr_scheduler.OneCycleLR(optimizer, {"head": 1.0, "backbone": 0.1}, 12)
    else:
        scheduler = attach(optimizer, by_group({"head": head, "backbone": backbone}), run)
    for t in range(12):
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates == [head.on(run).with_base(1.0)(t), 0.0 if t < 5 else 0.1]
        loop(optimizer, scheduler, 1)


def reductions(library, every):
    """The rates of a run whose losses get better at each validation, made each `every` epochs."""
    used = watched(optimizer := sgd())
    if library == "torch":
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
    else:
        scheduler = attach(optimizer, base * Plateau("val_loss", patience=1, factor=0.5))
    losses, told = iter([1.0, 0.9, 0.8, 0.7, 0.6]), 9.0
    for epoch in range(5 * every):
        update(optimizer)
        validated = epoch % every == every - 1
        if validated:
            told = next(losses)
        if library == "torch":
            scheduler.step(told)  # what a loop with an interval of one epoch does
        elif validated:
            scheduler.report(val_loss=told)
    return used


@both()
def test_pain_19_a_reduction_follows_validation_whenever_it_happens(library):
    """Pain 19, Lightning-AI/pytorch-lightning#10850: the loop repeats the last metric it has."""
    for every in (1, 3):
        assert reductions(library, every) == [1.0] * (5 * every)


@both()
def test_pain_28_an_lr_schedule_leaves_everything_else_alone(library):
    """Pain 28, pytorch/pytorch#73910: one-cycle rewrites the lr and beta1 when it is built."""
    optimizer = torch.optim.AdamW([weight()], lr=3e-4, betas=(0.9, 0.999))
    before = {key: each for key, each in optimizer.param_groups[0].items() if key != "params"}
    if library == "torch":
        scheduler = lr_scheduler.OneCycleLR(optimizer, 3e-4, total_steps=10)
    else:
        scheduler = attach(optimizer, passo.one_cycle(), Run(steps(10)))
    loop(optimizer, scheduler, 5)
    after = {key: each for key, each in optimizer.param_groups[0].items() if key != "params"}
    assert after | {"lr": 0.0} == before | {"lr": 0.0}


@both(pytest.fail.Exception)
def test_pain_28_a_value_that_the_optimizer_refuses_is_refused_at_once(library):
    """Pain 28, deepspeedai/DeepSpeed#8495: beta1 grows past 1, and Adam diverges."""
    optimizer = adam()
    build = {
        "torch": lambda: lr_scheduler.CyclicLR(optimizer, 0.1, 1.0, max_momentum=1.5),
        "passo": lambda: attach(optimizer, {"momentum": passo.cyclic_momentum(low=0.9, high=1.5)}),
    }[library]
    with pytest.raises(ValueError, match="must stay at least 0 and below 1"):
        build()
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)


@both()
def test_pain_30_what_is_logged_after_an_update_is_what_it_used(library):
    """Pain 30, pytorch/pytorch#22107: after step() every getter speaks of the next update."""
    optimizer = sgd()
    if library == "torch":
        scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3)
    else:
        scheduler = attach(optimizer, passo.warm_restarts(first=steps(3)))
    used, logged = watched(optimizer), []
    for _ in range(7):
        loop(optimizer, scheduler, 1)
        if library == "torch":
            logged.append(scheduler.get_last_lr()[0])
        else:
            logged.append(scheduler.last_used()["lr"][0])
    assert logged == used


class Wrapped:
    """What apex, DeepSpeed and others hand out: param groups and a step, no torch Optimizer."""

    def __init__(self, inner):
        self.param_groups, self.step = inner.param_groups, inner.step


@both(TypeError)
def test_pain_31_a_wrapped_optimizer_has_a_scheduler_that_every_trainer_takes(library):
    """Pain 31, pytorch/pytorch#21981: "is not an Optimizer", "is not an LRScheduler"."""
    optimizer = Wrapped(inner := sgd())
    if library == "torch":
        scheduler = lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 4)
    else:
        scheduler = attach(optimizer, Linear(base, 0.0, steps(4)), clock="calls")
    assert isinstance(scheduler, LRScheduler)
    used = watched(inner)
    for _ in range(4):
        graded(inner)
        optimizer.step()
        scheduler.step()
    assert used == [1.0, 0.75, 0.5, 0.25]


@both()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pain_38_a_tensor_rate_is_the_float64_value_cast_last(library, dtype):
    """Pain 38, pytorch/pytorch#163103: a float32 recursion drifts."""
    optimizer = adam(torch.tensor(1.0, dtype=dtype))
    if library == "torch":
        scheduler = lr_scheduler.LinearLR(optimizer, 1e-6, 1.0, 500)
    else:
        scheduler = attach(optimizer, base * Linear(1e-6, 1.0, steps(500)))
    exact = Linear(1e-6, 1.0, steps(500))
    for t in range(500):
        rate = optimizer.param_groups[0]["lr"]
        assert rate.dtype == dtype
        assert rate.item() == torch.tensor(exact(t), dtype=dtype).item()
        loop(optimizer, scheduler, 1)


@both()
def test_pain_38_a_logged_tensor_rate_does_not_change_later(library):
    """Pain 38, pytorch/pytorch#126854: Tensors that are filled in place, and handed out."""
    optimizer = adam(torch.tensor(1.0))
    if library == "torch":
        scheduler = lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 4)
        log = [optimizer.param_groups[0]["lr"]]
    else:
        scheduler = attach(optimizer, Linear(base, 0.0, steps(4)))
        log = scheduler.get_last_lr()
    loop(optimizer, scheduler, 2)
    log += scheduler.get_last_lr()
    loop(optimizer, scheduler, 1)
    assert [float(each) for each in log] == [1.0, 0.5]


class Trainer:
    """A model, an optimizer, and a schedule that depends on the trainer's own settings."""

    def __init__(self, library):
        self.warmup = 5
        self.model = torch.nn.Linear(2, 2)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1.0, momentum=0.9)
        if library == "torch":
            self.scheduler = lr_scheduler.LambdaLR(
                self.optimizer, lambda t: min(1.0, t / self.warmup)
            )
        else:
            self.scheduler = attach(
                self.optimizer, base * Linear(0.0, 1.0, steps(self.warmup)), Run(steps(10))
            )


@both()
def test_pain_44_what_is_deleted_is_freed_without_the_garbage_collector(library):
    """Pain 44, pytorch/pytorch#126131: a function that captures the trainer keeps the model."""
    gc.collect()
    gc.disable()
    try:
        trainer = Trainer(library)
        loop(trainer.optimizer, trainer.scheduler, 3)
        kept = [weakref.ref(each) for each in (trainer.model, trainer.optimizer)]
        kept.append(weakref.ref(trainer.scheduler))
        del trainer
        assert [each() for each in kept] == [None, None, None]
    finally:
        gc.enable()
