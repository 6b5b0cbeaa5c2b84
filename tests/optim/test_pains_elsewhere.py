"""Pains that need more than a process: compiled steps, and ranks."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import _dynamo
from torch._dynamo.utils import counters
from torch.optim import lr_scheduler

import passo
from passo import Run, steps
from passo.optim import attach, tensorize
from tests.optim.pains import both
from tests.optim.tools import graded, on_ranks, weight

TRAINING = """
from torch.nn.parallel import DistributedDataParallel
from passo import Plateau, base
from passo.optim import attach
torch.manual_seed(0)
net = DistributedDataParallel(torch.nn.Linear(1, 1, bias=False))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
if LIBRARY == "torch":
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.1)
else:
    scheduler = attach(optimizer, base * Plateau("loss", patience=1, factor=0.1))
for epoch in range(5):
    optimizer.zero_grad()
    net(torch.ones(1, 1)).sum().backward()
    optimizer.step()
    loss = 1.0 if rank == 0 else 1.0 - 0.1 * epoch
    plateau.step(loss) if LIBRARY == "torch" else scheduler.report(loss=loss)
print(optimizer.param_groups[0]["lr"], net.module.weight.item())
"""


@cache
def trained_on_two_ranks():
    """What each rank ends with, by library: DDP, and a metric that only one of them improves."""
    stories = {name: TRAINING.replace("LIBRARY", repr(name)) for name in ("torch", "passo")}
    return on_ranks(stories, 2)


@both()
def test_pain_24_all_ranks_have_one_rate_and_one_set_of_weights(library):
    """Pain 24, huggingface/accelerate#3797: a metric that is not reduced parts the replicas."""
    one, other = trained_on_two_ranks()[library]
    assert one == other


@both()
@pytest.mark.filterwarnings("ignore")  # of torch, about itself
def test_pain_25_a_compiled_step_is_compiled_once_while_lr_and_beta1_move(library):
    """Pain 25, pytorch/pytorch#133898: each new beta1 compiles again, until dynamo gives up."""
    _dynamo.reset()
    counters.clear()
    optimizer = torch.optim.AdamW([weight(3)], lr=torch.tensor(1e-3))
    if library == "torch":
        scheduler = lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=99)
    else:
        plan = {"lr": passo.one_cycle(), "momentum": passo.one_cycle_momentum()}
        scheduler = attach(tensorize(optimizer), plan, Run(steps(99)))
    step = torch.compile(optimizer.step, backend="aot_eager")
    for _ in range(20):
        graded(optimizer)
        step()
        scheduler.step()
    graphs = counters["stats"]["unique_graphs"]
    _dynamo.reset()
    assert optimizer.param_groups[0]["betas"][0] != 0.95
    assert graphs == 1
