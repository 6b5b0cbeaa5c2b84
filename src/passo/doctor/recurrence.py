"""What recurred in a run, and the events of one kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from passo.trace import Event, Trace


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Hits `each` at a time, `every` so many updates, `times` times, between two clocks."""

    begin: int
    end: int
    every: int
    each: int
    times: int
    hits: int
    detail: Mapping[str, Any]

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> Recurrence:
        """From an event's detail."""
        begin, end, every = detail["from"], detail["to"], detail["every"]
        return cls(begin, end, every, detail["each"], detail["times"], detail["hits"], detail)

    def clocks(self) -> set[int]:
        """The clocks at which it happened; of what was summed up the first and the last."""
        return {self.begin + k * self.every for k in range(self.times)} | {self.end}

    def after(self, clock: int) -> int:
        """How many of its hits came later than a clock."""
        if not self.every:
            return self.hits if self.begin > clock else 0
        return self.each * sum(each > clock for each in self.clocks())


def events(trace: Trace, kind: str) -> list[Event]:
    """The events of one kind."""
    return [each for each in trace.events if each.kind == kind]


def recurrences(trace: Trace, kind: str, scheduler: int | None = None) -> list[Recurrence]:
    """What recurred, of one kind; of one scheduler where one is given."""
    found = [Recurrence.of(each.detail) for each in events(trace, kind)]
    return [e for e in found if scheduler is None or e.detail.get("scheduler") == scheduler]
