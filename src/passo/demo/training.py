"""One training run: real digits, a small convolutional network, one schedule; and its peak."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from passo.demo.stories import chosen
from passo.demo.values import RANGE_FIGURE, RANGE_FILE, Outcome, Settings, Task
from passo.optim import attach, loader_step, range_test
from passo.plot import draw, save
from passo.trace import RangeTest

Part = tuple[Tensor, Tensor]
RANGE_STEPS = 200
RANGE_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Split:
    """Images and labels: to learn from, to watch, and to judge by at the very end."""

    train: Part
    validation: Part
    test: Part


@cache
def digits() -> Part:
    """All images, 1 × 8 × 8 from 0 to 1, and their labels."""
    bunch: Any = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) / 16
    return images, torch.tensor(bunch.target)


def split(settings: Settings, seed: int) -> Split:
    """The data as this seed deals it out; the same for every schedule and rate."""
    images, labels = digits()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    watched = settings.train + settings.validation
    parts = torch.tensor_split(order, (settings.train, watched))
    return Split(*((images[part], labels[part]) for part in parts))


def network(seed: int) -> nn.Module:
    """Two convolutions and one linear layer; the seed decides its first weights."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def optimizer_of(model: nn.Module, rate: float, settings: Settings) -> torch.optim.SGD:
    """The optimizer at its base rate."""
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=settings.momentum)


def batches(part: Part, settings: Settings, seed: int) -> Iterator[Part]:
    """The training images in batches, shuffled anew in every epoch; the seed decides how."""
    images, labels = part
    shuffle = torch.Generator().manual_seed(seed)
    for _ in range(settings.epochs):
        order = torch.randperm(len(labels), generator=shuffle)
        for start in range(0, len(order), settings.batch):
            places = order[start : start + settings.batch]
            yield images[places], labels[places]


@torch.no_grad()
def judge(model: nn.Module, part: Part) -> tuple[float, float]:
    """Loss and accuracy."""
    images, labels = part
    guesses = model(images)
    right = (guesses.argmax(1) == labels).float().mean()
    return cross_entropy(guesses, labels).item(), right.item()


def train(task: Task, settings: Settings, record: Path) -> Outcome:
    """Trains once, and writes the trace to `record`."""
    begin = perf_counter()
    data = split(settings, task.seed)
    model = network(task.seed)
    optimizer = optimizer_of(model, settings.base(task.times), settings)
    (story,) = chosen([task.schedule])
    scheduler = attach(optimizer, story.schedules(), settings.run, record=record)
    validation = 0.0
    for train_loss in learn(model, optimizer, data.train, settings, task.seed):
        val_loss, validation = judge(model, data.validation)
        scheduler.report(train_loss=train_loss, val_loss=val_loss, val_accuracy=validation)
    scheduler.detach()
    loss, accuracy = judge(model, data.test)
    return Outcome(task, accuracy, loss, validation, perf_counter() - begin)


def learn(
    model: nn.Module, optimizer: torch.optim.Optimizer, part: Part, settings: Settings, seed: int
) -> Iterator[float]:
    """The loop that everyone writes; stops for a look when it is time to report.

    Gives the mean training loss of the last updates.
    """
    losses: deque[float] = deque(maxlen=settings.report_every)
    for t, (images, labels) in enumerate(batches(part, settings, seed), 1):
        loss = cross_entropy(model(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()  # and nothing else: its own hook moves the schedule
        optimizer.zero_grad()
        losses.append(loss.item())
        if t % settings.report_every == 0 or t == settings.run.updates:
            yield statistics.fmean(losses)


def facts() -> dict[str, int]:
    """What the report says of data and network."""
    images, labels = digits()
    return {
        "images": len(labels),
        "pixels": images.shape[-1],
        "classes": int(labels.max()) + 1,
        "parameters": sum(each.numel() for each in network(0).parameters()),
    }


def find_base(settings: Settings, folder: Path) -> dict[str, Any]:
    """The base rate, before anything is trained, by a range test, which is written and drawn."""
    test = range_of(settings)
    test.write(folder / RANGE_FILE)
    save(draw(test, title="Range test", width=5.6, height=4.8), folder / RANGE_FIGURE)
    found = test.suggestion()
    best = float(f"{found.best:.1g}") if found else None
    return {"best": best, "sure": found.sure, "reason": found.reason}


def range_of(settings: Settings) -> RangeTest:
    """The range test on the images and the first weights of seed 0."""
    model = network(0)
    optimizer = optimizer_of(model, settings.rate, settings)
    data = TensorDataset(*split(settings, 0).train)
    loader = DataLoader(data, batch_size=settings.batch, shuffle=True)
    step = loader_step(model, optimizer, cross_entropy, loader)
    return range_test(step, optimizer, restore=[], steps=RANGE_STEPS, repeats=RANGE_REPEATS)
