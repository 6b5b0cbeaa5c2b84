"""The pulse: what a Scheduler does before and after each step of its optimizer."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from passo.optim.ground.quiet import quiet
from passo.optim.ground.updates import Watch, has_gradient, is_far, only_fills_state
from passo.optim.ground.wrappers import refuse_estranged
from passo.optim.scheduler import horizon, late, own_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.optim import Optimizer

    from passo.optim.scheduler.audience import Audience
    from passo.optim.scheduler.clock import Clock
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine


class Pulse:
    """The two step hooks of a Scheduler; the optimizer owns this, and this owns the engine.

    The usual step (the groups as they were, a gradient, the rate that we wrote, steps as the
    axis) passes a few comparisons of identity; whatever differs from it is looked at in full.

    The obvious form asks the engine for all of it, `engine.write` before the step and `engine.tick`
    after it. That is what the full look does. It costs a dozen calls an update, and what it asks
    for has the same answer at nearly every step: so the driver and the clock are held here, and
    the clock is moved by hand.
    """

    __slots__ = (
        "_audience",
        "_clock",
        "_driver",
        "_engine",
        "_graded",
        "_lent",
        "_plain",
        "_ready",
        "_scaled",
        "_watch",
    )

    def __init__(self, engine: Engine, watch: Watch, lent: Mapping[str, Any]) -> None:
        self._engine, self._watch, self._lent = engine, watch, lent
        self._driver, self._clock = engine.driver, engine.clock
        settings = engine.settings
        busy = settings.strict or engine.drift is not None or engine.journal is not None
        self._plain = settings.axis == "step" and not watch.nested and not busy
        self._audience: Audience | None = None
        self._graded = False
        self._ready = False
        self._scaled = True

    @quiet
    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        """Write to groups that came since the last step; see whether there is a gradient.

        What is answered, if anything, stands in for the arguments of the step.

        Lists compare their items by identity first, so that the usual groups cost nothing here.
        Another dict that is equal in all holds what it should, and is seen once it does not.
        """
        groups = optimizer.param_groups
        try:
            usual = self._ready and groups == self._driver.usual
        except Exception:  # noqa: BLE001  another dict, whose Tensors do not compare
            usual = False
        if not usual or len(args) > 1 or kwargs:
            return self._look(optimizer, args, kwargs)
        params = groups[0]["params"]
        if params and params[0].grad is not None:
            self._graded = True
            return None
        return self._look(optimizer, args, kwargs)

    @quiet
    def after(self, optimizer: Optimizer, _args: Any, _kwargs: Any) -> None:
        """Where the step was an update: count it, and write what the next one uses."""
        groups, watch = optimizer.param_groups, self._watch
        if (
            not self._graded
            or groups[0]["lr"] is not watch.lr
            or (self._scaled and "found_inf" in optimizer.__dict__)
        ):
            found_inf: Any = getattr(optimizer, "found_inf", None)
            if is_far(found_inf) and not self._engine.has_returned:
                self._ready = False  # the next step is looked at in full: it settles this one
                if watch.changes(optimizer):
                    self._engine.tick_early(groups, late.Flag(found_inf))
            elif watch.is_update(optimizer):
                self._engine.tick(groups)
            elif self._engine.still is not None:
                self._engine.still.steps += 1
            return
        clock, audience = self._clock, self._audience
        if audience is not None:
            driver = self._driver
            audience.update(self._engine.settings.part, clock.updates, driver, driver.used())
        clock.updates = t = clock.updates + 1
        self._driver.write(float(t), made=True)
        watch.lr = groups[0]["lr"]
        if t >= clock.late or self._driver.met is not None:
            self._engine.speak(past=t >= clock.over)

    def look_anew(self, _optimizer: Optimizer) -> None:
        """The next step is looked at in full: what is inside the optimizer was loaded."""
        self._ready = False

    def _look(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        """The same in full, and remember what the usual step looks like."""
        groups, engine = optimizer.param_groups, self._engine
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        self._graded = False
        self._watch.before(groups, closure)
        if self._lent:
            refuse_estranged(optimizer, self._lent)
        engine.prepare(groups)
        promises = engine.promises
        if promises.strict or own_count.is_open(engine):
            self._begin(optimizer, closure)
        self._audience = engine.audience
        self._ready = self._plain and bool(groups) and {"lr", "params"} <= groups[0].keys()
        self._scaled = getattr(optimizer, "_step_supports_amp_scaling", False)
        if not engine.clock.is_uncounted:
            return None
        if closure is not None:
            return _counting(self._clock, groups, closure, args, kwargs)
        if self._watch.will_update(optimizer):
            self._clock.refuse_uncounted()
        return None

    def _begin(self, optimizer: Optimizer, closure: Any) -> None:
        """Before the first update, and with strict=True before each: refuse what may not be."""
        engine = self._engine
        if engine.settings.strict and not only_fills_state(optimizer.param_groups):
            horizon.refuse_past_the_end(engine)
            engine.refuse_others()
        if closure is not None or self._watch.will_update(optimizer):
            own_count.compare(engine, optimizer)


def _counting(
    clock: Clock, groups: Groups, closure: Any, args: Any, kwargs: Any
) -> tuple[Any, Any]:
    """The arguments of a step, its closure one that has to count what it consumes.

    Who counts in the closure has not done so before the step; after it the weights have moved.
    """

    @wraps(closure)
    def counted() -> Any:
        loss = closure()
        if has_gradient(groups):
            clock.refuse_uncounted()
        return loss

    if len(args) > 1:
        return (args[0], counted, *args[2:]), kwargs
    return args, {**kwargs, "closure": counted}
