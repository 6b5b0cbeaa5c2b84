"""Loops that train on ramped batches, as a DataLoader with workers would feed them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.data import RandomSampler

from passo import Linear, RampedBatchSampler, Run, Schedule, attach, samples
from tests.optim.tools import graded, sgd

RATE = Linear(1.0, 0.0, samples(500))


def shuffled(size: int, seed: int = 7) -> RandomSampler:
    """A sampler with a generator of its own."""
    return RandomSampler(range(size), generator=torch.Generator().manual_seed(seed))


def ahead(batches: Any, depth: int) -> Iterator[Any]:
    """What workers do: so many batches are fetched before the first is handed out."""
    waiting: deque[Any] = deque()
    dealt = iter(batches)
    for batch in dealt:
        waiting.append(batch)
        if len(waiting) > depth:
            yield waiting.popleft()
    yield from waiting


@dataclass
class Loop:
    """The usual loop; `used` are the batches of each update, `epochs` the samples of each epoch."""

    sizes: Schedule
    sampler: Callable[[], Any]
    run: Run | None = None
    rate: Schedule = RATE
    accumulate: int = 1
    drop_last: bool = False
    depth: int = 0
    used: list[list[list[int]]] = field(default_factory=list)
    epochs: dict[int, list[int]] = field(default_factory=dict)
    rates: list[tuple[float, float]] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)

    def build(self, state: str | None = None) -> None:
        """All anew, as in a new process; perhaps from a state."""
        self.optimizer = sgd()
        plan = self.rate if self.run is not None and self.run.axis == "sample" else {"lr": 1.0}
        self.scheduler = attach(self.optimizer, plan, self.run, values={"batch_size": self.sizes})
        self.batches = RampedBatchSampler(
            self.sampler(), self.scheduler, accumulate=self.accumulate, drop_last=self.drop_last
        )
        if state is not None:
            saved = json.loads(state)
            self.batches.load_state_dict(saved["batches"])
            self.scheduler.load_state_dict(saved["scheduler"])

    def state(self) -> str:
        """What a checkpoint has of them."""
        parts = {"batches": self.batches.state_dict(), "scheduler": self.scheduler.state_dict()}
        return json.dumps(parts)

    def train(self, until: int, kill: int | None = None) -> None:
        """So many epochs, or updates of this process before it is killed."""
        for epoch in range(self.batches.epoch, until):
            self.batches.set_epoch(epoch)
            window: list[list[int]] = []
            length = len(self.batches)
            seen = 0
            for batch in ahead(self.batches, self.depth):
                seen += 1
                assert len(self.batches) == length
                window.append(batch)
                if len(window) == self.accumulate or seen == length:
                    self._update(epoch, window)
                    window = []
                    if kill is not None and len(self.used) == kill:
                        return
            assert seen == length

    def _update(self, epoch: int, window: list[list[int]]) -> None:
        scheduler = self.scheduler
        self.planned.append(int(scheduler["batch_size"]))
        self.rates.append((scheduler.position, self.optimizer.param_groups[0]["lr"]))
        if self.run is not None and self.run.axis == "sample":
            for batch in window:
                scheduler.count(samples=len(batch))
        graded(self.optimizer)
        self.optimizer.step()
        self.used.append(window)
        for batch in window:
            self.epochs.setdefault(epoch, []).extend(batch)
