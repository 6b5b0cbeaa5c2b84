"""A Picture as a plotly figure."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import Any

from passo.ground.extras import need
from passo.plot.picture import Dash, Line, Panel, Picture, bounds, labels

LOOKS: dict[str, Any] = {
    "template": "plotly_white",
    "legend": {"orientation": "h", "yref": "container", "y": 0.01, "yanchor": "bottom"},
    "margin": {"l": 70, "r": 20, "t": 80, "b": 90},
}
NAME = 48  # characters of a line in the legend: plotly breaks none
DASH: dict[Dash, str] = {"solid": "solid", "dashed": "dash", "dotted": "dot", "dashdot": "dashdot"}


def figure(picture: Picture, width: float | None = None, height: float | None = None) -> Any:
    """Its Figure: one row for each panel, over one x axis; no width is that of the window."""
    need("plotly", "passo[plot]", "drawing with plotly")
    from plotly.subplots import make_subplots

    rows = len(picture.panels)
    total = sum(panel.height for panel in picture.panels)
    made = make_subplots(
        rows=rows,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.06,
        row_heights=[panel.height / total for panel in picture.panels],
    )
    for row, panel in enumerate(picture.panels, 1):
        for trace in _drawn(panel):
            made.add_trace(trace, row=row, col=1)
        scale = "log" if panel.log else "linear"
        tick: dict[str, Any] = {"tickformat": "~g", "exponentformat": "e"}  # 0.0003 and not 300µ
        made.update_yaxes(title_text=panel.ylabel, type=scale, row=row, col=1, **tick)
        if panel.names:
            places, names = zip(*panel.names, strict=True)
            made.update_yaxes(tickvals=places, ticktext=names, row=row, col=1)
        if panel.top is not None:
            low, high = bounds(panel)
            ends = [math.log10(low), math.log10(high)] if panel.log else [low, high]
            made.update_yaxes(range=ends, row=row, col=1)
    if picture.xlog:
        made.update_xaxes(type="log")
    _mark(made, picture)
    made.update_xaxes(title_text=picture.xlabel, row=rows, col=1)
    note = f"<br><sup>{picture.note}</sup>" if picture.note else ""
    made.update_layout(title_text=f"<b>{picture.title}</b>{note}", **LOOKS)
    wide = None if width is None else round(width)
    made.update_layout(width=wide, height=round(height or 200 + 180 * picture.rows))
    return made


def _mark(figure: Any, picture: Picture) -> None:
    """A thin line at each place through all panels, with the names above the first."""
    for place in {place for place, _ in picture.marks}:
        figure.add_vline(place, line={"width": 1, "dash": "dot"})
    middle = max((x for line in picture.panels[0].lines for x in line.x), default=0.0) / 2
    for place, text in labels(picture):
        where = {"x": place, "y": 1.0, "xref": "x", "yref": "paper", "yanchor": "bottom"}
        anchor = "right" if place > middle else "left"
        figure.add_annotation(text=text, showarrow=False, xanchor=anchor, **where)


def _drawn(panel: Panel) -> list[Any]:
    """All of a panel as traces; what matplotlib shades lies here between two thin lines."""
    low, high = bounds(panel)
    made = []
    for area in panel.areas:
        if area.low:
            below = Line(area.label, area.x, area.low, area.colour, width=0.5)
            above = Line(area.label, area.x, area.high, area.colour, width=0.5)
            made += [_scatter(below, legend=False), _scatter(above, fill="tonexty")]
        else:
            x, y = (*area.x, *area.x[::-1], area.x[0]), (low, low, high, high, low)
            made.append(_scatter(Line(area.label, x, y, area.colour, width=0.0), fill="toself"))
    made += [_scatter(line, legend=panel.legend and bool(line.label)) for line in panel.drawn]
    for mark in panel.marks:
        upright = Line(mark.label, (mark.x, mark.x), (low, high), mark.colour, mark.dash)
        made.append(_scatter(upright))
    return made


def _scatter(line: Line, *, fill: str | None = None, legend: bool = True) -> Any:
    from plotly.graph_objects import Scatter

    return Scatter(
        x=list(line.x),
        y=list(line.y),
        name="<br>".join(wrap(line.label, NAME)) or line.label,
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
