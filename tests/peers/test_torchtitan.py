"""like.torchtitan beside torchtitan's own container: its file alone, without what it stands in."""

from __future__ import annotations

import logging
from importlib import import_module

import pytest
import torch

from passo import like
from tests.catalogue import settings
from tests.peers.bare import bare, stub
from tests.peers.beside import agree

with bare(
    "torchtitan", "torchtitan.components", "torchtitan.components.optimizer", "torchtitan.tools"
):
    stub("torchtitan.config", Configurable=type("Configurable", (), {"Config": object}))
    stub("torchtitan.tools.logging", logger=logging.getLogger("torchtitan"))
    stub("torchtitan.components.optimizer.optimizer", OptimizersContainer=list)
    Container = import_module("torchtitan.components.optimizer.lr_scheduler").LRSchedulersContainer

RATE = 0.3


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


@pytest.mark.parametrize("given", settings.of("torchtitan")["LRSchedulersContainer"], ids=str)
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
