"""One training run: real digits, a small convolutional network, one schedule; and its peak."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterator
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
from passo.demo.values import Optimizer, Outcome, Settings, Task, range_figure, range_file
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
    """The data as this seed deals it out; the same for every schedule and optimizer."""
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


def optimizer_of(task: Task, model: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """The optimizer at its base rate."""
    rate = settings.rate(task.optimizer)
    if task.optimizer == "SGD":
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=settings.momentum)
    return torch.optim.AdamW(model.parameters(), lr=rate, betas=(settings.momentum, 0.999))


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


def train(task: Task, settings: Settings, record: Path, tell: Callable[[float], None]) -> Outcome:
    """Trains once, writes the trace to `record`, and tells on the way which share is done."""
    begin = perf_counter()
    data = split(settings, task.seed)
    model = network(task.seed)
    optimizer = optimizer_of(task, model, settings)
    (story,) = chosen([task.schedule])
    scheduler = attach(optimizer, story.schedules(), settings.run, record=record)
    reached = None
    for t, train_loss in learn(model, optimizer, data.train, settings, task.seed):
        val_loss, val_accuracy = judge(model, data.validation)
        scheduler.report(train_loss=train_loss, val_loss=val_loss, val_accuracy=val_accuracy)
        reached = t if reached is None and val_accuracy >= settings.target else reached
        tell(t / settings.run.updates)
    scheduler.detach()
    loss, accuracy = judge(model, data.test)
    return Outcome(task, accuracy, loss, reached, perf_counter() - begin)


def learn(
    model: nn.Module, optimizer: torch.optim.Optimizer, part: Part, settings: Settings, seed: int
) -> Iterator[tuple[int, float]]:
    """The loop that everyone writes; stops for a look when it is time to report.

    Gives how many updates were made, and the mean training loss of the last of them.
    """
    losses: deque[float] = deque(maxlen=settings.report_every)
    for t, (images, labels) in enumerate(batches(part, settings, seed), 1):
        loss = cross_entropy(model(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()  # and nothing else: its own hook moves the schedule
        optimizer.zero_grad()
        losses.append(loss.item())
        if t % settings.report_every == 0 or t == settings.run.updates:
            yield t, statistics.fmean(losses)


def facts() -> dict[str, int]:
    """What the report says of data and network."""
    images, labels = digits()
    return {
        "images": len(labels),
        "pixels": images.shape[-1],
        "classes": int(labels.max()) + 1,
        "parameters": sum(each.numel() for each in network(0).parameters()),
    }


def find_peak(optimizer: Optimizer, settings: Settings, folder: Path) -> dict[str, Any]:
    """The peak of an optimizer's schedules, before anything is trained, by a range test.

    The test is written and drawn.
    """
    test = range_of(optimizer, settings)
    test.write(folder / range_file(optimizer))
    ax = draw(test, title=f"Range test with {optimizer}", width=7.2, height=4.6)
    save(ax, folder / range_figure(optimizer))
    found = test.suggestion()
    best = float(f"{found.best:.1g}") if found else None
    return {"optimizer": optimizer, "best": best, "sure": found.sure, "reason": found.reason}


def range_of(optimizer: Optimizer, settings: Settings) -> RangeTest:
    """The range test on the images and the first weights of seed 0."""
    model = network(0)
    made = optimizer_of(Task("constant", optimizer, 0), model, settings)
    data = TensorDataset(*split(settings, 0).train)
    loader = DataLoader(data, batch_size=settings.batch, shuffle=True)
    step = loader_step(model, made, cross_entropy, loader)
    return range_test(step, made, restore=[], steps=RANGE_STEPS, repeats=RANGE_REPEATS)
