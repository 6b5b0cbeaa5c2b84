"""The row of an update: what it used, as several optimizers make theirs one after the other."""

from __future__ import annotations

from typing import Any


class Row:
    """One update of the run, in a trace as in a log.

    The most advanced clock counts the rows. An optimizer that is behind stands in the row during
    which it makes its update; a number that no group holds is that of the row's own update.
    """

    __slots__ = ("_parts", "_seen", "_used", "at")

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._seen: set[str] = set()
        self._used: dict[int, Any] = {}
        self.at: int | None = None

    def is_before(self, t: int) -> bool:
        """Whether an update `t` ends this row, and stands in a later one."""
        return self.at is not None and t > self.at

    def begin(self, t: int, clock: int) -> int:
        """Which row update `t` stands in; a new one where nothing is in it, after `clock` rows."""
        if self.at is None:
            self.at = max(t, clock)
        return self.at

    def put(self, number: int, value: Any, t: int, *, in_group: bool) -> None:
        """Update `t` of an optimizer used this."""
        if in_group or t == self.at:
            self._used[number] = value

    def is_whole(self, part: str) -> bool:
        """Whether all optimizers stand in it, now that this one does."""
        self._seen.add(part)
        return len(self._seen) == self._parts

    def end(self) -> tuple[int, dict[int, Any]] | None:
        """Which update it was, and what that used by number; None where nothing is in it."""
        at, used = self.at, self._used
        self.at, self._used = None, {}
        self._seen.clear()
        return None if at is None else (at, used)
