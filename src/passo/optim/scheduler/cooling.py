"""A cooldown that is called for while a run goes on: one event, as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from passo.ground.checks import exact
from passo.schedules import PassoError, Schedule
from passo.schedules.algebra.atoms import write_value
from passo.schedules.time import Span

if TYPE_CHECKING:
    from passo.schedules import Run
    from passo.schedules.algebra.atoms import Value
    from passo.schedules.algebra.cooldown import Descent
    from passo.schedules.time import AxisUnit


@dataclass(frozen=True, slots=True)
class CoolDown:
    """The last descent of one key, called for when `clock` updates had been made.

    That was at `at` on the run's axis, and the run is over at `until` on it: after it the key
    holds `end`. `code` is the call.

    >>> import torch
    >>> from passo import attach, steps
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = attach(optimizer, 0.1)
    >>> scheduler.cool_down(over=steps(50))
    >>> scheduler.cooldown.until, scheduler.cooldown.code
    (50.0, "cool_down(over=steps(50), end=0, shape='linear', key='lr')")
    """

    key: str
    clock: int
    at: float
    over: Span
    end: Value
    shape: Descent
    until: float

    @property
    def code(self) -> str:
        """The call that it was."""
        rest = f"end={write_value(self.end)}, shape={self.shape!r}, key={self.key!r}"
        return f"cool_down(over={self.over!r}, {rest})"

    def over_at(self, axis: str) -> str:
        """Where it is over, in words."""
        until = f"{self.until:,.12g}"
        return f"update {until}" if axis == "step" else f"{until} {axis}s"

    def of(self, trunk: Schedule, begin: float, unit: AxisUnit) -> Schedule:
        """What a trunk that runs from `begin` on becomes; all are over at the same time."""
        joined = exact(begin, "begin")
        at, over = exact(self.at, "at") - joined, self.over
        if at < 0 or (begin and over.unit == "rest"):
            at = max(at, Fraction(0))
            left = exact(self.until, "until") - joined - at
            if left <= 0:  # it joins when all is over, and holds what the others hold
                once = Span(Fraction(1), unit)
                return trunk.cooldown(Span(at, unit), once, self.end).skip(once)
            over = Span(left, unit)
        return trunk.cooldown(Span(at, unit), over, self.end, self.shape)

    def on(self, run: Run | None, before: Run | None) -> CoolDown:
        """The same on another run; raises PassoError where its length is not known there."""
        at = self.at
        if (run and run.axis) != (before and before.axis):
            at = float(self.clock if run is None else run.at(self.clock))
        return replace(self, at=at, until=until_of(at, self.over, run))

    def to_spec(self) -> dict[str, Any]:
        """The event as plain JSON."""
        end = self.end.to_spec() if isinstance(self.end, Schedule) else self.end
        held = {"key": self.key, "clock": self.clock, "at": self.at}
        return {**held, "over": self.over.to_spec(), "end": end, "shape": self.shape}


def until_of(at: float, over: Span, run: Run | None) -> float:
    """Where on the run's axis a cooldown is over; raises PassoError where that cannot be."""
    if run is None:
        return float(exact(at, "at") + over.amount)
    if over.unit != "rest":
        return float(exact(at, "at") + run.measure(over))
    until = float(run.measure(run.length))
    if until <= at:
        msg = (
            f"nothing is left of {run!r} at {at:,.12g}, and the cooldown is over rest; "
            "write over=steps(500)"
        )
        raise PassoError(msg)
    return until
