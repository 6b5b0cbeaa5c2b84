"""Something that happens again and again, kept as stretches of equal gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 1000  # stretches kept one by one; what is more irregular is summed up


class Standing(NamedTuple):
    """What recurs and is not over: a name of its own, the kind, how often so far, the stretches."""

    name: str
    kind: str
    hits: int
    details: list[dict[str, Any]]


class Tally:
    """Counts hits by the clock: `times` times, `each` hits together, `every` so many updates.

    A stretch is told when the next one begins: `tell(clock, detail)`. A loop that calls once for
    each update is one stretch, however long it runs.

    >>> told = []
    >>> tally = Tally("advance", {}, lambda clock, kind, detail: told.append(detail))
    >>> for clock in (1, 2, 2, 3, 3):
    ...     tally.hit(clock)
    >>> tally.end()
    >>> told
    [{'from': 1, 'to': 1, 'every': 0, 'each': 1, 'times': 1, 'hits': 1},
     {'from': 2, 'to': 3, 'every': 1, 'each': 2, 'times': 2, 'hits': 4}]
    """

    __slots__ = (
        "_count",
        "_each",
        "_every",
        "_first",
        "_hits",
        "_last",
        "_now",
        "_tell",
        "_times",
        "_told",
        "detail",
        "kind",
    )

    def __init__(
        self, kind: str, detail: dict[str, Any], tell: Callable[[int, str, dict[str, Any]], None]
    ) -> None:
        self.kind, self.detail, self._tell = kind, detail, tell
        self._now = -1
        self._count = self._told = 0
        self._first = self._last = self._every = self._each = self._times = self._hits = 0

    def hit(self, clock: int) -> None:
        """It happened, `clock` updates after the beginning."""
        if clock == self._now:
            self._count += 1
            return
        if self._times > 1 and self._count == self._each and self._now - self._last == self._every:
            self._times += 1
            self._hits += self._count
            self._last, self._now, self._count = self._now, clock, 1
            return
        if self._now >= 0:
            self._settle()
        self._now, self._count = clock, 1

    def end(self) -> None:
        """Tell all that was seen so far; what comes is another stretch."""
        if self._now >= 0:
            self._settle()
            self._now = -1
        self._close()

    @property
    def is_steady(self) -> bool:
        """Whether it happens at each update, as far as can be seen."""
        return self._every == 1

    def so_far(self, name: str) -> Standing:
        """The stretch that goes on, and what the clock stands at."""
        now, last, every, count = self._now, self._last, self._every, self._count
        known = (self._first, last, every, self._each, self._times, self._hits)
        own = (now, now, 0, count, 1, count)
        if now < 0:
            stretches = [known]
        elif not self._times:
            stretches = [own]
        elif self._told >= MOST or (count == self._each and every in (0, now - last)):
            more = (self._times + 1, self._hits + count)
            stretches = [(self._first, now, now - last, self._each, *more)]
        else:
            stretches = [known, own]
        details = [self._detail(*each) for each in stretches if each[-1]]
        return Standing(name, self.kind, self._hits + (count if now >= 0 else 0), details)

    def _settle(self) -> None:
        """The clock moved on: `_count` hits at `_now` are complete."""
        gap = self._now - self._last
        if self._told < MOST:
            if self._times == 1 and self._count == self._each:
                self._every = gap
            elif self._times and (self._count != self._each or gap != self._every):
                self._close()
        if not self._times:
            self._first, self._each = self._now, self._count
        self._times += 1
        self._hits += self._count
        self._last = self._now

    def _close(self) -> None:
        if self._times:
            known = (self._first, self._last, self._every, self._each, self._times, self._hits)
            self._tell(self._last, self.kind, self._detail(*known))
            self._told += 1
        self._times = self._every = self._hits = 0

    def _detail(
        self, first: int, last: int, every: int, each: int, times: int, hits: int
    ) -> dict[str, Any]:
        """A stretch as it is told."""
        even = self._told < MOST
        span = {"from": first, "to": last, "every": every if even else 0}
        counts = {"each": each if even else 0, "times": times, "hits": hits}
        return {**self.detail, **span, **counts}
