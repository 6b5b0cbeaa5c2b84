"""`Case`: a trace as the rules look at it."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from passo.doctor.known import Known
from passo.doctor.recurrence import Stretch
from passo.doctor.replay import set_again
from passo.doctor.schedulers import known_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passo.trace import Column, Event, Trace


@dataclass(frozen=True)
class Case:
    """One trace, and the questions that rules ask of it."""

    trace: Trace

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
        """Whether a `break` or a `return` of the script may have ended the run early."""
        return bool(self.trace.meta.get("left"))

    @property
    def planned(self) -> bool:
        """Whether a Scheduler of passo was attached."""
        return self.trace.plan is not None

    def events(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [each for each in self.trace.events if each.kind == kind]

    def stretches(self, kind: str, scheduler: int | None = None) -> list[Stretch]:
        """What recurred, as stretches; of one scheduler where one is given."""
        found = [Stretch.of(each.detail) for each in self.events(kind)]
        return [e for e in found if scheduler is None or e.detail.get("scheduler") == scheduler]

    @cached_property
    def schedulers(self) -> tuple[Known, ...]:
        """Every scheduler that was built, in order, with the plan that it followed at the end."""
        return tuple(map(self._current, known_of(self)))

    def _current(self, known: Known) -> Known:
        for load in self.events("load"):
            if load.detail.get("scheduler") == known.number and set_again(self, known, load):
                return replace(known, plan=load.detail["plan before"][0])
        return known

    @cached_property
    def leading(self) -> tuple[Known, ...]:
        """The schedulers that no other one holds inside."""
        inside = {each for known in self.schedulers for each in known.inside}
        inside |= {event.detail["scheduler"] for event in self.events("held")}
        return tuple(known for known in self.schedulers if known.number not in inside)

    def by_number(self, number: int) -> Known | None:
        """A scheduler."""
        return next((each for each in self.schedulers if each.number == number), None)

    @cached_property
    def epochs(self) -> int:
        """How many epochs the loop around the loop of the updates made; 0 where nobody knows."""
        return sum(each.hits for each in self.stretches("epoch"))

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

    def share_below(self, level: float, since: int = 0) -> float:
        """For which share of the updates from `since` on the rate was below a level."""
        spans = [*self.values, (self.updates, math.nan)]
        below = 0
        for (begin, value), (end, _) in pairwise(spans):
            if value < level:
                below += max(0, end - max(begin, since))
        return below / max(1, self.updates - since)

    def first_below(self, level: float) -> int | None:
        """The first update from which the rate stays below a level, to the end."""
        found = None
        for begin, value in self.values:
            if value >= level:
                found = None
            elif found is None:
                found = begin
        return found

    def name(self, known: Known) -> str:
        """A scheduler as a reader knows it."""
        return known.kind

    @property
    def meta(self) -> Mapping[str, Any]:
        """The trace's meta."""
        return self.trace.meta
