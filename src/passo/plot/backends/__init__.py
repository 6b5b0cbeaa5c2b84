"""How a picture comes about: one row, and one file, for each way of drawing.

A row is a function of a Picture and of the width and height that were asked for (None: its own),
in its own unit. A further way costs its file, its row, and its name in `Backend`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from passo.ground.errors import PassoError
from passo.plot.backends.matplotlib import axes
from passo.plot.backends.plotly import figure
from passo.plot.backends.terminal import text
from passo.plot.picture import Picture

Backend: TypeAlias = Literal["matplotlib", "plotly", "terminal"]
Drawn: TypeAlias = Callable[[Picture, float | None, float | None], Any]

BACKENDS: Final[dict[Backend, Drawn]] = {
    "matplotlib": axes,
    "plotly": figure,
    "terminal": text,
}


def backend_of(name: Any) -> Drawn:
    """The function of a row; raises PassoError for a name that has none.

    >>> backend_of("terminal").__name__
    'text'
    """
    for known, drawn in BACKENDS.items():
        if name == known:
            return drawn
    *names, last = map(repr, BACKENDS)
    raise PassoError(f"'backend' is {', '.join(names)} or {last}, got {name!r}")
