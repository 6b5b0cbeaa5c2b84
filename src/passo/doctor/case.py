"""`Case`: a trace as the rules look at it."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from passo.doctor.recurrence import Recurrence, events, recurrences
from passo.doctor.schedulers import known_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passo.doctor.known import Known
    from passo.law import Law
    from passo.trace import Column, Event, Trace


@dataclass(frozen=True)
class Case:
    """One trace, and the questions that rules ask of it; a law, where one was given."""

    trace: Trace
    law: Law | None = None

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return self.trace.updates

    @property
    def finished(self) -> bool:
        """Whether the run came to its own end: only then is what did not happen a fault.

        A run whose state went into a later optimizer of the same process goes on there.
        """
        ended = self.trace.meta.get("ended") == "end"
        return ended and not self.trace.meta.get("continued")

    @property
    def left(self) -> bool:
        """Whether a `break`, a `return` or an exception may have ended the run early."""
        return bool(self.trace.meta.get("left"))

    @property
    def too_short(self) -> bool:
        """Whether the run was left before what comes once an epoch was due."""
        return self.left and self.epochs <= 1

    @property
    def attached(self) -> bool:
        """Whether a Scheduler of passo was attached."""
        return self.trace.plan is not None

    def events(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return events(self.trace, kind)

    def recurrences(self, kind: str, scheduler: int | None = None) -> list[Recurrence]:
        """What recurred, of one kind; of one scheduler where one is given."""
        return recurrences(self.trace, kind, scheduler)

    @cached_property
    def schedulers(self) -> tuple[Known, ...]:
        """Every scheduler that was built, in order, with the plan that it followed at the end."""
        return known_of(self.trace, self.column, self.last)

    @cached_property
    def leading(self) -> tuple[Known, ...]:
        """The schedulers that no other one holds inside."""
        inside = {each for known in self.schedulers for each in known.inside}
        inside |= {event.detail["scheduler"] for event in self.events("held")}
        return tuple(known for known in self.schedulers if known.number not in inside)

    def by_number(self, number: int) -> Known | None:
        """A scheduler."""
        return next((each for each in self.schedulers if each.number == number), None)

    def built_anew(self, known: Known) -> int:
        """How many of a scheduler's class one line built in turn, where this one is the last."""
        alike = [e for e in self.leading if (e.kind, e.where) == (known.kind, known.where)]
        began = {each.begun for each in alike if each.updates and each.hits}
        return len(began) if began and known.hits and known.begun == max(began) else 0

    @cached_property
    def epochs(self) -> int:
        """How many epochs the loop around the loop of the updates made; 0 where nobody knows."""
        return sum(each.hits for each in self.recurrences("epoch"))

    @cached_property
    def column(self) -> Column | None:
        """The rate of the group whose rate moves most; of the first where none moves."""
        rates = [each for each in self.trace.columns if each.key == "lr" and each.values]
        return max(rates, key=lambda each: len(each.updates), default=None)

    @cached_property
    def values(self) -> Sequence[tuple[int, float]]:
        """The rate as changes: from which update on, which value."""
        if self.column is None:
            return ()
        pairs = zip(self.column.updates, self.column.values, strict=True)
        return tuple((update, value) for update, value in pairs if value is not None)

    @cached_property
    def peak(self) -> float:
        """The largest rate of the run; 0 where there was none."""
        rates = [value for _, value in self.values]
        if self.column is not None:
            rates += [each.high for each in self.column.coarse]
        return max(rates, default=0.0)

    @property
    def last(self) -> float:
        """The rate that the last update used."""
        return self.values[-1][1] if self.values else math.nan

    def at(self, update: int) -> float:
        """The rate that an update used; NaN where it is not known."""
        place = bisect_right(self.values, (update, math.inf)) - 1
        return self.values[place][1] if place >= 0 else math.nan

    def first_below(self, level: float) -> int | None:
        """The first update from which the rate stays below a level, to the end."""
        found = None
        for begin, value in self.values:
            if value >= level:
                found = None
            elif found is None:
                found = begin
        return found

    @property
    def meta(self) -> Mapping[str, Any]:
        """The trace's meta."""
        return self.trace.meta
