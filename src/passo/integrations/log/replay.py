"""A trace told to a log as the run itself would have told it, in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from passo.trace import Event, Trace


class Fell(Protocol):
    """What a log needs of a fall."""

    @property
    def metric(self) -> str:
        """What the plateau watches."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """What follows it."""
        ...

    @property
    def after(self) -> float:
        """Its new factor."""
        ...


class Told(Protocol):
    """What is told."""

    def update(self, update: int, used: Sequence[tuple[int, float]], /) -> None:
        """An update used these, by the places of the trace's columns."""

    def report(self, clock: int, told: Mapping[str, float], falls: Sequence[Fell], /) -> None:
        """This was reported, and brought these falls."""


class _Fall(NamedTuple):
    metric: str
    keys: tuple[str, ...]
    after: float


def replay(trace: Trace, log: Told) -> None:
    """Tell all of it: reports of a moment before the update that follows.

    >>> from passo.trace import Column, Report
    >>> class Printer:
    ...     def update(self, update, used):
    ...         print(update, used)
    ...
    ...     def report(self, clock, told, falls):
    ...         print(clock, told)
    >>> lr = Column(0, "lr", (0,), (0.1,))
    >>> replay(Trace(2, ("a",), (lr,), (Report.of(1, {"loss": 0.5}),)), Printer())
    0 [(0, 0.1)]
    1 {'loss': 0.5}
    1 [(0, 0.1)]
    """
    falls = [(each.clock, _fall(each)) for each in trace.events if each.kind == "fall"]
    for at, is_update, what in _in_order(trace):
        if is_update:
            log.update(at, what)
            continue
        metrics = dict(what.metrics)
        mine = [each for each in falls if each[0] == at and each[1].metric in metrics]
        falls = [each for each in falls if each not in mine]
        log.report(at, metrics, [fall for _, fall in mine])


def _in_order(trace: Trace) -> Iterator[tuple[int, int, Any]]:
    """Each report and each update's values with its clock, 1 for an update."""
    numbers = {(each.group, each.key): place for place, each in enumerate(trace.columns)}
    rows = (
        (update, 1, [(numbers[group, key], value) for _, group, key, value in same])
        for update, same in groupby(trace.rows(), key=lambda each: each[0])
    )
    told = [(each.clock, 0, each) for each in trace.reports]
    yield from merge(told, rows, key=lambda each: each[:2])


def _fall(event: Event) -> _Fall:
    detail = event.detail
    return _Fall(str(detail["metric"]), tuple(detail["keys"]), float(detail["after"]))
