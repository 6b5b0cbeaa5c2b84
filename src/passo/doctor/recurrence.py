"""`Stretch`: something that recurred, with equal gaps between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hits `each` at a time, `every` so many updates, `times` times, between two clocks."""

    begin: int
    end: int
    every: int
    each: int
    times: int
    hits: int
    detail: Mapping[str, Any]

    @classmethod
    def of(cls, detail: Mapping[str, Any]) -> Stretch:
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
