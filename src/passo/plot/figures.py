"""Figures where somebody looks for them: in pyplot, and as the last line of a notebook's cell.

Nothing here imports pyplot: whoever has it gets figures that `plt.show()` shows, everybody else
figures that belong to nobody, so that drawing works in threads and headless.
"""

from __future__ import annotations

import sys
import threading
from io import BytesIO
from typing import Any
from weakref import ref

from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

MOST_OPEN = 10  # of ours that pyplot holds at once; it keeps a figure until it is closed
SCREEN = 100  # dots per inch of what a notebook shows
DPI = 150

_open: list[ref[Figure]] = []


class PictureFigure(Figure):
    """A figure that a notebook shows."""

    def _repr_png_(self) -> bytes:
        return png_of(self)


class PictureAxes(Axes):
    """Axes that a notebook shows, with all that is on their figure."""

    def _repr_png_(self) -> bytes:
        return png_of(whole(self))


def whole(ax: Axes) -> Figure:
    """The figure that all is on, also where the Axes are on a part of it.

    >>> figure = new_figure((2.0, 2.0), 0.0, shown=False)
    >>> whole(figure.subfigures().add_subplot()) is figure
    True
    """
    return ax.figure.canvas.figure


def new_figure(size: tuple[float, float], gap: float, *, shown: bool) -> Figure:
    """An empty figure; `shown`, and where pyplot is in use, one that `plt.show()` shows."""
    layout: Any = ConstrainedLayoutEngine(hspace=gap, h_pad=0.02)
    pyplot = sys.modules.get("matplotlib.pyplot")
    looks: dict[str, Any] = {"figsize": size, "dpi": DPI, "layout": layout}
    if not shown or pyplot is None or threading.current_thread() is not threading.main_thread():
        figure = PictureFigure(**looks)
        FigureCanvasAgg(figure)
        return figure
    alive = [each() for each in _open]
    ours = [each for each in alive if each is not None and _held(each)]
    for old in ours[: max(0, len(ours) + 1 - MOST_OPEN)]:
        pyplot.close(old)
    made: Figure = pyplot.figure(FigureClass=PictureFigure, **looks)
    _open[:] = [ref(each) for each in (*ours, made) if _held(each)]
    return made


def png_of(figure: Figure) -> bytes:
    """The figure as a notebook shows it, once: a figure without a window is not shown again."""
    content = BytesIO()
    figure.savefig(content, format="png", dpi=SCREEN)
    release(figure)
    return content.getvalue()


def release(figure: Figure) -> None:
    """Let pyplot forget a figure of ours that has been seen or saved; one in a window stays."""
    if isinstance(figure, PictureFigure) and _held(figure) and _windowless(figure):
        sys.modules["matplotlib.pyplot"].close(figure)


def _held(figure: Figure) -> bool:
    pyplot = sys.modules.get("matplotlib.pyplot")
    manager = figure.canvas.manager
    return bool(pyplot and manager and pyplot.fignum_exists(manager.num))


def _windowless(figure: Figure) -> bool:
    return type(figure.canvas.manager) is FigureManagerBase
