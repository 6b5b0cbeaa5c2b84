"""Many runs of a search over what they were made of: parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from passo.ground.errors import PassoError
from passo.plot.backends.matplotlib import GREY, new_figure
from passo.plot.backends.terminal import decades, ticks
from passo.plot.names import shorten
from passo.plot.picture import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE = "#BBBBBB"
NAME = 16
CHOICE = 14
WIDE = 1.35  # inches for an axis
NARROWEST = 5.0
HIGH = 3.3
LINE = 14  # points between two lines under the title
MOST_LINES = 4
TICKS = 5
APART = 0.08  # of an axis: what stands nearer to an end is left out
FEW_TENS = 200.0
LARGEST_PLAIN = 10**5


@dataclass(frozen=True, slots=True)
class Axis:
    """One hole of a search: numbers from `low` to `high` (`whole`: only whole ones), or `choices`.

    >>> Axis("peak", 1e-4, 1e-2, log=True).place(1e-3)
    0.5
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Any, ...] = ()
    whole: bool = False

    def place(self, value: Any) -> float:
        """Where a value stands on it, from 0 to 1; NaN where there is none."""
        if value is None:
            return math.nan
        if self.choices:
            return (self.choices.index(value) + 0.5) / len(self.choices)
        low, high, at = (self._scaled(each) for each in (self.low, self.high, value))
        return (at - low) / (high - low) if high > low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Places on it, and what stands there."""
        if self.choices:
            return [(self.place(each), shorten(str(each), CHOICE)) for each in self.choices]
        ends = list(dict.fromkeys([self.low, self.high]))
        inner = [
            each
            for each in self._round()
            if all(abs(self.place(each) - self.place(end)) > APART for end in ends)
            and not (self.whole and each % 1)
        ]
        every = sorted([*ends, *inner])
        return list(zip(map(self.place, every), _told_apart(every), strict=True))

    def _round(self) -> list[float]:
        """Round numbers between its ends: by tens, or by 1, 2, 5 where there are few of those."""
        if not self.log:
            return ticks(self.low, self.high, TICKS)
        tens = decades(self.low, self.high, TICKS)
        if self.high >= FEW_TENS * self.low:
            return tens
        first = math.floor(math.log10(self.low))
        every = [float(f"{k}e{first + ten}") for ten in range(4) for k in (1, 2, 5)]
        return [each for each in every if self.low <= each <= self.high]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else float(value)


def _told_apart(values: Sequence[float]) -> list[str]:
    """Numbers in three digits, or as many as they need to differ."""
    texts: list[str] = []
    for digits in range(3, 18):
        texts = [
            f"{each:,.0f}" if each % 1 == 0 and abs(each) < LARGEST_PLAIN else f"{each:.{digits}g}"
            for each in values
        ]
        if len(set(texts)) == len(texts):
            break
    return texts


@dataclass(frozen=True, slots=True)
class Strand:
    """One run: a value on each axis (None: it has none), its loss, and whether it is a good one."""

    values: Sequence[Any]
    loss: float
    near: bool = False


def parallel(
    axes: Sequence[Axis], strands: Sequence[Strand], *, title: str, note: str = ""
) -> Figure:
    """A figure with an axis for each hole and one for the loss; good runs are blue and on top.

    Raises `PassoError` without an axis or a run.

    >>> figure = parallel([Axis("peak", 1e-3, 1e-1, log=True)], [Strand([0.01], 0.5)], title="One")
    >>> [each.get_text() for each in figure.axes[0].get_xticklabels()]
    ['peak', 'loss']
    """
    if not axes or not strands:
        raise PassoError("parallel coordinates need an axis and a run; give both")
    losses = sorted(each.loss for each in strands)
    top = losses[min(len(losses) - 1, math.ceil(0.9 * len(losses)))]  # the worst are cut off
    every = [*axes, Axis("loss", losses[0], top)]
    figure = new_figure((max(NARROWEST, WIDE * len(every) + 0.9), HIGH), shown=True)
    ax = figure.add_subplot()
    for strand in sorted(strands, key=lambda each: (each.near, -each.loss)):
        values = [*strand.values, min(strand.loss, top)]
        heights = [axis.place(value) for axis, value in zip(every, values, strict=True)]
        looks = _look(strand)
        ax.plot(range(len(every)), heights, solid_capstyle="round", **looks)
    _scales(ax, every)
    _title(ax, title, note, strands)
    return figure


def _look(strand: Strand) -> dict[str, Any]:
    if strand.near:
        return {"color": BLUE, "linewidth": 1.8, "alpha": 0.9, "zorder": 3}
    return {"color": PALE, "linewidth": 0.9, "alpha": 0.9, "zorder": 2}


def _scales(ax: Axes, axes: Sequence[Axis]) -> None:
    """A vertical line for each axis, with what stands on it to its right."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    for place, axis in enumerate(axes):
        ax.axvline(place, color=GREY, linewidth=1.0, zorder=4)
        for height, text in axis.ticks():
            ax.plot([place, place + 0.03], [height, height], color=GREY, linewidth=1.0, zorder=4)
            at = (place + 0.05, height)
            ax.text(*at, text, fontsize=9, va="center", color="#222222", zorder=5, bbox=box)
    ax.set_xticks(range(len(axes)), [shorten(each.name, NAME) for each in axes])
    ax.tick_params(axis="x", length=0, labelsize=11)
    ax.set_yticks([])
    ax.set_xlim(-0.15, len(axes) - 0.55)
    ax.set_ylim(-0.04, 1.04)
    for side in ("top", "left", "right", "bottom"):
        ax.spines[side].set_visible(False)


def _title(ax: Axes, title: str, note: str, strands: Sequence[Strand]) -> None:
    near = sum(each.near for each in strands)
    said = f"blue: the {near} that cannot be told from the best"
    width = int(ax.figure.canvas.figure.get_figwidth() * 11.5)
    lines = [said, *wrap(note, width, max_lines=MOST_LINES, placeholder=" ...")]
    high = LINE * len(lines) - 8
    ax.set_title(
        shorten(title, int(width * 0.85)), loc="left", fontsize=13, fontweight="bold", pad=high + 16
    )
    for place, line in enumerate(lines):
        ax.annotate(
            line,
            (0.0, 1.0),
            xycoords="axes fraction",
            xytext=(0, high - LINE * place),
            textcoords="offset points",
            fontsize=9,
            color=GREY,
        )
