"""The call of `cool_down`: what it asks for, on every rank, or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.ground.checks import brief, write
from passo.optim.ground import ranks
from passo.optim.ground.fields import broken_bounds
from passo.optim.scheduler.cooled import made
from passo.optim.scheduler.cooling import CoolDown, until_of
from passo.schedules import PassoError, Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine


def called(
    engines: Sequence[tuple[Engine, Groups]],
    over: Any,
    end: Any,
    shape: Any,
    key: Any,
    *,
    attached: bool,
) -> CoolDown:
    """The event that a call of `cool_down` is, the same on every rank.

    The first of the engines, each with its groups, counts; of several it is the most advanced.
    Raises PassoError, on each rank, where one may not call it so, with nothing changed.
    """
    if not ranks.several():
        return _called(engines, over, end, shape, key, attached=attached)
    event, refused = None, ""
    try:
        event = _called(engines, over, end, shape, key, attached=attached)
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
    engines: Sequence[tuple[Engine, Groups]],
    over: Any,
    end: Any,
    shape: Any,
    key: Any,
    *,
    attached: bool,
) -> CoolDown:
    """The event that it is here."""
    lead, _ = engines[0]
    settings, clock = lead.settings, lead.clock
    driven = [each for engine, _ in engines for each in engine.driver.driven]
    if not attached:
        msg = "this Scheduler was detached, and drives nothing; attach the plan again to cool down"
        raise PassoError(msg)
    followed = [each for each in driven if each.key == key]
    if not followed:
        keys = ", ".join(dict.fromkeys(repr(each.key) for each in driven)) or "none"
        msg = f"nothing drives {brief(key)}, so it cannot cool down; the keys are {keys}"
        raise PassoError(msg)
    _refuse_a_second(lead)
    asked = made(clock.at, over, end, shape, settings.run, followed[0].track.source)
    if isinstance(asked.end, Schedule) and followed[0].field is None:
        msg = f"the value {key!r} has no base: write a number for the end, got {asked.end!r}"
        raise PassoError(msg)
    until = until_of(clock.at, asked.over, settings.run)
    event = CoolDown(key, clock.updates, clock.at, asked.over, asked.end, asked.shape, until)
    for engine, groups in engines:
        _refuse_impossible(engine, groups, event)
    return event


def _refuse_a_second(engine: Engine) -> None:
    """A run ends once; who resumes a script that calls it again is told what to write."""
    before = engine.settings.cooldown
    if before is None:
        return
    loaded = "" if before is engine.called_for else ", as the state that was loaded says"
    msg = (
        f"{before.key!r} cools down already, from update {before.clock:,} to "
        f"{before.over_at(engine.settings.axis)}{loaded}, and a run ends once; call it only where "
        "scheduler.cooldown is None, or load a state from before that update to end it otherwise"
    )
    raise PassoError(msg)


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
                f"{each.key!r} of param group {engine.settings.spot(each.place)} must stay "
                f"{bounds or f'within {most:.3g}'}, and the cooldown would end at {write(end)}; "
                "write an end within that, such as end=0.0"
            )
            raise PassoError(msg)
