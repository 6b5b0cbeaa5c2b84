"""The engine: driver, clock, settings and journal, and what an update does to them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from passo.optim.ground.fields import number_in
from passo.optim.scheduler import broken
from passo.optim.scheduler.clock import Clock
from passo.optim.scheduler.cooled import cool
from passo.optim.scheduler.drift import Drift
from passo.optim.scheduler.driver import Driver, driving
from passo.optim.scheduler.journal import Journal
from passo.optim.scheduler.late import Late
from passo.optim.scheduler.no_optimizer import NoOptimizer
from passo.optim.scheduler.owners import Owners
from passo.optim.scheduler.plan import free_rows, rows
from passo.optim.scheduler.promises import Promises
from passo.optim.scheduler.settings import one_for_all
from passo.optim.scheduler.stillness import Stillness
from passo.schedules import PassoError

if TYPE_CHECKING:
    import os
    import weakref
    from collections.abc import Mapping

    from passo.optim.ground.fields import Field
    from passo.optim.ground.updates import Watch
    from passo.optim.scheduler.audience import Audience
    from passo.optim.scheduler.company import Company
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driven import Met
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.late import Flag
    from passo.optim.scheduler.promises import Word
    from passo.optim.scheduler.settings import Settings


class Engine:
    """What works behind a Scheduler: it counts, writes and keeps, and knows no optimizer.

    Groups are handed in at each call. So the hooks, which the optimizer owns, own the engine, and
    nothing here owns the optimizer: what is let go is freed without the garbage collector.
    """

    __slots__ = (
        "__weakref__",
        "_clock",
        "_goes_on",
        "_late",
        "audience",
        "called_for",
        "company",
        "doubt",
        "drift",
        "driver",
        "ending",
        "journal",
        "name",
        "passed_over",
        "plan",
        "promises",
        "settings",
        "still",
        "under_way",
        "watch",
    )

    def __init__(self, plan: Mapping[str, Any], settings: Settings, optimizer: Any) -> None:
        groups: Groups = optimizer.param_groups
        self.plan, self.settings = plan, settings
        self.name = "" if isinstance(optimizer, NoOptimizer) else type(optimizer).__name__
        self.promises = Promises(strict=settings.strict, told=settings.caller.told)
        self.still: Stillness | None = Stillness(groups)
        self.ending: weakref.finalize[Any, Any] | None = None
        self._late: Late | None = None
        self.driver, self._clock = Driver(settings), Clock(settings)
        self.drift = None if settings.watch is None else Drift(self.driver, self.clock)
        self.journal: Journal | None = None
        self.watch: Watch | None = None
        self.company: Company | None = None
        self.audience: Audience | None = None
        self.under_way = bool(getattr(optimizer, "state", None))
        self.doubt = ""
        self.passed_over: Word | None = None
        self.called_for: CoolDown | None = None
        self._goes_on = False
        self.regroup(groups)
        if settings.values:
            self.driver.add(free_rows(settings.values, settings.run), 0.0)
        if settings.bases:
            self.promises.settle("older")
        settings.bases = one_for_all(settings.bases)

    @property
    def clock(self) -> Clock:
        """The clock, with what was counted beforehand settled."""
        if self._late is not None:
            self.settle()
        return self._clock

    @property
    def title(self) -> str:
        """The class of its optimizer, or the names of all that are under the plan."""
        if self.company is None:
            return self.name
        return " and ".join(repr(each.settings.part) for each in self.company.engines)

    @property
    def has_returned(self) -> bool:
        """Whether groups have come back that make the last update yet, or begin a new one."""
        return self._goes_on or bool(self.driver.absences.back)

    @property
    def is_past(self) -> bool:
        """Whether the step to be made is past the end, and not a part of the last update."""
        return self.clock.is_past and not self._goes_on

    def record(self, path: str | os.PathLike[str], groups: Groups) -> None:
        """Keep a journal from here on; raises PassoError for a file that cannot be its."""
        self.journal = Journal(
            path,
            self.plan,
            groups,
            driver=self.driver,
            clock=self.clock,
            settings=self.settings,
            kinds={self.settings.part: self.name},
        )

    def prepare(self, groups: Groups) -> None:
        """Before a step of these groups: they hold what it uses, or it is refused."""
        self.settle()
        driver = self.driver
        behind = driver.is_behind(groups)
        if behind:
            self.regroup(groups)
        back = driver.absences.back
        self._goes_on = bool(back) and driver.absences.are_the_rest(groups, self.clock.updates)
        if not self._goes_on and (behind or back):
            self._put(groups, made=False)
        driver.usual = None if back else driver.known
        self.refuse_anew()

    def refuse_anew(self) -> None:
        """Raises PassoError where the next update is none that this Scheduler can begin with.

        It would begin a trace that is there already, or from a base that passo wrote.
        """
        if self.doubt:
            raise PassoError(self.doubt)
        if self.journal is not None:
            self.journal.refuse_anew()
        if self.audience is not None:
            self.audience.refuse_anew()

    def keep_told(self) -> None:
        """A state is saved: what was told until here is where a kill leaves it."""
        if self.journal is not None:
            self.journal.flush()
        if self.audience is not None:
            self.audience.saved()

    def look(self, groups: Groups) -> None:
        """Between two updates: groups that joined or went since are known, and driven."""
        self.settle()
        driver = self.driver
        if not driver.is_behind(groups):
            return
        self.regroup(groups)
        with driver.untouched(driver.absences.late(self.clock.updates)):
            self._put(groups, made=False)

    def write(self, groups: Groups) -> None:
        """Put what the next update uses into every driven field."""
        if self.driver.is_behind(groups):
            self.regroup(groups)
        self._put(groups, made=False)

    def tick(self, groups: Groups) -> None:
        """One update happened: keep what it used, move the clock, write what the next one uses."""
        self.refuse_anew()
        if not self._goes_on:
            self.clock.refuse_uncounted()
        past = self.is_past
        driver, looked = self.driver, self.driver.looks
        if driver.is_behind(groups) or driver.absences.back:
            driver.looks = False  # some groups hold what was written for another update
        if driver.is_behind(groups):
            self.regroup(groups)
        if self._goes_on:
            self._goes_on = False
        else:
            if self.journal is not None:
                self.journal.update()
            if self.audience is not None:
                self.audience.update(self.settings.part, self.clock.updates, driver, driver.used())
            self.clock.tick()
            if self.still is not None:
                self.still.end()
                self.still = None
        driver.absences.back.clear()
        self._put(groups, made=True)
        driver.looks = looked
        if past or driver.met is not None or self.clock.updates >= self.clock.late:
            self.speak(past=past)
        if self.drift is not None:
            self.drift.compare()

    def tick_early(self, groups: Groups, flag: Flag) -> None:
        """A step was made that is probably an update; `flag` will tell. Nothing is said yet."""
        self.refuse_anew()
        self.clock.refuse_uncounted()
        if self.driver.is_behind(groups):
            self.regroup(groups)
        self.driver.unshare()
        reads = self.journal is not None or self.audience is not None
        self._late = Late(flag, self._clock, self.driver, reads=reads)
        if self.watch is not None and groups:
            self.watch.lr = groups[0].get("lr")

    def settle(self) -> None:
        """What was counted beforehand was an update and is told of, or is taken back."""
        late, self._late = self._late, None
        if late is None:
            return
        if late.was_skipped():
            groups = self.driver.known
            if self.watch is not None:
                self.watch.skips += 1
            if self.watch is not None and groups:
                self.watch.lr = groups[0].get("lr")
            if self.still is not None:
                self.still.steps += 1
            return
        self._tell_late(late)
        if self.still is not None:
            self.still.end()
            self.still = None
        clock = self._clock
        if late.past or self.driver.met is not None or clock.updates >= clock.late:
            self.speak(past=late.past)
        if self.drift is not None:
            self.drift.compare()

    def _tell_late(self, late: Late) -> None:
        """What the update used that is settled now."""
        t = self._clock.updates - 1
        if self.journal is not None:
            self.journal.update(t, late.used)
        if self.audience is not None:
            self.audience.update(self.settings.part, t, self.driver, late.used)

    def speak(self, *, past: bool) -> None:
        """After an update: say that it was past the end, or that another hand writes; once each.

        Among several, say that they part.

        Raises PassoError with strict=True.
        """
        clock, driver, promises = self.clock, self.driver, self.promises
        met, driver.met = driver.met, None
        if self.company is not None and clock.updates >= clock.alarm:
            self.company.look(self)
        if past and promises.keeps("past"):
            clock.over = math.inf
            clock.wake(clock.alarm)
            promises.say("past", broken.past_the_end(self.settings, clock, driver))
        if met is not None and promises.keeps("hand"):
            driver.looks = promises.strict
            promises.say("hand", broken.other_hand(self._spot(met), clock.updates - 1, made=True))

    def refuse_others(self) -> None:
        """With strict=True, before an update: raises PassoError where another hand wrote."""
        driver = self.driver
        if not (driver.is_behind(driver.known) or driver.absences.back):
            driver.look_for_others()
            met, driver.met = driver.met, None
            if met is not None:
                word = broken.other_hand(self._spot(met), self.clock.updates, made=False)
                self.promises.say("hand", word)

    def called(self, groups: Groups) -> None:
        """`scheduler.step()` was called, which is not the clock; say it where nothing else is.

        Raises PassoError with strict=True.
        """
        still, promises = self.still, self.promises
        if self.clock.made:
            self.still = None
        elif still is not None and still.called(groups) and promises.keeps("no update"):
            signs = still.signs(groups)
            forgotten = still.is_forgotten(groups)
            word = broken.no_update(
                self.settings, self.driver, self.title, signs, forgotten=forgotten
            )
            promises.say("no update", word)

    def cool(self, event: CoolDown, groups: Groups) -> None:
        """A cooldown was called for: the run is over at its end."""
        self.settings.cooldown = self.called_for = event
        self.clock.measure()
        cool(self.driver, self.settings)
        self.write(groups)
        if self.journal is not None:
            self.journal.cools(event)

    def loaded(self, groups: Groups) -> None:
        """The optimizer's state was loaded: other dicts, and other numbers in them."""
        if self.driver.is_behind(groups):
            self.regroup(groups)
        self.driver.retype()
        self._put(groups, made=False)

    def regroup(self, groups: Groups) -> None:
        """Groups joined, went or changed places: the plan is resolved for those that are new.

        In two steps, so that a group for which the plan has nothing is refused with all as it was.
        """
        driver, settings = self.driver, self.settings
        found = driver.match(groups)
        new = [place for place, number in enumerate(found) if number is None]
        owners = Owners(driver, driving)
        added = rows(self.plan, groups, new, settings, lambda *at: self._base(groups, owners, *at))
        begin = self.clock.at if settings.join == "now" else 0.0
        driver.adopt(groups, found, added, begin, self.clock.updates)
        if self.journal is not None:
            self.journal.joined(groups, new)
        if self.audience is not None:
            self.audience.know(self.settings.part, self.name, driver)

    def _base(
        self, groups: Groups, owners: Owners, key: str, field: Field, place: int, slot: Any
    ) -> tuple[float, bool]:
        """The base of a group that is new, and whether it was given."""
        given = self.settings.bases.get(key)
        if isinstance(given, (list, tuple)):
            given = given[place]
        if given is None and self.settings.over is not None and field.name == "lr":
            # What the scheduler that is put to rest began with.
            given = groups[place].get("initial_lr")
        if given is not None:
            return float(given), True
        inherited = owners.base(field, slot)
        return (number_in(slot) if inherited is None else inherited), False

    def _spot(self, met: Met) -> Met:
        """What was met, with the name of the optimizer where there are several."""
        return met._replace(place=self.settings.spot(met.place))

    def _put(self, groups: Groups, *, made: bool) -> None:
        self.driver.unshare()
        self.driver.write(self.clock.at, made=made)
        if self.watch is not None and groups:
            self.watch.lr = groups[0].get("lr")
