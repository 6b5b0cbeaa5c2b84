"""`Scheduler`: a plan attached to an optimizer. The one object that changes."""

from __future__ import annotations

import copy
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.optim.lr_scheduler import LRScheduler

from passo.ground.calls import called_like
from passo.ground.checks import brief, truth, whole
from passo.ground.schema import MOST
from passo.ground.wanted import missing
from passo.optim.ground import attached, ranks, wrappers
from passo.optim.ground.lent import around_steps
from passo.optim.ground.quiet import quiet
from passo.optim.ground.undo import of_fields
from passo.optim.ground.updates import Watch
from passo.optim.scheduler import (
    bases,
    carry,
    cool_down,
    endings,
    horizon,
    moves,
    own_count,
    resting,
    state,
    words,
)
from passo.optim.scheduler.driver import driving
from passo.optim.scheduler.engine import Engine
from passo.optim.scheduler.falls import Fall, falls
from passo.optim.scheduler.listening import dismiss, leave, listen
from passo.optim.scheduler.no_optimizer import there
from passo.optim.scheduler.pulse import Pulse
from passo.schedules import PassoError, Span

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from torch.optim import Optimizer

    from passo.optim.ground.ranks import Reduction
    from passo.optim.scheduler.audience import Listener
    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driver import Driver, Groups
    from passo.optim.scheduler.promises import Promises, Word
    from passo.optim.scheduler.settings import Settings
    from passo.schedules import Run, Schedule
    from passo.schedules.algebra.cooldown import Descent


