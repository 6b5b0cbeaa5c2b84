"""Where the clock stands: the updates made and, in samples or tokens, what they consumed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from passo.ground.checks import brief, real, write_exact
from passo.schedules import NeedsRun, PassoError
from passo.schedules.time import steps

if TYPE_CHECKING:
    from fractions import Fraction

    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Span


class Clock:
    """The updates made so far; `offset` is what they consumed beyond the run's fixed amount.

    `since` is the position to which it was moved last, and `taken` what the last update consumed,
    where that is counted. At the clock `late` there is something to look at: from `over` on an
    update past the end of the run was made, and at `alarm` somebody wants to be called.
    """

    __slots__ = (
        "_earlier",
        "_end",
        "_in_steps",
        "_origin",
        "_pending",
        "_settings",
        "alarm",
        "late",
        "offset",
        "over",
        "since",
        "taken",
        "updates",
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.updates = self._origin = self._earlier = 0
        self.offset = self.since = self.taken = 0.0
        self._pending: float | None = None
        self.alarm = math.inf
        self.measure()

    @property
    def at(self) -> float:
        """Where the next update stands on the run's axis."""
        return float(self.updates) if self._in_steps else self._fixed() + self.offset

    @property
    def made(self) -> int:
        """How many updates were counted here, since this was attached."""
        return self._earlier + self.updates - self._origin

    @property
    def consumed(self) -> tuple[float, float | None]:
        """What updates consumed beyond the fixed amount, and what the next one did so far."""
        return self.offset, self._pending

    @consumed.setter
    def consumed(self, amounts: tuple[float, float | None]) -> None:
        self.offset, self._pending = amounts

    @property
    def is_past(self) -> bool:
        """Whether the next update would be past the end of the run."""
        return self.at >= self._end

    def measure(self) -> None:
        """The run may have another end since. Where steps are not counted, `over` is never."""
        end = self._settings.end
        self._in_steps = self._settings.axis == "step"
        self._end = math.inf if end is None else end
        self.over = self._end + 1 if self._in_steps else math.inf
        self.wake(self.alarm)

    def wake(self, alarm: float) -> None:
        """Somebody wants to be called when so many updates are made."""
        self.alarm, self.late = alarm, min(self.over, alarm)

    def _fixed(self) -> float:
        run = self._settings.run
        return run.at(self.updates) if run is not None and self._settings.fixed else 0.0

    def move(self, updates: int, at: float | None = None, offset: float | None = None) -> None:
        """To another update, absolutely; in samples and tokens also to another position.

        `offset` is the one that was saved; it is taken where it still leads to that position.
        """
        self._earlier = self.made
        self.updates = self._origin = updates
        self.offset, self._pending = 0.0, None
        self.measure()
        if at is not None and not self._in_steps:
            same = offset is not None and self._fixed() + offset == at
            self.offset = offset if same and offset is not None else at - self._fixed()
        self.since = self.at

    def update_at(self, span: Span) -> int:
        """Which update begins after that much of the run.

        Raises PassoError where it is between two updates, or cannot be known.
        """
        run, settings = self._settings.run, self._settings
        if run is None and span.unit != "steps":
            msg = f"{span!r} needs a run; write {settings.caller.anew}"
            raise NeedsRun(msg)
        if span.unit == "steps" or run is None:
            found: Fraction = span.amount
        elif settings.fixed:
            found = run.measure(span) / (1 if self._in_steps else run.measure(steps(1)))
        else:
            msg = (
                f"how many {run.unit} an update consumes varies, so that {span!r} is no update; "
                "write seek(steps(...)), or seek with the number of the update"
            )
            raise PassoError(msg)
        if found.denominator != 1:
            low = math.floor(found)
            msg = (
                f"{span!r} is {write_exact(found)} updates of {run!r}, and seek goes to a whole "
                f"one; write seek({low}) or seek({low + 1})"
            )
            raise PassoError(msg)
        return int(found)

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
            self.taken, self._pending = self._pending, None


def _amount(told: Any, axis: str) -> float:
    """What was counted on one axis, as a number of at least 0; a mask's sum is a Tensor."""
    item = getattr(told, "item", None)
    if callable(item):
        try:
            told = item()
        except (RuntimeError, TypeError, ValueError):
            msg = (
                f"{axis}s must be a number, or a Tensor or an array of one element, got "
                f"{brief(told)}"
            )
            raise PassoError(msg) from None
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
