"""Where the rate jumps, and which edits by the script disturb a scheduler."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from passo.doctor.case import Case
    from passo.doctor.known import Known
    from passo.doctor.recurrence import Recurrence

RATIO: Final = 1.5  # the larger rate over the smaller: less than a half is hard to see in a loss
LARGER: Final = 3.0  # times the largest change nearby: neither side moves like that by itself
NEAR: Final = 8  # changes on either side
BLOCK: Final = 2  # edits: one alone is no warm-up
SHARE: Final = 0.5  # of the updates: a warm-up that lasts longer is a schedule of its own
LINE: Final = 3  # values: two are on a line by themselves
NEARLY: Final = 0.9  # of the optimizer's rate: nearer to it a warm-up is over
STRAIGHT: Final = 0.05  # of the rise: what leaves the line by more is another curve
SAME: Final = 1e-9  # relative: an edit that a scheduler found there left this very number


def meddling(case: Case, known: Known, key: str) -> list[Recurrence]:
    """The edits of a field by the script that fall into a scheduler's time.

    A warm-up by hand that ends where the schedule goes on takes nothing from it; one that never
    ends has a finding of its own.
    """
    if key == "lr" and endless(case) is not None:
        return []
    edits = [
        e for e in case.recurrences("edit") if e.detail["by_script"] and e.detail["key"] == key
    ]
    found = [each for each in edits if _meddles(case, known, each)]
    return [] if key == "lr" and _leads_in(case, known, found) else found


def _meddles(case: Case, known: Known, edit: Recurrence) -> bool:
    """Whether an edit falls into a scheduler's time.

    A plateau holds no value of its own: until it first reduces the rate, that is anybody's. An
    edit right before another scheduler is built begins a new phase, and what comes after the last
    advance is the script's own.
    """
    if edit.end < known.begun or (known.hits and edit.begin >= known.span[1]):
        return False
    if known.plateau:
        writes = [e.clock for e in case.events("turn") if e.detail["by"] == known.number]
        return edit.end > min(writes, default=edit.end)
    builds = {other.begun for other in case.leading if other.begun > known.begun}
    if _prepared(case, known, str(edit.detail["key"])):
        builds.add(known.begun)
    return not {clock for clock in edit.clocks() if clock >= known.begun} <= builds


def _prepared(case: Case, known: Known, key: str) -> bool:
    """Whether an edit at the clock of its building came before: what that left was used next."""
    if any(each.begin == known.begun for each in known.advances):
        return True
    left = {n: v for n, v in known.after.items() if n.partition(".")[2].partition("[")[0] == key}
    return all(_used(case, known.begun, name, value) for name, value in left.items())


def _used(case: Case, update: int, name: str, value: float | None) -> bool:
    group, _, key = name.partition(".")
    try:
        used = case.trace.value(update, key, int(group))
    except PassoError:
        return value is None
    return value is not None and math.isclose(used, value, rel_tol=SAME)


def _leads_in(case: Case, known: Known, edits: list[Recurrence]) -> bool:
    """Whether they are a warm-up from the scheduler's first update on, and nothing of it is lost.

    The scheduler's own values are used after the last edit only, and the first of them joins: at
    the clock of that edit, where accumulation goes on, the scheduler may have written after it. A
    staircase must not have fallen underneath.
    """
    if known.plateau or sum(each.hits for each in edits) < BLOCK:
        return False
    last = max(each.end for each in edits)
    if last - known.begun > SHARE * known.updates:
        return False
    turns = [each.clock for each in case.events("turn") if known.wrote(each.detail["by"])]
    joins = min((clock for clock in turns if clock > known.begun), default=None)
    if (joins is not None and joins < last) or _jumped(case, known.begun + 1, last):
        return False
    fall = known.first_fall
    if fall is not None:
        return known.gained_by(last) < fall
    return joins is not None and not _jumped(case, joins, joins)


class Endless(NamedTuple):
    """A warm-up by hand that still rose when the run ended: to where, how long, the line."""

    goal: float
    length: float
    where: str


def endless(case: Case) -> Endless | None:
    """The rate rises in a line, written by the script, and is far from that of the optimizer.

    None where it does not, or where nobody knows with which rate the optimizer was built.
    """
    goal, values = case.meta.get("rate"), case.values
    edits = [
        e for e in case.recurrences("edit") if e.detail["by_script"] and e.detail["key"] == "lr"
    ]
    if not isinstance(goal, float) or not edits or len(values) < LINE or case.column.coarse:  # type: ignore[union-attr]
        return None
    turns = [each.detail["by"] for each in case.events("turn")]
    (begin, first), (end, last) = values[0], values[-1]
    slope = (last - first) / (end - begin)
    if turns[-1:] != ["script"] or slope <= 0 or last >= NEARLY * goal:
        return None
    off = max(abs(first + slope * (update - begin) - value) for update, value in values)
    gap = max(b - a for (a, _), (b, _) in pairwise(values))
    if off > STRAIGHT * (last - first) or case.updates - end > gap:
        return None
    return Endless(goal, begin + (goal - first) / slope, str(edits[-1].detail["where"]))


def _jumped(case: Case, begin: int, end: int) -> bool:
    """Whether the rate jumped at one of these updates."""
    places = (k for k, (update, _) in enumerate(case.values) if begin <= update <= end)
    return any(jumps(case, place) for place in places)


def jumps(case: Case, k: int) -> bool:
    """Whether the rate's change number k is larger than those around it explain."""
    if k == 0:
        return False
    before, after = case.values[k - 1][1], case.values[k][1]
    low, high = sorted((before, after))
    if low <= 0 or high < RATIO * low:
        return False
    nearby = [
        abs(case.values[i][1] - case.values[i - 1][1])
        for i in range(max(1, k - NEAR), min(len(case.values), k + NEAR + 1))
        if i != k
    ]
    return abs(after - before) > LARGER * max(nearby, default=0.0)
