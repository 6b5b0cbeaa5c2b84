"""From the events of a trace to what is known of each scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from passo.doctor.known import Known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from passo.doctor.case import Case


def known_of(case: Case) -> tuple[Known, ...]:
    """Every scheduler that a trace tells of."""
    plans = dict(_loaded(case))
    positions = {e.detail["scheduler"]: e.detail["position"] for e in case.events("position")}
    found = []
    for event in case.events("built"):
        told = event.detail
        number = told["scheduler"]
        advances = tuple(case.stretches("advance", number))
        start = told.get("position") or 0
        for load in case.events("load"):
            if load.detail.get("scheduler") == number and load.detail.get("position") is not None:
                start = load.detail["position"]
        moved = sum(each.hits for each in advances if each.detail.get("moved"))
        found.append(
            Known(
                number,
                told["class"],
                tuple(told["bases"]),
                told["given"],
                tuple(told["named"]),
                plans.get(number, told["plan"]),
                tuple(told["inside"]),
                told["reads_rate"],
                event.clock,
                start,
                told["before"],
                told["after"],
                told["where"],
                advances,
                positions.get(number, start + moved),
                case,
            )
        )
    return tuple(found)


def _loaded(case: Case) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The plans that a scheduler, and those inside it, follow since a state was loaded."""
    inside = {e.detail["scheduler"]: e.detail["inside"] for e in case.events("built")}
    for event in case.events("load"):
        if event.detail["what"] == "scheduler":
            waiting = [(event.detail["scheduler"], event.detail["plan after"])]
            while waiting:
                number, (plan, *rest) = waiting.pop()
                yield number, plan
                waiting += zip(inside.get(number, ()), rest)  # noqa: B905
