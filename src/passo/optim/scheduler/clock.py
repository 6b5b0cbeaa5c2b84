"""Where the clock stands: the updates made and, in samples or tokens, what they consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.ground.checks import brief, exact
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.optim.scheduler.settings import Settings


class Clock:
    """The updates made so far; `offset` is what they consumed beyond the run's fixed amount."""

    __slots__ = ("_in_steps", "_pending", "_settings", "offset", "updates")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._in_steps = settings.axis == "step"
        self.updates = 0
        self.offset = 0.0
        self._pending = 0.0

    @property
    def at(self) -> float:
        """Where the next update stands on the run's axis."""
        return float(self.updates) if self._in_steps else self._fixed() + self.offset

    def _fixed(self) -> float:
        run = self._settings.run
        return run.at(self.updates) if run is not None and self._settings.fixed else 0.0

    def move(self, updates: int, at: float | None = None, offset: float | None = None) -> None:
        """To another update, absolutely; in samples and tokens also to another position.

        `offset` is the one that was saved; it is taken where it still leads to that position.
        """
        self.updates, self.offset, self._pending = updates, 0.0, 0.0
        self._in_steps = self._settings.axis == "step"
        if at is not None and not self._in_steps:
            same = offset is not None and self._fixed() + offset == at
            self.offset = offset if same and offset is not None else at - self._fixed()

    def count(self, samples: float, tokens: float) -> None:
        """Add to what the update in progress consumes."""
        axis = self._settings.axis
        amount = {"sample": samples, "token": tokens}.get(axis, 0)
        if not amount:
            msg = (
                f"count(samples={samples}, tokens={tokens}) counts nothing on the axis {axis!r}; "
                'write Run(..., axis="token") or axis="sample"'
            )
            raise PassoError(msg)
        consumed = exact(amount, f"{axis}s")
        if consumed < 0:
            msg = (
                f"an update cannot consume fewer than 0 {axis}s, got {brief(amount)}; "
                "write what it consumed, or seek(...) to go back"
            )
            raise PassoError(msg)
        self._pending += float(consumed)

    def tick(self) -> None:
        """One update was made."""
        if not self._in_steps:
            self._consume()
        self.updates += 1

    def _consume(self) -> None:
        run = self._settings.run
        if self._pending and run is not None:
            self.offset += self._pending - (run.at(1) if self._settings.fixed else 0.0)
            self._pending = 0.0
        elif not self._settings.fixed:
            axis = self._settings.axis
            msg = (
                f"nobody said how many {axis}s update {self.updates:,} consumed; call "
                f"scheduler.count({axis}s=...) before it, or write Run(..., {axis}s_per_step=...)"
            )
            raise PassoError(msg)
