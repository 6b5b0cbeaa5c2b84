"""like.megatron beside OptimizerParamScheduler of megatron.core, and weight decay too."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from passo import Run, attach, like, samples
from tests.catalogue import settings
from tests.peers.bare import bare, stub
from tests.peers.beside import agree

with bare("megatron", "megatron.core"):
    stub("megatron.core.utils", log_single_rank=lambda *_: None)
    OptimizerParamScheduler = import_module(
        "megatron.core.optimizer_param_scheduler"
    ).OptimizerParamScheduler

UPDATES = 130
USUAL = {
    "init_lr": 0.0,
    "max_lr": 0.3,
    "min_lr": 0.0,
    "lr_warmup_steps": 0,
    "start_wd": 0.0,
    "end_wd": 0.0,
    "wd_incr_steps": 100,
    "wd_incr_style": "constant",
}
SETTINGS = settings.of("megatron")


def their_values(given, updates=UPDATES, increment=1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = OptimizerParamScheduler(optimizer, **{**USUAL, **given})
    group, found = optimizer.param_groups[0], []
    for _ in range(updates):
        found.append((group["lr"], group["weight_decay"]))
        scheduler.step(increment)
    return [lr for lr, _ in found], [decay for _, decay in found]


@pytest.mark.parametrize(
    ("style", "given"),
    [
        pytest.param(style, given, id=f"{style}-{k}")
        for style, rows in SETTINGS.items()
        for k, given in enumerate(rows)
    ],
)
def test_values_are_those_of_megatron(style, given):
    rates, _ = their_values({**given, "lr_decay_style": style})
    agree(like.megatron(lr_decay_style=style, **given), rates)
    named = {
        "lr_decay_steps": "lr_decay_iters",
        "lr_warmup_steps": "lr_warmup_iters",
        "wsd_decay_steps": "lr_wsd_decay_iters",
        "init_lr": "lr_warmup_init",
        "max_lr": "lr",
    }
    of_command_line = {named.get(key, key): value for key, value in given.items()}
    agree(like.megatron(lr_decay_style=style, **of_command_line), rates)


DECAYS = [
    {"wd_incr_style": style, "start_wd": start, "end_wd": end, "wd_incr_steps": over}
    for style in ("linear", "cosine")
    for start, end, over in (
        (0.0, 0.1, 100),
        (0.01, 0.1, 50),
        (0.05, 0.05, 100),
        (0.1, 0.4, 1),
        (0.033, 0.044, 129),
    )
] + [
    {"wd_incr_style": "constant", "start_wd": each, "end_wd": each, "wd_incr_steps": 60}
    for each in (0.0, 0.1, 0.01, 1.0, 0.033)
]


@pytest.mark.parametrize("given", DECAYS, ids=str)
def test_the_weight_decay_is_that_of_megatron(given):
    rate = {**SETTINGS["cosine"][1], "lr_decay_style": "cosine"}
    rates, decays = their_values({**rate, **given})
    plan = like.megatron(**rate, **given)
    agree(plan["lr"], rates)
    agree(plan["weight_decay"], decays)


@pytest.mark.parametrize("warmup", [0, 160, 800])
@pytest.mark.parametrize("style", list(SETTINGS))
def test_samples_are_counted_as_megatron_counts_them(style, warmup):
    given = {"lr_decay_style": style, "min_lr": 0.02}
    theirs = {"lr_decay_steps": 1600, "lr_warmup_steps": warmup, "wsd_decay_steps": 400}
    ours = {"lr_decay_samples": 1600, "lr_warmup_samples": warmup, "lr_wsd_decay_samples": 400}
    wsd = {"lr_wsd_decay_style": "linear"}
    rates, _ = their_values({**given, **theirs, **wsd}, increment=16)
    plan = like.megatron(lr=0.3, **given, **ours, **wsd)
    run = Run(samples(1600), samples_per_step=16, axis="sample")
    placed = plan.on(run)
    agree(lambda t: placed(16 * t), rates)


def test_a_warm_up_as_a_share_is_of_the_decay():
    rates, _ = their_values(
        {"lr_decay_style": "linear", "lr_decay_steps": 100, "lr_warmup_steps": 0.03 * 100}
    )
    ours = like.megatron(
        lr=0.3, lr_decay_style="linear", lr_decay_iters=100, lr_warmup_fraction=0.03
    )
    agree(ours, rates)


def test_loading_a_used_scheduler_adds_its_steps_where_a_clock_is_set():
    """Theirs goes to 6 of two loads at 3; ours is a function of the clock, which is loaded."""
    given = {**USUAL, "lr_decay_style": "linear", "lr_decay_steps": 100}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = OptimizerParamScheduler(optimizer, **given)
    scheduler.step(3)
    scheduler.load_state_dict(scheduler.state_dict())
    assert scheduler.num_steps == 6
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.3 * 0.94)

    ours = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    plan = like.megatron(lr=0.3, lr_decay_style="linear", lr_decay_steps=100)
    attached = attach(ours, plan, Run.of(100, epochs=1), clock="calls")
    for _ in range(3):
        attached.step()
    attached.load_state_dict(attached.state_dict())
    assert attached.get_last_lr() == [pytest.approx(0.3 * 0.97)]
