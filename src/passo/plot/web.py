"""A Picture as a plotly figure."""

from __future__ import annotations

import math
from typing import Any

from passo.plot.need import need
from passo.plot.picture import Line, Panel, Picture, shown

DASH = {"solid": "solid", "dashed": "dash", "dotted": "dot", "dashdot": "dashdot"}


def web(picture: Picture, size: tuple[int, int] | None = None) -> Any:
    """The figure: one row for each panel, over one x axis."""
    need("plotly")
    from plotly.subplots import make_subplots

    rows = len(picture.panels)
    total = sum(panel.height for panel in picture.panels)
    figure = make_subplots(
        rows=rows,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.06,
        row_heights=[panel.height / total for panel in picture.panels],
    )
    for row, panel in enumerate(picture.panels, 1):
        for trace in _drawn(panel):
            figure.add_trace(trace, row=row, col=1)
        scale = "log" if panel.log else "linear"
        figure.update_yaxes(title_text=panel.ylabel, type=scale, row=row, col=1)
        if panel.top is not None:
            low, high = shown(panel)
            ends = [math.log10(low), math.log10(high)] if panel.log else [low, high]
            figure.update_yaxes(range=ends, row=row, col=1)
    if picture.xlog:
        figure.update_xaxes(type="log")
    for place, name in picture.marks:
        figure.add_vline(
            place, line={"width": 1, "dash": "dot"}, annotation_text=name, row=1, col=1
        )
    figure.update_xaxes(title_text=picture.xlabel, row=rows, col=1)
    note = f"<br><sup>{picture.note}</sup>" if picture.note else ""
    figure.update_layout(title_text=f"<b>{picture.title}</b>{note}", template="plotly_white")
    if size:
        figure.update_layout(width=size[0], height=size[1])
    return figure


def _drawn(panel: Panel) -> list[Any]:
    """All of a panel as traces; what matplotlib shades lies here between two thin lines."""
    low, high = shown(panel)
    made = []
    for area in panel.areas:
        if area.low:
            below = Line(area.label, area.x, area.low, area.colour, width=0.5)
            above = Line(area.label, area.x, area.high, area.colour, width=0.5)
            made += [_scatter(below, legend=False), _scatter(above, fill="tonexty")]
        else:
            x, y = (*area.x, *area.x[::-1], area.x[0]), (low, low, high, high, low)
            made.append(_scatter(Line(area.label, x, y, area.colour, width=0.0), fill="toself"))
    made += [_scatter(line, legend=bool(line.label)) for line in panel.drawn]
    for mark in panel.marks:
        upright = Line(mark.label, (mark.x, mark.x), (low, high), mark.colour, mark.dash)
        made.append(_scatter(upright))
    return made


def _scatter(line: Line, *, fill: str | None = None, legend: bool = True) -> Any:
    from plotly.graph_objects import Scatter

    return Scatter(
        x=list(line.x),
        y=list(line.y),
        name=line.label,
        fill=fill,
        showlegend=legend,
        mode="lines+markers" if line.marks else "lines",
        line={
            "color": line.colour,
            "width": line.width,
            "dash": DASH[line.dash],
            "shape": "hv" if line.steps else "linear",
        },
    )
