"""A Picture on matplotlib Axes."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from passo.ground.errors import PassoError
from passo.ground.extras import need
from passo.plot.names import shorten
from passo.plot.picture import INSIDE, Area, Line, Panel, Picture, bounds, finite, labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY = "#555555"
MANY = 20_000
SHORT = 40
NAMED = 0.13
WRITTEN = 15  # characters of a note in an inch
HEADED = 9.5  # of a title
NAMING = 14  # of a name in the legend
DASHED = 0.6  # inches of a line before its name
NARROW, COVERED = 5.0, 0.6  # inches, and the share of them that names inside may cover
TICKED = 1.5  # intervals of the x axis in an inch
MARKED = 1.9  # inches for the name of a mark
UNDER = 0.45  # inches from the axes down to names below them
EDGES = 0.9  # inches of a figure that are left and right of its axes


def axes(
    picture: Picture,
    width: float | None = None,
    height: float | None = None,
    *,
    shown: bool = True,
) -> Axes:
    """The first Axes of a new figure of so many inches; `shown`, one that `plt.show()` shows."""
    size = (width or 8.0, height or 2.2 + 1.6 * picture.rows)
    figure = new_figure(size, shown=shown)
    from passo.plot.figures import PictureAxes

    return paint(picture, figure.add_subplot(axes_class=PictureAxes))


def paint(picture: Picture, ax: Axes) -> Axes:
    """Draws on `ax`, split for several panels; gives the first of them."""
    several = split(ax, [panel.height for panel in picture.panels])
    for each, panel in zip(several, picture.panels, strict=True):
        if picture.xlog:
            each.set_xscale("log")
        if picture.marks and each is ax:
            each.margins(y=NAMED)  # room for their names
        fill(each, panel)
        name_axes(each, picture.xlabel, panel.ylabel)
        _mark(each, picture, named=each is ax)
    for each in several[:-1]:
        each.tick_params(labelbottom=False)
        each.xaxis.label.set_visible(False)
    title(ax, picture)
    return ax


def _mark(ax: Axes, picture: Picture, *, named: bool) -> None:
    """A thin line at each place, with the names of all that lie there above the first panel."""
    for place in {place for place, _ in picture.marks}:
        ax.axvline(place, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    for place, text in labels(picture) if named else ():
        ax.annotate(
            text,
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right" if place > sum(ax.get_xlim()) / 2 else "left",
            va="bottom",
            fontsize=8,
            color=GREY,
        )


def new_figure(size: tuple[float, float], gap: float = 0.02, *, shown: bool = False) -> Figure:
    """An empty figure; `gap` is the share of the height between panels."""
    need("matplotlib", "passo[plot]", "drawing with matplotlib")
    from passo.plot import figures  # it has matplotlib at its head

    return figures.new_figure(size, gap, shown=shown)


def split(ax: Axes, heights: list[float]) -> list[Axes]:
    """The place of `ax` shared out from top to bottom; `ax` keeps the first part."""
    if len(heights) == 1:
        return [ax]
    place = ax.get_subplotspec()
    if place is None:
        raise PassoError(
            "a picture of several panels needs an 'ax' that can be split; "
            "write ax=figure.add_subplot()"
        )
    grid = place.subgridspec(len(heights), 1, height_ratios=heights)
    ax.set_subplotspec(grid[0])
    cells = [grid[row] for row in range(1, len(heights))]
    return [ax, *(ax.figure.add_subplot(cell, sharex=ax) for cell in cells)]


def fill(ax: Axes, panel: Panel) -> None:
    """The lines of one panel, and its looks."""
    for area in panel.areas:
        shade(ax, area)
    for line in panel.drawn:
        stroke(ax, line)
    for mark in panel.marks:
        looks: dict[str, Any] = {"color": mark.colour, "linestyle": mark.dash, "label": mark.label}
        ax.axvline(mark.x, linewidth=mark.width, zorder=1.5, **looks)
    if panel.log:
        ax.set_yscale("log")
    elif panel.names:
        places, names = zip(*panel.names, strict=True)
        ax.set_yticks(places, names)
        ax.set_ylim(min(places) - 0.5, max(places) + 0.5)
    else:
        _room(ax, finite(panel.drawn))
    if panel.top is not None:
        ax.set_ylim(*bounds(panel))
    ax.margins(x=0.015)
    ax.grid(visible=True, color="#E3E3E3", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9, color=GREY)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if panel.legend:
        _legend(ax, panel)


def stroke(ax: Axes, line: Line) -> None:
    """One line, its own numbers untouched."""
    ax.plot(
        line.x,
        line.y,
        color=line.colour,
        linestyle=line.dash,
        linewidth=line.width,
        drawstyle="steps-post" if line.steps else "default",
        marker="o" if line.marks else None,
        markersize=3.5,
        label=line.label,
        solid_capstyle="round",
    )


def shade(ax: Axes, area: Area) -> None:
    """An area, behind all lines."""
    looks: dict[str, Any] = {"color": area.colour, "linewidth": 0, "label": area.label}
    if area.low:
        ax.fill_between(area.x, area.low, area.high, alpha=0.25, zorder=1, **looks)
    else:
        ax.axvspan(*area.x, alpha=0.12, zorder=0.5, **looks)


def name_axes(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Names and numbers on the axes."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    ax.set_xlabel(xlabel, fontsize=10)
    ax.set_ylabel(ylabel, fontsize=10)
    if ax.get_xlim()[1] >= 10_000:
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    if xlabel.startswith("update"):
        most = max(2, min(10, int(TICKED * _wide(ax))))
        ax.xaxis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 5, 10]))


def title(ax: Axes, picture: Picture) -> None:
    """The title, and the note between it and the picture, above the names of marks."""
    lift = 10 if picture.marks else 0
    lines = _lines(ax, picture.note)
    most = round(HEADED * _room_of(ax))
    ax.set_title(
        "\n".join(textwrap.fill(line, most) for line in picture.title.split("\n")),
        x=0.0,
        ha="left",
        fontsize=12,
        fontweight="bold",
        pad=8 + 12 * len(lines) + lift,
    )
    if lines:
        note = ax.annotate(
            "\n".join(lines),
            (0, 1),
            (0, 6 + lift),
            va="bottom",
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=8,
            color=GREY,
        )
        note.set_in_layout(False)  # it would take its room from the axes of a narrow picture


def _lines(ax: Axes, note: str) -> list[str]:
    """A note in the room over its picture: few lines, or one without its middle."""
    most = round(WRITTEN * _room_of(ax))
    lines = textwrap.wrap(note, most, break_long_words=False)
    few = 3 if _wide(ax) >= NARROW else 5
    if len(lines) > few or any(len(each) > most for each in lines):
        return [shorten(note, most)]
    return lines


def _room(ax: Axes, values: list[float]) -> None:
    """From 0 where that wastes less than half of the height, and for a constant."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high > 0 and math.isfinite(1.25 * high):
        ax.set_ylim(0, 1.25 * high)
    elif 0 <= low <= 0.5 * high:
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))


