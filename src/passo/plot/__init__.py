"""Drawing: a Curve, several, a Trace, a RangeTest, a Prediction; with matplotlib, plotly, as text.

>>> from passo.plot import draw
>>> from passo.trace import Column, Trace
>>> trace = Trace(3, ("all",), (Column(0, "lr", (0, 2), (0.1, 0.01)),))
>>> draw(trace).lines[0].get_ydata().tolist()
[0.1, 0.1, 0.01]
"""

from __future__ import annotations

from passo.plot.draw import draw, png
from passo.plot.planned import Planned, planned
from passo.plot.poster import poster
from passo.plot.save import refuse_undrawable, save

__all__ = ["Planned", "draw", "planned", "png", "poster", "refuse_undrawable", "save"]
