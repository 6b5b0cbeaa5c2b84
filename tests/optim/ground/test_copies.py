"""Groups that are made anew at each look: those that write through are left as they were."""

from __future__ import annotations

from collections import UserDict

import pytest
import torch

from passo import Linear, PassoError, Run, attach, base, steps
from passo.optim.ground.copies import refuse_copies
from tests.optim.tools import sgd


class Through(UserDict):
    """A dict of its own that writes to the group behind it as well."""

    def __init__(self, group):
        self.behind = None
        super().__init__(group)
        self.behind = group

    def __setitem__(self, key, slot):
        super().__setitem__(key, slot)
        if self.behind is not None:
            self.behind[key] = slot


class View:
    def __init__(self, optimizer):
        self.optimizer = optimizer

    @property
    def param_groups(self):
        return [Through(group) for group in self.optimizer.param_groups]

    def step(self):
        self.optimizer.step()


@pytest.mark.parametrize("rate", [0.1, 1, 0.0])
def test_a_view_that_writes_through_holds_what_it_held(rate):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=rate, momentum=0.9)
    before = dict(optimizer.param_groups[0])
    refuse_copies(View(optimizer))
    assert optimizer.param_groups[0] == before
    assert type(optimizer.param_groups[0]["lr"]) is type(rate)


def test_a_plan_on_a_view_begins_with_the_base_that_is_behind_it():
    optimizer = sgd(0.1)
    scheduler = attach(View(optimizer), base * Linear(1, 0), Run(steps(4)), clock="calls")
    assert optimizer.param_groups[0]["lr"] == 0.1
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.075)


def test_copies_without_a_rate_are_told_by_another_number():
    class Copies:
        @property
        def param_groups(self):
            return [{"params": [], "name": "head", "nesterov": True, "momentum": 0.9}]

    with pytest.raises(PassoError) as caught:
        refuse_copies(Copies())
    assert str(caught.value) == (
        "Copies makes its param groups anew at each look, so that nothing which is written there "
        'reaches it: momentum of group 0 stays 0.9; write attach(view, ..., clock="calls") with '
        "an object whose param_groups are the dicts that its step() reads, and call "
        "scheduler.step() after each update"
    )
