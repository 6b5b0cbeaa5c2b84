"""What is to be seen, as values: a Picture of Panels of Lines. No word on how it gets drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Okabe and Ito: told apart by colour-blind eyes too, and in this order also in grey.
BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
DASHES = ("solid", "dashed", "dotted", "dashdot")
FEW = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One series: numbers over numbers, a name, and how it looks.

    `steps`: each value holds until the next x. `marks`: each point is shown.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = BLUE
    dash: str = "solid"
    steps: bool = False
    marks: bool = False
    width: float = 1.8


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share a y axis; `height` is its share of the picture."""

    ylabel: str
    lines: tuple[Line, ...]
    log: bool = False
    height: float = 1.0
    legend: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels one below the other, over one x axis. `note` is a small line under the title.

    `marks` are places on the x axis, each with a short name.
    """

    title: str
    xlabel: str
    panels: tuple[Panel, ...]
    note: str = ""
    marks: tuple[tuple[float, str], ...] = ()


def finite(lines: Sequence[Line]) -> list[float]:
    """Every number of the lines that can be drawn."""
    return [value for line in lines for value in line.y if math.isfinite(value)]


def wants_log(values: Sequence[float], share: float = 0.0) -> bool:
    """Whether positive values span more than two decades, and more than `share` of them are low.

    A cosine that ends near 0 keeps its shape (6 % of it are below a hundredth of its peak), an
    exponential is seen as the straight line that it is.

    >>> wants_log([1.0, 0.1, 0.001]), wants_log([1.0, 0.0]), wants_log([])
    (True, False, False)
    """
    if not values or min(values) <= 0:
        return False
    low = sum(value < max(values) / 100 for value in values)
    return low > share * len(values)
