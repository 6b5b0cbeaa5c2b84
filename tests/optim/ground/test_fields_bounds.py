"""What the optimizer itself would refuse is refused when a plan is attached."""

from __future__ import annotations

import pytest
import torch

from passo import Constant, Cosine, Linear, PassoError, Run, attach, base, cyclic, steps
from passo.optim.ground.fields import names
from tests.optim.scheduler.test_clock_kinds import KINDS
from tests.optim.tools import adam, sgd


def fields():
    for name in KINDS:
        group = matrix(name).param_groups[0]
        own = [field for field in names(group) if field.partition("[")[0] in group]
        yield from ((name, field) for field in own)


def matrix(name, **settings):
    parameter = torch.nn.Parameter(torch.ones(2, 2))
    return getattr(torch.optim, name)([parameter], **{"lr": 0.1, **settings})


def torch_accepts(name, field, number):
    key, _, index = field.partition("[")
    value = matrix(name).param_groups[0][key]
    if index:
        place = int(index[:-1])
        value = (*value[:place], number, *value[place + 1 :])
    else:
        value = number
    try:
        matrix(name, **{key: value})
    except (ValueError, RuntimeError):
        return False
    return True


@pytest.mark.parametrize(("name", "field"), list(fields()))
def test_what_the_constructor_refuses_is_refused(name, field):
    for number in (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0):
        if name == "SparseAdam" and number == 0.0:
            continue  # it refuses a rate of 0.0, and a warm-up from there is right all the same
        if not torch_accepts(name, field, number):
            with pytest.raises(PassoError, match="must stay"):
                attach(matrix(name), {field: number})


@pytest.mark.parametrize("field", ["lr", "weight_decay", "momentum", "betas[1]", "eps"])
def test_usual_values_are_accepted(field):
    for number in (0.0, 1e-8, 0.5, 0.999):
        attach(adam(), {field: number})


@pytest.mark.parametrize(
    ("key", "schedule", "bound", "low", "high"),
    [
        ("lr", Linear(0.1, -0.1), "at least 0", "-0.1", "0.1"),
        ("lr", base + Constant(-0.2), "at least 0", "-0.1", "-0.1"),
        ("lr", Linear(1, 0, steps(50)) + Linear(0, -0.5, steps(50)), "at least 0", "-0.5", "1"),
        ("weight_decay", -1e-4, "at least 0", "-0.0001", "-0.0001"),
        ("eps", Cosine(1e-8, -1e-8), "at least 0", "-1e-08", "1e-08"),
        ("betas[0]", Linear(0.9, 1.0), "at least 0 and below 1", "0.9", "1"),
        ("momentum", Linear(0.9, 1.1), "at least 0 and below 1", "0.9", "1.1"),
        ("betas[1]", cyclic(0.9, peak=1.2, rise=steps(3)), "at least 0 and below 1", "0.9", "1.2"),
    ],
)
def test_a_schedule_that_leaves_the_range_is_refused_before_anything_is_written(
    key, schedule, bound, low, high
):
    optimizer = adam()
    before = dict(optimizer.param_groups[0])
    with pytest.raises(PassoError) as caught:
        attach(optimizer, {key: schedule}, Run(steps(100)))
    assert str(caught.value) == (
        f"{key!r} of param group 0 must stay {bound}, and its schedule goes from {low} to {high}; "
        "write .clip(...), or another schedule"
    )
    assert optimizer.param_groups[0] == before
    attach(optimizer, {key: 0.5})  # and nothing stayed behind


def test_momentum_of_sgd_may_be_one_or_more():
    attach(sgd(momentum=0.9), {"momentum": 1.5})


def test_a_key_of_ones_own_may_hold_any_number():
    optimizer = sgd()
    optimizer.param_groups[0]["tilt"] = 0.5
    attach(optimizer, {"tilt": -3.0})
    assert optimizer.param_groups[0]["tilt"] == -3.0
