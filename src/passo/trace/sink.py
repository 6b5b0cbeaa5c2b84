"""Where a writer's lines go: whole lines, seldom, and never an error into a training loop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from passo.ground.files import replacing
from passo.ground.here import place

PERIOD = 0.5
MOST = 512
STEP = 1000


def warn_of_end(path: Path, clock: int, error: OSError) -> None:
    """A full disk ends the trace with a warning, not the training."""
    place().warn(f"the trace {str(path)!r} ends before update {clock}: {error}")


class Sink:
    """A file open for whole lines, written at least every half second while lines come in.

    `clock` is how many updates were made, `told` how many the lines say: a line of its own says how
    far once that is a thousandth more, so that a constant rate costs next to nothing for weeks.
    """

    __slots__ = ("_file", "_lines", "_path", "_process", "clock", "due", "told")

    def __init__(self, path: Path, clock: int) -> None:
        """Opens the file, which is there, to go on at its end."""
        self._path = path
        self._process = os.getpid()
        self._lines: list[str] = []
        self.clock = self.told = clock
        self.due = monotonic() + PERIOD
        self._file = path.open("ab", buffering=0)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is written: it was closed, or the disk was full."""
        return self._file.closed

    def put(self, text: str, told: int) -> None:
        """Takes a line, which says that the clock reached `told`."""
        self._lines.append(text)
        self.told = told
        if len(self._lines) >= MOST:
            self.flush()

    def flush(self, *, far: bool = False) -> None:
        """Writes the lines that wait, and how far where that is news (or asked for)."""
        if self.clock > self.told + (0 if far else self.told // STEP):
            self._lines.append(f'{{"clock":{self.clock}}}\n')
            self.told = self.clock
        self.due = monotonic() + PERIOD
        if self._lines and not self._file.closed and self._process == os.getpid():
            self._write("".join(self._lines).encode())
        self._lines.clear()

    def close(self) -> None:
        """Writes what waits and the last line, once; a process forked from ours writes nothing."""
        if not self._file.closed:
            self.told = self.clock
            self._lines.append(f'{{"clock":{self.clock},"end":true}}\n')
            self.flush()
            self._file.close()

    def keep(self) -> Callable[[], Sink]:
        """A function that makes the file what it is now, and answers with a sink that stands there.

        This one is let go then.
        """
        closed, held = self._file.closed, self._path.read_bytes()
        lines, clock, told = list(self._lines), self.clock, self.told

        def again() -> Sink:
            self._file.close()
            if not self._path.exists() or self._path.read_bytes() != held:
                with replacing(self._path) as file:
                    file.write(held)
            sink = Sink(self._path, clock)
            sink._lines, sink.told = lines, told
            if closed:
                sink._file.close()
            return sink

        return again

    def drop(self) -> None:
        """Closes the file as it is; what waits is not written."""
        self._lines.clear()
        self._file.close()

    def _write(self, rest: bytes) -> None:
        """Writes all bytes; when that fails nothing more is written, and what is there is right."""
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.close()
            warn_of_end(self._path, self.clock, error)
        except BaseException:
            self._file.close()
            raise
