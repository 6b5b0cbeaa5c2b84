"""P011: a plateau that never got its metric, or got a count for one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.plateaus import Judged, judged
from passo.schedules.reports import unheard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P011"
LEAST = 2  # updates: before the second one there was nothing to tell
SEEN = 4  # reports: a metric may go up by the same step two times
COUNT = re.compile(r"(?:epoch|step|global_step|it|iter|iteration|i|n|t)\b.*")
NAMED = re.compile(r"(Plateau|Greedy|Bounce)\([\'\"]([^\'\"]+)")


def look(case: Case) -> Iterator[Finding]:
    """A plateau that nobody told anything, at the end of a run, or that was told the epoch."""
    yield from (_counted(each) for each in judged(case) if _counts(each))
    if not case.finished or case.too_short or case.updates < LEAST:
        return
    for known in case.leading:
        if known.plateau and not known.hits and known.updates >= LEAST:
            yield _unheard(known)
    for kind, metric in dict.fromkeys(NAMED.findall(str(case.trace.plan or ""))):
        if metric not in case.trace.metrics:
            seen, why = unheard(metric, case.updates, case.trace.metrics, kind)
            write = f"scheduler.report({{{metric!r}: ...}}) after each validation"
            yield Finding(CODE, seen, why, write, "")


def _counts(each: Judged) -> bool:
    """Whether the reports go up by one and the same step: by 1, or under a name for a count."""
    steps = {b - a for a, b in pairwise(each.metrics)}
    if len(each.metrics) < SEEN or len(steps) != 1:
        return False
    step = steps.pop()
    return step == 1 or (step > 0 and COUNT.fullmatch(each.name) is not None)


def _counted(each: Judged) -> Finding:
    return Finding(
        CODE,
        f"{each.known.kind} was told {each.name}, which counts from {each.metrics[0]:g} to "
        f"{each.metrics[-1]:g} in {len(each.metrics)} reports, and reduced the rate "
        f"{each.reductions} times",
        "a count says nothing of how training goes: it only ever rises",
        "scheduler.step(val_loss)",
        each.known.call,
    )


def _unheard(known: Known) -> Finding:
    return Finding(
        CODE,
        f"{known.kind} got no metric in {known.updates:,} updates",
        "it can only reduce the rate when it is told how training goes",
        "scheduler.step(val_loss)",
        known.where,
    )