def _legend(ax: Axes, panel: Panel) -> None:
    """Names: inside where they hide little, below the panel where there are many."""
    looks: dict[str, Any] = {"fontsize": 9, "framealpha": 0.85, "edgecolor": "none"}
    room = _room_of(ax)
    points = sum(len(line.x) for line in panel.drawn)
    handles, names = ax.get_legend_handles_labels()
    longest = max(map(len, names), default=0)
    hides = _wide(ax) < NARROW and DASHED + longest / NAMING > COVERED * room
    most = round(NAMING * (room - DASHED))
    names = [textwrap.fill(each, most) if hides else shorten(each, most) for each in names]
    if panel.marks:
        ncols = max(1, min(3, int(room / MARKED)))
        ax.legend(handles, names, ncols=ncols, **_below(ax), **looks)
    elif len(panel.lines) > INSIDE or hides:
        ncols = 2 if longest <= SHORT and not hides else 1
        ax.legend(handles, names, ncols=ncols, **_below(ax), **looks)
    else:
        ax.legend(handles, names, loc="best" if points <= MANY else "upper right", **looks)


def _below(ax: Axes) -> dict[str, Any]:
    """Below the name of the x-axis, whatever the height of the axes."""
    from matplotlib.transforms import ScaledTranslation

    down = ScaledTranslation(0.0, -UNDER, ax.figure.dpi_scale_trans)
    place = {"bbox_to_anchor": (0.0, 0.0), "bbox_transform": ax.transAxes + down}
    return {"loc": "upper left", **place}


def _room_of(ax: Axes) -> float:
    """The inches between the edges."""
    return max(1.0, _wide(ax) - EDGES)


def _wide(ax: Axes) -> float:
    """The width of the figure, in inches."""
    return float(ax.figure.bbox.width / ax.figure.dpi)
