"""The demo's pictures: one of each schedule, and the one that compares them over the base rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passo.demo.findings import Ground
from passo.demo.stories import chosen
from passo.demo.values import SENSITIVITY, Cell, Settings, Task
from passo.plot import draw, save
from passo.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (5.6, 4.4)
CLASSES = 10
# told apart by the colour-blind; a second round of eight is dashed
COLORS = ("#000000", "#e69f00", "#0072b2", "#009e73", "#cc3c8a", "#56b4e9", "#d55e00", "#8c6d1f")
DASHES = ("-", "--")
FONT = 13  # to be read on a telephone: the picture is 6 inches wide


def draw_figure(folder: Path, task: Task) -> None:
    """The rate as used over the losses."""
    (story,) = chosen([task.schedule])
    trace = replace(Trace.load(folder / task.trace), plan=", ".join(t for _, t in story.plan))
    height = SIZE[1] + (0.8 if len(story.plan) > 1 else 0)
    top = draw(trace, title=story.title, width=SIZE[0], height=height)
    ax = top.figure.axes[-1]
    low, high = ax.get_ylim()
    ax.axhline(math.log(CLASSES), color="#777777", linestyle=":", linewidth=1.2, label="guessing")
    ax.set_ylim(low, max(high, 1.1 * math.log(CLASSES)))
    ax.legend(loc="best", fontsize=8, frameon=True, framealpha=0.85, edgecolor="none")
    save(top, folder / task.figure)


def draw_sensitivity(folder: Path, cells: Sequence[Cell], settings: Settings) -> None:
    """The picture that compares the schedules."""
    save(compared(cells, settings), folder / SENSITIVITY)


def compared(cells: Sequence[Cell], settings: Settings) -> Figure:
    """Accuracy over the base rate, a line and its seeds' band each; below, where each works."""
    from matplotlib.figure import Figure as NewFigure
    from matplotlib.ticker import NullFormatter, NullLocator

    titles = list(dict.fromkeys(cell.title for cell in cells))
    figure = NewFigure(figsize=(6, 4.3 + 0.27 * len(titles)), dpi=200, layout="constrained")
    with_rows = {"height_ratios": (3.3, 0.27 * len(titles)), "hspace": 0.02}
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw=with_rows)
    for place, title in enumerate(titles):
        looks = _looks(place)
        own = [cell for cell in cells if cell.title == title]
        _line(above, own, looks)
        _row(below, own, place, settings, looks)
    _axes(above, below, titles, settings)
    bases = sorted({cell.base for cell in cells})
    below.set_xscale("log")
    below.set_xticks(bases, [f"{base:g}" for base in bases], fontsize=FONT - 2)
    below.xaxis.set_minor_locator(NullLocator())
    below.xaxis.set_minor_formatter(NullFormatter())
    return figure


def _looks(place: int) -> dict[str, Any]:
    """The colour and dash of a schedule."""
    dash = DASHES[place // len(COLORS) % len(DASHES)]
    return {"color": COLORS[place % len(COLORS)], "linestyle": dash}


def _line(ax: Axes, own: Sequence[Cell], looks: dict[str, Any]) -> None:
    """The mean over the base rate, in the band of its seeds."""
    bases = [cell.base for cell in own]
    low, high = zip(*(cell.band for cell in own), strict=True)
    ax.fill_between(bases, low, high, color=looks["color"], alpha=0.13, linewidth=0)
    ax.plot(bases, [cell.mean for cell in own], linewidth=2.4, marker="o", markersize=5, **looks)


def _row(
    ax: Axes, own: Sequence[Cell], place: int, settings: Settings, looks: dict[str, Any]
) -> None:
    """Where a schedule works: filled, and joined where neighbours do."""
    ground = Ground.of(own, 100 * settings.goal, settings.test)
    for one, following in zip(own, [*own[1:], None], strict=True):
        fits = ground.works(one)
        fill = looks["color"] if fits else "white"
        ax.plot(one.base, place, "o", color=looks["color"], markersize=8, markerfacecolor=fill)
        if fits and following is not None and ground.works(following):
            ax.plot([one.base, following.base], [place, place], linewidth=5, **looks)


def _axes(above: Axes, below: Axes, titles: Sequence[str], settings: Settings) -> None:
    """The names of things, and the goal."""
    above.axhline(100 * settings.goal, color="#777777", linestyle=":", linewidth=1.2)
    above.set_ylim(0, 103)
    above.set_ylabel("test accuracy, %", fontsize=FONT)
    bands = f"band: all {settings.seeds} seeds" if settings.seeds > 1 else "1 seed"
    above.set_title(f"Which rates work, with which schedule\n{bands}", fontsize=FONT)
    above.tick_params(labelsize=FONT - 1)
    below.set_yticks(range(len(titles)), titles, fontsize=FONT - 1)
    for label, place in zip(below.get_yticklabels(), range(len(titles)), strict=True):
        label.set_color(_looks(place)["color"])
    below.set_ylim(len(titles) - 0.4, -0.6)
    below.set_xlabel(f"base rate (filled: at least {settings.goal_text} on average)", fontsize=FONT)
    for ax in (above, below):
        ax.grid(visible=True, axis="x", color="#dddddd", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    below.spines["left"].set_visible(False)
    below.tick_params(axis="y", length=0)
