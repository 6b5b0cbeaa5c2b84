"""Values that a notebook shows as pictures; who draws them is told from above."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Painter: TypeAlias = Callable[[Any], "bytes | None"]

_painters: list[Painter] = []


def drawn_by(painter: Painter) -> Painter:
    """From now on, what a notebook shows of a value is drawn by this one."""
    _painters[:] = [painter]
    return painter


class Pictured:
    """A value whose `repr` is a line, and which a notebook shows as a picture where one can be."""

    __slots__ = ()

    def _repr_png_(self) -> bytes | None:
        """What Jupyter asks for; None lets it print the line."""
        for painter in _painters:
            return painter(self)
        return None
