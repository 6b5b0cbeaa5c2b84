"""P010: a param group that no schedule covers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.trace import Column

CODE = "P010"
MOVES = 1.1  # the largest over the smallest rate of the other groups: they follow a schedule
LEFT = 5.0  # times the rate of the others: a late group for which every drop came too early
IDLE = 2  # advances while another optimizer made the updates: one may come in between
SAME = 1e-6  # relative: a warm-up that comes to the base gets there but for a rounding
CHANGES = 2  # of another group while this one stood still


def look(case: Case) -> Iterator[Finding]:
    """A group whose rate stands still while a schedule moves that of the others.

    A group that was there when its scheduler was built may stand still on purpose (a lambda of its
    own); one that joined later was forgotten, and so was one that had the same rate as the group
    that the script moves by hand. A line in a loop over all groups came to this one too, and left
    it alone, or wrote the same again: that is meant.
    """
    rates = [each for each in case.trace.columns if each.key == "lr" and each.values]
    moving = [each for each in rates if _moves(each)]
    yield from _elsewhere(case)
    if not moving or case.attached:
        return
    for still in rates:
        value = still.values[0]
        if len(still.values) > 1 or still.coarse or not value:
            continue
        joined = still.updates[0]
        leader = next((each for each in moving if _began_alike(still, each)), moving[0])
        left = joined and value >= LEFT * (leader.values[-1] or math.inf)
        if sum(update > joined for update in leader.updates) < CHANGES and not left:
            continue
        if _forgotten(case, still, leader):
            yield _finding(case, still, leader, joined)


def _elsewhere(case: Case) -> Iterator[Finding]:
    """The scheduler moves an optimizer that makes no updates: another one holds the parameters."""
    for known in case.leading:
        found = case.recurrences("elsewhere", known.number)
        hits = sum(each.hits for each in found)
        if hits < IDLE:
            continue
        yield Finding(
            CODE,
            f"{known.kind} advanced {hits:,} times while its optimizer made no update: another "
            f"{found[0].detail['other']}, which no schedule covers, updates the same parameters",
            "these parameters train at a rate that nobody scheduled",
            "a new scheduler for the new optimizer",
            str(found[0].detail["where"]),
            case.updates,
        )


def _moves(column: Column) -> bool:
    known = [each for each in column.values if each]
    return len(known) > CHANGES and max(known) >= MOVES * min(known)


def _forgotten(case: Case, still: Column, leader: Column) -> bool:
    late = still.updates[0] > leader.updates[0]
    writers = [known for known in case.leading if known.hits]
    if writers:
        return late or all(known.family[:1] != ("LRScheduler",) for known in writers)
    edits = [
        e for e in case.recurrences("edit") if e.detail["by_script"] and e.detail["key"] == "lr"
    ]
    if any(each.detail.get("groups") for each in edits):
        return False
    return bool(edits) and (late or _began_alike(still, leader))


def _began_alike(still: Column, leader: Column) -> bool:
    """Whether it stands where the other one began, or where that turned after a warm-up."""
    value = still.values[0] or math.nan
    known = [each for each in leader.values if each is not None]
    begins, top = known[:2], max([*known, *(each.high for each in leader.coarse)])
    turns = [top] if known[-1] < top else []
    return any(math.isclose(value, each, rel_tol=SAME) for each in [*begins, *turns])


def _finding(case: Case, still: Column, leader: Column, joined: int) -> Finding:
    group = case.trace.groups[still.group] if still.group is not None else "?"
    edits = [e for e in case.recurrences("edit") if e.detail["by_script"]]
    built = [known.where for known in case.leading if known.hits]
    where = built[0] if built else str(edits[0].detail["where"]) if edits else ""
    since = f", which joined at update {joined:,}," if joined else ""
    return Finding(
        CODE,
        f"param group {group}{since} kept the rate {still.values[0]:.3g} for "
        f"{case.updates - joined:,} updates, while that of group "
        f"{case.trace.groups[leader.group or 0]} went from {leader.values[0]:.3g} to "
        f"{leader.values[-1]:.3g}",
        "these parameters train at a rate that nobody scheduled",
        _write(group, joined, built),
        where,
        joined,
    )


def _write(group: str, joined: int, built: list[str]) -> str:
    if built:
        return "a scheduler built when all groups are there"
    if joined:
        return (
            "for group in optimizer.param_groups: ..., with a base rate for each: what was listed "
            f"before group {group} joined needs one more"
        )
    return "for group in optimizer.param_groups: ..."
