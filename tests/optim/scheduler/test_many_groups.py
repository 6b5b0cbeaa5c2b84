"""What is the same for many groups is worked out once: attach, and each way to load."""

from __future__ import annotations

import pytest
import torch

from passo import Cosine, Linear, PassoError, Run, attach, base, steps
from passo.schedules import Schedule

PLAN = Linear(0.1 * base, base, steps(5)).then(Cosine(base, 0, steps(15)))
RUN = Run(steps(20))


def sgd(groups):
    lots = [{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(groups)]
    return torch.optim.SGD(lots, lr=0.5)


def trained(groups):
    optimizer = sgd(groups)
    scheduler = attach(optimizer, PLAN, RUN)
    for _ in range(3):
        optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
        optimizer.step()
    return optimizer.state_dict(), scheduler.state_dict()


def attaching(groups, _saved, _state):
    optimizer = sgd(groups)
    return lambda: attach(optimizer, PLAN, RUN)


def loading(groups, _saved, state):
    scheduler = attach(optimizer := sgd(groups), PLAN, RUN)
    return lambda: scheduler.load_state_dict(state) or optimizer


def loading_the_optimizer(groups, saved, _state):
    attach(optimizer := sgd(groups), PLAN, RUN)
    return lambda: optimizer.load_state_dict(saved) or optimizer


def attaching_to_what_came(groups, saved, _state):
    optimizer = sgd(groups)
    optimizer.load_state_dict(saved)
    return lambda: attach(optimizer, PLAN, RUN)


WAYS = (attaching, loading, loading_the_optimizer, attaching_to_what_came)


@pytest.mark.parametrize("way", WAYS)
def test_schedules_are_placed_and_based_as_often_for_many_groups_as_for_two(way, monkeypatch):
    counted = []
    for name in ("on", "with_base"):
        whole = getattr(Schedule, name)

        def count(self, value, whole=whole):
            counted.append(self)
            return whole(self, value)

        monkeypatch.setattr(Schedule, name, count)
    calls = {}
    for groups in (2, 40):
        act = way(groups, *trained(groups))
        counted.clear()
        kept = act()
        calls[groups] = len(counted)
        del kept
    assert calls[40] == calls[2]
    assert calls[2] > 0


def test_one_wrong_field_among_many_of_a_state_is_named_and_nothing_is_loaded():
    _, state = trained(40)
    state["fields"][27][3] = float("nan")
    scheduler = attach(optimizer := sgd(40), PLAN, RUN)
    before = [dict(group) for group in optimizer.param_groups]
    with pytest.raises(PassoError) as caught:
        scheduler.load_state_dict(state)
    assert str(caught.value) == "state.fields[27].base must be finite, got nan"
    assert scheduler.clock == 0
    assert optimizer.param_groups == before


def test_a_load_keeps_what_was_worked_out_for_the_bases_in_use_alone():
    scheduler = attach(optimizer := sgd(3), PLAN, RUN, on_change="keep")
    _, state = trained(3)
    for factor in (2.0, 3.0, 4.0):
        state["fields"] = [[*field[:3], 0.5 * factor] for field in state["fields"]]
        scheduler.load_state_dict(state)
    (track,) = scheduler.driver.tracks
    assert list(track._from_base) == [2.0]
    assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
