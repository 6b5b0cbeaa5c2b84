"""Tracks: one schedule as it drives fields, with the memory of its plateaus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.schedules import Constant, Plateau, Schedule, Table
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
        points: dict[Span, float] = {_span(0, unit): 1.0}
        for k, t in enumerate(self.falls, start=1):
            points[_span(t, unit)] = after(k)
        *_, last = points.values()
        if len(points) == 1:
            return Constant(last)
        return Table(tuple(points.items()), "step").then(Constant(last))


class Track:
    """One placed schedule and what its plateaus remember; shared by all groups that follow it."""

    __slots__ = ("memories", "plan", "schedule", "unit")

    def __init__(self, plan: Schedule, unit: str) -> None:
        self.plan = plan
        self.unit = unit
        self.memories = [Memory(*each) for each in plan._plateaus(lambda t: t)]
        self.schedule = plan
        self.refresh()

    def report(self, t: float, metrics: Mapping[str, float]) -> bool:
        """Take in a report made at t; whether a value may have changed."""
        fell = [memory.see(t, metrics) for memory in self.memories]
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

        self.schedule = self.plan._changed(known) if self.memories else self.plan


def _span(t: float, unit: str) -> Span:
    return Span(exact(t, "the time of a report"), unit)

