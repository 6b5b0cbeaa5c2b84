"""Tracks: one schedule as it drives fields, with the memory of its plateaus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.ground.checks import exact
from passo.schedules import Constant, Run, Schedule, Table
from passo.schedules.time import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from passo.optim.scheduler.cooling import CoolDown
    from passo.schedules.algebra.schedule import Localize, PlateauLike
    from passo.schedules.time import AxisUnit


class Memory:
    """What one plateau in a plan has seen: its reducer, and when it moved last; constant in size.

    `fell` is a time of the plateau's own; None where the clock was moved since, and the factor
    has its present value at all times.
    """

    __slots__ = ("fell", "local", "plateau", "reducer")

    def __init__(self, plateau: PlateauLike, local: Localize) -> None:
        self.plateau = plateau
        self.reducer = plateau.reducer()
        self.local = local
        self.fell: float | None = None
        for t, metric in plateau.past:
            self._see(t, metric)

    def see(self, t: float, metrics: Mapping[str, float]) -> bool:
        """Take in a report made at t; whether the factor moved."""
        metric = self.plateau.metric
        if metric not in metrics or (at := self.local(t)) is None:
            return False
        return self._see(at, metrics[metric])

    def _see(self, at: float, metric: float) -> bool:
        fell = self.reducer.see(metric)
        if fell:
            self.fell = at
        return fell

    def state(self) -> dict[str, Any]:
        """The memory as plain JSON."""
        return {**self.reducer.state(), "fell": self.fell}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a saved memory."""
        self.reducer.load(state)
        self.fell = None if state["fell"] is None else float(state["fell"])

    def factors(self) -> tuple[float, float]:
        """The factor before it moved last, and now."""
        return self.plateau.factors(self.reducer)

    def factor(self, unit: AxisUnit) -> Schedule:
        """The plateau's factor: a step where it moved last, so that a stair keeps the old one.

        Of two moves within one stair the stair keeps what was between them.
        """
        before, after = self.factors()
        now = Constant(after)
        if not self.fell:
            return now
        begin, end = (Span(exact(t, "t"), unit) for t in (0, self.fell))
        return Table(((begin, before), (end, after)), "step").then(now)


class Track:
    """One schedule at work from `begin` on, shared by all fields that follow it.

    `source` is the schedule as it was given, `follows` what a cooldown that was called for makes
    of it, `trunk` and `placed` the same two on its run, and `known` the latter with each plateau's
    factor as far as reports have made it.
    """

    __slots__ = (
        "_from_base",
        "begin",
        "cooling",
        "follows",
        "known",
        "memories",
        "placed",
        "run",
        "source",
        "trunk",
        "unit",
    )

    def __init__(
        self, source: Schedule, run: Run | None, begin: float, cooling: CoolDown | None = None
    ) -> None:
        self.source, self.run, self.begin, self.cooling = source, run, begin, cooling
        self.unit: AxisUnit = "steps" if run is None else run.unit
        self.follows = source if cooling is None else cooling.of(source, begin, self.unit)
        self.trunk = source if run is None else source.on(run)
        self.placed = self.trunk
        if cooling is not None:
            self.placed = self.follows if run is None else self.follows.on(run)
        self.memories = [Memory(*each) for each in self.placed.plateaus(lambda t: t)]
        self.known = self.placed
        self._from_base: dict[float, Schedule] = {}
        self.refresh()

    def is_again(self, run: Run | None, begin: float, cooling: CoolDown | None) -> bool:
        """Whether another of its schedule would be this one: nothing changes without a plateau."""
        return (
            not self.memories
            and self.begin == begin
            and self.cooling == cooling
            and self.run == run
        )

    def formula(self, base: float) -> Schedule:
        """What it gives from that base, as far as is known; made once for each base."""
        if not self.known.relative:
            return self.known
        made = self._from_base.get(base)
        if made is None:
            made = self._from_base[base] = self.known.with_base(base)
        return made

    def forget(self, bases: set[float]) -> None:
        """Keep what was made for these bases, and nothing else."""
        self._from_base = {base: self._from_base[base] for base in self._from_base.keys() & bases}

    def report(self, at: float, metrics: Mapping[str, float]) -> list[Memory]:
        """Take in a report made at that position; the plateaus whose factor moved."""
        if at < self.begin:
            return []
        fell = [memory for memory in self.memories if memory.see(at - self.begin, metrics)]
        if fell:
            self.refresh()
        return fell

    def refresh(self) -> None:
        """Put each plateau's factor where the plateau stands."""
        memories = iter(self.memories)
        if self.memories:
            self._from_base = {}
            self.known = self.placed.with_plateaus(lambda _: next(memories).factor(self.unit))

    def state(self) -> dict[str, Any]:
        """The track as plain JSON."""
        return {
            "schedule": self.source.to_spec(),
            "begin": self.begin,
            "plateaus": [memory.state() for memory in self.memories],
        }

    def remember_all(self, others: Iterable[Track]) -> None:
        """Take up what the same track among others remembers, if it is there."""
        for other in others:
            if (other.source, other.begin) == (self.source, self.begin):
                for mine, its in zip(self.memories, other.memories, strict=True):
                    mine.load(its.state())

    def cooled(self, run: Run | None, cooling: CoolDown | None) -> Track:
        """The same with that cooldown, or with none."""
        track = Track(self.source, run, self.begin, cooling)
        for mine, its in zip(track.memories, self.memories, strict=True):
            mine.load(its.state())
        track.refresh()
        return track

    def remember(self, other: Track, *, settled: bool) -> None:
        """Take up what the plateaus of another track remember.

        Each takes from its like, one of the same rule or else of the same metric and mode.
        `settled` forgets when they fell: the clock is not the one of those times.
        """
        mine, theirs = list(self.memories), list(other.memories)
        for same in (_rule, _metric):
            for memory in list(mine):
                like = next((each for each in theirs if same(each) == same(memory)), None)
                if like is not None:
                    mine.remove(memory)
                    theirs.remove(like)
                    memory.load(like.state())
                    memory.reducer.fit()
                    memory.fell = None if settled else memory.fell
        self.refresh()

    def settle(self) -> None:
        """The clock moves: each plateau keeps its present factor, whatever the time."""
        for memory in self.memories:
            memory.fell = None
        self.refresh()


def _rule(memory: Memory) -> Any:
    return memory.plateau


def _metric(memory: Memory) -> Any:
    plateau = memory.plateau
    return type(plateau), plateau.metric, getattr(plateau, "mode", None)
