"""A rate far above the base is told once, as is one that is 0 throughout; a usual one never."""

from __future__ import annotations

import re
import warnings

import pytest
import torch

from passo import Constant, Linear, PassoWarning, Run, attach, base, cosine_decay, one_cycle, steps
from tests.optim.tools import sgd, update

RUN = Run(steps(100))
TEXT = (
    "the lr of param group 0 goes up to 100, 1,000 times the base of 0.1: was a length meant, "
    "over=steps(100), or a factor, base * ...? Where the rate is meant, write "
    "attach(..., base=100)"
)


def told(optimizer, plan, **more):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        attach(optimizer, plan, RUN, **more).detach()
    return [str(each.message) for each in seen if each.category is PassoWarning]


@pytest.mark.parametrize(
    "plan", [cosine_decay(peak=100), 100, {"lr": cosine_decay(peak=100)}, base * Linear(0, 1000)]
)
def test_a_rate_far_above_the_base_is_told_once(plan):
    assert told(sgd(0.1), plan) == [TEXT]


def test_it_is_told_at_the_line_that_attaches():
    with pytest.warns(PassoWarning, match=f"^{re.escape(TEXT)}$") as seen:
        attach(sgd(0.1), cosine_decay(peak=100), RUN)
    assert [each.filename for each in seen] == [__file__]


def test_what_it_advises_is_left_in_peace():
    assert told(sgd(0.1), cosine_decay(over=steps(100))) == []
    assert told(sgd(0.1), cosine_decay(peak=100), base=100) == []
    assert told(sgd(0.1), base * cosine_decay(peak=1)) == []


@pytest.mark.parametrize(
    ("rate", "plan"),
    [
        (0.1, one_cycle(peak=2.5)),
        (1e-3, one_cycle(peak=3.0)),
        (1e-3, Constant(1.0)),
        (30.0, cosine_decay()),
        (0.01, Constant(30)),
        (0.1, Linear(base, 25 * base)),
        (0.0, Constant(0.1)),
    ],
)
def test_a_usual_rate_is_left_in_peace(rate, plan):
    assert told(sgd(rate), plan) == []


def test_several_groups_are_one_word():
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": 0.1 * k} for k in (1, 2, 3)]
    assert len(told(torch.optim.SGD(groups), cosine_decay(peak=1000))) == 1


def test_other_fields_have_no_such_bound():
    assert told(sgd(0.1), {"weight_decay": Constant(100)}) == []


NOTHING = (
    "the lr is 0 throughout: the plan is relative to the base, and the base of param group 0 is 0, "
    "as the optimizer holds it; write attach(..., base=0.1) with the rate that is meant, or make "
    "the optimizer with it, lr=0.1"
)


def grouped(*rates):
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in rates]
    return torch.optim.SGD(groups, lr=0.0)


@pytest.mark.parametrize(
    "plan", [cosine_decay(), base * Linear(0, 1, steps(9)), {"lr": one_cycle()}]
)
@pytest.mark.parametrize("rates", [(0.0,), (0.0, 0.0)])
def test_a_rate_that_is_0_throughout_is_told(plan, rates):
    assert told(grouped(*rates), plan) == [NOTHING]  # issue 14: a run without any training


def test_several_optimizers_at_0_are_one_word():
    assert told([grouped(0.0), grouped(0.0)], cosine_decay()) == [
        NOTHING.replace("group 0", "group 0 of 'SGD'")
    ]
    assert told([grouped(0.0), grouped(0.1)], cosine_decay()) == []


@pytest.mark.parametrize(
    ("rates", "plan", "more"),
    [
        ((0.0, 0.1), cosine_decay(), {}),  # one that is frozen
        ((0.0,), Constant(0.0), {}),  # a plan that says so
        ((0.0,), cosine_decay(), {"base": 0.1}),
        ((0.0,), {"weight_decay": base * Linear(1, 0)}, {}),
    ],
)
def test_a_rate_of_0_that_is_meant_is_left_in_peace(rates, plan, more):
    assert told(grouped(*rates), plan, **more) == []


def test_a_base_that_a_checkpoint_brought_is_no_base_of_0():
    first = grouped(0.1)
    attach(first, cosine_decay(), RUN)
    later = grouped(0.0)
    later.load_state_dict(first.state_dict())
    assert told(later, cosine_decay()) == []


def test_one_at_0_beside_one_that_a_checkpoint_brought_is_left_in_peace():
    first = grouped(0.1)
    attach(first, cosine_decay(), RUN)
    later = grouped(0.0)
    later.load_state_dict(first.state_dict())
    assert told([later, grouped(0.0)], cosine_decay(), on_change="replace") == []


def test_a_rate_of_0_that_a_run_ended_at_may_be_followed_by_its_state():
    first = sgd(0.1)
    scheduler = attach(first, cosine_decay(), RUN, carry=False)
    update(first, 100)
    later = sgd(0.1)
    later.load_state_dict(first.state_dict())
    assert later.param_groups[0]["lr"] == 0.0
    assert told(later, cosine_decay(), carry=False) == []
    again = attach(later, cosine_decay(), RUN)
    again.load_state_dict(scheduler.state_dict())
    again.seek(0)
    assert later.param_groups[0]["lr"] == 0.1
