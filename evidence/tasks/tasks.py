"""The tasks: what is learnt, in which batches, and how it is judged. All of it by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from evidence.frame.cells import Cell, Setting
from evidence.tasks.data import Part, digits, mnist, text
from evidence.tasks.networks import Transformer, perceptron
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

LENGTH = 48  # bytes that the transformer sees at once
JUDGED = 128  # windows of the text that are kept to judge by
IMAGES: dict[str, Setting] = {
    "optimizer": "SGD",
    "momentum": 0.9,
    "batch": 16,
    "updates": 500,
    "hidden": 64,
    "weight_decay": 0.0,
}
DEFAULTS: dict[str, dict[str, Setting]] = {
    "digits": IMAGES,
    "mnist": IMAGES,
    # The network has learnt the digits 0 to 4, and learns 5 to 9 from 200 images.
    "tuned": {**IMAGES, "updates": 150, "before": 300},
    "bytes": {
        "optimizer": "AdamW",
        "momentum": 0.9,
        "batch": 12,
        "updates": 250,
        "layers": 2,
        "width": 32,
        "norm": "pre",
        "weight_decay": 0.01,
    },
}


@dataclass(frozen=True, slots=True)
class Task:
    """A network with what it learns from, a part to watch, and one to judge by at the end."""

    model: nn.Module
    batches: Iterator[Part]
    loss: Callable[[Part], Tensor]
    watched: Part
    test: Part

    @torch.no_grad()
    def judge(self, part: Part) -> tuple[float, float]:
        """Loss, at most that of guessing, and error in percent."""
        logits = self.model(part[0]).flatten(0, -2)
        labels = part[1].flatten()
        loss = cross_entropy(logits, labels).item()
        wrong = (logits.argmax(1) != labels).float().mean().item() * 100
        guessing = math.log(logits.shape[1])
        return min(loss, guessing) if math.isfinite(loss) else guessing, wrong


def task_of(cell: Cell) -> Task:
    """The task of a cell, dealt out by its seed."""
    torch.manual_seed(cell.seed)
    return _bytes(cell) if cell.task == "bytes" else _images(cell)


def _images(cell: Cell) -> Task:
    images, labels = digits() if cell.task == "digits" else mnist()
    dealer = torch.Generator().manual_seed(cell.seed)
    order = torch.randperm(len(labels), generator=dealer)
    model = perceptron(images.shape[1], cell.setting("hidden"))
    parts = [order[part] for part in _shares(len(labels))]
    if cell.task == "tuned":
        new = [part[labels[part] >= 5] for part in parts]
        old = parts[0][labels[parts[0]] < 5]
        _taught(model, (images[old], labels[old]), cell.setting("before"), dealer)
        parts = [new[0][:200], *new[1:]]
    train, watched, test = ((images[part], labels[part]) for part in parts)
    batch = cell.setting("batch")
    return Task(
        model,
        _shuffled(train, batch, dealer),
        lambda part: cross_entropy(model(part[0]), part[1]),
        watched,
        test,
    )


def _shares(count: int) -> tuple[slice, slice, slice]:
    """To learn from, to watch, to judge by: 65, 10 and 25 % of the images."""
    first, second = int(0.65 * count), int(0.75 * count)
    return slice(0, first), slice(first, second), slice(second, count)


def _shuffled(part: Part, batch: int, dealer: torch.Generator) -> Iterator[Part]:
    """Whole batches, in a new order in each epoch, for ever."""
    while True:
        order = torch.randperm(len(part[1]), generator=dealer)
        for start in range(0, len(order) - batch + 1, batch):
            places = order[start : start + batch]
            yield part[0][places], part[1][places]


def _taught(model: nn.Module, part: Part, updates: int, dealer: torch.Generator) -> None:
    """The network before its fine-tuning: Adam, and linear to 0."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    batches = _shuffled(part, 32, dealer)
    for done in range(updates):
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - done / updates)
        images, labels = next(batches)
        optimizer.zero_grad()
        cross_entropy(model(images), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _bytes(cell: Cell) -> Task:
    read = text()
    cut = len(read) * 9 // 10
    model = Transformer(cell.setting("width"), cell.setting("layers"), LENGTH, cell.setting("norm"))
    dealer = torch.Generator().manual_seed(cell.seed)
    batch = cell.setting("batch")
    kept = torch.arange(JUDGED) * ((len(read) - cut - LENGTH - 1) // JUDGED) + cut
    judged = _windows(read, kept)
    return Task(
        model,
        _random_windows(read[:cut], batch, dealer),
        lambda part: cross_entropy(model(part[0]).flatten(0, 1), part[1].flatten()),
        judged,
        judged,
    )


def _windows(read: Tensor, starts: Tensor) -> Part:
    places = starts[:, None] + torch.arange(LENGTH)
    return read[places], read[places + 1]


def _random_windows(read: Tensor, batch: int, dealer: torch.Generator) -> Iterator[Part]:
    while True:
        yield _windows(read, torch.randint(len(read) - LENGTH - 1, (batch,), generator=dealer))