class Scheduler(LRScheduler):
    """A plan at work on an optimizer; made by `attach`.

    The optimizer's own step hook is the clock: `clock` counts the updates made so far, and after
    each of them the fields that the plan names hold what the next update uses. `step()` exists
    for frameworks that insist and changes nothing (with clock="calls" it is the clock).
    """

    def __init__(self, optimizer: Any, plan: Mapping[str, Any], settings: Settings) -> None:
        self._optimizer = _reference(optimizer)
        self._engine = Engine(plan, settings, optimizer)
        self.driver = self._engine.driver  # no property: a recorder asks for it at every update
        self._step_count = 1
        self._carrier = carry.Carrier(self._engine, self._optimizer)
        self._hooks: list[Any] = []
        # What has no hooks owns no Scheduler: a view of a trainer's groups lives as long as this.
        self._kept: Any = None if wrappers.fires(optimizer) else optimizer
        self._wake: Callable[[], None] | None = None
        self.attached = False

    def start(
        self,
        record: str | os.PathLike[str] | None = None,
        then: Callable[[Scheduler], object] | None = None,
    ) -> None:
        """Hang on the optimizer's hooks and write what the first update uses; or change nothing.

        `then` is the last that is done.
        """
        optimizer = self.optimizer
        undo, brought = of_fields(optimizer.param_groups), carry.known(optimizer)
        try:
            self._hang(record)
            if then is not None:
                then(self)
        except BaseException:
            self._let_go()
            undo()
            carry.keep(optimizer, brought)
            raise
        if self._engine.journal is not None:
            self._engine.journal.stand()

    def _hang(self, record: str | os.PathLike[str] | None) -> None:
        optimizer, engine, carrier = self.optimizer, self._engine, self._carrier
        groups = optimizer.param_groups
        if record is not None:
            engine.record(record, groups)
        lent = wrappers.lending(optimizer)
        if self.settings.clock == "hook":
            engine.watch = Watch(optimizer)
            pulse = Pulse(engine, engine.watch, lent)
            for where, register, hook in around_steps(optimizer, lent, pulse.before, pulse.after):
                self._hook(where, register, hook)
            for inner in lent.values():
                self._hook(inner, "register_load_state_dict_post_hook", pulse.look_anew)
        elif wrappers.fires(optimizer):
            self._hook(optimizer, "register_step_pre_hook", self._before_step)
        for inner in lent.values():
            self._hook(inner, "register_load_state_dict_post_hook", carrier.after_load_inside)
            self._hook(inner, "register_state_dict_post_hook", carrier.after_saving)
        if hasattr(optimizer, "_optimizer_load_state_dict_post_hooks"):
            self._hook(optimizer, "register_load_state_dict_pre_hook", carrier.before_load)
            # A bound method: through this hook the optimizer owns the Scheduler.
            self._hook(optimizer, "register_load_state_dict_post_hook", self._after_load)
            self._hook(optimizer, "register_state_dict_pre_hook", carrier.before_saving)
            self._hook(optimizer, "register_state_dict_post_hook", carrier.after_saving)
        self.attached = True
        driving.add(engine.driver)
        carry.take_out(optimizer, groups)
        engine.write(groups)
        carrier.take_up(optimizer)
        if self.settings.over is not None:
            self._wake = resting.rest(self.settings.over, self.get_last_lr)
        held = attached.add(optimizer, self)
        if not held:
            self._kept = optimizer
        endings.watch(engine, optimizer if held else self)

    def _hook(self, optimizer: Any, register: str, hook: Callable[..., Any]) -> None:
        self._hooks.append(None)  # first, so that no hook is left of which nobody has the handle
        self._hooks[-1] = getattr(optimizer, register)(hook)

    def _let_go(self) -> None:
        """Take back what `start` began."""
        engine = self._engine
        self._rouse()
        while self._hooks:
            handle = self._hooks.pop()
            if handle is not None:
                handle.remove()
        if engine.journal is not None:
            engine.journal.discard()
            engine.journal = None
        driving.discard(engine.driver)
        attached.drop(self.optimizer, self)
        self.attached, self._kept = False, None
        endings.forget(engine)

    def _rouse(self) -> None:
        """The scheduler that was put to rest is what it was."""
        if self._wake is not None:
            self._wake()
            self._wake = None

    def refuse_what_was_left(self, beside: Sequence[Driver] = ()) -> None:
        """Raises PassoError where a base would be what a detached plan wrote last.

        `beside` are all drivers under the plan, where there are several.
        """
        found = bases.begins_anew(self.optimizer, self.driver, beside or (self.driver,))
        self._engine.doubt = found

    @property
    def optimizer(self) -> Optimizer:  # type: ignore[override]
        """The optimizer, which owns this scheduler and is held weakly."""
        return there(self._optimizer)  # type: ignore[no-any-return]

    @property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """The optimizer; of several under one plan all, in order.

        >>> import torch
        >>> from passo import Constant, attach
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Constant(0.5)).optimizers == (optimizer,)
        True
        """
        return (self.optimizer,)

    # -- what can be read

    @property
    def settings(self) -> Settings:
        """What `attach` was told besides the plan."""
        return self._engine.settings

    @property
    def clock(self) -> int:
        """How many updates have been made."""
        return self._engine.clock.updates

    @property
    def position(self) -> float:
        """Where the next update stands on the run's axis: updates, or samples or tokens seen."""
        return self._engine.clock.at

    @property
    def run(self) -> Run | None:
        """The run that the plan is measured on."""
        return self.settings.run

    @property
    def plan(self) -> Mapping[str, Any]:
        """Which field follows which schedule, as it was given."""
        return self._engine.plan

    @property
    def watches(self) -> tuple[str, ...]:
        """The metrics that the plan's plateaus listen to, each once.

        >>> import torch
        >>> from passo import Plateau, attach, base
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, base * Plateau("val_loss")).watches
        ('val_loss',)
        """
        return tuple(words.watched(self._engine))

    @property
    def cooldown(self) -> CoolDown | None:
        """The cooldown that was called for, here or before the state was saved; else None."""
        return self.settings.cooldown

    @property
    def records(self) -> bool:
        """Whether a trace is being written."""
        return self._engine.journal is not None

    @property
    def last_epoch(self) -> int:
        """The clock under torch's name, for frameworks that count by writing it.

        The optimizer counts, so that what is written changes nothing; what is more than one update
        ahead is told of, once. With clock="calls" the next update is the one that is written.
        """
        return self.clock

    @last_epoch.setter
    def last_epoch(self, update: int) -> None:
        ahead = whole(update, "last_epoch", least=-1, most=MOST) - self.clock
        if self.settings.clock == "hook":
            if ahead > 1:
                words.tell_of_writing(self._engine, update)
        elif ahead == 1:
            self.advance()
        elif ahead:
            self.seek(update)

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]
        """What each group's lr was when it was attached, for the groups whose lr is driven."""
        self._look()
        return [each.base for each in self.driver.driven if each.key == "lr"]

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The rate that the next update uses, for each group (torch's convention).

        With `attach(..., last_lr="used")` the one that the last update used, once there was one.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(1.0, 0.0, steps(4))).get_last_lr()
        [1.0]
        """
        self._look()
        groups, used = self.optimizer.param_groups, self._used_rates()
        rates = [used.get(id(group), group["lr"]) for group in groups]
        return [rate.clone() if isinstance(rate, torch.Tensor) else rate for rate in rates]

    def _used_rates(self) -> dict[int, Any]:
        """What the last update used, by group, where that is what `get_last_lr` answers."""
        if self.settings.last_lr != "used":
            return {}
        rates = ((each.group, each.used) for each in self.driver.driven if each.key == "lr")
        return {id(group): used for group, used in rates if used is not None}

    _last_lr = property(get_last_lr)  # pyright: ignore[reportAssignmentType]

    def get_lr(self) -> list[float | torch.Tensor]:
        """As `get_last_lr`: nothing is computed from what is there."""
        return self.get_last_lr()

    def last_used(self) -> dict[str, list[float]] | None:
        """What the last update used, for each key of the plan; None if not seen.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = torch.optim.SGD([weight], lr=1.0)
        >>> scheduler = attach(optimizer, Linear(1.0, 0.0, steps(4)))
        >>> weight.grad = torch.ones(1)
        >>> optimizer.step()
        >>> scheduler.last_used(), scheduler.values()
        ({'lr': [1.0]}, {'lr': [0.75]})
        """
        self._look()
        used = self._by_key("used")
        return None if any(None in numbers for numbers in used.values()) else used

    def used(self, key: str) -> float | None:
        """What the last update used of a value, or of a key that one group has; None if not seen.

        An int where the schedule gives ints. Raises PassoError for a key that names no number, or
        several.

        >>> import torch
        >>> from passo import Linear, attach, base, steps
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = torch.optim.SGD([weight], lr=1.0)
        >>> scheduler = attach(optimizer, base, values={"ema": Linear(0.5, 1.0, steps(4))})
        >>> weight.grad = torch.ones(1)
        >>> optimizer.step()
        >>> scheduler.used("ema"), scheduler["ema"]
        (0.5, 0.625)
        """
        number: float | None = self._number(key, "used")
        return number

    def values(self) -> dict[str, list[float]]:
        """What the next update uses, for each key of the plan, group by group."""
        self._look()
        return self._by_key("last")

    def _by_key(self, which: Literal["used", "last"]) -> dict[str, list[Any]]:
        return self.driver.by_key(which)

    def __getitem__(self, key: str) -> float:
        """What the next update uses of a value, or of a key that one group has.

        An int where the schedule gives ints. Raises PassoError for a key that names no number, or
        several.

        >>> import torch
        >>> from passo import Table, attach, base, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> sizes = Table([(steps(0), 32), (steps(10), 64)], kind="step").round(8)
        >>> attach(optimizer, base, values={"batch_size": sizes})["batch_size"]
        32
        """
        number: float = self._number(key, "last")
        return number

    def _number(self, key: str, which: Literal["used", "last"]) -> Any:
        if not isinstance(key, str):
            msg = f"a scheduler is read by the name of a number such as 'lr', got {brief(key)}"
            raise PassoError(msg)
        self._look()
        found = self._by_key(which)
        if len(found.get(key, ())) != 1:
            raise PassoError(words.no_one(key, found, which))
        return found[key][0]

    # -- what moves it

    def step(self, epoch: Any = None) -> tuple[Fall, ...]:  # type: ignore[override]
        """Nothing: the optimizer's updates are the clock. With clock="calls", one update.

        Called again and again while no update is seen, it says so, once. A metric (a float or a
        Tensor; an int is an epoch) is the report of the one metric that the plan's plateaus watch,
        and no update. Raises PassoError for a metric where they watch none, or several.

        >>> import torch
        >>> from passo import Plateau, attach, base
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = attach(optimizer, base * Plateau("val_loss", patience=0))
        >>> [len(scheduler.step(0.5)) for _ in range(2)]
        [0, 1]
        """
        if epoch is not None and not isinstance(epoch, int):
            return self.report({words.the_metric(self._engine, epoch): epoch})
        if self.settings.clock == "calls":
            self.advance()
        elif self._engine.still is not None:
            self._engine.called(self.driver.known)
        return ()

    def advance(self, updates: int = 1) -> None:
        """Count updates that no hook can see: replays of a captured CUDA graph, clock="calls".

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = attach(optimizer, Linear(1.0, 0.0, steps(4)))
        >>> scheduler.advance()
        >>> scheduler.get_last_lr()
        [0.75]
        """
        engine, by_calls = self._engine, self.settings.clock == "calls"
        for _ in range(whole(updates, "updates")):
            if by_calls:
                own_count.compare(engine, self.optimizer, made=1)
            if self.settings.strict:
                horizon.refuse_past_the_end(engine)
                engine.refuse_others()
            engine.tick(self.optimizer.param_groups)

    def count(self, *, samples: float | None = None, tokens: float | None = None) -> None:
        """Say how much the update in progress consumes, where that varies; calls add up.

        A number, or a Tensor or an array of one element. 0 is an answer: an update on the same
        samples as the one before consumes nothing. Raises PassoError where the run's axis is not
        that unit.

        >>> import torch
        >>> from passo import Linear, Run, attach, samples
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = torch.optim.SGD([weight], lr=1.0)
        >>> run = Run(samples(100), axis="sample")
        >>> scheduler = attach(optimizer, Linear(1.0, 0.0, samples(100)), run)
        >>> for amount in (25, 0):
        ...     scheduler.count(samples=amount)
        ...     weight.grad = torch.ones(1)
        ...     optimizer.step()
        >>> scheduler.clock, scheduler.position
        (2, 25.0)
        """
        self._engine.clock.count(samples, tokens)

    def report(
        self,
        metrics: Mapping[str, Any] | None = None,
        /,
        *,
        reduce: Reduction | None = "mean",
        **named: Any,
    ) -> tuple[Fall, ...]:
        """Tell what was observed after the updates made so far; plateaus listen, traces keep it.

        The answer has a `Fall` for each plateau that reduced something by it: nothing where a
        floor stops it.

        `report(val_loss=0.3)` or `report({"val/loss": 0.3})`; a metric is a number, or a Tensor
        or an array of one element. With several ranks it is reduced first, "mean" or "rank0"
        (None: it is the same everywhere already), so that ranks cannot disagree. Raises PassoError
        otherwise.

        >>> import torch
        >>> from passo import Plateau, attach, base
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = attach(optimizer, base * Plateau("val_loss", patience=0))
        >>> for _ in range(2):
        ...     if scheduler.report(val_loss=0.5):
        ...         print("back to the best weights, at", scheduler.get_last_lr())
        back to the best weights, at [0.1]
        """
        told = ranks.reduced(words.told(metrics, named), reduce)
        engine = self._engine
        engine.refuse_anew()
        self._look()
        words.tell_of_unheard(engine, told)
        tracks, at = engine.driver.tracks, engine.clock.at
        fell = [(track, memory) for track in tracks for memory in track.report(at, told)]
        if fell:
            self._carrier.told("fall")
            engine.driver.share()
            engine.write(self.optimizer.param_groups)
        fallen = falls(engine, fell)
        if engine.journal is not None:
            engine.journal.report(told, fallen)
        if engine.audience is not None:
            engine.audience.report(engine.clock.updates, told, fallen)
        return fallen

    @called_like("scheduler.cool_down(over=steps(1000))")
    def cool_down(
        self,
        over: Span,
        end: Schedule | float = 0.0,
        shape: Descent = "linear",
        key: str = "lr",
    ) -> None:
        """End a run of unknown length from now on: `key` goes down to `end`, over a span.

            plan.cooldown(at=now, over, end, shape)

        are its values from here on; other keys go on. The run is over where the cooldown is, and
        the state holds it beside the plan, so that the same script resumes. On several ranks each
        of them calls it after the same update. Raises PassoError for a second one, and for what
        is no cooldown. Source: Haegele et al. 2024, arXiv:2405.18392.

        >>> import torch
        >>> from passo import attach, steps
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = torch.optim.SGD([weight], lr=1.0)
        >>> scheduler = attach(optimizer, 0.5)
        >>> while scheduler.cooldown is None or scheduler.position < scheduler.cooldown.until:
        ...     if scheduler.clock == 3:  # or a signal, or the end of the data
        ...         scheduler.cool_down(over=steps(2))
        ...     weight.grad = torch.ones(1)
        ...     optimizer.step()
        ...     print(scheduler.last_used()["lr"], end=" ")
        [0.5] [0.5] [0.5] [0.5] [0.25]
        """
        engine, groups = self._engine, self._look()
        engine.refuse_anew()
        both = [(engine, groups)]
        event = cool_down.called(both, over, end, shape, key, attached=self.attached)
        moves.cool(engine, groups, event)

    def seek(self, update: int | Span) -> None:
        """The next update is update `update`: absolute, and the same however often it is called.

        A span goes to the update that begins after it: `seek(epochs(3))`. The clock moves, what
        plateaus remember stays. Raises PassoError for a span that ends between two updates, and
        where the plan is relative to a base that a run under way has already moved; the text says
        what to write.

        >>> import torch
        >>> from passo import Linear, Run, attach, epochs
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = attach(optimizer, Linear(1.0, 0.0), Run.of(100, epochs=10))
        >>> scheduler.seek(epochs(3))
        >>> scheduler.clock, scheduler.get_last_lr()
        (300, [0.7])
        """
        engine = self._engine
        if isinstance(update, Span):
            update = engine.clock.update_at(update)
        whole(update, "update", least=0, most=MOST)
        self._look()
        if update and engine.under_way:
            words.need_bases(engine)
        moves.seek(engine, self.optimizer.param_groups, update)

    def detach(self, *, restore: bool = False, because: str | None = None) -> None:
        """Take the hooks away and close the trace; the last values stay, or the bases come back.

        `because` is who ended the run and why, for what is said of one that ended early: "early
        stopping on val_loss". A scheduler that was put to rest (`over`) is what it was.

        >>> import torch
        >>> from passo import Constant, attach
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Constant(0.5)).detach(restore=True)
        >>> optimizer.param_groups[0]["lr"]
        1.0
        """
        if because is not None and (not isinstance(because, str) or not because):
            msg = (
                f"because is the reason in words, got {brief(because)}; write "
                'detach(because="early stopping on val_loss")'
            )
            raise PassoError(msg)
        truth(restore, "restore")
        self._end(restore=restore)
        dismiss(self._engines)
        self.conclude(because)

    def _end(self, *, restore: bool) -> None:
        """Let go of the optimizer, and close the trace."""
        with suppress(PassoError):  # a group that no plan covers has nothing to restore
            self._look()
        while self._hooks:
            self._hooks.pop().remove()
        engine, was = self._engine, self.attached
        self.attached = False
        self._rouse()
        driving.discard(engine.driver)
        optimizer = self._optimizer()
        if restore:
            engine.driver.restore()
        elif was and optimizer is not None:
            bases.leave(optimizer, engine.driver)
        if was and optimizer is not None:
            own_count.leave(optimizer)
            carry.keep(optimizer, None)
        if engine.journal is not None:
            engine.journal.close()
            engine.journal = None

    def add_listener(self, listener: Listener) -> None:
        """Tell it of each update what it used, of reports and falls; see `audience.Listener`.

        `passo.log` is one. Raises PassoError, with nothing done, where the listener does.
        """
        listen(listener, self._engines, self._engine)

    def remove_listener(self, listener: Listener) -> None:
        """Tell it of nothing any more."""
        leave(listener, self._engines)

    @property
    def _engines(self) -> list[Engine]:
        return [self._engine]

    def conclude(self, because: str | None = None) -> None:
        """Say once what is broken at the end of the run: it ended early or late, say.

        Raises PassoError with strict=True.
        """
        endings.conclude(self._engine, because)

    @property
    def promises(self) -> Promises:
        """What it has said of this run, and what it will say yet."""
        return self._engine.promises

    def unseen(self) -> Word | None:
        """The word for a run of which no update was ever seen; None where nothing says so."""
        return endings.unseen(self._engine)

    def as_it_is(self) -> Callable[[], None]:
        """A function that makes the Scheduler what it is now, whatever it was told meanwhile.

        Hooks and fields are the optimizer's, and what a trace's file holds stays there.
        """
        return moves.as_it_is(self._engine)

    def stand_still(self) -> None:
        """Count no update and write no trace, until all is put back by who kept it `as_it_is`."""
        journal = self._engine.journal
        if journal is not None:
            journal.flush()
        for handle in self._hooks:
            handle.remove()
        self._engine.journal = None

    def state_dict(self) -> dict[str, Any]:
        """Clock, plan, run, bases and what plateaus remember: plain JSON of constant size.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(0.5, 0.0, steps(4))).state_dict()["clock"]
        0
        """
        self._engine.keep_told()
        return state.save(self._engine, self._look())

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was made: recompute and write, in whatever order things load.

        A plan that differs from the saved one is dealt with as `attach(on_change=...)` said.
        """
        saved = state.Saved(state_dict)
        moves.load(self._engine, self.optimizer.param_groups, saved)
        self._carrier.told("load")

    def __repr__(self) -> str:
        with suppress(PassoError):  # a group that no plan covers is refused elsewhere
            self._look()
        return words.scheduler(self._engine, [self._engine])

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Pickled is its state: what comes back is a dict for `load_state_dict`.

        The obvious form would bring a Scheduler back, and with it the optimizer that it drives.
        An OrderedDict is what `torch.load(weights_only=True)` can build again.
        """
        return OrderedDict, (), None, None, iter(self.state_dict().items())

    # To a type checker a class with this would have every attribute.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise missing(self, name)

    def __copy__(self) -> Scheduler:
        msg = (
            "a shallow copy of a Scheduler would drive the same optimizer; write "
            "copy.deepcopy((optimizer, scheduler)) for both"
        )
        raise PassoError(msg)

    def __deepcopy__(self, memo: dict[int, Any]) -> Scheduler:
        """The same plan at the same clock on the optimizer's copy, without the trace.

        The obvious form copies what is held here, and its hooks would go on driving the original.
        So this is attached anew. Nothing else refers to the copy of an optimizer that is copied
        for this alone: then it is kept here.
        """
        original = self.optimizer
        self._look()
        alone = id(original) not in memo
        optimizer = copy.deepcopy(original, memo)
        twin = memo[id(self)] = Scheduler(optimizer, dict(self.plan), replace(self.settings))
        for ours, theirs in zip(self.driver.driven, twin.driver.driven, strict=True):
            theirs.base, theirs.given = ours.base, ours.given
        twin.promises.inherit(self.promises)
        twin.start()
        twin.load_state_dict(self.state_dict())
        if alone:
            twin._kept = optimizer
        return twin

    @quiet
    def _before_step(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        """With clock="calls": groups that came since hold what the step uses."""
        engine = self._engine
        engine.prepare(optimizer.param_groups)
        if engine.still is not None:
            engine.still.steps += 1

    @quiet
    def _after_load(self, optimizer: Optimizer) -> None:
        self._carrier.after_load(optimizer)

    def _look(self) -> Groups:
        """The groups that are driven, with those that joined or went since the last update."""
        optimizer = self._optimizer()
        if self.attached and optimizer is not None:
            self._engine.look(optimizer.param_groups)
        return self.driver.known


def _reference(optimizer: Any) -> Any:
    try:
        return weakref.ref(optimizer)
    except TypeError:
        return lambda: optimizer
