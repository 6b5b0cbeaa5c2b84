"""P014: the rate after loading is not the rate before saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.doctor.finding import Finding
from passo.schedules.errors import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.trace import Event

CODE = "P014"
SAME = 1e-6  # relative: a resumed run uses the very number


def look(case: Case) -> Iterator[Finding]:
    """The first update after a load uses another rate than the state held."""
    loads = case.events("load")
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
