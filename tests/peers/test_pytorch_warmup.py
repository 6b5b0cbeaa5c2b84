"""like.pytorch_warmup beside pytorch_warmup."""

from __future__ import annotations

import pytest
import pytorch_warmup
import torch

from passo import like
from tests.catalogue import settings
from tests.peers import drive

LIBRARY = "pytorch_warmup"


def adam(beta2=0.999):
    parameters = [torch.nn.Parameter(torch.ones(1))]
    return torch.optim.Adam(parameters, lr=drive.BASE, betas=(0.9, beta2))


def rates(optimizer, name, given, scheduler=None):
    arguments = {key: each for key, each in given.items() if key != "beta2"}
    warmup = getattr(pytorch_warmup, name)(optimizer, **arguments)

    def advance(_):
        with warmup.dampening():
            if scheduler is not None:
                scheduler.step()

    return drive.used(optimizer, advance, 300)


@pytest.mark.parametrize(("name", "given"), settings.cases(LIBRARY))
def test_each_update_uses_what_theirs_gives(name, given):
    optimizer = adam(given.get("beta2", 0.999))
    values = rates(optimizer, name, given)
    drive.same(settings.ours(LIBRARY, name, given), values)
    if "beta2" in given:
        read = like.pytorch_warmup(name, optimizer=adam(given["beta2"]))
        assert read == settings.ours(LIBRARY, name, given)


@pytest.mark.parametrize(("name", "given"), settings.cases(LIBRARY))
def test_the_product_with_another_schedule_is_both(name, given):
    optimizer = adam(given.get("beta2", 0.999))
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 70)
    values = rates(optimizer, name, given, scheduler)
    factor = settings.ours(LIBRARY, name, given).with_base(1)
    drive.same(factor * like.torch("CosineAnnealingLR", T_max=70), values)


def test_a_tensor_rate_compounds_in_theirs_and_not_here():
    """A Tensor is multiplied in place, and theirs puts back what it has multiplied."""
    optimizer = adam()
    optimizer.param_groups[0]["lr"] = torch.tensor(1.0)
    warmup = pytorch_warmup.LinearWarmup(optimizer, warmup_period=5)

    def advance(_):
        with warmup.dampening():
            pass

    values = drive.used(optimizer, advance, 3)
    plan = like.pytorch_warmup("LinearWarmup", warmup_period=5).with_base(1)
    assert values == pytest.approx([0.2, 0.08, 0.048])
    assert [plan(t) for t in range(3)] == pytest.approx([0.2, 0.4, 0.6])
