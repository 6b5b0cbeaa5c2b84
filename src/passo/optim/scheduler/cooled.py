"""What a cooldown makes of what is driven, and where a run is over by it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import exact
from passo.ground.schema import count, number, record, short, text
from passo.optim.scheduler.cooling import CoolDown, until_of
from passo.optim.scheduler.plan import placeable
from passo.schedules import Constant, PassoError, Schedule, from_spec
from passo.schedules.algebra import Cooldown, Product
from passo.schedules.time import LONGEST, Span, span_from_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.driver import Driver
    from passo.optim.scheduler.settings import Settings
    from passo.optim.scheduler.tracks import Track
    from passo.schedules import Run
    from passo.schedules.time import AxisUnit

_TRUNK: Final = Constant(1)


def cool(driver: Driver, settings: Settings) -> None:
    """Each key follows its plan with the cooldown that was called for, or without one again."""
    if settings.cooldown is None and all(each.cooling is None for each in driver.tracks):
        return  # the usual case: no run is ended on demand
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


def made(
    at: float, over: Any, end: Any, shape: Any, run: Run | None, trunk: Schedule = _TRUNK
) -> Cooldown:
    """The cooldown of a trunk: what it refuses is refused in its words."""
    unit: AxisUnit = "steps" if run is None else run.unit
    asked = Cooldown(trunk, Span(exact(at, "at"), unit), over, end, shape)
    placeable(asked, run)
    return asked


def read(held: Mapping[str, Any], run: Run | None) -> CoolDown:
    """The event that a state holds; raises PassoError where it cannot be on that run."""
    try:
        end = held["end"] if isinstance(held["end"], float) else from_spec(held["end"])
        asked = made(held["at"], held["over"], end, held["shape"], run)
        until = until_of(held["at"], asked.over, run)
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
    return CoolDown(held["key"], clock, held["at"], asked.over, asked.end, asked.shape, until)


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
