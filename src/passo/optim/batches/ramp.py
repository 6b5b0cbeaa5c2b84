"""A batch size that follows a schedule: what the update at a place of the run takes."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief, real, write
from passo.optim.ground import ranks
from passo.optim.scheduler.horizon import points
from passo.optim.scheduler.scheduler import Scheduler
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.optim.scheduler.driven import Driven
    from passo.schedules import Schedule

_ENDLESS: Final = 100_000.0


class Ramp:
    """The sizes of a Scheduler's value, and how far each sample moves the Scheduler's clock.

    Raises PassoError for what is no Scheduler, for a value that it has not, and for one that is no
    batch size somewhere in the run.
    """

    __slots__ = ("accumulate", "drop_last", "in_steps", "name", "scheduler", "tokens")

    def __init__(
        self,
        scheduler: Scheduler,
        name: str,
        *,
        accumulate: int,
        drop_last: bool,
        tokens: float | None,
    ) -> None:
        if not isinstance(scheduler, Scheduler):
            msg = (
                f"RampedBatchSampler needs a Scheduler, got {brief(scheduler)}; write "
                'RampedBatchSampler(sampler, attach(optimizer, plan, values={"batch_size": 32}))'
            )
            raise PassoError(msg)
        self.scheduler, self.name = scheduler, name
        self.accumulate, self.drop_last = accumulate, drop_last
        axis = scheduler.settings.axis
        self.in_steps = axis == "step"
        self.tokens = _tokens(tokens, axis)
        self._value()
        self._check()

    def _value(self) -> Driven:
        """The number that no group holds; free ones stand last."""
        driven, name = self.scheduler.driver.driven, self.name
        for each in reversed(driven):
            if each.field is None and each.key == name:
                return each
        free = [repr(each.key) for each in driven if each.field is None]
        known = f"; its values are {', '.join(free)}" if free else ""
        msg = (
            f"the scheduler has no value {brief(name)}{known}; write attach(optimizer, plan, run, "
            f"values={{{brief(name)}: 32}})"
        )
        if any(each.key == name for each in driven):
            msg = (
                f"{brief(name)} is a field of the param groups, and a batch size is none; write "
                'attach(optimizer, plan, run, values={"batch_size": 32})'
            )
        raise PassoError(msg)

    @property
    def formula(self) -> Schedule:
        """The schedule of sizes on its run, with what plateaus have made of it."""
        value = self._value()
        return value.track.known if value.shared is None else value.shared.formula

    def _check(self) -> None:
        """Ask where it turns, and between; each size is asked again when it is dealt."""
        end, formula = self.scheduler.settings.end, self.formula
        turns = sorted({*points(formula, _ENDLESS if end is None else end)})
        for at in sorted({*turns, *((low + high) / 2 for low, high in pairwise(turns))}):
            self.size(formula, math.floor(at), at)

    def size(self, formula: Schedule, clock: int, position: float) -> int:
        """How many samples a batch of this update has; raises PassoError for what is no size."""
        at = float(clock) if self.in_steps else position
        value = float(formula(at))
        if not (math.isfinite(value) and value >= 1 and value == int(value)):
            source = self._value().track.source
            made = source.round(8).clip(low=1)
            where = f"{'update' if self.in_steps else self.scheduler.settings.axis} {at:,.10g}"
            msg = (
                f"{self.name!r} is {write(value)} at {where}, and a batch has a whole number of "
                f"samples, at least 1; write values={{{self.name!r}: {made!r}}}"
            )
            raise PassoError(msg)
        return min(int(value), sys.maxsize)

    def weight(self, sampler: Any) -> float:
        """How far one sample of this process moves the clock; the others deal as many."""
        if self.in_steps:
            return 0.0
        world = getattr(sampler, "num_replicas", None) or ranks.place().get("world", 1)
        return float(world) * (1.0 if self.tokens is None else self.tokens)

    def batches(self, left: int, clock: int, at: float, weight: float, room: int, size: int) -> int:
        """How many batches `left` samples make from here on, where update `clock` stands at `at`.

        Its window has room for so many batches of this size; without room it is yet to begin.
        """
        formula, found = self.formula, 0
        while left > 0:
            if not room:
                size, room = self.size(formula, clock, at), self.accumulate
            most, rest = divmod(left, size)
            if most < room:
                return found + most + (rest > 0 and not self.drop_last)
            found, left = found + room, left - room * size
            clock, at, room = clock + 1, at + room * size * weight, 0
        return found


def _tokens(tokens: float | None, axis: str) -> float | None:
    """How many tokens a sample has, where the clock counts them."""
    if tokens is None:
        if axis == "token":
            msg = (
                "the run is measured in tokens, and nobody said how many a sample has; "
                "write RampedBatchSampler(..., tokens_per_sample=1024), a mean will do"
            )
            raise PassoError(msg)
        return None
    number = real(tokens, "tokens_per_sample")
    if number <= 0:
        msg = f"tokens_per_sample must be above 0, got {brief(tokens)}"
        raise PassoError(msg)
    if axis != "token":
        msg = (
            f"tokens_per_sample={brief(tokens)} says nothing on the axis {axis!r}; leave it out, "
            'or write Run(tokens(2e9), axis="token")'
        )
        raise PassoError(msg)
    return number
