"""A cooldown that is called for while a run goes on: one event, and what it makes of a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief, exact, write
from passo.ground.schema import count, number, record, short, text
from passo.optim.ground import ranks
from passo.optim.ground.fields import broken_bounds
from passo.optim.scheduler.plan import placeable
from passo.schedules import Constant, PassoError, Schedule, from_spec
from passo.schedules.algebra import Cooldown, Product
from passo.schedules.algebra.atoms import write_value
from passo.schedules.time import LONGEST, Span, span_from_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.driver import Driver, Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.settings import Settings
    from passo.optim.scheduler.tracks import Track
    from passo.schedules import Run
    from passo.schedules.algebra.atoms import Value
    from passo.schedules.algebra.cooldown import Descent
    from passo.schedules.time import AxisUnit

_TRUNK: Final = Constant(1)


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
    (50.0, "cool_down(over=steps(50), end=0.0, shape='linear', key='lr')")
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
        return replace(self, at=at, until=_until(at, self.over, run))

    def to_spec(self) -> dict[str, Any]:
        """The event as plain JSON."""
        end = self.end.to_spec() if isinstance(self.end, Schedule) else self.end
        held = {"key": self.key, "clock": self.clock, "at": self.at}
        return {**held, "over": self.over.to_spec(), "end": end, "shape": self.shape}


def called(
    engine: Engine, groups: Groups, over: Any, end: Any, shape: Any, key: Any, *, attached: bool
) -> CoolDown:
    """The event that a call of `cool_down` is, the same on every rank.

    Raises PassoError, on each of them, where one may not call it so, with nothing changed.
    """
    if not ranks.several():
        return _called(engine, groups, over, end, shape, key, attached=attached)
    event, refused = None, ""
    try:
        event = _called(engine, groups, over, end, shape, key, attached=attached)
    except PassoError as error:
        refused = str(error)
    call = "" if event is None else f"{event.code} after update {event.clock:,}"
    everywhere = ranks.gathered((call, refused))
    for rank, (_, words) in enumerate(everywhere):
        if words:
            raise PassoError(refused or f"rank {rank} does not cool down: {words}")
    calls = [call for call, _ in everywhere]
    if event is None or len(set(calls)) > 1:
        msg = (
            f"the ranks cool down differently: {' | '.join(calls)}; call it with the same "
            "arguments after the same update on each"
        )
        raise PassoError(msg)
    return event


def _called(
    engine: Engine, groups: Groups, over: Any, end: Any, shape: Any, key: Any, *, attached: bool
) -> CoolDown:
    """The event that it is here."""
    settings, clock, driven = engine.settings, engine.clock, engine.driver.driven
    if not attached:
        msg = "this Scheduler was detached, and drives nothing; attach the plan again to cool down"
        raise PassoError(msg)
    followed = [each for each in driven if each.key == key]
    if not followed:
        keys = ", ".join(dict.fromkeys(repr(each.key) for each in driven)) or "none"
        msg = f"nothing drives {brief(key)}, so it cannot cool down; the keys are {keys}"
        raise PassoError(msg)
    _refuse_a_second(engine)
    made = _made(clock.at, over, end, shape, settings.run, followed[0].track.source)
    if isinstance(made.end, Schedule) and followed[0].field is None:
        msg = f"the value {key!r} has no base: write a number for the end, got {made.end!r}"
        raise PassoError(msg)
    until = _until(clock.at, made.over, settings.run)
    event = CoolDown(key, clock.updates, clock.at, made.over, made.end, made.shape, until)
    _refuse_impossible(engine, groups, event)
    return event


def _made(
    at: float, over: Any, end: Any, shape: Any, run: Run | None, trunk: Schedule = _TRUNK
) -> Cooldown:
    """The cooldown of a trunk: what it refuses is refused in its words."""
    unit: AxisUnit = "steps" if run is None else run.unit
    made = Cooldown(trunk, Span(exact(at, "at"), unit), over, end, shape)
    placeable(made, run)
    return made


def _refuse_a_second(engine: Engine) -> None:
    """A run ends once; who resumes a script that calls it again is told what to write."""
    before = engine.settings.cooldown
    if before is None:
        return
    loaded = "" if engine.clock.made else ", as the state that was loaded says"
    msg = (
        f"{before.key!r} cools down already, from update {before.clock:,} to "
        f"{before.over_at(engine.settings.axis)}{loaded}, and a run ends once; call it only where "
        "scheduler.cooldown is None, or load a state from before that update to end it otherwise"
    )
    raise PassoError(msg)


def _until(at: float, over: Span, run: Run | None) -> float:
    """Where on the run's axis a cooldown is over."""
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


