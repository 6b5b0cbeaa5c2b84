"""A step of each scheduler class beside torch's own, by number of param groups."""

from __future__ import annotations

import gc
import math
import statistics
import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from rich.table import Table
from torch.optim import lr_scheduler as torchs

from passo.optim import lr_scheduler as ours

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, WARM, LONG = 15, 600, 10**6


def several(count: int) -> Callable[[Any, Any], Any]:
    """A sequence of so many constant parts, ten steps each."""

    def make(library: Any, optimizer: Any) -> Any:
        parts = [library.ConstantLR(optimizer, 0.5, 5) for _ in range(count)]
        return library.SequentialLR(optimizer, parts, [10 * k for k in range(1, count)])

    return make


def warm_up(library: Any, optimizer: Any) -> Any:
    """A line and a cosine, one after the other."""
    parts = [library.LinearLR(optimizer, 0.1, 1.0, 500), library.CosineAnnealingLR(optimizer, LONG)]
    return library.SequentialLR(optimizer, parts, [500])


def chained(library: Any, optimizer: Any) -> Any:
    """A line and an exponential at once."""
    parts = [library.LinearLR(optimizer, 0.1, 1.0, LONG), library.ExponentialLR(optimizer, 0.9999)]
    return library.ChainedScheduler(parts)


KINDS: dict[str, Callable[[Any, Any], Any]] = {
    "LambdaLR": lambda of, o: of.LambdaLR(o, lambda t: 0.99**t),
    "MultiplicativeLR": lambda of, o: of.MultiplicativeLR(o, lambda _: 0.9999),
    "StepLR": lambda of, o: of.StepLR(o, 30),
    "MultiStepLR": lambda of, o: of.MultiStepLR(o, [1000, 20_000]),
    "ConstantLR": lambda of, o: of.ConstantLR(o, 0.5, 1000),
    "LinearLR": lambda of, o: of.LinearLR(o, 0.1, 1.0, LONG),
    "ExponentialLR": lambda of, o: of.ExponentialLR(o, 0.9999),
    "PolynomialLR": lambda of, o: of.PolynomialLR(o, LONG, 2.0),
    "CosineAnnealingLR": lambda of, o: of.CosineAnnealingLR(o, LONG),
    "CosineAnnealingWarmRestarts": lambda of, o: of.CosineAnnealingWarmRestarts(o, 100, 2),
    "CyclicLR": lambda of, o: of.CyclicLR(o, 0.01, 0.1, 100),
    "OneCycleLR": lambda of, o: of.OneCycleLR(o, 0.1, 10 * LONG),
    "SequentialLR of 2": warm_up,
    "SequentialLR of 3": several(3),
    "SequentialLR of 1,000": several(1000),
    "ChainedScheduler": chained,
    "ReduceLROnPlateau": lambda of, o: of.ReduceLROnPlateau(o, patience=LONG),
}


def step_of(library: Any, kind: str, groups: int) -> Callable[[], None]:
    """One step of a scheduler that has made its first ones."""
    params = [{"params": [torch.nn.Parameter(torch.ones(2))]} for _ in range(groups)]
    optimizer = torch.optim.SGD(params, lr=0.1, momentum=0.9)
    scheduler = KINDS[kind](library, optimizer)
    optimizer.step()
    if kind == "ReduceLROnPlateau":
        return lambda: scheduler.step(1.0)
    return scheduler.step  # type: ignore[no-any-return]


def measure(kind: str, groups: int) -> tuple[float, float]:
    """Microseconds of a step, torch's and ours: medians of rounds that take turns."""
    made = [step_of(library, kind, groups) for library in (torchs, ours)]
    number = max(5, 2000 // groups)
    rounds: list[list[float]] = [[], []]
    for step in made:
        for _ in range(WARM if groups < 100 else 20):
            step()
    gc.disable()
    for _ in range(ROUNDS):
        for step, times in zip(made, rounds, strict=True):
            begin = perf_counter()
            for _ in range(number):
                step()
            times.append((perf_counter() - begin) / number * 1e6)
    gc.enable()
    theirs, mine = map(statistics.median, rounds)
    return theirs, mine


def table(counts: tuple[int, ...]) -> Table:
    """Microseconds of a step, torch's and ours, and how many times ours is quicker."""
    made = Table(title="a step of the drop-in, µs: torch, passo (ratio)", title_justify="left")
    made.add_column("class")
    for groups in counts:
        made.add_column(f"{groups:,} groups" if groups > 1 else "1 group", justify="right")
    ratios: list[list[float]] = [[] for _ in counts]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in KINDS:
            cells = []
            for groups, found in zip(counts, ratios, strict=True):
                theirs, mine = measure(kind, groups)
                found.append(theirs / mine)
                cells.append(f"{theirs:.2f}, {mine:.2f} ({theirs / mine:.1f})")
            made.add_row(kind, *cells)
    means = [math.exp(statistics.fmean(map(math.log, found))) for found in ratios]
    made.add_row("geometric mean", *(f"({mean:.1f})" for mean in means))
    return made
