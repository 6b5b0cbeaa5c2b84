"""What each update really used, what was reported, what happened: a value and its file.

>>> from passo.trace import Column, Trace
>>> trace = Trace(3, groups=("all",), columns=(Column(0, "lr", (0, 2), (0.1, 0.01)),))
>>> trace.used("lr")
([0, 1, 2], [0.1, 0.1, 0.01])
"""

from __future__ import annotations

from passo.ground.files import replacing
from passo.trace.range_test import RangeTest
from passo.trace.stretch import Stretch
from passo.trace.suggest import Suggestion
from passo.trace.tape import Tape
from passo.trace.trace import Trace
from passo.trace.values import Bucket, Column, Event, Report
from passo.trace.writer import TraceWriter

__all__ = [
    "Bucket",
    "Column",
    "Event",
    "RangeTest",
    "Report",
    "Stretch",
    "Suggestion",
    "Tape",
    "Trace",
    "TraceWriter",
    "replacing",
]
