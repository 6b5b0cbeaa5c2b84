"""like.lr_finder beside torch_lr_finder."""

from __future__ import annotations

import pytest
import torch
from torch_lr_finder import LRFinder, lr_finder

from tests.catalogue import settings
from tests.peers import drive

LIBRARY = "lr_finder"
CASES = settings.cases(LIBRARY)


@pytest.mark.parametrize(("name", "given"), [c for c in CASES if c[0] != "range_test"])
def test_each_iteration_uses_what_theirs_gives(name, given):
    optimizer = drive.sgd()
    scheduler = getattr(lr_finder, name)(optimizer, **given)
    values = drive.used(optimizer, lambda _: scheduler.step(), given["num_iter"])
    drive.same(settings.ours(LIBRARY, name, given), values)


@pytest.mark.parametrize("given", settings.of(LIBRARY)["range_test"])
def test_the_range_test_uses_what_is_said(given):
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=drive.BASE)
    finder = LRFinder(model, optimizer, torch.nn.MSELoss(), device="cpu")
    data = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.zeros(8, 1), torch.zeros(8, 1))
    )
    finder.range_test(data, **given, diverge_th=1e30)
    seen = finder.history["lr"]
    plan = settings.ours(LIBRARY, "range_test", given)
    # The rate is written into the history after the step: what the next one uses.
    first = 1 if len(seen) and seen[0] != given.get("start_lr", drive.BASE) else 0
    drive.same(plan, seen[:-1] if first else seen, first=first)
