"""What a column is expected to use: where it does, its file says so once."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.trace.stretch import formula, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from passo.schedules import Schedule

TIMES = 1_000  # stretches after which a column is no longer expected to use anything


class Forecast:
    """One schedule that a column follows, as long as its values are what the schedule says.

    `holds(update, value, last)` answers whether the value need not be told; `begins` whether the
    last answer began a stretch, `schedule` (its text) and `shift` say of what.

    >>> from passo import Linear, steps
    >>> forecast = Forecast.of(Linear(1, 0, steps(4)))
    >>> [forecast.holds(t, value, None) for t, value in enumerate((1.0, 0.75, 0.7, 0.25))]
    [True, True, False, True]
    """

    __slots__ = ("_call", "_left", "_on", "begins", "schedule", "shift")

    def __init__(self, text: str, shift: float) -> None:
        self.schedule, self.shift = text, shift
        self._call: Callable[[float], float] = formula(text)
        self._on = self.begins = False
        self._left = TIMES

    @classmethod
    def of(cls, schedule: Schedule, shift: float = 0.0) -> Forecast | None:
        """Update t is expected to use schedule(t - shift); None for one without a text."""
        from passo.schedules import Schedule

        if not isinstance(schedule, Schedule):
            msg = f"follow needs a Schedule, got {brief(schedule)}; write parse(text) for a text"
            raise PassoError(msg)
        text = text_of(schedule)
        return None if text is None else cls(text, real(shift, "shift"))

    def holds(self, update: int, value: float | None, last: float | None) -> bool:
        """Whether an update used what was expected, after `last` where no stretch goes on."""
        self.begins = False
        if not self._on and (value is last or value == last or not self._left):
            return False
        if value != self.says(update):
            self._on = False
            return False
        if not self._on:
            self._on = self.begins = True
            self._left -= 1
        return True

    def says(self, update: int) -> float:
        """What an update is expected to use; NaN before the schedule begins."""
        t = update - self.shift
        return self._call(t) if t >= 0.0 else nan

    def stop(self) -> None:
        """The file was written anew: a stretch that goes on is told again."""
        self._on = False
