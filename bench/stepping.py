"""What a scheduled update costs on top of a bare `optimizer.step()`, by number of param groups."""

from __future__ import annotations

import gc
import math
import statistics
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from rich.table import Table
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from passo import Cosine, Linear, attach, base, steps

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, WARM, LAST = 21, 500, 100_000


class Idle(torch.optim.Optimizer):
    """An optimizer whose step does nothing, so that only the schedule is measured."""

    def __init__(self, groups: int) -> None:
        params = [{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(groups)]
        super().__init__(params, {"lr": 0.1})
        for group in self.param_groups:
            group["params"][0].grad = torch.ones(1)

    def step(self, closure: Any = None) -> None:
        """Change nothing."""


def bare(groups: int) -> Callable[[], None]:
    """No schedule at all."""
    return Idle(groups).step


def passo(groups: int) -> Callable[[], None]:
    """A warm-up and a cosine, attached."""
    optimizer = Idle(groups)
    plan = Linear(0.1 * base, base, steps(WARM)).then(Cosine(base, 0, steps(LAST)))
    attach(optimizer, plan)
    return optimizer.step


def torchs(groups: int) -> Callable[[], None]:
    """The same plan by torch's classes."""
    optimizer = Idle(groups)
    warm, cosine = LinearLR(optimizer, 0.1, 1.0, WARM), CosineAnnealingLR(optimizer, LAST)
    scheduler = SequentialLR(optimizer, [warm, cosine], [WARM])

    def step() -> None:
        optimizer.step()
        scheduler.step()

    return step


def by_hand(groups: int) -> Callable[[], None]:
    """The same plan as a loop that people write."""
    optimizer = Idle(groups)
    bases = [group["lr"] for group in optimizer.param_groups]
    clock = 0

    def step() -> None:
        nonlocal clock
        optimizer.step()
        clock += 1
        if clock < WARM:
            share = 0.1 + 0.9 * clock / WARM
        else:
            share = (1 + math.cos(math.pi * (clock - WARM) / LAST)) / 2
        for group, its_base in zip(optimizer.param_groups, bases, strict=True):
            group["lr"] = its_base * share

    return step


KINDS = {"bare": bare, "passo": passo, "torch": torchs, "by hand": by_hand}


def measure(groups: int) -> dict[str, float]:
    """Microseconds per update for each kind: medians of rounds that take turns."""
    number = max(20, 4000 // groups)
    made = {name: make(groups) for name, make in KINDS.items()}
    rounds: dict[str, list[float]] = {name: [] for name in made}
    for step in made.values():
        for _ in range(WARM + 1):
            step()
    gc.disable()
    for _ in range(ROUNDS):
        for name, step in made.items():
            begin = perf_counter()
            for _ in range(number):
                step()
            rounds[name].append((perf_counter() - begin) / number * 1e6)
    gc.enable()
    return {name: statistics.median(times) for name, times in rounds.items()}


def table(counts: tuple[int, ...]) -> Table:
    """µs on top of the bare step, for each number of groups."""
    made = Table(title="a scheduled update, µs on top of optimizer.step()", title_justify="left")
    for name in ("groups", "bare step", "passo", "torch", "by hand", "torch / passo"):
        made.add_column(name, justify="right")
    for groups in counts:
        times = measure(groups)
        over = {name: times[name] - times["bare"] for name in ("passo", "torch", "by hand")}
        ratio = over["torch"] / over["passo"]
        made.add_row(
            f"{groups:,}",
            f"{times['bare']:.2f}",
            *(f"{value:.2f}" for value in over.values()),
            f"{ratio:.1f}",
        )
    return made
