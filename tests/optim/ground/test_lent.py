"""The hooks around the steps of a wrapper run once for each, whoever makes it."""

from __future__ import annotations

import torch

from passo.optim.ground.lent import around_steps
from passo.optim.ground.wrappers import lending
from tests.optim.tools import graded, weight
from tests.optim.wrapped import Sam


class Stepping(Sam):
    """One whose own step makes that of what it holds."""

    def step(self, closure=None):
        return self.base_optimizer.step(closure)


def test_a_step_within_the_wrappers_own_is_no_step_of_its_own():
    optimizer = Stepping([weight()], torch.optim.SGD, lr=0.1)
    seen = []
    hooks = around_steps(
        optimizer,
        lending(optimizer),
        lambda one, *_: seen.append(("before", one)),
        lambda one, *_: seen.append(("after", one)),
    )
    for where, register, hook in hooks:
        getattr(where, register)(hook)
    graded(optimizer)
    optimizer.step()
    assert seen == [("before", optimizer), ("after", optimizer)]
    optimizer.base_optimizer.step()
    assert seen[2:] == seen[:2]
