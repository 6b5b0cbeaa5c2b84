"""The peak of each optimizer's schedules: found by a range test, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from passo.demo.training import network, optimizer_of, split
from passo.demo.values import Settings, Task, range_figure, range_file
from passo.optim import loader_step, range_test
from passo.plot import draw, save
from passo.trace import RangeTest

STEPS = 200
REPEATS = 3


def find_peak(optimizer: str, settings: Settings, folder: Path) -> dict[str, Any]:
    """Makes the range test, writes and draws it, and tells what it suggests."""
    test = range_of(optimizer, settings)
    test.write(folder / range_file(optimizer))
    ax = draw(test, title=f"Range test with {optimizer}", width=7.2, height=4.6)
    save(ax, folder / range_figure(optimizer))
    found = test.suggestion()
    best = float(f"{found.best:.1g}") if found.best is not None else None
    return {"optimizer": optimizer, "best": best, "sure": found.sure, "reason": found.reason}


def range_of(optimizer: str, settings: Settings) -> RangeTest:
    """The range test on the images and the first weights of seed 0."""
    model = network(0)
    made = optimizer_of(Task("constant", optimizer, 0), model, settings)
    data = TensorDataset(*split(settings, 0).train)
    loader = DataLoader(data, batch_size=settings.batch, shuffle=True)
    step = loader_step(model, made, cross_entropy, loader)
    return range_test(step, made, restore=[], steps=STEPS, repeats=REPEATS)
