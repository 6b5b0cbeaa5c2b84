"""`Writer`: the one protocol, and what an adapter may know besides."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Any, Protocol, runtime_checkable

PERIOD = 0.5  # seconds that a number waits at most while others come in
MOST = 512  # numbers that wait at most


@runtime_checkable
class Writer(Protocol):
    """What takes numbers: `write(name, value, update)`.

    `flush()` and `close()` are called where it has them.

    >>> class Printer:
    ...     def write(self, name: str, value: float, update: int) -> None:
    ...         print(update, name, value)
    >>> isinstance(Printer(), Writer)
    True
    """

    def write(self, name: str, value: float, update: int, /) -> object:
        """Take what an update used, or what was reported after so many updates."""


class Lost(Exception):
    """So many numbers were not written, because of an error."""

    def __init__(self, count: int, error: Exception) -> None:
        super().__init__(str(error))
        self.count, self.error = count, error


class Adapter:
    """A writer as a log wants it: rows of numbers; by default each is written by itself.

    `kind` is what it is in words. `rewrites` says that transformers' own callback for this library
    calls a number by its rewritten name.
    """

    kind = "a writer"
    rewrites = False

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def write(self, name: str, value: float, update: int) -> None:
        """Write one number."""
        self.writer.write(name, value, update)

    def row(self, update: int, numbers: Sequence[tuple[str, float]]) -> None:
        """Write all that one update used, or that was reported; raises Lost with how much was not.

        One that fails keeps none of the others from being written.
        """
        errors = []
        for name, value in numbers:
            try:
                self.write(name, value, update)
            except Exception as error:  # noqa: BLE001  whatever a logger raises is no end of training
                errors.append(error)
        if errors:
            raise Lost(len(errors), errors[0])

    def first(self, name: str) -> int:
        """The first update of which it has nothing under this name yet, as far as it can tell."""
        return 0

    def rewind(self, clock: int, values: Collection[str]) -> bool:
        """Forget what is there of update `clock` and later; False where that cannot be done.

        `values` are the names of what updates use. A report is of after `clock` updates.
        """
        return False

    def refuse_anew(self) -> None:
        """Raises PassoError where it cannot begin with the next update."""

    def flush(self) -> None:
        """All that was written is where it can be read."""
        _ask(self.writer, "flush")

    def close(self) -> None:
        """Nothing more is written; the writer is the user's own, and stays open."""
        self.flush()


class Own(Adapter):
    """A writer of the user's own, by the protocol."""


class Buffered(Adapter, ABC):
    """Numbers that wait for others: they go out together, every half second while they come in."""

    def __init__(self, writer: Any) -> None:
        super().__init__(writer)
        self._waiting: list[tuple[str, float, int]] = []
        self._due = monotonic() + PERIOD
        self._process = os.getpid()

    @abstractmethod
    def put(self, numbers: Sequence[tuple[str, float, int]]) -> None:
        """Write them all."""

    def row(self, update: int, numbers: Sequence[tuple[str, float]]) -> None:
        """Keep them, and write all that wait where it is time."""
        self._waiting += [(name, value, update) for name, value in numbers]
        if monotonic() >= self._due or len(self._waiting) >= MOST:
            self.flush()

    def flush(self) -> None:
        """Write what waits; a process forked from ours writes nothing."""
        waiting, self._waiting = self._waiting, []
        self._due = monotonic() + PERIOD
        if waiting and self._process == os.getpid():
            try:
                self.put(waiting)
            except Exception as error:
                raise Lost(len(waiting), error) from error


def _ask(writer: Any, name: str) -> None:
    method: Callable[[], object] | None = getattr(writer, name, None)
    if callable(method):
        method()
