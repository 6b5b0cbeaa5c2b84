"""P023: of optimizers that step together one is scheduled and another is not."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.doctor.case import Case

CODE = "P023"
SEEN = 10  # updates: in fewer nothing says that they belong together
TOGETHER = 0.9  # of the updates of each: what steps less often has a pace of its own
CHANGES = 3  # values: a schedule, and not one correction
MOVES = 1.1  # the largest rate over the smallest: less is no schedule


def look(_case: Case) -> Iterator[Finding]:
    """Nothing: one optimizer knows of no other."""
    return iter(())


def beside(cases: Sequence[Case]) -> Iterator[Finding]:
    """An optimizer whose rate nobody moves, beside one whose rate a schedule moves.

    They step after one and the same backward pass. Two networks that play against each other have
    one each, and may well have paces of their own: one that stays at its rate is known to be
    forgotten only where the script moves those of "the optimizers" in a loop, and this one, of the
    same class, built with the same rate and in turn with them, is not one of them.
    """
    found = set()
    for led, left in permutations(cases, 2):
        number = left.meta.get("number")
        if number in found or not _is_left(left) or not _is_led(led):
            continue
        if _often(led, left, "together"):
            found.add(number)
            yield _finding(led, left)
        elif _often(led, left, "turns") and _is_missing(led, left):
            found.add(number)
            yield _missing(led, left)


def _often(first: Case, second: Case, kind: str) -> bool:
    most = max(first.updates, second.updates)
    pairs = ((first, second), (second, first))
    hits = sum(
        each.hits
        for one, other in pairs
        for each in one.recurrences(kind)
        if each.detail["other"] == other.meta.get("number")
    )
    return most >= SEEN and hits >= TOGETHER * most


def _is_led(case: Case) -> bool:
    """Whether a scheduler, a plan of passo or the script moves its rate."""
    rates = [value for _, value in case.values]
    moves = len(rates) >= CHANGES and max(rates) >= MOVES * min(rates)
    writers = [known for known in case.leading if known.hits]
    edits = [e for e in case.recurrences("edit") if e.detail["by_script"]]
    return moves and bool(writers or case.attached or edits)


def _is_left(case: Case) -> bool:
    """Whether nobody ever wrote its rate, nor built what might."""
    rates = [each for each in case.trace.columns if each.key == "lr" and each.values]
    still = all(len(each.values) == 1 and not each.coarse for each in rates)
    edits = [e for e in case.recurrences("edit") if e.detail["key"] == "lr"]
    return still and case.last > 0 and not (case.schedulers or case.attached or edits)


def _is_missing(led: Case, left: Case) -> bool:
    """Whether one is moved as one of "the optimizers", and the other one is its like."""
    alike = all(led.meta.get(key) == left.meta.get(key) for key in ("optimizer", "rate"))
    edits = [e.detail for e in led.recurrences("edit") if e.detail["key"] == "lr"]
    ways = [*edits, *(event.detail for event in led.events("built"))]
    return alike and any(each.get("optimizers") for each in ways)


def _missing(led: Case, left: Case) -> Finding:
    kind = str(led.meta.get("optimizer", "an optimizer"))
    return Finding(
        CODE,
        f"two {kind} take turns, both built with the rate {left.last:.3g}; that of one went to "
        f"{led.last:.3g} in a loop over the optimizers, while that of the other stayed for "
        f"{left.updates:,} updates: it is not one of them",
        "a part of the weights trains at a rate that nobody scheduled",
        "the other one among the optimizers that the loop goes over, too",
        _where(led),
    )


def _where(led: Case) -> str:
    built = [known.where for known in led.leading if known.hits]
    edits = [str(e.detail["where"]) for e in led.recurrences("edit") if e.detail["key"] == "lr"]
    return next(iter([*built, *edits]), "")


def _finding(led: Case, left: Case) -> Finding:
    one, other = (str(each.meta.get("optimizer", "an optimizer")) for each in (led, left))
    return Finding(
        CODE,
        f"{one} and {other} step together, and the rate of {one} went from {led.values[0][1]:.3g} "
        f"to {led.last:.3g} (the peak was {led.peak:.3g}), while that of {other} stayed at "
        f"{left.last:.3g} for {left.updates:,} updates: nothing schedules it",
        "a part of the weights trains at a rate that nobody scheduled",
        f"a scheduler for the {other} too, stepped beside the other one; or one plan for both: "
        "passo.attach([first, second], plan, run)",
        _where(led),
    )
