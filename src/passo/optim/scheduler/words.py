"""A Scheduler in words: its repr, who writes what, and what is missing to seek."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from passo.ground.checks import brief
from passo.ground.here import place
from passo.optim.ground.groups import name_of
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.optim.scheduler.driven import Driven
    from passo.optim.scheduler.engine import Engine

_ALIKE: Final = 0.8
_NEAR: Final = 0.7


def scheduler(lead: Engine, engines: Sequence[Engine]) -> str:
    """Clock and run, then a line for each thing that is driven; what no group holds by `lead`."""
    run = "no run" if lead.settings.run is None else repr(lead.settings.run)
    lines = [f"Scheduler at update {lead.clock.updates:,} of {run}"]
    event = lead.settings.cooldown
    if event is not None:
        over = event.over_at(lead.settings.axis)
        lines.append(f"  {event.code}, called after {event.clock:,} updates: over at {over}")
    free = []
    for engine in engines:
        for shared in engine.driver.shared:
            followers = shared.followers
            used = "nothing yet" if shared.used is None else f"{shared.used:.6g}"
            line = (
                f"  {followers[0].key} of {_groups(followers, engine.settings.part)}: "
                f"{followers[0].track.follows!r}{_base(followers[0])}; last {used}, next "
                f"{shared.value:.6g}"
            )
            if followers[0].field is not None:
                lines.append(line)
            elif engine is lead:
                free.append(line)
    return "\n".join([*lines, *free])


def told(metrics: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
    """What a report says, by name; raises PassoError for a metric without one."""
    if metrics is not None and not isinstance(metrics, Mapping):
        msg = f"a report has a name, got {brief(metrics)}; write report(val_loss=...)"
        raise PassoError(msg)
    return {**(metrics or {}), **named}


def _groups(followers: list[Driven], part: str) -> str:
    places = [str(each.place) for each in followers if each.place is not None]
    if not places:
        return "no group"
    shown = ", ".join(places[:8]) + (", ..." if len(places) > 8 else "")
    return f"group{'s' if len(places) > 1 else ''} {shown}{part and f' of {part}'}"


def _base(driven: Driven) -> str:
    return f", base {driven.base:.6g}" if driven.track.source.relative else ""


def no_one(key: str, found: Mapping[str, Sequence[Any]], which: Literal["used", "last"]) -> str:
    """What to write for a key that names no number, or one in each of several groups.

    >>> no_one("typo", {"lr": [0.1]}, "used")
    "no number is called 'typo', the plan has lr; write scheduler.used('lr')"
    """
    every = "values()" if which == "last" else "last_used()"
    each = f"scheduler.{every}[{key!r}][0]"
    if key in found:
        return f"{key!r} names {len(found[key])} numbers, one of each param group; write {each}"
    alone = [name for name, numbers in found.items() if len(numbers) == 1]
    alone = difflib.get_close_matches(key, alone, 1, _NEAR) or alone
    write = f"scheduler.{every}"
    if alone:
        write = f"scheduler.used({alone[0]!r})" if which == "used" else f"scheduler[{alone[0]!r}]"
    return f"no number is called {key!r}, the plan has {', '.join(found)}; write {write}"


def need_bases(engine: Engine) -> None:
    """Refuse to seek where a relative plan took its base from an optimizer under way."""
    for each in engine.driver.driven:
        if each.track.source.relative and not each.given:
            msg = (
                f"the plan of {each.key!r} is relative to base, and the optimizer was under way "
                f"when it was attached: {each.key} was {each.base:.6g} there, which is probably "
                f"not its base; write {engine.settings.caller.option('base=0.1')} with the value "
                "that the run began with"
            )
            raise PassoError(msg)


def refuse_other_names(groups: Sequence[Mapping[str, Any]], saved: Sequence[Any]) -> None:
    """Refuse to load an optimizer's state that gives the same parameters another name.

    torch pairs groups by their place, and takes over the saved names: moments and rates would go
    to other parameters than they come from.
    """
    ours = [name_of(group) for group in groups]
    if ours.count(None) == len(ours):
        return
    theirs = [each for each in saved if isinstance(each, Mapping)]
    if len(theirs) != len(groups):
        return
    for number, (here, there) in enumerate(zip(ours, map(name_of, theirs), strict=True)):
        if here is not None and there is not None and here != there:
            names = ", ".join(str(each.get("name")) for each in theirs)
            msg = (
                f"param group {number} is {here!r}, and {there!r} in the state that is to be "
                "loaded; torch pairs param groups by their place, so each would get what belongs "
                f"to another; give the groups in the order of the state: {names}"
            )
            raise PassoError(msg)


def the_metric(engine: Engine, told: Any) -> str:
    """What `step(metric)` reports: the one metric that plateaus watch; raises PassoError else."""
    names = watched(engine)
    if len(names) == 1:
        return names[0]
    if not names:
        msg = (
            f"step takes no metric, got {brief(told)}: no plateau of the plan waits for one; write "
            "scheduler.step(), or scheduler.report(val_loss=...) to have it in the trace"
        )
        raise PassoError(msg)
    msg = (
        f"step takes a metric where the plateaus of the plan watch one, and these watch "
        f"{' and '.join(map(repr, names))}; write scheduler.report({{{names[0]!r}: ...}})"
    )
    raise PassoError(msg)


def tell_of_writing(engine: Engine, update: int) -> None:
    """Warn once of a `last_epoch` that is more than one update ahead: nobody goes there by it."""
    if engine.promises.keeps("written"):
        engine.promises.settle("written")
        text = (
            f"last_epoch was set to {update:,} while the clock stands at "
            f"{engine.clock.updates:,}, and changes nothing: the optimizer's updates are counted; "
            f"write {engine.settings.caller.scheduler}.seek({update}) to go on at that update"
        )
        place().warn(text)


def watched(engine: Engine) -> list[str]:
    """The metrics of the plateaus, each once."""
    memories = (memory for track in engine.driver.tracks for memory in track.memories)
    return list(dict.fromkeys(memory.plateau.metric for memory in memories))


def tell_of_unheard(engine: Engine, told: Mapping[str, float]) -> None:
    """Warn of a report that no plateau watches, where its name is nearly one that is watched.

    Once for each name.
    """
    names = set(watched(engine))
    engine.promises.reported(told, names)
    if not names or not names.isdisjoint(told):
        return
    for name in told:
        if not engine.promises.keeps("alike", name):
            continue
        for near in difflib.get_close_matches(name, names, 1, _ALIKE):
            engine.promises.settle("alike", name)
            text = f"no plateau watches {name!r}, one watches {near!r}; report it by that name"
            place().warn(text)
