"""The pen of a trace's file: what differs is written, what followed a schedule once."""

from __future__ import annotations

import json
import math
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from passo.ground.errors import PassoError
from passo.trace import format as text
from passo.trace.forecast import Forecast
from passo.trace.layout import PLANNED, held
from passo.trace.reader import read
from passo.trace.sink import Sink
from passo.trace.tape import Tape, exact_for
from passo.trace.trace import Trace
from passo.trace.values import one_nan

MOST = 3  # times what stays exact: then the file is condensed


class Pen:
    """A trace's file that is open, from the clock on at which a trace ended."""

    __slots__ = (
        "__weakref__",
        "_columns",
        "_expected",
        "_finish",
        "_groups",
        "_last",
        "_lines",
        "_names",
        "_path",
        "_sink",
    )

    _expected: list[Forecast | None]
    _finish: weakref.finalize[..., Pen]
    _last: list[Any]

    @property
    def columns(self) -> tuple[tuple[int | None, str], ...]:
        """The pairs (group, key) in the order in which `update` wants its values."""
        return tuple(self._columns)

    def condense(self, trace: Trace) -> None:
        """Puts `trace`, which says the same in fewer numbers, in place of what the file holds."""
        self.close()
        kept, expected = replace(trace, complete=False), self._expected
        kept.write(self._path)
        self._open(self._path, "ab", kept)
        for place, forecast in enumerate(expected):
            if forecast is not None:
                forecast.stop()
                self._expected[place] = forecast

    def close(self) -> None:
        """Writes what waits and the line that makes the trace complete; once."""
        self._finish()
        self._last = [math.nan]  # equal to nothing: an update after this is refused

    def _open(self, path: Path, mode: str, trace: Trace) -> None:
        """Begins where the trace ends."""
        self._path = path.absolute()
        self._groups = list(trace.groups)
        self._columns = [(each.group, each.key) for each in trace.columns]
        self._names = [json.dumps(text.name_of(*each)) for each in self._columns]
        self._last = [held(each) for each in trace.columns]
        self._expected = [None] * len(self._columns)
        self._lines = max((len(each.updates) for each in trace.columns), default=0)
        self._sink = Sink(path, mode, trace.updates)
        self._finish = weakref.finalize(self, self._sink.close)

    def _change(self, t: int, values: Sequence[float | None]) -> None:
        """Writes what differs from the update before."""
        self._skip_to(t)
        if len(values) != len(self._names):
            raise PassoError(
                f"an update needs {len(self._names)} values, for {self.columns}, got {values!r}"
            )
        now = [one_nan(value) for value in values]
        used = []
        for place, (value, old) in enumerate(zip(now, self._last, strict=True)):
            forecast = self._expected[place]
            if forecast is not None and forecast.holds(t, value, old):
                self._last[place] = PLANNED
                if forecast.begins:
                    self._put(text.planned_line(self._columns[place], t, forecast), t)
            elif value is not old and value != old:
                self._last[place] = value
                used.append(f"{self._names[place]}:{text.token(value)}")
        self._sink.clock = t + 1
        if used:
            told = t if all(value is None for value in now) else t + 1
            self._put(f'{{"update":{t},"used":{{{",".join(used)}}}}}\n', told)
        if self._lines > MOST * exact_for(len(now)):
            self._condense()

    def _put(self, line: str, told: int) -> None:
        self._sink.put(line, told)
        self._lines += 1

    def _condense(self) -> None:
        """Older changes become buckets, so that the file stays small in a run of any length."""
        self._sink.flush(far=True)
        trace = read(self._path, unfolded=False)
        exact = exact_for(len(trace.columns))
        columns = tuple(Tape.of(each, exact).column() for each in trace.columns)
        self.condense(replace(trace, columns=columns))

    def _skip_to(self, clock: int) -> None:
        """Moves the clock forward; updates that nobody saw have no values."""
        if not self._finish.alive:
            raise PassoError(f"the trace {str(self._path)!r} is closed")
        if clock < self._sink.clock:
            raise PassoError(
                f"the trace is at update {self._sink.clock}, it cannot take one of update {clock}; "
                f"write writer.rewind({clock}) to go back"
            )
        if clock > self._sink.clock and any(value is not None for value in self._last):
            self._change(self._sink.clock, [None] * len(self._last))
        self._sink.clock = clock
