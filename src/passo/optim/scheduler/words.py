"""A Scheduler in words: its repr, who writes what, and what is missing to seek."""

from __future__ import annotations

import difflib
import warnings
from typing import TYPE_CHECKING, Final

from passo.schedules import PassoError, PassoWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passo.optim.scheduler.driver import Driven, Driver
    from passo.optim.scheduler.engine import Engine

_ALIKE: Final = 0.8


def scheduler(engine: Engine) -> str:
    """Clock and run, then a line for each thing that is driven."""
    run = "no run" if engine.settings.run is None else repr(engine.settings.run)
    lines = [f"Scheduler at update {engine.clock.updates:,} of {run}"]
    for shared in engine.driver.shared:
        followers = shared.followers
        used = "nothing yet" if shared.used is None else f"{shared.used:.6g}"
        lines.append(
            f"  {followers[0].key} of {_groups(followers)}: {followers[0].track.source!r}"
            f"{_base(followers[0])}; last {used}, next {shared.value:.6g}"
        )
    return "\n".join(lines)


def _groups(followers: list[Driven]) -> str:
    places = [str(each.place) for each in followers if each.place is not None]
    if not places:
        return "no group"
    shown = ", ".join(places[:8]) + (", ..." if len(places) > 8 else "")
    return f"group{'s' if len(places) > 1 else ''} {shown}"


def _base(driven: Driven) -> str:
    return f", base {driven.base:.6g}" if driven.track.source.relative else ""


def need_bases(engine: Engine) -> None:
    """Refuse to seek where a relative plan took its base from an optimizer under way."""
    for each in engine.driver.driven:
        if each.track.source.relative and engine.settings.bases.get(each.key) is None:
            msg = (
                f"the plan of {each.key!r} is relative to base, and the optimizer was under way "
                f"when it was attached: {each.key} was {each.base:.6g} there, which is probably "
                f"not its base; write attach(..., base=0.1) with the value that the run began with"
            )
            raise PassoError(msg)


def tell_of_unheard(driver: Driver, told: Mapping[str, float]) -> None:
    """Warn of a report that no plateau watches, where its name is nearly one that is watched."""
    memories = [memory for track in driver.tracks for memory in track.memories]
    watched = {memory.plateau.metric for memory in memories}
    if not watched or not watched.isdisjoint(told):
        return
    for name in told:
        for near in difflib.get_close_matches(name, watched, 1, _ALIKE):
            text = f"no plateau watches {name!r}, one watches {near!r}; report it by that name"
            warnings.warn(text, PassoWarning, stacklevel=3)
