"""Every kind of optimizer counts its updates once: torch's classes, subclasses, several at once."""

from __future__ import annotations

import pytest
import torch

from passo import Linear, attach, steps
from tests.optim.tools import adam, rates, sgd, update, values, weight

RAMP = Linear(0.0, 1.0, steps(100))
KINDS = [
    name
    for name, kind in vars(torch.optim).items()
    if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)
    if kind is not torch.optim.Optimizer
]


# -- subclasses that call super().step()


def subclass(parent, depth):
    """A class of its own, whose step calls its parent's, so many times over."""

    def step(self, closure=None):
        return super(kind, self).step(closure)

    kind = type(f"Mine{depth}", (parent,), {"step": step})
    return kind if depth == 1 else subclass(kind, depth - 1)


@pytest.mark.parametrize("parent", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("first", ["parent", "subclass", "both, the parent after attach"])
def test_a_subclass_that_calls_its_parents_step_is_counted_once(parent, depth, first):
    own = type("Parent", (parent,), {"step": parent.step})  # a class that no test has hooked yet
    if first == "parent":
        own([weight()], lr=1.0)
    optimizer = subclass(own, depth)([weight()], lr=1.0)
    scheduler = attach(optimizer, RAMP)
    if first.startswith("both"):
        own([weight()], lr=1.0)
    assert rates(optimizer, 5) == values(RAMP, 5)
    assert scheduler.clock == 5


def test_a_subclass_whose_closure_raised_goes_on_counting_right():
    torch.optim.SGD([weight()], lr=1.0)
    optimizer = subclass(torch.optim.SGD, 1)([weight()], lr=1.0)
    scheduler = attach(optimizer, RAMP)
    with pytest.raises(ZeroDivisionError):
        optimizer.step(lambda: 1 / 0)
    update(optimizer, 3)
    assert scheduler.clock == 3


# -- several optimizers, and every class


def test_optimizers_keep_their_own_pace():
    critic, artist = sgd(), adam()
    often, seldom = attach(critic, RAMP), attach(artist, Linear(1.0, 0.0, steps(10)))
    for batch in range(20):
        update(critic)
        if batch % 5 == 4:
            update(artist)
    assert (often.clock, seldom.clock) == (20, 4)
    assert often.get_last_lr() == [RAMP(20)]
    assert seldom.get_last_lr() == [Linear(1.0, 0.0, steps(10))(4)]


def build(name):
    kind = getattr(torch.optim, name)
    if name == "SparseAdam":
        layer = torch.nn.Embedding(4, 2, sparse=True)
        return kind(list(layer.parameters()), lr=0.1), lambda: layer(torch.tensor([1])).sum()
    parameter = torch.nn.Parameter(torch.ones(2, 2))
    return kind([parameter], lr=0.1), lambda: parameter.square().sum()


def test_the_classes_of_torch_are_found():
    assert len(KINDS) >= 14


@pytest.mark.parametrize("name", KINDS)
def test_every_optimizer_of_torch_counts_and_is_driven(name):
    optimizer, loss = build(name)
    schedule = Linear(0.1, 0.2, steps(10))
    scheduler = attach(optimizer, schedule)
    found = []

    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    for _ in range(6):
        found.append(optimizer.param_groups[0]["lr"])
        closure()
        optimizer.step(closure if name == "LBFGS" else None)
    assert found == values(schedule, 6)
    assert scheduler.clock == 6
