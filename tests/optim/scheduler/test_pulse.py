"""The quick way through a step does what the way with every look does, whatever happens."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passo import Cosine, Linear, Run, attach, base, steps
from passo.optim.scheduler.engine import Engine
from passo.optim.scheduler.pulse import Pulse
from tests.optim.tools import graded, weight

PLAN = {"lr": Linear(0, base, steps(3)).then(Cosine(base, 0)), "weight_decay": 2 * base}
RUN = Run(steps(1000))


def no_gradient(optimizer):
    optimizer.zero_grad()
    optimizer.step()


def by_closure(optimizer):
    def closure():
        graded(optimizer)
        return torch.zeros(1)

    optimizer.zero_grad()
    optimizer.step(closure)


def closure_without_gradient(optimizer):
    graded(optimizer)
    optimizer.step(optimizer.zero_grad)


def update(optimizer):
    graded(optimizer)
    optimizer.step()


def fills_state(optimizer):
    """As distributed checkpoint does it."""
    held = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    graded(optimizer, 0.0)
    optimizer.step()
    for group, lr in zip(optimizer.param_groups, held, strict=True):
        group["lr"] = lr


def skipped_inside(optimizer):
    """As GradScaler lets a fused optimizer skip."""
    graded(optimizer)
    if optimizer.param_groups[0]["fused"]:
        optimizer.grad_scale, optimizer.found_inf = torch.ones(1), torch.ones(1)
        optimizer.step()
        del optimizer.grad_scale, optimizer.found_inf


def fails_inside(optimizer):
    def raises():
        msg = "no batch"
        raise RuntimeError(msg)

    graded(optimizer)
    with pytest.raises(RuntimeError, match="no batch"):
        optimizer.step(raises)


def edited(optimizer):
    optimizer.param_groups[0]["lr"] = 0.7
    update(optimizer)


def later_group(optimizer):
    optimizer.add_param_group({"params": [weight()], "lr": 0.5, "weight_decay": 0.1})
    update(optimizer)


def without_first_group(optimizer):
    if len(optimizer.param_groups) > 1:
        del optimizer.param_groups[0]
    update(optimizer)


def loaded(optimizer):
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    update(optimizer)


ACTIONS = [
    update,
    no_gradient,
    by_closure,
    closure_without_gradient,
    fills_state,
    skipped_inside,
    fails_inside,
    edited,
    later_group,
    without_first_group,
    loaded,
]


def story(actions, optimizer, **settings):
    """The clock and every field after each action."""
    scheduler = attach(optimizer, PLAN, RUN, **settings)
    seen = []
    for action in actions:
        action(optimizer)
        fields = [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups]
        seen.append((scheduler.clock, scheduler.last_used(), scheduler.values(), fields))
    scheduler.conclude = lambda _because: None
    scheduler.detach()
    return seen


@pytest.mark.filterwarnings("ignore:another hand writes:passo.PassoWarning")
@given(
    actions=st.lists(st.sampled_from(ACTIONS), max_size=12).map(lambda some: [update, *some]),
    fused=st.booleans(),
)
def test_the_quick_way_is_the_way_with_every_look(actions, fused):
    optimizers = []
    for _ in range(2):
        lr = 0.1 if fused else torch.tensor(0.1)
        optimizers.append(torch.optim.SGD([weight()], lr=lr, weight_decay=0.01, fused=fused))
    quick = story(actions, optimizers[0])
    assert quick == story(actions, optimizers[1], watch="ranks")


def test_the_usual_step_is_not_looked_at_in_full(monkeypatch):
    optimizer = torch.optim.SGD([weight()], lr=0.1, weight_decay=0.01)
    scheduler = attach(optimizer, PLAN, RUN)
    update(optimizer)
    monkeypatch.setattr(Pulse, "_look", None)
    monkeypatch.setattr(Engine, "tick", None)
    update(optimizer)
    assert scheduler.clock == 2


def test_a_group_that_lost_its_parameters_is_no_error():
    optimizer = torch.optim.SGD([weight()], lr=0.1, weight_decay=0.01)
    scheduler = attach(optimizer, PLAN, RUN)
    update(optimizer)
    optimizer.param_groups[0]["params"].clear()
    optimizer.step()
    assert scheduler.clock == 1
