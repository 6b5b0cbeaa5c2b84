"""Several optimizers under one plan: the face before a Scheduler for each."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

from passo.ground.checks import whole
from passo.ground.schema import MOST
from passo.optim.ground import attached, ranks
from passo.optim.ground.together import Together
from passo.optim.ground.undo import of_fields
from passo.optim.scheduler import carry, cool_down, endings, joint_state, state, words
from passo.optim.scheduler.company import Company
from passo.optim.scheduler.falls import Fall, falls
from passo.optim.scheduler.joint import JointJournal, Strand
from passo.optim.scheduler.listening import dismiss
from passo.optim.scheduler.scheduler import Scheduler
from passo.schedules import PassoError, Span

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from passo.optim.ground.ranks import Reduction
    from passo.optim.scheduler.driver import Driver, Groups
    from passo.optim.scheduler.engine import Engine
    from passo.schedules import Schedule
    from passo.schedules.algebra.cooldown import Descent


class JointScheduler(Scheduler):
    """One plan at work on several optimizers; made by `attach([muon, adamw], ...)`.

    Each has a Scheduler of its own behind this one, so that its fields follow its own updates, at
    no other price. Here is what they have in common: clock and values (those of the most advanced),
    reports, one state, one trace, and each word once.
    """

    def __init__(self, members: Mapping[str, Scheduler]) -> None:
        self._members = dict(members)
        engines = [each._engine for each in members.values()]
        promises = engines[0].promises
        self._company = Company(engines, promises)
        for each in engines:
            each.promises, each.company = promises, self._company
            if each.drift is not None:
                each.drift.said = promises.said
        for member in members.values():
            attached.lead(member, self)
        self._step_count = 1

    def start(
        self,
        record: str | os.PathLike[str] | None = None,
        then: Callable[[Scheduler], object] | None = None,
    ) -> None:
        """Hang on the hooks of all of them and write what the first updates use; or on none."""
        undo, journal = of_fields(self.optimizer.param_groups), None
        brought = [(each, carry.known(each)) for each in self.optimizers]
        try:
            if record is not None:
                journal = JointJournal(record, self.plan, self._company, self.settings)
                for engine in self._engines:
                    engine.journal = Strand(journal, weakref.ref(engine))
            for each in self._members.values():
                each.start()
            if then is not None:
                then(self)
        except BaseException:
            for each in self._members.values():
                each._let_go()
            if journal is not None:
                journal.discard()
            undo()
            for optimizer, what in brought:
                carry.keep(optimizer, what)
            raise
        if journal is not None:
            journal.stand()

    # -- what stands for all of them

    @property
    def _engines(self) -> list[Engine]:
        return [each._engine for each in self._members.values()]

    @property
    def _engine(self) -> Engine:  # type: ignore[override]
        """The most advanced."""
        lead: Engine = self._company.lead
        return lead

    @property
    def driver(self) -> Driver:  # type: ignore[override]
        """What the most advanced drives."""
        return self._engine.driver

    @property
    def attached(self) -> bool:  # type: ignore[override]
        """Whether it is at work."""
        return any(each.attached for each in self._members.values())

    @property
    def optimizer(self) -> Together:  # type: ignore[override]
        """All of them by their names; its `param_groups` are the groups of all, in order."""
        return Together({name: each.optimizer for name, each in self._members.items()})

    @property
    def optimizers(self) -> tuple[Any, ...]:
        """All of them, in the order in which they were given."""
        return tuple(each.optimizer for each in self._members.values())

    @property
    def _journal(self) -> JointJournal | None:
        journal = self._engine.journal
        return journal.joint if isinstance(journal, Strand) else None

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]
        """What each group's lr was when it was attached, for the groups whose lr is driven."""
        return [base for each in self._members.values() for base in each.base_lrs]

    @property
    def watches(self) -> tuple[str, ...]:
        """The metrics that the plateaus of any of them listen to, each once."""
        members = self._members.values()
        return tuple(dict.fromkeys(name for each in members for name in each.watches))

    def _used_rates(self) -> dict[int, Any]:
        parts = (each._used_rates().items() for each in self._members.values())
        return {group: used for part in parts for group, used in part}

    def _by_key(self, which: Literal["used", "last"]) -> dict[str, list[Any]]:
        """Those of the groups one optimizer after the other; values of the most advanced."""
        lead = self._engine
        found: dict[str, list[Any]] = {}
        for engine in self._engines:
            for each in engine.driver.driven:
                if each.field is not None or engine is lead:
                    found.setdefault(each.key, []).append(getattr(each, which))
        return found

    # -- what moves all of them

    def advance(self, updates: int = 1) -> None:
        """Count updates of each that no hook can see."""
        for _ in range(whole(updates, "updates")):
            for name, each in self._members.items():
                with _part(name):
                    each.advance()

    def count(self, *, samples: float | None = None, tokens: float | None = None) -> None:
        """Say how much the update in progress consumes, where that varies; calls add up."""
        for engine in self._engines:
            engine.clock.count(samples, tokens)

    def report(
        self,
        metrics: Mapping[str, Any] | None = None,
        /,
        *,
        reduce: Reduction | None = "mean",
        **named: Any,
    ) -> tuple[Fall, ...]:
        """Tell what was observed after the updates made so far, as of the most advanced clock."""
        told = ranks.reduced(words.told(metrics, named), reduce)
        lead, journal = self._engine, self._journal
        lead.refuse_anew()
        self._look()
        words.tell_of_unheard(lead, told)
        found: dict[tuple[Any, ...], Fall] = {}
        fallen = False
        for member in self._members.values():
            engine = member._engine
            tracks, at = engine.driver.tracks, lead.clock.at
            fell = [(track, memory) for track in tracks for memory in track.report(at, told)]
            if fell:
                fallen = True
                engine.driver.share()
                engine.write(member.optimizer.param_groups)
            for track, memory in fell:
                spot = (track.source, track.begin, track.memories.index(memory))
                for fall in falls(engine, [(track, memory)]):
                    keys = (*(found[spot].keys if spot in found else ()), *fall.keys)
                    found[spot] = Fall(
                        fall.metric,
                        tuple(dict.fromkeys(keys)),
                        lead.clock.updates,
                        fall.before,
                        fall.after,
                    )
        for member in self._members.values() if fallen else ():
            member._carrier.told("fall")  # those too in which nothing fell keep their clock
        answer = tuple(found.values())
        if journal is not None:
            journal.report(told, answer)
        if lead.audience is not None:
            lead.audience.report(lead.clock.updates, told, answer)
        return answer

    def cool_down(
        self,
        over: Span,
        end: Schedule | float = 0.0,
        shape: Descent = "linear",
        key: str = "lr",
    ) -> None:
        """End the run from now on, as the most advanced clock has it; each by its own updates."""
        lead, journal = self._engine, self._journal
        groups = {name: each._look() for name, each in self._members.items()}
        lead.refuse_anew()
        engines = [(each._engine, groups[name]) for name, each in self._members.items()]
        engines.sort(key=lambda each: each[0] is not lead)
        event = cool_down.called(engines, over, end, shape, key, attached=self.attached)
        undo = self._undo()
        try:
            for engine, own in engines:
                engine.cool(event, own)
            if journal is not None:
                journal.cools(event)
        except BaseException:
            undo()
            raise

    def seek(self, update: int | Span) -> None:
        """The next update of each is update `update`."""
        if isinstance(update, Span):
            update = self._engine.clock.update_at(update)
        whole(update, "update", least=0, most=MOST)
        self._look()
        undo, journal = self._undo(), self._journal
        try:
            if journal is not None:
                journal.wind_to(update)
            with self._at_once():
                for name, each in self._members.items():
                    with _part(name):
                        each.seek(update)
            self._company.moved()
            if journal is not None:
                journal.tell("seek")
        except BaseException:
            undo()
            raise

    def detach(self, *, restore: bool = False, because: str | None = None) -> None:
        """Take the hooks away and close the trace; the last values stay, or the bases come back."""
        journal = self._journal
        for each in self._members.values():
            each._end(restore=restore)
        if journal is not None:
            journal.close()
        dismiss(self._engines)
        self.conclude(because)

    def conclude(self, because: str | None = None) -> None:
        """Say once what is broken at the end of the run."""
        lead = self._engine
        for engine in self._engines:
            if engine is not lead:
                endings.forget(engine)
        endings.conclude(lead, because)

    def as_it_is(self) -> Callable[[], None]:
        """A function that makes it what it is now, whatever it was told meanwhile."""
        held = [each.as_it_is() for each in self._members.values()]

        def go_on() -> None:
            for put_back in held:
                put_back()

        return go_on

    def stand_still(self) -> None:
        """Count no update and write no trace, until all is put back."""
        for each in self._members.values():
            each.stand_still()

    def _undo(self) -> Callable[[], None]:
        journal = self._journal
        file = None if journal is None else journal.keep()
        held, fields = self.as_it_is(), of_fields(self.optimizer.param_groups)

        def undo() -> None:
            if file is not None:
                file()
            held()
            fields()
            self._company.begin()

        return undo

    # -- the state

    def state_dict(self) -> dict[str, Any]:
        """Run, plan and what plateaus remember, and for each optimizer its clock and bases."""
        if self._journal is not None:
            self._journal.flush()
        for each in self._members.values():
            each._engine.keep_told()
        members = self._members.items()
        return joint_state.join({name: state.save(m._engine, m._look()) for name, m in members})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was made; each optimizer takes up what has its name."""
        parts = joint_state.part(state_dict, list(self._members))
        self._look()
        undo, journal = self._undo(), self._journal
        try:
            with self._at_once():
                for name, each in self._members.items():
                    with _part(name):
                        each.load_state_dict(parts[name])
            self._company.moved()
            if journal is not None:
                journal.wind_to(self.clock)
                journal.tell("load")
        except BaseException:
            undo()
            raise

    def _at_once(self) -> AbstractContextManager[None]:
        """What moves all of them is told of, and undone, once for all."""
        journal = self._journal
        return nullcontext() if journal is None else journal.together()

    def __repr__(self) -> str:
        for each in self._members.values():
            repr(each)  # it looks which groups are there
        return words.scheduler(self._engine, self._engines)

    def __deepcopy__(self, memo: dict[int, Any]) -> JointScheduler:
        """The same plan at the same clocks on copies of the optimizers, without the trace."""
        members = {name: copy.deepcopy(each, memo) for name, each in self._members.items()}
        twin = memo[id(self)] = JointScheduler(members)
        twin._company.moved()
        return twin

    def _look(self) -> Groups:
        return [group for each in self._members.values() for group in each._look()]


@contextmanager
def _part(name: str) -> Iterator[None]:
    """An error says of which optimizer it is."""
    try:
        yield
    except PassoError as error:
        raise type(error)(f"{name!r}: {error}") from error
