"""Which promise is broken, in words: what was planned beside what is so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from passo.ground.checks import write as number
from passo.optim.scheduler.cooled import soonest_end
from passo.optim.scheduler.promises import Word
from passo.schedules.reports import unheard as unheard_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from passo.optim.ground.caller import Caller
    from passo.optim.scheduler.clock import Clock
    from passo.optim.scheduler.driven import Driven, Met
    from passo.optim.scheduler.driver import Driver
    from passo.optim.scheduler.promises import Promises
    from passo.optim.scheduler.settings import Settings
    from passo.optim.scheduler.tracks import Memory, Track

_LEAST: Final = 2  # updates: before the second one there was nothing to report
_SAMPLES: Final = 64


def past_the_end(settings: Settings, clock: Clock, driver: Driver) -> Word:
    """The first update past the end of the run has been made."""
    first = next(iter(driver.driven), None)
    holds = "each value holds" if first is None else f"{first.key} stays at {number(first.last)}"
    counted = f"the clock counts updates, {clock.updates:,} by now"
    if settings.axis != "step":
        counted = f"position stands at {clock.at:,.12g} {settings.axis}s"
    write = "a longer run, or strict=True to stop there"
    if settings.cooldown is not None:
        write = "while scheduler.position < scheduler.cooldown.until: around the loop's updates"
    return Word(
        "P005",
        f"update {clock.updates - 1:,} is past the end of {settings.whole}: {counted}",
        f"from here on {holds}",
        write,
    )


def ended(
    settings: Settings, clock: Clock, driver: Driver, because: str | None = None
) -> Word | None:
    """What was made is not what was planned, to within one update."""
    run, end = settings.run, settings.end
    if end is None or not (clock.made and clock.updates):
        return None
    made, planned, unit = clock.at, end, "steps" if run is None else str(run.unit)
    if unit == "steps":
        planned, unit = math.ceil(end), "updates"
        if run is not None and settings.cooldown is None:
            planned = run.updates
    last = max(clock.taken, made / clock.updates)  # where batches grow, no mean is an update
    if made == planned or (unit != "updates" and abs(made - planned) < last):
        return None
    soonest = soonest_end(driver, settings)
    if soonest is not None and made < planned:
        if made >= soonest - (0.0 if unit == "updates" else last):
            return None
        planned, end = math.ceil(soonest) if unit == "updates" else soonest, soonest
    when, code = ("early", "P007") if made < planned else ("late", "P005")
    first = next(iter(driver.driven), None)
    value = "" if first is None else f"; {_compared(first, end)}"
    why = "" if because is None else f" ({because})"
    seen = f"the run ended {when}{why}: planned {planned:,.12g} {unit}, made {made:,.12g}{value}"
    return Word(code, seen, meant=True)


def _compared(driven: Driven, end: float) -> str:
    """The value that was reached beside the one that was planned for the end."""
    reached = driven.last if driven.used is None else driven.used
    if driven.shared is None:
        return f"{driven.key} is {reached:.6g}"
    planned = driven.shared.formula(max(end - driven.shared.begin, 0.0))
    if planned == 0.0:
        return f"{driven.key} was {reached:.6g} last, and its plan ends at 0"
    if f"{reached:.6g}" == f"{planned:.6g}":
        return f"{driven.key} was {reached:.6g} last, as its plan ends"
    ratio = f"{reached / planned:.3g}"
    if ratio == "1":
        return f"{driven.key} was {reached:.6g} last, and its plan ends at {planned:.6g}"
    times = f"{ratio} times the {planned:.6g} that its plan ends at"
    return f"{driven.key} was {reached:.6g} last, {times}"


def no_update(
    settings: Settings, driver: Driver, optimizer: str, signs: str, *, forgotten: bool
) -> Word:
    """No update was counted, and something says that there were some; "" is no optimizer.

    It is `forgotten` to step where the weights are as they were.
    """
    trainer = settings.caller.trainer
    first = next(iter(driver.driven), None)
    stands = "" if first is None else f" and {first.key} at {number(first.last)}"
    hook = "attach(...) with the optimizer whose step() the loop calls, such as the one inside"
    hook += ', or clock="calls" and scheduler.step() after each update'
    way = "..., clock='calls'" if optimizer else "None, ..."
    if forgotten and not trainer:
        step = "the step() of each of them" if settings.part else "optimizer.step()"
        hook = f"{step} after each backward(); where another optimizer is stepped, {hook}"
    calls = f"scheduler.step() after each update, as attach({way}) wants it"
    if trainer:
        hook = f"the step() of the optimizer that {trainer} has, or attach(...)"
        hook += f"{settings.caller.instead} with the one that is stepped"
    return Word(
        "P002",
        f"no update{optimizer and f' of {optimizer}'} was ever seen, while {signs}",
        f"the clock stays{stands}, whatever is planned",
        hook if settings.clock == "hook" else calls,
    )


def older(driver: Driver, caller: Caller, optimizer: str, count: int, clock: int) -> Word:
    """The optimizer's own state knows of more updates than the clock."""
    return Word(
        "P014",
        f"the state of {optimizer} says that {count:,} updates were made, and the clock of the "
        f"Scheduler stands at {clock:,}",
        "the plan begins there, whatever was trained before",
        _to_go_on(driver, caller, count, clock),
    )


