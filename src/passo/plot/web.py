"""A Picture as a plotly figure."""

from __future__ import annotations

from typing import Any

from passo.plot.need import need
from passo.plot.picture import Line, Picture

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
        for line in panel.lines:
            figure.add_trace(_scatter(line), row=row, col=1)
        scale = "log" if panel.log else "linear"
        figure.update_yaxes(title_text=panel.ylabel, type=scale, row=row, col=1)
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


def _scatter(line: Line) -> Any:
    from plotly.graph_objects import Scatter

    return Scatter(
        x=list(line.x),
        y=list(line.y),
        name=line.label,
        mode="lines+markers" if line.marks else "lines",
        line={
            "color": line.colour,
            "width": line.width,
            "dash": DASH[line.dash],
            "shape": "hv" if line.steps else "linear",
        },
    )
