"""like.torch beside torch."""

from __future__ import annotations

import pytest
import torch
from torch.optim.swa_utils import SWALR

from passo import Constant, Schedule, like
from passo.optim import lr_scheduler as ours
from tests.catalogue import settings
from tests.catalogue.settings import Nested
from tests.peers import drive

LIBRARY = "torch"


def made(optimizer, name, given, module=torch.optim.lr_scheduler):
    """Their object, with their arguments: a schedule stands for a function."""
    arguments = {key: _argument(optimizer, value, module) for key, value in given.items()}
    if name == "ChainedScheduler":
        return module.ChainedScheduler(**arguments)
    return (SWALR if name == "SWALR" else getattr(module, name))(optimizer, **arguments)


def _argument(optimizer, value, module):
    if isinstance(value, Nested):
        return made(optimizer, value.name, value.arguments, module)
    if isinstance(value, list):
        return [_argument(optimizer, each, module) for each in value]
    if isinstance(value, Constant):
        return lambda _: value.value
    return value.__call__ if isinstance(value, Schedule) else value


def length(given):
    if "total_steps" in given:
        return given["total_steps"]
    return given["epochs"] * given["steps_per_epoch"] if "epochs" in given else 200


@pytest.mark.parametrize(
    ("name", "given"), [c for c in settings.cases(LIBRARY) if c[0] != "ReduceLROnPlateau"]
)
def test_each_update_uses_what_theirs_gives(name, given):
    plan = settings.ours(LIBRARY, name, given)
    for key, schedule in (plan if isinstance(plan, dict) else {"lr": plan}).items():
        optimizer = drive.sgd()
        scheduler = made(optimizer, name, given)
        values = drive.used(optimizer, lambda _: scheduler.step(), length(given), key)  # noqa: B023
        drive.same(schedule, values)


@pytest.mark.parametrize("given", settings.of(LIBRARY)["ReduceLROnPlateau"])
def test_a_plateau_falls_where_theirs_does(given):
    optimizer = drive.sgd()
    scheduler = made(optimizer, "ReduceLROnPlateau", given)
    plan = settings.ours(LIBRARY, "ReduceLROnPlateau", given)
    drive.same_falls(plan, optimizer, lambda _, metric: scheduler.step(metric))


def test_a_momentum_stays_where_its_member_begins_until_that_begins_and_where_it_ends():
    cycle = {"max_lr": 0.1, "total_steps": 20}
    nested = [
        Nested("LinearLR", {"total_iters": 4}),
        Nested("OneCycleLR", cycle),
        Nested("ExponentialLR", {"gamma": 0.9}),
    ]
    given = {"schedulers": nested, "milestones": [4, 15]}
    optimizer = drive.sgd()
    scheduler = made(optimizer, "SequentialLR", given)
    values = drive.used(optimizer, lambda _: scheduler.step(), 40, "momentum")
    drive.same(settings.ours(LIBRARY, "SequentialLR", given)["momentum"], values)


DROP_IN = [
    (name, given)
    for name, given in settings.cases(LIBRARY)
    if name
    not in ("SWALR", "LambdaLR", "MultiplicativeLR", "ReduceLROnPlateau", "ChainedScheduler")
    and not given.get("scale_fn")
    and given.get("total_iters") != 0  # torch's slip, which the drop-in has mended
]


@pytest.mark.parametrize(("name", "given"), DROP_IN)
def test_the_drop_in_has_the_same_expression(name, given):
    plan = settings.ours(LIBRARY, name, given)
    rate = plan["lr"] if isinstance(plan, dict) else plan
    assert made(drive.sgd(), name, given, ours).schedule == rate.with_base(drive.BASE)


@pytest.mark.parametrize("size", [1.5, 2.5, 3.3, 7.25])
def test_a_step_of_a_fraction_falls_where_that_of_torch_does(size):
    """The drop-in falls at each multiple instead: its page says so."""
    optimizer = drive.sgd()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, size, 0.5)
    values = drive.used(optimizer, lambda _: scheduler.step(), 60)
    drive.same(like.torch("StepLR", step_size=size, gamma=0.5), values)
