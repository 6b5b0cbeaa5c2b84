"""P008: two writers on one field."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known, Stretch

CODE = "P008"
HABIT = 2  # edits: one may be a rescue, two are a second schedule


def look(case: Case) -> Iterator[Finding]:
    """Schedulers that overwrite each other, or a scheduler and the script itself.

    Two of torch's schedulers that start from the rate that is there may be chained by hand: they
    multiply. What computes its value from the base alone erases whatever another one wrote.
    """
    writers = [known for known in case.leading if known.hits]
    for first, second in combinations(writers, 2):
        if _overlap(first, second) and False in (first.reads_rate, second.reads_rate):
            yield _between(first, second)
            return
    if case.planned and writers:
        yield _finding(
            f"a plan of passo and {writers[0].kind} both write the rate", writers[0].call
        )
        return
    edits = [each for each in case.stretches("edit") if each.detail["key"] == "lr"]
    ours = [each for each in edits if each.detail["by_script"]]
    for known in writers:
        later = [each for each in ours if meddles(case, known, each)]
        hits = sum(each.hits for each in later)
        if hits >= HABIT:
            yield _finding(
                f"{known.kind} advanced {known.hits:,} times and the script itself wrote the "
                f"rate before {hits:,} updates",
                str(later[0].detail["where"]),
            )
            return


def meddles(case: Case, known: Known, edit: Stretch) -> bool:
    """Whether an edit falls into a scheduler's time.

    A plateau holds no value of its own: until it first reduces the rate, that is anybody's. An
    edit right before another scheduler is built begins a new phase.
    """
    if edit.end < known.begun:
        return False
    if known.plateau:
        writes = [e.clock for e in case.events("turn") if e.detail["by"] == known.number]
        return edit.end > min(writes, default=edit.end)
    clocks = {edit.begin + k * edit.every for k in range(edit.times)}
    return not clocks <= {other.begun for other in case.leading if other.begun > known.begun}


def _overlap(first: Known, second: Known) -> bool:
    spans = [
        (min(e.begin for e in each.advances), max(e.end for e in each.advances))
        for each in (first, second)
    ]
    return max(begin for begin, _ in spans) < min(end for _, end in spans)


def _between(first: Known, second: Known) -> Finding:
    winner = first if first.reads_rate is False else second
    return _finding(
        f"{first.kind} ({first.hits:,} advances) and {second.kind} ({second.hits:,}) both write "
        f"the rate, and {winner.kind} computes its value from the base alone",
        second.call,
    )


def _finding(seen: str, where: str) -> Finding:
    return Finding(
        CODE,
        seen,
        "whoever writes last wins, and what the other one did is lost",
        "one schedule for the field: SequentialLR for one after the other, a product in one "
        "LambdaLR for both at once",
        where,
    )
