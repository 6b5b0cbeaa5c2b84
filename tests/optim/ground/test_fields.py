"""Any number in a param group follows a schedule, and only what the plan names is written."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from passo import Constant, Linear, PassoError, Run, Table, attach, base, percent, steps
from passo.optim import describe
from tests.optim.tools import adam, rates, sgd, update, used, values, weight

MOVE = Linear(0.25, 0.75, steps(8))
MAKERS = {
    "lr": adam,
    "weight_decay": adam,
    "betas[0]": adam,
    "betas[1]": adam,
    "eps": adam,
    "momentum": lambda: sgd(momentum=0.9),
    "dampening": lambda: sgd(momentum=0.9),
    "alpha": lambda: torch.optim.RMSprop([weight()], lr=0.1),
    "rho": lambda: torch.optim.Adadelta([weight()], lr=0.1),
    "etas[0]": lambda: torch.optim.Rprop([weight()], lr=0.1),
    "momentum_decay": lambda: torch.optim.NAdam([weight()], lr=0.1),
    "tilt": lambda: with_tilt(adam()),
    "angles[2]": lambda: with_tilt(adam()),
}


def with_tilt(optimizer):
    optimizer.param_groups[0]["tilt"] = 0.5
    optimizer.param_groups[0]["angles"] = (1, 2.0, 3, "north")
    return optimizer


def read(group, field):
    key, _, index = field.partition("[")
    return group[key][int(index[:-1])] if index else group[key]


@pytest.mark.parametrize("field", MAKERS)
def test_any_field_follows_its_schedule_and_nothing_else_is_touched(field):
    optimizer = MAKERS[field]()
    (group,) = optimizer.param_groups
    before = dict(group)
    attach(optimizer, {field: MOVE})
    found = []
    for _ in range(10):
        found.append(read(group, field))
        update(optimizer)
    assert found == values(MOVE, 10)
    key = field.partition("[")[0]
    assert list(group) == list(before)
    assert all(group[each] is before[each] for each in group if each != key)
    if key != field:
        kept = [k for k in range(len(before[key])) if f"{key}[{k}]" != field]
        assert all(group[key][k] is before[key][k] for k in kept)


def test_momentum_is_the_first_beta_where_there_are_betas():
    optimizer = adam()
    attach(optimizer, {"momentum": MOVE})
    update(optimizer, 2)
    assert optimizer.param_groups[0]["betas"] == (MOVE(2), 0.999)
    assert "momentum" not in optimizer.param_groups[0]


def test_a_plan_may_name_many_fields():
    optimizer = adam()
    plan = {"lr": MOVE, "weight_decay": 0.1 * base, "betas[0]": 0.5, "betas[1]": MOVE, "eps": 1e-6}
    scheduler = attach(optimizer, plan, base={"weight_decay": 0.5})
    update(optimizer, 3)
    group = optimizer.param_groups[0]
    found = [group[key] for key in ("lr", "weight_decay", "betas", "eps")]
    assert found == [MOVE(3), 0.05, (0.5, MOVE(3)), 1e-6]
    assert scheduler.values()["betas[1]"] == [MOVE(3)]
    assert scheduler.last_used()["lr"] == [MOVE(2)]


def test_the_very_update_uses_the_value():
    parameter = weight()
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    attach(optimizer, MOVE)
    parameter.grad = torch.ones(1)
    for t in range(8):
        before = parameter.detach().clone()
        optimizer.step()
        assert before - parameter.detach() == pytest.approx(MOVE(t), rel=1e-5)


@pytest.mark.parametrize("number", [1, np.float64(0.5), np.float32(0.5), True])
def test_numbers_of_other_types_become_floats(number):
    optimizer = sgd()
    optimizer.param_groups[0]["lr"] = number
    if number is True:
        with pytest.raises(PassoError, match="has no field 'lr'"):
            attach(optimizer, MOVE)
        return
    attach(optimizer, base * MOVE)
    assert rates(optimizer, 3) == [float(number) * MOVE(t) for t in range(3)]
    assert type(optimizer.param_groups[0]["lr"]) is float


# -- names that are not there


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("learning_rate", ""),
        ("weigth_decay", "; did you mean 'weight_decay'?"),
        ("betas", "; did you mean 'betas[1]'?"),
        ("betas[2]", "; did you mean 'betas[1]'?"),
        ("params", ""),
        ("nesterov", ""),
        (3, ""),
    ],
)
def test_a_field_that_is_not_there_is_refused_with_those_that_are(key, told):
    with pytest.raises(PassoError) as caught:
        attach(torch.optim.Adam([weight()], lr=0.1), {key: 0.5})
    text = str(caught.value)
    assert text.startswith(f"param group 0 has no field {key!r}")
    assert told in text
    assert text.endswith("; it has lr, betas[0], betas[1], eps, weight_decay, momentum")


def test_a_tensor_of_many_numbers_is_not_a_field():
    optimizer = sgd()
    optimizer.param_groups[0]["many"] = torch.ones(2)
    with pytest.raises(PassoError, match="has no field 'many'"):
        attach(optimizer, {"many": 0.5})


# -- one writer for each field


def test_a_second_writer_on_a_field_is_refused():
    optimizer = adam()
    first = attach(optimizer, {"lr": MOVE, "momentum": MOVE})
    for plan, field in (
        (MOVE, "lr"),
        ({"betas[0]": 0.5}, "betas[0]"),
        ({"momentum": 0.5}, "betas[0]"),
    ):
        with pytest.raises(PassoError) as caught:
            attach(optimizer, plan)
        assert str(caught.value) == (
            f"{field} of param group 0 is driven by another Scheduler already; call its detach() "
            "first, or give both schedules in one plan"
        )
    other = attach(optimizer, {"weight_decay": MOVE, "betas[1]": MOVE})
    update(optimizer, 2)
    assert (first.clock, other.clock) == (2, 2)
    assert optimizer.param_groups[0]["weight_decay"] == MOVE(2)


def test_after_detach_another_may_write():
    optimizer = sgd()
    attach(optimizer, MOVE).detach()
    attach(optimizer, 0.5)
    assert rates(optimizer, 2) == [0.5, 0.5]


def test_one_plan_does_not_drive_one_field_twice():
    with pytest.raises(PassoError) as caught:
        attach(adam(), {"momentum": 0.5, "betas[0]": 0.5})
    assert str(caught.value) == "the plan drives betas[0] twice, as 'momentum' and as 'betas[0]'"


def test_detach_leaves_the_last_values_or_puts_the_bases_back():
    plan = {"lr": base * MOVE, "momentum": MOVE}
    kept, restored = adam(lr=0.5), adam(lr=0.5)
    for optimizer, restore in ((kept, False), (restored, True)):
        scheduler = attach(optimizer, plan)
        update(optimizer, 3)
        scheduler.detach(restore=restore)
        update(optimizer, 3)
        assert scheduler.clock == 3
    assert kept.param_groups[0]["lr"] == 0.5 * MOVE(3)
    assert kept.param_groups[0]["betas"] == (MOVE(3), 0.999)
    assert restored.param_groups[0]["lr"] == 0.5
    assert restored.param_groups[0]["betas"] == (0.9, 0.999)


# -- free values, and what is said


def test_a_value_that_no_group_holds_is_read_by_its_name():
    optimizer = sgd()
    sizes = Table([(steps(0), 32), (steps(2), 64), (steps(4), 128)], kind="step")
    scheduler = attach(optimizer, MOVE, values={"batch_size": sizes, "label_smoothing": 0.1})
    found = []
    for _ in range(5):
        found.append(scheduler["batch_size"])
        update(optimizer)
    assert found == [32.0, 32.0, 64.0, 64.0, 128.0]
    assert scheduler["label_smoothing"] == 0.1
    assert set(optimizer.param_groups[0]) == set(sgd().param_groups[0])


def test_print_says_clock_run_who_writes_what_last_and_next():
    optimizer = torch.optim.SGD(
        [{"params": [weight()], "lr": 1.0}, {"params": [weight()], "lr": 0.5}], momentum=0.9
    )
    run = Run(steps(1000))
    plan = {"lr": base * Linear(1, 0, percent(10)), "momentum": Constant(0.5)}
    scheduler = attach(optimizer, plan, run, values={"size": 8})
    before = str(scheduler)
    update(optimizer, 50)
    assert before.splitlines()[:2] == [
        "Scheduler at update 0 of Run(steps(1000))",
        "  lr of group 0: Linear(1, 0, percent(10)) * base, base 1; last nothing yet, next 1",
    ]
    assert str(scheduler).splitlines() == [
        "Scheduler at update 50 of Run(steps(1000))",
        "  lr of group 0: Linear(1, 0, percent(10)) * base, base 1; last 0.51, next 0.5",
        "  momentum of groups 0, 1: Constant(0.5); last 0.5, next 0.5",
        "  lr of group 1: Linear(1, 0, percent(10)) * base, base 0.5; last 0.255, next 0.25",
        "  size of no group: Constant(8); last 8, next 8",
    ]


def test_describe_says_who_writes_what():
    optimizer = adam()
    assert describe(optimizer) == "no passo Scheduler is attached to it"
    first = attach(optimizer, MOVE)
    attach(optimizer, {"eps": 1e-6})
    assert describe(optimizer) == (
        "Scheduler at update 0 of no run\n"
        "  lr of group 0: Linear(0.25, 0.75, steps(8)); last nothing yet, next 0.25\n"
        "Scheduler at update 0 of no run\n"
        "  eps of group 0: Constant(1e-06); last nothing yet, next 1e-06"
    )
    first.detach()
    assert describe(optimizer).count("Scheduler") == 1


def test_a_rate_stays_finite_for_ever():
    optimizer = sgd()
    scheduler = attach(optimizer, MOVE)
    scheduler.seek(10**15)
    assert [math.isfinite(rate) for [rate] in used(optimizer, 2)] == [True, True]
