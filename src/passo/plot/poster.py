"""Many runs on one page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from passo.ground.errors import PassoError
from passo.plot.backends.matplotlib import GREY, fill, name_axes, new_figure
from passo.plot.compose import losses, rates
from passo.plot.names import UNITS, shorten
from passo.plot.picture import Panel, finite, wants_log
from passo.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 0.1  # inches between a rate and its losses
NARROW = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis that all losses share."""

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, panels: Sequence[Panel]) -> Scale:
        """From the lowest loss to twice the usual first one: what healthy runs show.

        >>> Scale.of([])
        Scale(low=0.0, high=1.0, log=False)
        """
        values = [value for panel in panels for value in finite(panel.lines)]
        firsts = [value for panel in panels for each in panel.lines for value in finite([each])[:1]]
        if not values:
            return cls(0.0, 1.0, log=False)
        high = min(max(values), 2 * median(firsts))
        kept = [value for value in values if value <= high]
        if wants_log(kept):
            return cls(min(kept) / 1.3, 1.3 * high, log=True)
        room = 0.05 * (high - min(kept)) or 0.5
        return cls(min(0.0, min(kept) - room), high + room, log=False)


def poster(traces: Mapping[str, Trace], *, columns: int = 4, title: str | None = None) -> Figure:
    """One figure of many runs: for each, under its name, the rate as used over its losses.

    All losses share one axis, so that they compare; a run that leaves it says so. Raises
    `PassoError` without a trace.

    >>> from passo.trace import Column, Report, Trace
    >>> lr = Column(0, "lr", (0, 2), (0.1, 0.01))
    >>> trace = Trace(3, ("all",), (lr,), (Report.of(3, {"loss": 0.5}),))
    >>> [ax.get_title() for ax in poster({"a drop": trace}).axes]
    ['a drop', '']
    """
    if not traces or columns < 1:
        raise PassoError("a poster needs a trace and a column; write poster({'name': trace})")
    wide = min(columns, len(traces))
    height = 2.8 * math.ceil(len(traces) / wide) + 0.9
    figure = new_figure((3.3 * wide + 0.4, height), gap=0.0, shown=True)
    grid = figure.add_gridspec(math.ceil(len(traces) / wide), wide)
    lower = {name: losses(trace) or Panel("loss", ()) for name, trace in traces.items()}
    scale = Scale.of(list(lower.values()))
    for place, (name, trace) in enumerate(traces.items()):
        panels = [*rates(trace)[:1], lower[name]]
        cell = grid[place // wide, place % wide].subgridspec(
            len(panels), 1, height_ratios=(2, 3)[-len(panels) :], hspace=GAP / height
        )
        axes = _cell(figure, cell, panels, scale)
        axes[0].set_title(shorten(name, 40), x=0, ha="left", fontsize=11, fontweight="bold")
        if place % wide:
            axes[-1].tick_params(labelleft=False)
            for each in axes:
                each.set_ylabel("")
        if place + wide < len(traces):
            axes[-1].set_xlabel(" ", fontsize=5)  # room for the name below
    _legend(figure, "outside upper right" if wide > NARROW else "outside lower center")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
    return figure


def _cell(figure: Figure, cell: Any, panels: Sequence[Panel], scale: Scale) -> list[Axes]:
    """One run: its panels, the last of them on the common scale."""
    axes: list[Axes] = []
    for place, panel in zip(cell, panels, strict=True):
        ax = figure.add_subplot(place, sharex=axes[0] if axes else None)
        fill(ax, replace(panel, legend=False))
        name_axes(ax, UNITS["step"], panel.ylabel)
        if panel is not panels[-1]:
            ax.tick_params(labelbottom=False)
            ax.set_xlabel("")
        axes.append(ax)
    last = axes[-1]
    last.set_yscale("log" if scale.log else "linear")
    last.set_ylim(scale.low, scale.high)
    looks: dict[str, Any] = {"ha": "right", "va": "top", "fontsize": 9, "color": GREY}
    last.text(0.97, 0.93, _away(panels[-1], scale), transform=last.transAxes, **looks)
    return axes


def _away(panel: Panel, scale: Scale) -> str:
    """What the common scale does not show."""
    odd = [
        x
        for line in panel.lines
        for x, y in zip(line.x, line.y, strict=True)
        if not math.isfinite(y)
    ]
    if odd:
        return f"not finite from update {min(odd):,.0f}"
    highest = max(finite(panel.lines), default=scale.low)
    return f"leaves the picture: up to {highest:.3g}" if highest > scale.high else ""


def _legend(figure: Figure, where: Any) -> None:
    """One legend for all, beside the panels."""
    found: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, text in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(text.partition(" (")[0], handle)
    figure.legend(
        list(found.values()),
        list(found),
        loc=where,
        ncols=len(found),
        fontsize=10,
        frameon=False,
    )
