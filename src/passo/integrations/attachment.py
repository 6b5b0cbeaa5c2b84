"""A plan that waits for a trainer's optimizers: what the callbacks have in common."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from passo.ground.checks import brief, whole
from passo.ground.errors import closest
from passo.ground.here import place
from passo.ground.schema import MOST
from passo.integrations.leaving import hush, let_go, stay, take_over, went_on
from passo.integrations.pairing import apart, paired
from passo.optim import Fall, Scheduler, attach
from passo.optim.ground.caller import Caller, calling
from passo.optim.ground.together import given_of
from passo.optim.scheduler.plan import as_plan
from passo.optim.scheduler.settings import Settings, as_values
from passo.schedules import NeedsRun, PassoError, PassoWarning, Run

# What the callback settles itself, or a trainer has no use for.
_SETTLED: Final = ("optimizer", "plan", "run", "clock", "last_lr", "over")
_TAKES: Final = inspect.signature(attach).parameters
OPTIONS: Final = tuple(name for name in _TAKES if name not in _SETTLED)
DEFAULTS: Final = {name: _TAKES[name].default for name in OPTIONS}


def of_callback(trainer: str, report: Callable[[str], str], **more: Any) -> Caller:
    """Who calls for the user, as `Passo` in a trainer that tells when a run ends.

    `report` says what makes a metric heard there.

    >>> of_callback("my trainer", "log {!r}".format).option("carry=False")
    'Passo(..., carry=False)'
    """
    given = {"scheduler": "passo.schedulers[0]", "without": "", **more}
    return Caller("Passo", trainer=trainer, report=report, told=True, **given)


class Attachment:
    """Plan, run and options as they were given to a callback, and the Schedulers made of them.

    `caller` is how the user writes this, and what he writes so that a metric is heard.

    A trainer makes its optimizers late, and loads its checkpoints in an order of its own. So the
    callback calls, in this order: `begin` with the optimizers, `load_state_dict` at any time,
    `go_on` once all states are there, `hear` after each evaluation, `end` (or `rest`, where the
    trainer saves after its end). It may begin again.

    `plan` is for all optimizers together, or a list or a mapping of plans has one for each: paces
    that differ on purpose. `seek` is the update to go on at from a checkpoint that has no state of
    passo. `options` are those of `attach`. Raises PassoError for what none of them can be.

    >>> import torch
    >>> from passo import Linear, Run, steps
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> waits = Attachment(of_callback("my trainer", "log {!r}".format), Linear(1, 0))
    >>> waits.begin(optimizer, Run(steps(4)))
    >>> waits.go_on(0)
    >>> waits.schedulers[0].get_last_lr()
    [1.0]
    >>> waits.end(because="out of time")
    """

    def __init__(
        self,
        caller: Caller,
        plan: Any,
        run: Run | None = None,
        *,
        seek: int | None = None,
        **options: Any,
    ) -> None:
        self.caller, self.plan, self.run, self.options = caller, plan, run, options
        self.seek = None if seek is None else whole(seek, "seek", least=0, most=MOST)
        for name in options:
            if name not in OPTIONS:
                hint = closest(name, OPTIONS)
                msg = (
                    f"Passo takes plan, run, seek and {', '.join(OPTIONS)}, as attach does; got "
                    f"{name!r}{hint}"
                )
                raise PassoError(msg)
        with calling(caller):
            self._check()
        self.schedulers: tuple[Scheduler, ...] = ()
        self._state: list[Mapping[str, Any]] = []
        self._targets: list[Any] = []
        self._said: set[str] = set()

    @property
    def trainer(self) -> str:
        """Whose callback it is."""
        return self.caller.trainer

    def be_like(self, other: Attachment) -> None:
        """Plan, run and options are another's from now on, and the states its own."""
        self.plan, self.run, self.options = other.plan, other.run, other.options
        self.seek = other.seek

    def _check(self) -> None:
        """Raises PassoError for what `attach` would refuse of it with any optimizer."""
        options, values = self.options, as_values(self.options.get("values"))
        several = apart(self.plan)
        plans = [self.plan] if several is None else given_of(several)
        for plan in plans or [None]:
            as_plan(plan, may_be_empty=bool(values))
        if several is not None and options.get("record") is not None:
            msg = (
                f"record is the trace of one plan, got {len(plans)} plans; give one plan for all "
                "optimizers, or leave record out"
            )
            raise PassoError(msg)
        known = {name: options[name] for name in ("on_change", "join", "carry") if name in options}
        Settings(self.run, {}, values, **known)

    @property
    def watches(self) -> tuple[str, ...]:
        """The metrics that the plans' plateaus listen to, each once."""
        return tuple(dict.fromkeys(name for each in self.schedulers for name in each.watches))

    def begin(
        self,
        optimizers: Any,
        run: Run | None,
        *,
        unknown: str = "",
        over: Any = None,
        beside: bool = False,
        left: int | None = None,
        **settled: Any,
    ) -> None:
        """Attach to what the trainer made: an optimizer, or a list or mapping of them.

        `run` is the trainer's own count of updates; where it has none, `unknown` says why.
        With `beside` a torch scheduler that was built on them is told of; a trainer that builds
        one, to find a rate, and drops it has none beside. `settled` are options of `attach` that
        the callback settles itself, `left` how many updates the trainer will still make: with
        `on_change="rescale"` the rest of the plan is for these. Raises NeedsRun where the plan
        cannot do without, and whatever `attach` raises; then nothing is attached.
        """
        self._targets = given_of(optimizers)
        self._state = take_over(self._targets) or self._state
        self._let_go()
        if over is not None:
            settled |= {"last_lr": "used", "over": over}
        run = run if self.run is None else self.run
        made: list[Scheduler] = []
        pairs = paired(optimizers, self.plan, self.trainer)
        alone = len(pairs) == 1 and self.run is None
        self.caller.left = max(left, 0) if alone and left is not None else None
        try:
            for target, plan in pairs:
                with warnings.catch_warnings(), calling(self.caller):
                    if not beside:
                        what = "(passo: )?a torch scheduler was built"
                        warnings.filterwarnings("ignore", what, PassoWarning)
                    made.append(self._attached(target, plan, run, settled, len(pairs)))
        except BaseException as error:
            for each in reversed(made):
                each.detach(restore=True)
            if isinstance(error, NeedsRun):
                raise NeedsRun(self._needs_run(unknown, run, error)) from error
            raise
        self.schedulers = tuple(made)

    def _attached(
        self, target: Any, plan: Any, run: Run | None, settled: Any, many: int
    ) -> Scheduler:
        """One of so many plans at work.

        Each of several has its own pace: the trainer's count is the run of one that asks for it,
        and says nothing of the others.
        """
        options = {**self.options, **settled}
        if many > 1 and self.run is None:
            with suppress(NeedsRun):
                return attach(target, plan, None, **options)
        return attach(target, plan, run, **options)

    def _needs_run(self, unknown: str, run: Run | None, error: NeedsRun) -> str:
        if run is not None:
            told = (
                ""
                if self.run is not None
                else (f": of its run {self.trainer} tells {run.updates:,} updates and no more")
            )
            return f"{error}, as Passo(plan, run=Run(...)){told}"
        why = unknown or f"{self.trainer} does not know how many updates it will make"
        return (
            f"the plan {brief(self.plan)} needs the length of the run, and {why}; write "
            "Passo(plan, run=Run(steps(10_000))) with the number of updates"
        )

    def go_on(self, updates: int, left: int | None = None) -> None:
        """All states are loaded, and the trainer says that so many updates were made before.

        `left` is how many it will still make, where that was not known before. Raises PassoError
        where some were made and no state of passo came: the plan would begin again.
        """
        if left is not None and len(self.schedulers) == 1 and self.run is None:
            self.caller.left = max(left, 0)
        with calling(self.caller):
            self._go_on(updates)
        went_on(self._targets)
        self._targets = []

    def _go_on(self, updates: int) -> None:
        state, self._state = self._state, []
        if not updates:
            return
        if state:
            self._load(state)
        elif all(each.clock for each in self.schedulers):
            return  # it rode in the optimizer's own state
        elif self.seek is not None:
            for each in self.schedulers:
                each.seek(self.seek)
        else:
            msg = (
                f"the checkpoint that {self.trainer} goes on from is at update {updates:,} and has "
                f"no state of passo, so that the plan would begin again; write Passo(plan, "
                f"seek={updates}) to go on there, or seek=0 to begin the plan there on purpose"
            )
            raise PassoError(msg)

    def _load(self, state: Sequence[Mapping[str, Any]]) -> None:
        if len(state) != len(self.schedulers):
            msg = (
                f"the checkpoint has the state of {len(state)} plans, and Passo has "
                f"{len(self.schedulers)}; give as many plans as when it was saved"
            )
            raise PassoError(msg)
        for each, saved in zip(self.schedulers, state, strict=True):
            each.load_state_dict(saved)

    def hear(self, metrics: Mapping[str, Any]) -> tuple[Fall, ...]:
        """An evaluation is over: what it found goes to the plateaus that listen to it.

        Raises PassoError for a metric that is no number.
        """
        found: list[Fall] = []
        for each in self.schedulers:
            told = {name: metrics[name] for name in each.watches if name in metrics}
            if told:
                found += each.report(told)
        return tuple(found)

    def miss(self, came: Iterable[str], how: Callable[[str], str]) -> None:
        """Warn once where a plateau listens to none of the names that came.

        `how` says what to write so that a name comes.
        """
        known = sorted(came)
        missed = [name for name in self.watches if name not in known]
        if missed:
            self.told_of(missed)
            names = ", ".join(map(repr, known)) or "nothing"
            self.say_once(
                "missed",
                f"a plateau listens to {missed[0]!r}, and {self.trainer} logs {names}: it never "
                f"falls; {how(missed[0])}, or give Plateau a name that is logged",
            )

    @property
    def may_go_on(self) -> bool:
        """Whether somebody may go on from here: the run of a plan is not over, or has no end."""
        return any(
            each.run is None
            or each.clock < each.run.updates
            or any(track.source.length() is None for track in each.driver.tracks)
            for each in self.schedulers
        )

    def say_once(self, what: str, text: str) -> None:
        """Warn of that, once in a run and once here."""
        if what not in self._said:
            self._said.add(what)
            place().warn(text)

    def told_of(self, metrics: Iterable[str]) -> None:
        """It was said that these never come: nothing more is said of them at the end."""
        for each in self.schedulers:
            for name in metrics:
                each.promises.settle("unheard", name)

    def end(self, because: str | None = None, *, restore: bool = False) -> None:
        """The run is over: detach, and say what was not as planned, `because` of something.

        The state stays, for a checkpoint that is saved now and for a run that goes on. `restore`
        brings the bases back, where the trainer may train again with the same optimizer.
        """
        self._state = self._saved()
        schedulers, self.schedulers = self.schedulers, ()
        for each in schedulers:
            each.detach(restore=restore, because=because)

    def rest(self, because: str | None = None, *, is_over: bool = True) -> None:
        """The run is over: say so as `end` does, and stay attached for what is saved now.

        Whoever begins with these optimizers next takes the state over. Of one that is not over
        nothing is said yet.
        """
        for each in self.schedulers:
            if is_over:
                each.conclude(because)
            else:
                each.promises.told = False  # it may go on, and end by itself
        stay(self.schedulers)

    def break_off(self) -> None:
        """An exception ended the run, and another may go on: as `rest`, and nothing is said."""
        for each in self.schedulers:
            hush(each)
        stay(self.schedulers)

    def fail(self, *, restore: bool = False) -> None:
        """An exception ended the run: detach, and say nothing."""
        self._state = self._saved()
        self._let_go(restore=restore)

    def forget(self) -> None:
        """Keep no state of a run that is over: what goes on now is what a checkpoint brings."""
        self._state = []

    def _let_go(self, *, restore: bool = False) -> None:
        schedulers, self.schedulers = self.schedulers, ()
        for each in schedulers:
            let_go(each, restore=restore)

    # -- the state

    def _saved(self) -> list[Mapping[str, Any]]:
        return [each.state_dict() for each in self.schedulers] or list(self._state)

    def state_dict(self) -> dict[str, Any]:
        """What the trainer's checkpoint keeps: plain JSON; of a run that is over its last."""
        return {"schedulers": self._saved()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Keep what a checkpoint brought until `go_on`. One that was saved before is empty."""
        held = state.get("schedulers") if isinstance(state, Mapping) else None
        if not isinstance(held, (list, tuple)):
            msg = f"this is not the state of Passo in a checkpoint: {brief(state)}"
            raise PassoError(msg)
        if held:
            self._state = list(held)

    def __getstate__(self) -> dict[str, Any]:
        """As what waits for an optimizer, with the state of its Schedulers."""
        return {**self.__dict__, "schedulers": (), "_targets": [], "_state": self._saved()}