def _refuse_impossible(engine: Engine, groups: Groups, event: CoolDown) -> None:
    """Raises PassoError where a field cannot hold what the descent ends at."""
    for each in engine.driver.driven:
        if each.key != event.key or each.field is None or each.place is None:
            continue
        end = event.end.with_base(each.base)(0) if isinstance(event.end, Schedule) else event.end
        most = each.field.most(groups[each.place])
        bounds = broken_bounds(each.field, end, end)
        if bounds or not abs(end) <= most:
            msg = (
                f"{each.key!r} of param group {each.place} must stay "
                f"{bounds or f'within {most:.3g}'}, and the cooldown would end at {write(end)}; "
                "write an end within that, such as end=0.0"
            )
            raise PassoError(msg)


def read(held: Mapping[str, Any], run: Run | None) -> CoolDown:
    """The event that a state holds; raises PassoError where it cannot be on that run."""
    try:
        end = held["end"] if isinstance(held["end"], float) else from_spec(held["end"])
        made = _made(held["at"], held["over"], end, held["shape"], run)
        until = _until(held["at"], made.over, run)
    except (PassoError, ArithmeticError) as error:
        msg = f"state.cooldown cannot be on the run of the state: {error}"
        raise PassoError(msg) from None
    clock = held["clock"]
    if (run is None or run.axis == "step") and held["at"] != float(clock):
        msg = (
            f"state.cooldown.at is its clock where steps are counted, and that is {clock}, "
            f"got {held['at']}"
        )
        raise PassoError(msg)
    return CoolDown(held["key"], clock, held["at"], made.over, made.end, made.shape, until)


def cool(driver: Driver, settings: Settings) -> None:
    """Each key follows its plan with the cooldown that was called for, or without one again."""
    made: dict[tuple[int, CoolDown | None], Track] = {}
    for each in driver.everything():
        old, cooling = each.track, settings.cooling(each.key)
        if old.cooling != cooling:
            if (id(old), cooling) not in made:
                made[id(old), cooling] = old.cooled(settings.run, cooling)
            each.track = made[id(old), cooling]
    if made or settings.cooldown is not None:  # in one order, whatever was loaded when
        driver.tracks = list({id(each.track): each.track for each in driver.everything()}.values())
        driver.share()


def soonest_end(driver: Driver, settings: Settings) -> float | None:
    """Where the run may stop before its end: all cooldowns that the plan itself has are over.

    A branch is measured on the run of its trunk, which is longer. None where there is none.
    """
    if settings.cooldown is not None:
        return None
    ends = []
    for track in driver.tracks:
        parts = track.source.parts if isinstance(track.source, Product) else (track.source,)
        length = track.placed.length()
        if length is not None and any(isinstance(each, Cooldown) for each in parts):
            ends.append(track.begin + float(length.amount))
    return max(ends, default=None)


def planned_updates(driver: Driver, settings: Settings) -> float | None:
    """How many updates are planned, where they are counted; a branch may end with its cooldown."""
    if settings.axis != "step" or settings.end is None:
        return None
    soonest = soonest_end(driver, settings)
    return float(math.ceil(settings.end if soonest is None else min(soonest, settings.end)))


def _end(value: Any, place: str) -> Any:
    return value if isinstance(value, dict) else number()(value, place)


def _span(value: Any, place: str) -> Span:
    try:
        return span_from_spec(value)
    except PassoError as error:
        msg = f"{place}: {error}"
        raise PassoError(msg) from None


SCHEMA: Final = record(
    {
        "key": short,
        "clock": count(),
        "at": number(0, LONGEST),
        "over": _span,
        "end": _end,
        "shape": text,
    }
)
