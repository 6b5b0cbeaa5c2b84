"""The shape of a rate in a few numbers from 0 to 1: for a table in a terminal and on a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from passo.demo.stories import Story
from passo.schedules import Run
from passo.trace import Trace

BLOCKS = "▁▂▃▄▅▆▇█"


def planned(story: Story, run: Run, points: int) -> list[float]:
    """The rate that the plan holds, as long as nothing was reported.

    >>> from passo.demo.stories import chosen
    >>> from passo.schedules import steps
    >>> planned(chosen(["cosine"])[0], Run(steps(100)), 3)
    [1.0, 0.5, 0.000...]
    """
    value = story.schedules()["lr"].on(run).with_base(1.0)
    return _sampled(value, run.updates, points)


def used(trace: Trace, points: int) -> list[float]:
    """The rate that the updates used.

    >>> from passo.trace import Column
    >>> used(Trace(4, ("all",), (Column(0, "lr", (0, 2), (0.2, 0.1)),)), 4)
    [1.0, 1.0, 0.5, 0.5]
    """
    return _sampled(trace.value, trace.updates, points)


def blocks(shape: Sequence[float]) -> str:
    """The shape as a line of text.

    >>> blocks([0.0, 0.5, 1.0])
    '▁▅█'
    """
    return "".join(BLOCKS[math.floor(each * (len(BLOCKS) - 1) + 0.5)] for each in shape)


def svg(shape: Sequence[float], width: int = 72, height: int = 22) -> str:
    """The shape as a line drawing inside a page.

    >>> svg([0.0, 1.0], 10, 12).partition("<polyline ")[2]
    'points="0.0,11.0 10.0,1.0"/></svg>'
    """
    across = width / (len(shape) - 1)
    points = " ".join(
        f"{across * place:.1f},{1 + (height - 2) * (1 - each):.1f}"
        for place, each in enumerate(shape)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-hidden="true"><polyline points="{points}"/></svg>'
    )


def _sampled(value: Callable[[int], float], updates: int, points: int) -> list[float]:
    """Values at even distances, as shares of the greatest."""
    last = updates - 1
    found = [float(value(round(last * place / (points - 1)))) for place in range(points)]
    greatest = max(found) or 1.0
    return [each / greatest for each in found]
