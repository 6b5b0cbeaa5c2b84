"""What torch.distributed does to optimizers is seen through."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch.distributed.checkpoint import state_dict as checkpoint

from passo import Linear, Run, attach, steps
from tests.optim.tools import graded, on_ranks, rates, update, values

WARM = Linear(0.0, 1.0, steps(10))  # update 0 uses 0.0, as the step of checkpoint's own does
MAKERS = {
    "AdamW": torch.optim.AdamW,
    "AdamW with a Tensor lr": lambda p, lr: torch.optim.AdamW(p, lr=torch.tensor(lr)),
    "AdamW, fused": lambda p, lr: torch.optim.AdamW(p, lr=lr, fused=True),
    "SGD": torch.optim.SGD,
    "SGD with momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "two groups": lambda p, lr: torch.optim.SGD([{"params": [p_]} for p_ in p], lr=lr),
}


def built(name):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    return model, MAKERS[name](list(model.parameters()), lr=1.0)


def checkpointed(model, optimizer, clock):
    """Save and load as torch.distributed.checkpoint does it, which calls step() by itself."""
    optimizer.zero_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        saved = checkpoint.get_optimizer_state_dict(model, optimizer)
        checkpoint.set_optimizer_state_dict(model, optimizer, saved)
    assert clock.clock == clock.last_epoch


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("every", [1, 3])
def test_checkpoints_own_steps_are_not_counted(name, every):
    model, optimizer = built(name)
    scheduler = attach(optimizer, WARM)
    found = []
    for t in range(8):
        if t % every == 0:
            checkpointed(model, optimizer, scheduler)
        assert scheduler.clock == t
        found += rates(optimizer, 1)
    assert found == pytest.approx(values(WARM, 8), rel=1e-7)
    assert scheduler.clock == 8


@pytest.mark.parametrize("name", MAKERS)
def test_checkpoints_steps_are_not_counted_where_the_plan_has_no_lr(name):
    model, optimizer = built(name)
    scheduler = attach(optimizer, {"weight_decay": Linear(0.0, 0.1, steps(10)).staircase(steps(2))})
    checkpointed(model, optimizer, scheduler)
    assert scheduler.clock == 0
    update(optimizer, 3)
    checkpointed(model, optimizer, scheduler)
    assert scheduler.clock == 3


def test_updates_at_rate_zero_are_counted_all_the_same():
    _, optimizer = built("AdamW")
    scheduler = attach(optimizer, Linear(0.0, 0.0, steps(10)))
    update(optimizer, 2)
    graded(optimizer, 0.0)
    optimizer.step()
    assert scheduler.clock == 3


def test_the_last_checkpoint_of_a_strict_run_is_saved():
    model, optimizer = built("SGD")
    scheduler = attach(optimizer, Linear(1.0, 0.0), Run(steps(3)), strict=True)
    update(optimizer, 3)
    checkpointed(model, optimizer, scheduler)
    assert scheduler.clock == 3


ZERO = """
from torch.distributed.optim import ZeroRedundancyOptimizer
from passo import Linear, attach, steps
from tests.optim.tools import update

weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(4)]
optimizer = ZeroRedundancyOptimizer(weights[:2], torch.optim.SGD, lr=1.0)
optimizer.add_param_group({"params": weights[2:]})
scheduler = attach(optimizer, Linear(0.0, 1.0, steps(8)))
for _ in range(6):
    before = [each[0].item() for each in weights]
    update(optimizer)
    print([was - each[0].item() for was, each in zip(before, weights)])
print(scheduler.clock, [group["lr"] for group in optimizer.param_groups])
"""


@pytest.mark.parametrize("size", [1, 2])
def test_a_zero_redundancy_optimizer_is_counted_once_and_its_shards_follow(size):
    for lines in on_ranks({"zero": ZERO}, size)["zero"]:
        *moved, end = [line for line in lines if line[0] in "[6"]
        assert moved == [str([t / 8] * 4) for t in range(6)]
        assert end == "6 [0.75, 0.75]"
