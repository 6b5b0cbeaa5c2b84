"""From the events of a trace to what is known of each scheduler."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from passo.doctor.known import Known
from passo.doctor.recurrence import events, recurrences
from passo.doctor.replay import set_again

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from passo.trace import Column, Event, Trace


def known_of(trace: Trace, column: Column | None, last: float) -> tuple[Known, ...]:
    """Every scheduler that a trace tells of, in order, with the plan that it followed at the end.

    `column` is the rate that the run is judged by, `last` the one that its last update used.
    """
    plans = dict(_loaded(trace))
    found: list[Known] = []
    earlier: dict[int, Known] = {}
    for event in events(trace, "built"):
        number = event.detail["scheduler"]
        plan = plans[number] if number in plans else event.detail["plan"]
        known = _known(trace, event, plan, earlier)
        for load in _loads(trace, number):
            if set_again(known, load, column, last):
                known = replace(known, plan=load.detail["plan before"][0])
                break
        found.append(known)
        earlier.setdefault(number, known)
    return tuple(found)


def _known(
    trace: Trace, event: Event, plan: Mapping[str, Any], earlier: Mapping[int, Known]
) -> Known:
    """What is known of the scheduler that this event built; those inside it were built before."""
    built = event.detail
    number = built["scheduler"]
    advances = tuple(recurrences(trace, "advance", number))
    at = [built.get("position"), *(e.detail.get("position") for e in _loads(trace, number))]
    start = next((each for each in reversed(at) if each is not None), 0)
    moved = sum(each.hits for each in advances if each.detail.get("moved"))
    ends = {e.detail["scheduler"]: e.detail["position"] for e in events(trace, "position")}
    return Known(
        number=number,
        classes=_classes(built),
        given=built["given"],
        named=tuple(built["named"]),
        plan=plan,
        inside=tuple(built["inside"]),
        parts=tuple(earlier[each] for each in built["inside"] if each in earlier),
        reads_rate=built["reads_rate"],
        begun=event.clock,
        start=start,
        before=built["before"],
        after=built["after"],
        where=built["where"],
        advances=advances,
        position=ends.get(number, start + moved),
        future=_future(trace, number),
        made=trace.updates,
        usual=built.get("usual", {}),
    )


def _classes(built: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Module and name of its class and of those above it; traces once had no modules of these."""
    bases = built["bases"]
    homes = built.get("homes", [""] * len(bases))
    return ((built["module"], built["class"]), *zip(homes, bases, strict=True))


def _loads(trace: Trace, number: int) -> list[Event]:
    return [e for e in events(trace, "load") if e.detail.get("scheduler") == number]


def _future(trace: Trace, number: int) -> list[list[float]]:
    for event in events(trace, "future"):
        if event.detail["scheduler"] == number:
            return [each for each in event.detail["values"] if isinstance(each[1], float)]
    return []


def _loaded(trace: Trace) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The plans that a scheduler, and those inside it, follow since a state was loaded."""
    inside = {e.detail["scheduler"]: e.detail["inside"] for e in events(trace, "built")}
    for event in events(trace, "load"):
        if event.detail["what"] == "scheduler":
            waiting = [(event.detail["scheduler"], event.detail["plan after"])]
            while waiting:
                number, (plan, *rest) = waiting.pop()
                yield number, plan
                waiting += zip(inside.get(number, ()), rest)  # noqa: B905