def stale(
    driver: Driver, caller: Caller, optimizer: str, update: int, more: int, clock: int
) -> Word:
    """The optimizer's state carries that of a Scheduler, and says more updates than it did then."""
    return Word(
        "P014",
        f"the state of {optimizer} carries a Scheduler at update {update:,}, and says that "
        f"{more:,} {'update was' if more == 1 else 'updates were'} made since, without passo",
        f"it is not used, and the clock of the Scheduler stands at {clock:,}",
        _to_go_on(driver, caller, update + more, clock),
    )


def of_another(
    driver: Driver, caller: Caller, optimizer: str, keys: Iterable[str], update: int, clock: int
) -> Word:
    """The optimizer's state carries that of a Scheduler which drove nothing of this plan."""
    ours = dict.fromkeys(each.key for each in driver.driven)
    return Word(
        "P014",
        f"the state of {optimizer} carries a Scheduler of {', '.join(keys)} at update "
        f"{update:,}, and this one drives {', '.join(ours)}",
        f"it is not used, and the clock of the Scheduler stands at {clock:,}",
        _to_go_on(driver, caller, update, clock),
    )


def _to_go_on(driver: Driver, caller: Caller, update: int, clock: int) -> str:
    """What to write where the clock is behind."""
    relative = any(each.track.source.relative and not each.given for each in driver.driven)
    base = f"{caller.option('base=...')} with what the run began with, and " if relative else ""
    one = caller.scheduler
    return (
        f"{one}.load_state_dict(...) with what was saved beside the optimizer, or {base}"
        f"{one}.seek({update}) to go on, or {one}.seek({clock}) to begin there on purpose"
    )


def other_hand(met: Met, update: int, *, made: bool) -> Word:
    """A field held something else than what the plan had put there."""
    tense = "used" if made else "would use"
    held = "what another hand put there" if met.held is None else number(met.held)
    return Word(
        "P009",
        f"another hand writes {met.name} of param group {met.place}: update {update:,} {tense} "
        f"{held}, and the plan has {number(met.planned)}",
        "each update puts the plan's value there, so that the other one lasts for one update",
        "the other value into the plan and take the other writer away (a scheduler of torch, SWA, "
        "a line in the loop), or leave the field out of the plan",
    )


def unheard(
    driver: Driver, caller: Caller, clock: Clock, promises: Promises
) -> Iterator[tuple[str, Word]]:
    """The metrics that a plateau waited for, and nobody reported."""
    if clock.made < _LEAST:
        return
    metrics = {
        memory.plateau.metric: type(memory.plateau).__name__
        for track in driver.tracks
        for memory in track.memories
        if _waited(memory, track, clock)
    }
    for metric, kind in metrics.items():
        if not promises.heard(metric):
            seen, why = unheard_in_words(metric, clock.updates, promises.others, kind)
            write = caller.report(metric).removeprefix("write ")
            yield metric, Word("P011", seen, why, write)


def _waited(memory: Memory, track: Track, clock: Clock) -> bool:
    """Whether it knows of no report, and was active while updates were made here."""
    if memory.reducer.heard:
        return False
    begin, made = clock.since - track.begin, clock.at - clock.since
    times = (begin + made * k / _SAMPLES for k in range(_SAMPLES + 1))
    return sum(t >= 0 and memory.local(t) is not None for t in times) >= _LEAST
