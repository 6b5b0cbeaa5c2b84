"""What is to be seen, as values: a Picture of Panels of Lines. No word on how it gets drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

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
DARK = "#222222"
COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
Dash: TypeAlias = Literal["solid", "dashed", "dotted", "dashdot"]
DASHES: tuple[Dash, ...] = get_args(Dash)
FEW = 60
INSIDE = 4  # names of lines that a panel has room for
NEAR = 0.06  # of the x axis: about as wide as the name of a mark


@dataclass(frozen=True, slots=True)
class Line:
    """One series: numbers over numbers, a name, and how it looks.

    `steps`: each value holds until the next x. `marks`: each point is shown.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = BLUE
    dash: Dash = "solid"
    steps: bool = False
    marks: bool = False
    width: float = 1.8


@dataclass(frozen=True, slots=True)
class Area:
    """What lies between two series, or (of two x and no series) everything between these two x."""

    label: str
    x: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: str = SKY


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the x axis, with a name."""

    label: str
    x: float
    colour: str = BLACK
    dash: Dash = "dotted"
    width: float = 1.3


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share a y axis.

    `planned` are drawn thin over the lines: what was to be. `height` is its share of the picture,
    `top` the highest y that is shown. `names` stand at the y axis in place of numbers.
    """

    ylabel: str
    lines: tuple[Line, ...]
    log: bool = False
    height: float = 1.0
    legend: bool = True
    areas: tuple[Area, ...] = ()
    marks: tuple[Mark, ...] = ()
    top: float | None = None
    planned: tuple[Line, ...] = ()
    names: tuple[tuple[float, str], ...] = ()

    @property
    def drawn(self) -> tuple[Line, ...]:
        """All lines, those that were planned last."""
        return self.lines + self.planned


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels one below the other, over one x axis. `note` is a small line under the title.

    `xlog`: the x axis is logarithmic.
    `marks` are places on the x axis, each with a short name.
    """

    title: str
    xlabel: str
    panels: tuple[Panel, ...]
    note: str = ""
    xlog: bool = False
    marks: tuple[tuple[float, str], ...] = ()

    @property
    def rows(self) -> float:
        """How high it wants to be, in panels; a long legend needs room too."""
        names = max(len(panel.lines) for panel in self.panels)
        return sum(p.height for p in self.panels) + (names > INSIDE) * 0.15 * names


def finite(lines: Sequence[Line]) -> list[float]:
    """Every number of the lines that can be drawn."""
    return [value for line in lines for value in line.y if math.isfinite(value)]


def bounds(panel: Panel) -> tuple[float, float]:
    """The lowest and the highest y of a panel: up to its `top`, with a little room below.

    >>> bounds(Panel("loss", (Line("loss", (0, 1, 2), (2.0, 1.9, 90.0)),), top=3.0))
    (1.8339999999999999, 3.0)
    """
    edges = [y for area in panel.areas for y in area.low if math.isfinite(y)]
    values = [*finite(panel.drawn), *edges] or [0.0, 1.0]
    top = max(values) if panel.top is None else panel.top
    low = min(values)
    if panel.log:
        return low / 1.5, top
    return (0.0 if 0 <= low <= 0.5 * top else low - 0.06 * (top - low)), top


def labels(picture: Picture) -> list[tuple[float, str]]:
    """The names of the marks, each name once; those that would lie on each other stand together.

    >>> panel = Panel("loss", (Line("loss", (0, 100), (1.0, 0.5)),))
    >>> labels(Picture("", "", (panel,), marks=((90, "P007"), (0, "P001"), (2, "P009"))))
    [(0, 'P001 P009'), (90, 'P007')]
    """
    xs = [x for panel in picture.panels for line in panel.lines for x in line.x]
    near = NEAR * (max(xs, default=0.0) - min(xs, default=0.0)) if not picture.xlog else 0.0
    found: list[tuple[float, list[str]]] = []
    last = -math.inf
    for place, name in sorted(picture.marks):
        if place - last > near:
            found.append((place, []))
        if name not in found[-1][1]:
            found[-1][1].append(name)
        last = place
    return [(place, " ".join(names)) for place, names in found]


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
