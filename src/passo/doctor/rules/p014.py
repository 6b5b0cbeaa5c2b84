"""P014: the rate after loading is not the rate before saving, or its scheduler begins anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from passo.doctor.finding import Finding
from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known
    from passo.trace import Event

CODE = "P014"
ALONE: Final = (
    "save optimizer.state_dict() with the scheduler's, and load it after the scheduler was built: "
    "the scheduler's state alone does not write the rate"
)
WRITE = "build the scheduler first, then load the optimizer, then the scheduler"
SAME = 1e-6  # relative: a resumed run uses the very number
ANEW = 0.01  # relative: a rate that moves by less than this goes on where it was


def look(case: Case) -> Iterator[Finding]:
    """The first update after a load uses another rate than the state held.

    Or the optimizer comes back with the rate that a schedule had led it to, and the scheduler that
    stands beside it begins at its first advance. A state that changes nothing is no checkpoint:
    accelerate puts an optimizer's own state back.
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
                WRITE if any(each.detail["what"] == "optimizer" for each in together) else ALONE,
                str(event.detail["where"]),
                event.clock,
            )
            return
    yield from _anew(case)


def _is_its_own(load: Event) -> bool:
    same: bool = load.detail["before"] == load.detail["after"]
    return load.detail.get("what") == "optimizer" and same


def _anew(case: Case) -> Iterator[Finding]:
    """A scheduler that was built, whose optimizer was then loaded, and whose state was not."""
    for known in case.leading:
        load = _alone(case, known)
        if load is None:
            continue
        pairs = [(load.detail["after"].get(n), v) for n, v in known.after.items() if ".lr" in n]
        differ = [(a, b) for a, b in pairs if a and b is not None and abs(a - b) > ANEW * max(a, b)]
        if differ:
            saved, fresh = differ[0]
            yield Finding(
                CODE,
                f"the optimizer's state was loaded with the rate {saved:.6g}, and {known.kind} "
                f"beside it was not loaded: it begins at advance 0, where its rate is {fresh:.6g}",
                "the rate goes on from another place of the plan than the training",
                "save scheduler.state_dict() with the others, and when they are loaded "
                "scheduler.load_state_dict(...) too",
                str(load.detail["where"]),
                load.clock,
            )
            return


def _alone(case: Case, known: Known) -> Event | None:
    """The load of its optimizer right after a scheduler was built, if nobody moved it then."""
    kinds = ("built", "load")
    events = [
        each
        for each in case.trace.events
        if each.kind in kinds and each.clock == known.begun and not _is_its_own(each)
    ]
    place = next((k for k, e in enumerate(events) if _builds(e, known)), len(events))
    loads = [each for each in events[place:] if each.kind == "load"]
    if known.plateau or not known.hits or known.start or not loads:
        return None
    if any(each.detail["what"] == "scheduler" for each in loads):
        return None
    moved = sum(each.hits for each in known.advances if each.detail.get("moved"))
    forwarded = any(each.begin == known.begun for each in known.advances)
    edited = any(e.begin <= known.begun <= e.end for e in case.recurrences("edit"))
    if forwarded or edited or known.position != known.start + moved:
        return None
    return loads[0]


def _builds(event: Event, known: Known) -> bool:
    return event.kind == "built" and event.detail["scheduler"] == known.number


def _wrong(case: Case, loads: list[Event]) -> tuple[float, float] | None:
    """The saved rate and the used one, of the first group where they differ."""
    clock = loads[0].clock
    edited = [e for e in case.recurrences("edit") if e.begin <= clock <= e.end]
    if edited:
        return None
    advanced = [known for known in case.leading for e in known.advances if e.begin == clock == 0]
    if advanced or any(_moved_on(case, each) for each in loads):
        return None
    for group, saved in enumerate(_saved(loads)):
        try:
            used = case.trace.value(clock, "lr", group)
        except PassoError:
            return None
        if saved is not None and abs(used - saved) > SAME * max(abs(used), abs(saved)):
            return saved, used
    return None


def _moved_on(case: Case, load: Event) -> bool:
    """Whether a loaded scheduler advanced before the next update: it came further than later."""
    known = case.by_number(load.detail.get("scheduler", -1))
    at = load.detail.get("position")
    if known is None or at is None or known.start != at:
        return False
    later = sum(each.after(load.clock) for each in known.advances if each.detail.get("moved"))
    return bool(known.position - at > later)


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
