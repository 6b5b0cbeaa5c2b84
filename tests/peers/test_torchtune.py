"""like.torchtune beside torchtune's own function: its file alone, without what it stands in."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from passo import like
from tests.catalogue import settings
from tests.peers.bare import bare, stub
from tests.peers.beside import agree, calls

with bare("torchtune", "torchtune.training"):
    stub("torchtune.training.memory", OptimizerInBackwardWrapper=object)
    theirs = import_module("torchtune.training.lr_schedulers")

RATE = 0.3


@pytest.mark.parametrize(("name", "given"), calls(settings.of("torchtune")))
def test_values_are_those_of_torchtune_past_the_end_too(name, given):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler, values = getattr(theirs, name)(optimizer, **given), []
    for _ in range(160):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    agree(like.torchtune(name, **given).with_base(RATE), values)
