"""Stretches: updates that used what a schedule says, kept as that schedule, and foreseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import ceil, floor, nan
from typing import TYPE_CHECKING

from passo.ground.checks import brief, real, whole
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from passo.schedules import Schedule

MOST = 4_096  # points of a stretch where all of them are too many
CORNERS = 1_000
TIMES = 1_000  # stretches after which a column is no longer expected to use anything
FEW = 100_000  # updates in stretches that a trace has as numbers when it is loaded


@dataclass(frozen=True, slots=True)
class Stretch:
    """The updates from `begin` up to `end`: update t used what `schedule` says at t - shift.

    `schedule` is its text, whose spans are in steps. Raises `PassoError` where the stretch is
    empty or the text is no schedule.

    >>> stretch = Stretch(0, 3, "Linear(1, 0, steps(4))")
    >>> stretch.at(2), list(stretch.rows())
    (0.5, [(0, 1.0), (1, 0.75), (2, 0.5)])
    """

    begin: int
    end: int
    schedule: str
    shift: float = 0.0

    def __post_init__(self) -> None:
        whole(self.begin, "begin", least=0)
        if whole(self.end, "end", least=0) <= self.begin:
            raise PassoError(f"a stretch ends after it begins, got {self.begin} to {self.end}")
        shift = real(self.shift, "shift")
        if shift > self.begin:
            raise PassoError(
                f"the schedule of a stretch begins with it or before, got shift={shift} for the "
                f"updates from {self.begin} on"
            )
        formula(self.schedule)

    def at(self, update: int) -> float:
        """What an update used."""
        return formula(self.schedule)(update - self.shift)

    def rows(self) -> Iterator[tuple[int, float]]:
        """Each of them and what it used, in order."""
        call, shift = formula(self.schedule), self.shift
        return ((update, call(update - shift)) for update in range(self.begin, self.end))

    def points(self) -> Iterator[tuple[int, float]]:
        """Some updates and what they used: all where there are few, else evenly, and at corners.

        >>> len(list(Stretch(0, 10**6, "Linear(1, 0, steps(2e6))").points())) < 5000
        True
        """
        every = -(-(self.end - self.begin) // MOST)
        chosen = {*range(self.begin, self.end, every), self.end - 1}
        if every > 1:
            begin, end = self.begin - self.shift, self.end - self.shift
            corners = islice(_schedule(self.schedule).corners(begin, end), CORNERS)
            near = {k + d for c in corners for k in (floor(c), ceil(c)) for d in (-1, 0, 1)}
            shifted = (round(k + self.shift) for k in near)
            chosen |= {k for k in shifted if self.begin <= k < self.end}
        return ((update, self.at(update)) for update in sorted(chosen))


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


@lru_cache(maxsize=64)
def _schedule(text: str) -> Schedule:
    from passo.schedules import parse

    return parse(text)


@lru_cache(maxsize=64)
def formula(text: str) -> Callable[[float], float]:
    """The function of a schedule's text, as quick as it can be called.

    >>> formula("Linear(1, 0, steps(4))")(1), formula("Linear(9, 0, steps(4)).round()")(1)
    (0.75, 7)
    """
    from passo.schedules.formula import NUMBERS

    schedule = _schedule(text)
    schedule(0)
    call, kind = schedule.compiled(), int if schedule.whole else float

    def value(t: float) -> float:
        try:
            return kind(call(float(t), NUMBERS))
        except OverflowError:
            return kind(schedule(float(t)))

    return value


def text_of(schedule: Schedule) -> str | None:
    """The text of a schedule that any process can read back; None where there is none.

    >>> from passo import Cosine, Function, steps
    >>> text_of(Cosine(1, 0, steps(9)))
    'Cosine(1, 0, steps(9))'
    """
    text = repr(schedule)
    try:
        same = "Function(" not in text and _schedule(text) == schedule
        schedule(0)
    except PassoError:
        return None
    return text if same else None
