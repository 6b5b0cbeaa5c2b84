"""A Picture as text, through plotext. Its figure is made anew: nothing global is touched."""

from __future__ import annotations

import math
from itertools import cycle
from typing import Any, NamedTuple

from passo.ground.errors import PassoError
from passo.ground.extras import need
from passo.plot.names import shorten
from passo.plot.picture import Area, Line, Panel, Picture, bounds, finite

MARKS = ("●", "×", "+", "o", "#", "*")
PLANNED = "·"
BAND = "░"
UPRIGHTS = ("┃", "┆", "┊", "╎")
LEAST = (40, 8)
MARGIN = 8


class Reach(NamedTuple):
    """The x axis: its ends, and whether it is logarithmic."""

    low: float
    high: float
    log: bool

    def place(self, x: float) -> float:
        """Where an x stands."""
        return math.log10(x) if self.log else x

    def ticks(self) -> list[float]:
        """Round numbers on it."""
        return (decades if self.log else ticks)(self.low, self.high)


def text(picture: Picture, wide: float | None = None, high: float | None = None) -> str:
    """The picture in so many columns, and rows for all panels and the title."""
    need("plotext", "passo", "drawing with plotext")
    width, height = round(wide or 80), round(high or 4 + 12 * picture.rows)
    least = LEAST[1] * len(picture.panels) + 2
    if width < LEAST[0] or height < least:
        raise PassoError(
            f"the picture needs at least {LEAST[0]} columns and {least} rows, "
            f"got width={width}, height={height}"
        )
    head = [picture.title, picture.note] if picture.note else [picture.title]
    total = sum(panel.height for panel in picture.panels)
    spare = height - len(head) - LEAST[1] * len(picture.panels)
    every = [x for panel in picture.panels for line in panel.drawn for x in line.x]
    if picture.marks:
        names = [f"{name} {place:,.0f}" for place, name in picture.marks]
        head.append("marks: " + ", ".join(names))
        spare = max(0, spare - 1)
    reach = Reach(min(every), max(every), picture.xlog)
    texts = [
        _panel(
            panel,
            _scaled(picture.xlabel, picture.xlog) if panel is picture.panels[-1] else "",
            reach,
            (width, LEAST[1] + int(spare * panel.height / total)),
        )
        for panel in picture.panels
    ]
    return "\n".join([shorten(each, width) for each in head] + texts)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`.

    >>> ticks(0, 999), ticks(0.85, 0.95, 3)
    ([0.0, 200.0, 400.0, 600.0, 800.0], [0.85, 0.9, 0.95])
    """
    if high <= low:
        return [low]
    rough = (high - low) / most
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(k * ten for k in (1, 2, 5, 10) if k * ten >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def decades(low: float, high: float, most: int = 5) -> list[float]:
    """Powers of ten from `low` to `high`.

    >>> decades(0.02, 20)
    [0.1, 1.0, 10.0]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = math.ceil((last - first + 1) / most) or 1
    return [float(f"1e{k}") for k in range(first, last + 1, every)]


def _panel(panel: Panel, xlabel: str, reach: Reach, size: tuple[int, int]) -> str:
    """One panel: what its marks mean, then the plot."""
    import plotext

    window = type(plotext.terminal)()  # not the one that all share
    window.limit(False, False)  # noqa: FBT003
    figure = type(plotext.figure)(parent=window)
    several = len(panel.lines) > 1
    for upright, mark in zip(panel.marks, cycle(UPRIGHTS), strict=False):
        ends = [math.log10(y) if panel.log else y for y in bounds(panel)]
        x = [reach.place(upright.x)] * 2
        figure.draw(figure.signal(x, ends, marker=mark).lines())
    lines = [(edge, BAND) for area in panel.areas for edge in _edges(area)]
    lines += [(line, PLANNED) for line in panel.planned]  # below: what was used hides it
    lines += zip(panel.lines, cycle(MARKS if several else ("braille",)), strict=False)
    for line, mark in lines:
        for x, y in _pieces(line, math.inf if panel.top is None else panel.top):
            xs = [reach.place(each) for each in x]
            ys = [math.log10(each) for each in y] if panel.log else y
            figure.draw(figure.signal(xs, ys, marker=mark).lines())
    _axes(figure, panel, reach, size[1])
    if xlabel:
        figure.label(xlabel, axis="x")
    head = _head(panel, size[0])
    figure.plot_size(size[0], max(LEAST[1] - 1, size[1] - len(head)))
    rows = figure.build().string(colorless=True).rstrip().splitlines()
    return "\n".join([*head, *(row.rstrip() for row in rows)])


def _head(panel: Panel, width: int) -> list[str]:
    """What the axis and the marks mean, in one line where there is room."""
    ylabel = _scaled(panel.ylabel, panel.log)
    if panel.names:
        return []
    bands = [area for area in panel.areas if area.low and area.label]
    if len(panel.lines) == 1 and not panel.marks and not panel.planned and not bands:
        name = panel.lines[0].label
        return [shorten(ylabel if name == panel.ylabel else f"{ylabel}:  {name}", width)]
    marks = cycle(MARKS if len(panel.lines) > 1 else ("⠉",))
    names = [f"{m} {line.label}" for m, line in zip(marks, panel.lines, strict=False)]
    names += [f"{PLANNED} {line.label}" for line in panel.planned[:1]]
    names += [f"{BAND} {area.label}" for area in bands]
    names += [f"{m} {mark.label}" for m, mark in zip(cycle(UPRIGHTS), panel.marks, strict=False)]
    line = "   ".join([f"{ylabel}:", *names])
    return [line] if len(line) <= width else [shorten(name, width) for name in names]


def _edges(area: Area) -> tuple[Line, ...]:
    """The two sides of a band: what lies between two x and no series has none."""
    return tuple(Line(area.label, area.x, side) for side in (area.low, area.high) if side)


def _scaled(label: str, log: bool) -> str:  # noqa: FBT001
    """An axis' name, with its scale where that is not the usual one."""
    return f"{label} (log scale)" if log else label


def _axes(figure: Any, panel: Panel, reach: Reach, height: int) -> None:
    """Round numbers on both axes, the same margin in every panel."""
    values = finite(panel.drawn) or [0.0, 1.0]
    low, high = min(values), max(values)
    if panel.top is not None:
        low, high = bounds(panel)
    if low == high:
        low, high = min(0.0, 1.25 * low), max(0.0, 1.25 * high) or 1.0
    along = reach.ticks()
    up = decades(low, high) if panel.log else ticks(low, high, max(2, height // 4))
    ends, places = map(reach.place, reach[:2]), list(map(reach.place, along))
    figure.ruler("x").lim(*ends).ticks(places, [f"{each:,.6g}" for each in along])
    names = [f"{each:{MARGIN}.4g}" for each in up]
    if panel.names:
        up, names = map(list, zip(*panel.names, strict=True))
        low, high = min(up) - 0.5, max(up) + 0.5
    if panel.log:
        low, high, *up = [math.log10(each) for each in (low, high, *up)]
    figure.ruler("y").lim(low, high).ticks(up, names)


def _pieces(line: Line, top: float = math.inf) -> list[tuple[list[float], list[float]]]:
    """The finite runs of a line up to `top`; a value of a line of steps is held until the next."""
    pieces: list[tuple[list[float], list[float]]] = [([], [])]
    for x, y in zip(line.x, line.y, strict=True):
        xs, ys = pieces[-1]
        if line.steps and xs:
            xs.append(x)
            ys.append(ys[-1])
        if math.isfinite(y) and y <= top:
            xs.append(x)
            ys.append(y)
        elif xs:
            pieces.append(([], []))
    return [piece for piece in pieces if piece[0]]
