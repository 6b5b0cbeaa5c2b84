"""What the tests of arrays share: schedules, times, and how far apart two values are."""

from __future__ import annotations

import math

import passo
from passo import Constant, Linear, Plateau, Run, Table, steps
from tests.schedules.leaves import WAVE

RUN = Run(steps(100), steps_per_epoch=10)
SCHEDULES = {
    "warm-up and cosine": passo.warmup_cosine(peak=0.3, warmup=steps(10), floor=0.01).on(RUN),
    "repeat": Linear(1, 0.25, steps(8)).repeat(),
    "repeat five times": Linear(1, 0.25, steps(8)).repeat(5, scale=0.5),
    "restarts": passo.warm_restarts(first=steps(5), grow=2, shrink=0.5, peak=1.0),
    "table": Table([(steps(0), 1), (steps(30), 0.5), (steps(60), 0.75)]),
    "table of steps": Table([(steps(0), 1), (steps(30), 0.5), (steps(60), 0.75)], "step"),
    "product": Linear(1, 0.5, steps(50)) * passo.Exponential(0.3, 0.99),
    "stairs": passo.step_decay(steps(7), gamma=0.5, peak=1.0),
    "constant": Constant(0.1),
    "sum of constants": Constant(0.1) + Constant(0.2),
    "clip, minimum, maximum": Linear(0, 2, steps(90)).clip(0.25, 1.5).minimum(1.25).maximum(0.5),
    "stretch, skip, until": Linear(0, 2, steps(40)).skip(steps(4)).until(steps(30)).stretch(2),
    "plateau": Constant(0.4) * Plateau("x", past=[(t, 1.0) for t in range(40)]),
    "wsd": passo.wsd(peak=1, warmup=steps(10), cooldown=steps(30), shape="1-sqrt").on(RUN),
    "cyclic": passo.cyclic(0.1, peak=1.0, rise=steps(7), mode="exp_range", gamma=0.99),
    "function": 2 * WAVE,
}
TIMES = [
    0.0,
    0.25,
    3.0,
    7.0,
    8.0,
    9.75,
    10.0,
    29.5,
    30.0,
    31.0,
    59.0,
    64.0,
    70.0,
    99.0,
    100.0,
    150.0,
]


def worst(points: list[float], found: list[float], digits: int) -> float:
    """The largest distance in units in the last place of a float with so many binary digits."""
    coarse = 2.0 ** (53 - digits)
    assert not any(map(math.isnan, found))
    return max(
        abs(one - other) / (math.ulp(max(abs(one), 1e-4)) * coarse)
        for one, other in zip(points, found, strict=True)
    )


def close(points: list[float], found: list[float], rel: float) -> bool:
    """Whether values of a deep tree agree; sums may cancel, hence the absolute part."""
    return all(
        math.isclose(one, other, rel_tol=rel, abs_tol=8 * rel)
        for one, other in zip(points, found, strict=True)
    )
