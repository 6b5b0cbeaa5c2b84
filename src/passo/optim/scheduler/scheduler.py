"""`Scheduler`: a plan attached to an optimizer. The one object that changes."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief, whole
from passo.optim.ground import ranks
from passo.optim.ground.quiet import quiet
from passo.optim.ground.updates import Watch
from passo.optim.scheduler import horizon, state, words
from passo.optim.scheduler.clock import Position
from passo.optim.scheduler.driver import Driver
from passo.optim.scheduler.pulse import Pulse
from passo.optim.scheduler.readings import Readings
from passo.schedules import PassoError

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from passo.optim.scheduler.journal import Journal
    from passo.optim.scheduler.settings import Settings

_numbers: Final = itertools.count()


class Scheduler(Readings):
    """A plan at work on an optimizer; made by `attach`.

    The optimizer's own step hook is the clock: `clock` counts the updates made so far, and after
    each of them the fields that the plan names hold what the next update uses. `step()` exists
    for frameworks that insist and changes nothing (with clock="calls" it is the clock).
    """

    def __init__(self, optimizer: Any, plan: dict[str, Any], settings: Settings) -> None:
        self._optimizer = _reference(optimizer)
        self.settings = settings
        self.driver = Driver(plan, settings.run, settings.bases)
        self.at = Position(settings)
        self.under_way = bool(getattr(optimizer, "state", None))
        self._step_count = 1
        self._watch: Watch | None = None
        self._journal: Journal | None = None
        self._handles: tuple[Any, ...] = ()
        self.number = next(_numbers)
        self._told = False
        self.told_apart = False
        self.mark = 0
        self.attached = False
        self.kept: Any = None
        self.driver.adopt(optimizer.param_groups, 0.0)
        for key, schedule in settings.values.items():
            self.driver.free(key, schedule, 0.0)

    def start(self, journal: Journal | None) -> None:
        """Hang on the optimizer's hooks and write what the first update uses."""
        optimizer = self.optimizer
        self._journal = journal
        if self.settings.clock == "hook":
            self._watch = Watch(optimizer)
            pulse = Pulse(self, self._watch)
            self._handles = (
                optimizer.register_step_pre_hook(pulse.before),
                optimizer.register_step_post_hook(pulse.after),
            )
        if hasattr(optimizer, "register_load_state_dict_post_hook"):
            loaded = optimizer.register_load_state_dict_post_hook(self._after_load)
            self._handles = (*self._handles, loaded)
        self.attached = True
        self.write(optimizer)
        horizon.watch(self)

    @property
    def optimizer(self) -> Optimizer:  # type: ignore[override]
        """The optimizer, which owns this scheduler and is held weakly."""
        optimizer = self._optimizer()
        if optimizer is None:
            msg = "the optimizer of this scheduler is gone; keep a reference to the optimizer"
            raise PassoError(msg)
        return optimizer  # type: ignore[no-any-return]

    def refuse_anew(self) -> None:
        """Raises PassoError where the next update would begin a trace that is there already."""
        if self._journal is not None:
            self._journal.refuse_anew()

    def step(self, epoch: int | None = None) -> None:
        """Nothing: the optimizer's updates are the clock. With clock="calls", one update.

        Raises PassoError for a metric: those go to `report`.
        """
        if epoch is not None and not isinstance(epoch, int):
            msg = f"step takes no metric, got {brief(epoch)}; write scheduler.report(val_loss=...)"
            raise PassoError(msg)
        if self.settings.clock == "calls":
            self.advance()

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
        for _ in range(whole(updates, "updates")):
            if self.settings.strict:
                horizon.refuse_past_the_end(self)
            self.tick(self.optimizer)

    def count(self, *, samples: float = 0, tokens: float = 0) -> None:
        """Say how much the update in progress consumes, where that varies; calls add up.

        Raises PassoError where the run's axis is not that unit.
        """
        self.at.count(samples, tokens)

    def report(
        self,
        metrics: Mapping[str, Any] | None = None,
        /,
        *,
        reduce: str | None = "mean",
        **named: Any,
    ) -> None:
        """Tell what was observed after the updates made so far; plateaus listen, traces keep it.

        `report(val_loss=0.3)` or `report({"val/loss": 0.3})`; a metric is a number or a Tensor of
        one element. With several ranks it is reduced first, "mean" or "rank0" (None: it is the
        same everywhere already), so that ranks cannot disagree. Raises PassoError otherwise.

        >>> import torch
        >>> from passo import Plateau, attach, base
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> scheduler = attach(optimizer, base * Plateau("val_loss", patience=0))
        >>> for _ in range(2):
        ...     scheduler.report(val_loss=0.5)
        >>> scheduler.get_last_lr()
        [0.1]
        """
        if metrics is not None and not isinstance(metrics, Mapping):
            msg = f"a report has a name, got {brief(metrics)}; write report(val_loss=...)"
            raise PassoError(msg)
        told = ranks.reduced({**(metrics or {}), **named}, reduce)
        changed = [track.report(self.position, told) for track in self.driver.tracks]
        if self._journal is not None:
            self._journal.report(self.clock, told)
        words.tell_of_unheard(self.driver, told)
        if any(changed):
            self.driver.share()
            self.write(self.optimizer)

    def seek(self, update: int) -> None:
        """The next update is update `update`: absolute, and the same however often it is called.

        The clock moves, what plateaus remember stays. Raises PassoError where the plan is
        relative to a base that a run under way has already moved; the text says what to write.
        """
        whole(update, "update", least=0)
        if update and self.under_way:
            words.need_bases(self)
        self.at.move(update)
        self.driver.moved()
        if self._journal is not None:
            self._journal.moved(self, "seek")
        self.write(self.optimizer)

    def detach(self, *, restore: bool = False) -> None:
        """Take the hooks away and close the trace; the last values stay, or the bases come back.

        >>> import torch
        >>> from passo import Constant, attach
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Constant(0.5)).detach(restore=True)
        >>> optimizer.param_groups[0]["lr"]
        1.0
        """
        for handle in self._handles:
            handle.remove()
        self._handles, self.attached = (), False
        if restore:
            self.driver.restore(self.optimizer.param_groups)
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self.conclude()

    def conclude(self) -> None:
        """Say once, as a PassoWarning, where the run ended early or late."""
        if not self._told:
            self._told = True
            horizon.compare(self)

    def state_dict(self) -> dict[str, Any]:
        """Clock, plan, run, bases and what plateaus remember: plain JSON of constant size.

        >>> import torch
        >>> from passo import Linear, attach, steps
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> attach(optimizer, Linear(0.5, 0.0, steps(4))).state_dict()["clock"]
        0
        """
        if self._journal is not None:
            self._journal.flush()
        return state.save(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was made: recompute and write, in whatever order things load.

        A plan that differs from the saved one is dealt with as `attach(on_change=...)` said.
        """
        state.load(self, state_dict)
        self.driver.forget_used()
        self.write(self.optimizer)
        if self._journal is not None:
            self._journal.moved(self, "load")

    def __repr__(self) -> str:
        return words.scheduler(self)

    def __getstate__(self) -> dict[str, Any]:
        msg = "a Scheduler is not pickled: save scheduler.state_dict(), attach again, and load it"
        raise PassoError(msg)

    def __deepcopy__(self, memo: dict[int, Any]) -> Scheduler:
        from passo.optim.scheduler.copying import copied

        return copied(self, memo)

    def write(self, optimizer: Optimizer) -> None:
        """Put what the next update uses into every driven field."""
        groups = optimizer.param_groups
        if self.driver.is_behind(groups):
            self._regroup(groups)
        self.driver.write(groups, self.at.at)
        if self._watch is not None and groups:
            self._watch.lr = groups[0].get("lr")

    def _regroup(self, groups: list[dict[str, Any]]) -> None:
        """Groups joined or went."""
        joined = self.driver.adopt(groups, self.at.at if self.settings.join == "now" else 0.0)
        if self._journal is not None:
            self._journal.joined(self, [(place, groups[place]) for place in joined])

    def tick(self, optimizer: Optimizer) -> None:
        """One update happened: keep what it used, move the clock, write what the next one uses."""
        if self._journal is not None:
            self.refuse_anew()
            self._journal.update(self, optimizer.param_groups)
        self.at.tick()
        groups, driver = optimizer.param_groups, self.driver
        if len(groups) != len(driver.marks):
            self._regroup(groups)
        driver.write(groups, self.at.at, made=True)
        if self._watch is not None and groups:
            self._watch.lr = groups[0].get("lr")
        if self.settings.watch is not None:
            ranks.compare(self)

    @quiet
    def _after_load(self, optimizer: Optimizer) -> None:
        self.driver.retype(optimizer.param_groups)
        self.write(optimizer)


def _reference(optimizer: Any) -> Any:
    try:
        return weakref.ref(optimizer)
    except TypeError:
        return lambda: optimizer
