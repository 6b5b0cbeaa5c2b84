"""One trace of several optimizers: what a column follows is told once, and undone with the rest."""

from __future__ import annotations

import copy
import json

import pytest
import torch

from passo import Linear, PassoError, Run, Trace, attach, base, steps
from tests.optim.scheduler.test_several import together
from tests.optim.tools import sgd, update, weight
from tests.optim.wrapped import Sam

RUN = Run(steps(1000))
PLAN = base * Linear(1, 0)


def pair():
    return {"a": sgd(0.5), "b": sgd(0.25)}


def lines(path, kind):
    """The lines of a file that tell of this."""
    return [found for line in path.read_text().splitlines() if kind in (found := json.loads(line))]


def ended(scheduler):
    scheduler.promises.settle("ended")
    scheduler.detach()


def test_the_plan_of_one_that_came_late_is_told_once_and_no_number_is(tmp_path):
    both, path = pair(), tmp_path / "run.jsonl"
    scheduler = attach(both, PLAN, RUN, values={"ema": Linear(1, 0)}, record=path)
    update(both["a"], 3)  # the other one stands in rows that are three updates later
    together(*both.values(), times=20)
    ended(scheduler)
    line = PLAN.on(RUN).with_base(0.25)
    assert Trace.load(path).used("lr", "b/0") == ([*range(3, 23)], [line(t) for t in range(20)])
    ema = Linear(1, 0).on(RUN)
    assert Trace.load(path).used("ema", None) == ([*range(23)], [ema(t) for t in range(23)])
    told = lines(path, "planned")
    assert [each["planned"] for each in told] == ["0.lr", ".ema", "1.lr"]
    assert lines(path, "used") == []


def test_the_others_go_on_with_their_plan_where_one_goes_back_alone(tmp_path):
    both, path = pair(), tmp_path / "run.jsonl"
    scheduler = attach(both, PLAN, RUN, record=path)
    together(*both.values(), times=3)
    saved = copy.deepcopy(both["a"].state_dict())
    update(both["a"], 4)
    both["a"].load_state_dict(saved)  # what it did alone is taken out of the trace
    together(*both.values(), times=20)
    ended(scheduler)
    line = PLAN.on(RUN).with_base(0.25)
    assert Trace.load(path).used("lr", "b/0") == ([*range(23)], [line(t) for t in range(23)])
    assert lines(path, "used") == []


def test_what_was_told_of_the_plans_is_told_no_second_time_after_a_move_that_failed(
    tmp_path, monkeypatch
):
    paths = tmp_path / "whole.jsonl", tmp_path / "failed.jsonl"
    for path in paths:
        both = pair()
        scheduler = attach(both, PLAN, RUN, record=path)
        together(*both.values(), times=3)
        with monkeypatch.context() as patch:
            patch.setattr(scheduler._engines[1].driver, "moved", lambda: 1 / 0)
            if path is paths[1]:
                with pytest.raises(ZeroDivisionError):
                    scheduler.seek(1)
        together(*both.values(), times=3)
        ended(scheduler)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_group_that_joined_in_a_load_that_failed_joins_once(tmp_path):
    path, outer = tmp_path / "run.jsonl", Sam([weight()], torch.optim.SGD, lr=0.5)
    both = {"a": outer, "b": sgd(0.25)}
    scheduler = attach(both, PLAN, RUN, record=path)
    together(*both.values(), times=3)
    other = sgd(0.5)
    other.add_param_group({"params": [weight()], "lr": 0.125})
    attach(other, 0.5, RUN).advance()
    saved = other.state_dict()
    outer.base_optimizer.add_param_group({"params": [weight()], "lr": 0.125})
    with pytest.raises(PassoError, match="the plan saved at update 1 is not today's"):
        outer.base_optimizer.load_state_dict(saved)
    outer.param_groups = outer.base_optimizer.param_groups
    together(*both.values(), times=3)
    ended(scheduler)
    assert Trace.load(path).groups == ("a/0", "b/0", "a/1")
