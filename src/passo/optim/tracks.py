"""Tracks: one schedule as it drives fields, with the memory of its plateaus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.schedules import Constant, Plateau, Run, Schedule, Table
from passo.schedules.feedback import Reducer
from passo.schedules.numbers import exact
from passo.schedules.time import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Localize = Callable[[float], float | None]


class Memory:
    """What one plateau in a plan has seen: its reducer, and the times at which it fell."""

    __slots__ = ("falls", "local", "reducer")

    def __init__(self, plateau: Plateau, local: Localize) -> None:
        self.reducer = Reducer(plateau)
        self.local = local
        self.falls: list[float] = []
        for t, metric in plateau.past:
            self._see(t, metric)

    def see(self, t: float, metrics: Mapping[str, float]) -> bool:
        """Take in a report made at t; whether the factor fell."""
        metric = self.reducer.rule.metric
        if metric not in metrics or (at := self.local(t)) is None:
            return False
        return self._see(at, metrics[metric])

    def _see(self, at: float, metric: float) -> bool:
        fell = self.reducer.see(metric)
        if fell:
            self.falls.append(at)
        return fell

    def state(self) -> dict[str, Any]:
        """The memory as plain JSON."""
        reducer = self.reducer
        best = None if reducer.best is None else repr(reducer.best)
        return {
            "best": best,
            "bad": reducer.bad,
            "cooling": reducer.cooling,
            "falls": list(self.falls),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a saved memory."""
        best = state["best"]
        self.falls = [float(t) for t in state["falls"]]
        self.reducer.best = None if best is None else float(best)
        self.reducer.bad, self.reducer.cooling = int(state["bad"]), int(state["cooling"])
        self.reducer.reductions = len(self.falls)

    def factor(self, unit: str) -> Schedule:
        """The plateau's factor as far as it is known: a step at each fall, then for ever."""
        after = self.reducer.rule.after
        points = {Span(exact(0, "t"), unit): 1.0}
        for k, t in enumerate(self.falls, start=1):
            points[Span(exact(t, "t"), unit)] = after(k)
        last = after(len(self.falls))
        if len(points) == 1:
            return Constant(last)
        return Table(tuple(points.items()), "step").then(Constant(last))


class Track:
    """One schedule at work from `begin` on, shared by all fields that follow it.

    `source` is the schedule as it was given, `placed` the same on its run, and `known` that with
    each plateau's factor as far as reports have made it.
    """

    __slots__ = ("begin", "known", "memories", "placed", "source", "unit")

    def __init__(self, source: Schedule, run: Run | None, begin: float) -> None:
        self.source, self.begin = source, begin
        self.unit = "steps" if run is None else run.unit
        self.placed = source if run is None else source.on(run)
        self.memories = [Memory(*each) for each in self.placed._plateaus(lambda t: t)]
        self.known = self.placed
        self.refresh()

    def report(self, at: float, metrics: Mapping[str, float]) -> bool:
        """Take in a report made at that position; whether a value may have changed."""
        if at < self.begin:
            return False
        fell = [memory.see(at - self.begin, metrics) for memory in self.memories]
        if any(fell):
            self.refresh()
        return any(fell)

    def refresh(self) -> None:
        """Put each plateau's factor where the plateau stands."""
        memories = iter(self.memories)

        def known(node: Any, parts: Sequence[Any]) -> Any:
            if isinstance(node, Plateau):
                return next(memories).factor(self.unit)
            return node._with(parts)

        self.known = self.placed._changed(known) if self.memories else self.placed

    def state(self) -> dict[str, Any]:
        """The track as plain JSON."""
        return {
            "schedule": self.source.to_spec(),
            "begin": self.begin,
            "plateaus": [memory.state() for memory in self.memories],
        }

    def remember(self, memories: Sequence[Mapping[str, Any]]) -> None:
        """Take up what the plateaus of the same schedule remembered."""
        for memory, told in zip(self.memories, memories, strict=True):
            memory.load(told)
        self.refresh()
