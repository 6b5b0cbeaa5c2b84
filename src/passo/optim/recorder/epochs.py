"""Epochs: what the loop around the loop of the updates counts, read from the script's frames."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder import source

if TYPE_CHECKING:
    from types import FrameType

TRIES: Final = 16  # call sites at which the loops are looked for


class Epochs:
    """Knows that loop once it was found, and asks its frame where it is: `now`."""

    __slots__ = ("_code", "_depth", "_tries", "name", "now")

    def __init__(self) -> None:
        self.name = ""
        self.now: Any = None
        self._code: Any = None
        self._depth = 1
        self._tries = TRIES

    def begun(self, frame: FrameType | None) -> bool:
        """Whether the update that is made below this frame is the first of an epoch."""
        if self._code is None and not self._tries:
            return False
        at = self._frame(frame)
        if at is None:
            return False
        names = at.f_locals
        now = names.get(self.name)
        if names is not at.f_globals and sys.version_info < (3, 13):
            names.clear()  # a snapshot, which would keep the script's tensors alive
        if not isinstance(now, int) or now == self.now:
            return False
        self.now = now
        return True

    def _frame(self, frame: FrameType | None) -> FrameType | None:
        """The loop's frame: where it was last time, else further out, else looked for."""
        try:
            at: FrameType | None = sys._getframe(self._depth)
        except ValueError:
            at = None
        if at is not None and at.f_code is self._code:
            return at
        if self._code is not None and (at := self._outwards()) is not None:
            return at
        if not self._tries:
            return None
        self._tries -= 1
        found = source.loops(frame)
        if len(found) < 2 or found[-2].name is None:
            return None
        self._code, self.name = found[-2].code, found[-2].name
        return self._outwards()

    def _outwards(self) -> FrameType | None:
        """The innermost frame of the loop's code; its depth is kept."""
        at: FrameType | None = sys._getframe(1)
        depth = 0
        while at is not None and at.f_code is not self._code:
            at, depth = at.f_back, depth + 1
        if at is not None:
            self._depth = depth
        return at
