"""What is promised of every trainer, and which test holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PROMISES = {
    1: "update t uses s(t), under accumulation and with steps that change nothing",
    2: "the run is the trainer's own count of updates; an unknown length is refused",
    3: "plateaus hear each evaluation once, before its checkpoint; a name that never comes is told",
    4: "a resume through the trainer's own checkpoint gives the same rates, bit for bit",
    5: "the rate in the trainer's log is the one that was used",
    6: "a second writer is refused at the start",
    7: "a checkpoint under way without a state of passo is refused, with the way forward",
    8: "several optimizers: one plan for all, or a plan for each",
    9: "a run that the trainer stopped is told with its reason",
}
HELD: dict[str, dict[int, list[str]]] = {}


def promised(trainer: str, *numbers: int) -> Callable[[Any], Any]:
    """This test holds these promises for a trainer."""

    def held(test: Any) -> Any:
        for number in numbers:
            assert number in PROMISES
            HELD.setdefault(trainer, {}).setdefault(number, []).append(test.__name__)
        return test

    return held


def rows() -> list[str]:
    """The table: a row for each promise, for each trainer whether tests hold it.

    No count: a test more would make the page of a promise that did not change a wrong one.
    """
    trainers = sorted(HELD)
    head = ["| promise | " + " | ".join(trainers) + " |", "| --- |" + " --- |" * len(trainers)]
    return head + [
        f"| {number}. {text} | "
        + " | ".join("held" if HELD[name].get(number) else "see below" for name in trainers)
        + " |"
        for number, text in PROMISES.items()
    ]
