"""Relative least squares with coefficients of at least 0, and the one number that is searched."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from passo.law.columns import Numbers

SETS: Final = ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
TRIED, NARROWED = 24, 24  # points of the grid; steps after which a hundred-thousandth of it is left


class Solved(NamedTuple):
    """The coefficients, and the sum of squared relative errors, each run weighing 1."""

    weights: Numbers
    error: float


def solve(columns: Sequence[Numbers], losses: Sequence[Numbers]) -> Solved:
    """The best coefficients of at least 0 of three columns: of few, every active set is tried."""
    rows = []
    for each, loss in zip(columns, losses, strict=True):
        weight = 1.0 / math.sqrt(len(loss))
        rows.append(np.column_stack([each / loss[:, None], np.ones_like(loss)]) * weight)
    table: Any = np.linalg.qr(np.concatenate(rows), mode="r")
    size = np.linalg.norm(table[:, :3], axis=0)
    size[size == 0.0] = 1.0
    scaled, target = table[:, :3] / size, table[:, 3]
    best = Solved(np.zeros(3), float(target @ target))
    for chosen in SETS:
        part = scaled[:, chosen]
        found = np.linalg.lstsq(part, target, rcond=None)[0]
        gap = part @ found - target
        if found.min() >= 0.0 and (error := float(gap @ gap)) < best.error:
            weights = np.zeros(3)
            weights[list(chosen)] = found / size[list(chosen)]
            best = Solved(weights, error)
    return best


def variety(columns: Sequence[Numbers], losses: Sequence[Numbers]) -> float:
    """The share of the third column that the first two do not explain, in relative losses."""
    pairs = zip(columns, losses, strict=True)
    rows = [each / loss[:, None] / math.sqrt(len(loss)) for each, loss in pairs]
    table: Any = np.linalg.qr(np.concatenate(rows), mode="r")
    whole = float(np.linalg.norm(table[:, 2]))
    return abs(float(table[2, 2])) / whole if whole else 0.0


def lowest(error: Callable[[float], float], low: float, high: float) -> float:
    """Where the error is least between two scales: a grid, then the golden section beside it."""
    grid = np.linspace(math.log(low), math.log(high), TRIED)
    place = int(np.argmin([error(math.exp(each)) for each in grid]))
    a, b = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, TRIED - 1)])
    left, right = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    at_left, at_right = error(math.exp(left)), error(math.exp(right))
    for _ in range(NARROWED):
        if at_left < at_right:
            b, right, at_right = right, left, at_left
            left = b - GOLDEN * (b - a)
            at_left = error(math.exp(left))
        else:
            a, left, at_left = left, right, at_right
            right = a + GOLDEN * (b - a)
            at_right = error(math.exp(right))
    return math.exp((a + b) / 2.0)
