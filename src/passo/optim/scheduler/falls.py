"""`Fall`: one move of a factor by a plateau; and which moves change a number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from passo.optim.scheduler.horizon import points
from passo.schedules import Constant, PassoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.tracks import Memory, Track
    from passo.schedules import Schedule

_ENDLESS: Final = 100_000.0


@dataclass(frozen=True, slots=True)
class Fall:
    """One reduction by a plateau: which, when, from what to what; `report` answers with them.

    A plateau with a factor above 1 rises instead. What `Greedy` gains from good reports is none.

    `metric` is what the plateau watches, `keys` are the fields and values that follow it. `clock`
    counts the updates made by then, so that update `clock` is the first that may use less. The
    plateau's factor was `before` and is `after`.

    >>> import torch
    >>> from passo import Plateau, attach, base
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> scheduler = attach(optimizer, base * Plateau("loss", patience=0))
    >>> [scheduler.report(loss=0.5) for _ in range(2)]
    [(), (Fall(metric='loss', keys=('lr',), clock=0, before=1.0, after=0.1),)]
    """

    metric: str
    keys: tuple[str, ...]
    clock: int
    before: float
    after: float


def falls(engine: Engine, fell: Iterable[tuple[Track, Memory]]) -> tuple[Fall, ...]:
    """Those of the moves, just made, that change what some update uses from here on.

    One that a bound or a `.clip(low=...)` stops is none, nor is one that good reports brought.
    """
    found = []
    for track, memory in fell:
        if memory.reducer.climbed:
            continue
        followers = [each for each in engine.driver.driven if each.track is track]
        before, after = memory.factors()
        one = _without(track, memory)
        if before != after and any(
            _differ(engine, track, one, track.known, base)
            for base in {each.base for each in followers}
        ):
            keys = tuple(dict.fromkeys(each.key for each in followers))
            clock = engine.clock.updates
            found.append(Fall(memory.plateau.metric, keys, clock, before, after))
    return tuple(found)


def _without(track: Track, memory: Memory) -> Schedule:
    """What the track would follow, had this plateau not moved."""
    now = {id(each): each.factor(track.unit) for each in track.memories}
    factors = iter((now | {id(memory): Constant(memory.factors()[0])}).values())
    return track.placed.with_plateaus(lambda _: next(factors))


def _differ(engine: Engine, track: Track, one: Schedule, other: Schedule, base: float) -> bool:
    """Whether two schedules part at the next update or later, as far as points and corners tell."""
    if one.relative:
        one, other = one.with_base(base), other.with_base(base)
    now, end = engine.clock.at - track.begin, engine.settings.end
    last = now + _ENDLESS if end is None else max(end - track.begin, now)
    times = (t for each in (one, other) for t in points(each, last) if t >= now)
    return any(_value(one, t) != _value(other, t) for t in (now, *times))


def _value(schedule: Schedule, t: float) -> float:
    """What a schedule says there; NaN, which differs from all, where it has no value."""
    try:
        return schedule(t)
    except (PassoError, ArithmeticError):
        return math.nan
