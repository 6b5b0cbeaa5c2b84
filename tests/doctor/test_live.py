"""The doctor beside a run."""

from __future__ import annotations

import warnings

import pytest
import torch

from passo import Constant, Linear, attach, doctor, steps
from passo.doctor import DoctorWarning
from passo.schedules import PassoWarning


def train(watcher, updates, edit):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    attach(optimizer, Linear(0.1, 0.05, steps(500)), watch=watcher)
    for k in range(updates):
        if edit(k):
            optimizer.param_groups[0]["lr"] = 0.3
        weight.grad = torch.ones(2)
        optimizer.step()


def test_a_finding_is_a_warning_of_its_own_category_once():
    watcher = doctor.live()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        train(watcher, 200, lambda k: k % 5 == 3)
    watcher.stop()
    told = [each for each in found if issubclass(each.category, DoctorWarning)]
    assert [str(each.message)[:4] for each in told] == ["P009"]
    assert told[0].filename.endswith("test_live.py")
    assert issubclass(DoctorWarning, PassoWarning)


def test_a_right_run_is_left_in_peace():
    watcher = doctor.live()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(watcher, 200, lambda k: False)
    assert watcher.findings == []


def test_torch_is_left_as_it_was_when_the_optimizer_is_gone():
    before = torch.Tensor.backward
    watcher = doctor.live()
    train(watcher, 3, lambda k: False)
    import gc

    gc.collect()
    assert torch.Tensor.backward is before


def test_ranks_can_still_be_watched():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    assert attach(optimizer, Constant(0.1), watch="ranks").settings.watch == "ranks"
    with pytest.raises(ValueError, match="watch must be one of None, 'ranks'"):
        attach(torch.optim.SGD([weight], lr=0.1), Constant(0.1), watch="doctor")
