"""The engine: driver, clock, settings and journal, and what an update does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.optim.scheduler.clock import Clock
from passo.optim.scheduler.drift import Drift
from passo.optim.scheduler.driver import Driver
from passo.optim.scheduler.journal import Journal
from passo.optim.scheduler.plan import free_rows, rows

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from passo.optim.ground.updates import Watch
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.settings import Settings


class Engine:
    """What works behind a Scheduler: it counts, writes and keeps, and knows no optimizer.

    Groups are handed in at each call. So the hooks, which the optimizer owns, own the engine, and
    nothing here owns the optimizer: what is let go is freed without the garbage collector.
    """

    __slots__ = (
        "__weakref__",
        "clock",
        "drift",
        "driver",
        "journal",
        "plan",
        "settings",
        "watch",
    )

    def __init__(self, plan: Mapping[str, Any], settings: Settings, groups: Groups) -> None:
        self.plan, self.settings = plan, settings
        self.driver, self.clock = Driver(settings), Clock(settings)
        self.drift = None if settings.watch is None else Drift(self.driver, self.clock)
        self.journal: Journal | None = None
        self.watch: Watch | None = None
        self.regroup(groups)
        self.driver.adopt(groups, free_rows(settings.values, settings.run), 0.0)

    def record(self, path: str | os.PathLike[str], groups: Groups) -> None:
        """Keep a journal from here on; raises PassoError for a file that cannot be its."""
        self.journal = Journal(
            path, self.plan, groups, driver=self.driver, clock=self.clock, settings=self.settings
        )

    def refuse_anew(self) -> None:
        """Raises PassoError where the next update would begin a trace that is there already."""
        if self.journal is not None:
            self.journal.refuse_anew()

    def write(self, groups: Groups) -> None:
        """Put what the next update uses into every driven field."""
        if self.driver.is_behind(groups):
            self.regroup(groups)
        self._put(groups, made=False)

    def tick(self, groups: Groups) -> None:
        """One update happened: keep what it used, move the clock, write what the next one uses."""
        self.clock.refuse_uncounted()
        if self.journal is not None:
            self.journal.refuse_anew()
            self.journal.update(groups)
        self.clock.tick()
        if len(groups) != len(self.driver.marks):
            self.regroup(groups)
        self._put(groups, made=True)
        if self.drift is not None:
            self.drift.compare()

    def regroup(self, groups: Groups) -> None:
        """Groups joined or went: the plan is resolved for those that are new, then adopted.

        In two steps, so that a group for which the plan has nothing is refused with all as it was.
        """
        driver, settings = self.driver, self.settings
        new = driver.new(groups)
        found = rows(self.plan, groups, new, settings.run, settings.bases)
        driver.adopt(groups, found, self.clock.at if settings.join == "now" else 0.0)
        if self.journal is not None:
            self.journal.joined(groups, new)

    def _put(self, groups: Groups, *, made: bool) -> None:
        self.driver.write(groups, self.clock.at, made=made)
        if self.watch is not None and groups:
            self.watch.lr = groups[0].get("lr")
