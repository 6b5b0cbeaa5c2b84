"""P014: the rate after loading is not the rate before saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.doctor.finding import Finding
from passo.schedules.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known
    from passo.trace import Event

CODE = "P014"
SAME = 1e-6  # relative: a resumed run uses the very number
ANEW = 0.01  # relative: a rate that moves by less than this goes on where it was


def look(case: Case) -> Iterator[Finding]:
    """The first update after a load uses another rate than the state held.

    A state that changes nothing is no checkpoint: accelerate puts an optimizer's own state back.
    """
    loads = [each for each in case.events("load") if not _is_its_own(each)]
    for place, event in enumerate(loads):
        if place and event.clock == loads[place - 1].clock:
            continue
        together = [each for each in loads if each.clock == event.clock]
        found = _wrong(case, together)
        if found is not None:
            saved, used = found
            yield Finding(
                CODE,
                f"the state that was loaded held the rate {saved:.6g}, and update "
                f"{event.clock:,}, the first after it, used {used:.6g}",
                "building a scheduler writes the rate; loading its state does not write it back",
                "build the scheduler first, then load the optimizer, then the scheduler",
                str(event.detail["where"]),
                event.clock,
            )
            return
        forgotten = _forgotten(case, together)
        if forgotten is not None:
            yield forgotten
            return


def _is_its_own(load: Event) -> bool:
    same: bool = load.detail["before"] == load.detail["after"]
    return load.detail["what"] == "optimizer" and same


def _forgotten(case: Case, loads: list[Event]) -> Finding | None:
    """A schedule that begins anew at its first advance, since only the optimizer was loaded."""
    event = loads[-1]
    fresh = [k for k in case.leading if _is_fresh(k, event.clock) and not _loaded(case, k)]
    for group, saved in enumerate(_saved(loads)):
        for known in fresh:
            first = min((e.begin for e in known.advances if e.detail.get("moved")), default=0)
            begun = known.after.get(f"{group}.lr")
            if saved is None or begun is None or not event.clock < first < case.updates:
                continue
            used = case.trace.value(first, "lr", group)
            if _differ(saved, begun) and _differ(saved, used):
                return Finding(
                    CODE,
                    f"the optimizer's state held the rate {saved:.6g}, the state of {known.kind} "
                    f"was not loaded: its first advance, before update {first:,}, wrote {used:.6g}",
                    "the schedule begins anew in the middle of the training",
                    "save and load the scheduler's state_dict too, after the optimizer's",
                    str(event.detail["where"]),
                    first,
                )
    return None


def _is_fresh(known: Known, clock: int) -> bool:
    """Built where the state was loaded, at its beginning, and each value is its own."""
    early = any(each.begin <= clock for each in known.advances)
    at_its_beginning = known.begun == clock and not known.start and not early
    return at_its_beginning and known.reads_rate is False and not known.plateau


def _loaded(case: Case, known: Known) -> bool:
    return any(each.detail.get("scheduler") == known.number for each in case.events("load"))


def _differ(saved: float, other: float) -> bool:
    return abs(saved - other) > ANEW * max(abs(saved), abs(other))


def _wrong(case: Case, loads: list[Event]) -> tuple[float, float] | None:
    """The saved rate and the used one, of the first group where they differ."""
    clock = loads[0].clock
    edited = [e for e in case.stretches("edit") if e.begin <= clock <= e.end]
    if edited:
        return None
    advanced = [known for known in case.leading for e in known.advances if e.begin == clock == 0]
    if advanced:
        return None
    for group, saved in enumerate(_saved(loads)):
        try:
            used = case.trace.value(clock, "lr", group)
        except PassoError:
            return None
        if saved is not None and abs(used - saved) > SAME * max(abs(used), abs(saved)):
            return saved, used
    return None


def _saved(loads: list[Event]) -> list[Any]:
    """The rates that the states held: the scheduler's word counts where both were loaded."""
    for event in reversed(loads):
        rates = event.detail.get("rate")
        if event.detail["what"] == "scheduler" and isinstance(rates, list):
            return [each if isinstance(each, (int, float)) else None for each in rates]
    after = loads[-1].detail["after"]
    return [after[name] for name in sorted(after, key=_place) if name.endswith(".lr")]


def _place(name: str) -> int:
    return int(name.split(".", maxsplit=1)[0])
