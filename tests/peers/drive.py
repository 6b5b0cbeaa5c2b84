"""Another library's scheduler at work on an optimizer, update by update, beside an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from passo import Run, Schedule, steps
from tests.catalogue.recorded import losses

BASE = 0.1
CLOSE = 1e-12
RUN = Run(steps(10_000), steps_per_epoch=1)
"""An epoch of one update, so that what counts epochs counts updates."""


def sgd(momentum: float = 0.9) -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=BASE, momentum=momentum)


def used(
    optimizer: Any, advance: Callable[[int], Any], updates: int, key: str = "lr"
) -> list[float]:
    """What each update uses; `advance(t)` is called before update t, from 1 on."""
    found = []
    for t in range(updates):
        if t:
            optimizer.step()
            advance(t)
        found.append(float(optimizer.param_groups[0][key]))
    return found


def same(
    schedule: Schedule, values: Sequence[float], *, first: int = 0, close: float = CLOSE
) -> None:
    """Every value is the schedule's, relative to the largest of them."""
    placed = schedule.with_base(BASE).on(RUN)
    mine = [placed(t) for t in range(first, first + len(values))]
    scale = max(map(abs, values))
    far = [
        (first + k, one, other)
        for k, (one, other) in enumerate(zip(mine, values, strict=True))
        if abs(one - other) > close * scale
    ]
    assert not far, f"{schedule!r}: ours and theirs at (t, ours, theirs) {far[:4]}"


def same_falls(
    plan: Schedule, optimizer: Any, advance: Callable[[int, float], Any], key: str = "val_loss"
) -> None:
    """A plateau falls where theirs does, as long as theirs does not come near its eps."""
    metrics = losses(120)
    values = used(optimizer, lambda t: advance(t, metrics[t]), 120)
    low = next((t for t, value in enumerate(values) if t and value < 1e-6), len(values))
    assert len(set(values[:low])) > 1, "it never moved"
    heard = plan.with_reports([(t, {key: metrics[t]}) for t in range(1, 120)])
    same(heard, values[:low])
