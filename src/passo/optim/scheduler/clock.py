"""Where the clock stands: the updates made and, in samples or tokens, what they consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.ground.checks import brief, real
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
        self._pending: float | None = None

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
        self.updates, self.offset, self._pending = updates, 0.0, None
        self._in_steps = self._settings.axis == "step"
        if at is not None and not self._in_steps:
            same = offset is not None and self._fixed() + offset == at
            self.offset = offset if same and offset is not None else at - self._fixed()

    def count(self, samples: float | None, tokens: float | None) -> None:
        """Add to what the update in progress consumes; 0 is an answer too."""
        axis = self._settings.axis
        given = {"sample": samples, "token": tokens}
        amounts = {each: _amount(told, each) for each, told in given.items() if told is not None}
        if axis not in amounts:
            raise PassoError(_says_nothing(axis, given))
        pending = amounts[axis] + (0.0 if self._pending is None else self._pending)
        real(self.at + pending, f"the {axis}s of all updates together")
        self._pending = pending

    @property
    def is_uncounted(self) -> bool:
        """Whether an update now would be refused: nobody said what it consumes."""
        return not self._in_steps and self._pending is None and not self._settings.fixed

    def refuse_uncounted(self) -> None:
        """Raises `PassoError` where nobody said what the next update consumes."""
        if self.is_uncounted:
            axis = self._settings.axis
            msg = (
                f"nobody said how many {axis}s update {self.updates:,} consumed; call "
                f"scheduler.count({axis}s=...) before it, or write Run(..., {axis}s_per_step=...)"
            )
            raise PassoError(msg)

    def tick(self) -> None:
        """One update was made."""
        if not self._in_steps:
            self._consume()
        self.updates += 1

    def _consume(self) -> None:
        self.refuse_uncounted()
        run = self._settings.run
        if self._pending is not None and run is not None:
            self.offset += self._pending - (run.at(1) if self._settings.fixed else 0.0)
            self._pending = None


def _amount(told: float, axis: str) -> float:
    """What was counted on one axis, as a number of at least 0."""
    consumed = real(told, f"{axis}s")
    if consumed < 0:
        msg = (
            f"an update cannot consume fewer than 0 {axis}s, got {brief(told)}; "
            "write what it consumed, or seek(...) to go back"
        )
        raise PassoError(msg)
    return consumed


def _says_nothing(axis: str, given: dict[str, float | None]) -> str:
    """Why a count says nothing on this axis, and what to write."""
    told = {f"{each}s": amount for each, amount in given.items() if amount is not None}
    call = ", ".join(f"{name}={brief(amount)}" for name, amount in told.items())
    if axis in given:
        write = f"write count({axis}s=...), which may be 0"
    else:
        other = next(iter(told), "samples")
        write = (
            f"steps are counted by themselves; leave it out, or write Run({other}(...), "
            f'axis="{other[:-1]}")'
        )
    return f"count({call}) counts nothing on the axis {axis!r}; {write}"
