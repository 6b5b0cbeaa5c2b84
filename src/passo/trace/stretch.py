"""Stretches: updates that used what a schedule says, kept as that schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import ceil, floor
from typing import TYPE_CHECKING

from passo.ground.checks import real, whole
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from passo.schedules import Schedule

MOST = 4_096  # points of a stretch where all of them are too many
CORNERS = 1_000
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


@lru_cache(maxsize=64)
def _schedule(text: str) -> Schedule:
    from passo.schedules import parse

    return parse(text)


@lru_cache(maxsize=64)
def formula(text: str) -> Callable[[float], float]:
    """The function of a schedule's text, as quick as it can be called.

    >>> formula("Linear(1, 0, steps(4))")(1)
    0.75
    """
    from passo.schedules.formula import NUMBERS

    schedule = _schedule(text)
    schedule(0)
    call = schedule.compiled()

    def value(t: float) -> float:
        try:
            return float(call(float(t), NUMBERS))
        except OverflowError:
            return float(schedule(float(t)))

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
