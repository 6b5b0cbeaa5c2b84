"""like.deepspeed beside DeepSpeed's own schedulers: their file alone."""

from __future__ import annotations

import logging
from importlib import import_module

import pytest
import torch

from passo import like
from tests.catalogue import settings
from tests.peers.bare import bare, stub
from tests.peers.beside import agree, calls

with bare("deepspeed", "deepspeed.runtime"):
    quiet = logging.getLogger("deepspeed-alone")
    quiet.setLevel(logging.ERROR)
    stub("deepspeed.utils", logger=quiet)
    lr_schedules = import_module("deepspeed.runtime.lr_schedules")

RATE, UPDATES = 0.3, 150


def their_values(name, given, updates=UPDATES):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], lr=RATE)
    scheduler = getattr(lr_schedules, name)(optimizer, **given)
    group, rates, momenta = optimizer.param_groups[0], [], []
    for _ in range(updates):
        rates.append(float(group["lr"]))
        momenta.append(group["betas"])
        scheduler.step()
    return rates, momenta


@pytest.mark.parametrize(("name", "given"), calls(settings.of("deepspeed")))
def test_values_are_those_of_deepspeed(name, given):
    rates, momenta = their_values(name, given)
    plan = like.deepspeed({"type": name, "params": given})
    if name != "OneCycle":
        agree(plan.with_base(RATE), rates)
        return
    agree(plan["lr"], rates)
    agree(plan["momentum"], [first for first, _ in momenta])
    assert {second for _, second in momenta} == {0.99}  # of 0.999: told by a remark
    alone = like.deepspeed({"type": name, "params": {**given, "cycle_momentum": False}})
    assert alone == plan["lr"]


def test_with_a_linear_warm_up_the_peak_of_a_cosine_is_never_used():
    given = {"total_num_steps": 10, "warmup_num_steps": 4, "warmup_type": "linear"}
    rates, _ = their_values("WarmupCosineLR", given, 13)
    assert max(rates) < 0.94 * RATE
    right = like.optax(
        "warmup_cosine_decay_schedule",
        init_value=0.0,
        peak_value=RATE,
        warmup_steps=4,
        decay_steps=10,
    )
    assert max(map(right, range(13))) == RATE


def test_loading_a_state_leaves_the_rate_where_ours_has_the_one_of_the_clock():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    given = {"warmup_num_steps": 4, "warmup_max_lr": RATE, "warmup_type": "linear"}
    scheduler = lr_schedules.WarmupLR(optimizer, **given)
    scheduler.load_state_dict({"last_batch_iteration": 3})
    assert scheduler.get_last_lr() == [0.0]
    assert optimizer.param_groups[0]["lr"] == 0.0
    assert like.deepspeed({"type": "WarmupLR", "params": given})(4) == pytest.approx(0.75 * RATE)
