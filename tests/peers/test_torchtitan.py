"""like.torchtitan beside torchtitan's own container: its file alone, without what it stands in."""

from __future__ import annotations

import logging
from importlib import import_module

import pytest
import torch

from passo import like
from tests.peers.alone import bare, stub
from tests.peers.beside import agree

bare("torchtitan", "torchtitan.components", "torchtitan.components.optimizer", "torchtitan.tools")
stub("torchtitan.config", Configurable=type("Configurable", (), {"Config": object}))
stub("torchtitan.tools.logging", logger=logging.getLogger("torchtitan"))
stub("torchtitan.components.optimizer.optimizer", OptimizersContainer=list)
Container = import_module("torchtitan.components.optimizer.lr_scheduler").LRSchedulersContainer

RATE = 0.3
SETTINGS = [
    {"training_steps": steps, "warmup_steps": warmup, "decay_type": shape, **more}
    for shape in ("linear", "sqrt", "cosine")
    for steps, warmup, more in (
        (100, 10, {}),
        (100, 0, {"decay_ratio": 0.2}),
        (73, 1, {"decay_ratio": 0.355, "min_lr_factor": 0.1}),
        (50, 20, {"decay_ratio": 0.9, "min_lr_factor": 0.01}),
        (1000, 10, {"total_steps": 60, "min_lr_factor": 1.0}),
        (41, 40, {}),
    )
]


def their_values(given, updates):
    fields = {key: value for key, value in given.items() if key != "training_steps"}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    built = Container.Config(**fields).build(
        optimizers=[optimizer], training_steps=given["training_steps"]
    )
    for _ in range(updates):
        yield optimizer.param_groups[0]["lr"]
        optimizer.step()
        built.step()


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_values_are_those_of_torchtitan_past_the_end_too(given):
    total = given.get("total_steps", given["training_steps"])
    theirs = list(their_values(given, total + 60))
    agree(like.torchtitan(**given).with_base(RATE), theirs)
    held = like.torchtitan(**given, past="hold").with_base(RATE)
    agree(held, [*theirs[: total + 1], *[theirs[total]] * 59])


def test_where_theirs_raises_ours_holds():
    given = {"training_steps": 20, "warmup_steps": 30}
    theirs = their_values(given, 40)
    ours = like.torchtitan(**given).with_base(RATE)
    agree(ours, [next(theirs) for _ in range(21)])
    with pytest.raises(AssertionError, match="decay_steps must not be zero"):
        next(theirs)
    assert ours(35) == RATE
