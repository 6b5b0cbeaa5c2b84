"""P024: early stopping gives up before the plateau's patience is over."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.plateaus import Judged, judged
from passo.schedules.reducer import Reducer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P024"
LEAST = 2  # bad reports at the end: after one of them a run may have ended for any reason
OTHER = re.compile(r"time|clock|deadline|budget|nan|finite|signal|interrupt|kill", re.IGNORECASE)


def look(case: Case) -> Iterator[Finding]:
    """A loop that was left in the longest row of bad reports, before the rate was ever reduced.

    A break for another reason seldom comes there, and one that waits for a target comes after a
    good report; a condition that speaks of time or of NaN is no early stopping.
    """
    tests = [str(each) for each in case.meta.get("ways out", ())]
    if not case.finished or not case.left or (tests and all(map(OTHER.search, tests))):
        return
    for each in judged(case):
        rows = _rows(each)
        if each.fired not in ([], [len(rows) - 1]) or not rows or rows[-1] < LEAST:
            continue
        if not math.isfinite(each.metrics[-1]) or max(rows[: -rows[-1]], default=0) >= rows[-1]:
            continue
        yield _finding(each, rows[-1], case)


def _rows(each: Judged) -> list[int]:
    """After each report, how many in a row were bad by then."""
    reducer = Reducer(replace(each.rule, patience=len(each.metrics), cooldown=0))
    found = []
    for metric in each.metrics:
        reducer.see(metric)
        found.append(reducer.bad)
    return found


def _finding(each: Judged, bad: int, case: Case) -> Finding:
    patience = each.rule.patience
    return Finding(
        CODE,
        f"the loop was left after {bad} reports of {each.name} without a better one, and "
        f"{each.known.kind} waits for {patience + 1} (patience={patience}): the rate was "
        f"{case.last:.3g} to the end",
        "training is given up before a lower rate was tried, which is what the plateau is for",
        f"early stopping after more than {patience + 1} such reports, several times as many; or "
        f"patience={(bad - 1) // 2} for the plateau",
        each.known.where,
        case.updates,
    )
