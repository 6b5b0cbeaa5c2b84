"""P011: a plateau that never got its metric."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P011"
LEAST = 2  # updates: before the second one there was nothing to tell
NAMED = re.compile(r"Plateau\([\'\"]([^\'\"]+)")


def look(case: Case) -> Iterator[Finding]:
    """A plateau that nobody told anything, at the end of a run."""
    if not case.finished or case.updates < LEAST:
        return
    for known in case.leading:
        if known.plateau and not known.hits and known.updates >= LEAST:
            yield _finding(f"{known.kind}", known.updates, "scheduler.step(val_loss)", known.where)
    for metric in dict.fromkeys(NAMED.findall(str(case.trace.plan or ""))):
        if metric not in case.trace.metrics:
            told = f"scheduler.report({{{metric!r}: ...}}) after each validation"
            yield _finding(f"Plateau({metric!r})", case.updates, told, "")


def _finding(name: str, updates: int, write: str, where: str) -> Finding:
    return Finding(
        CODE,
        f"{name} got no metric in {updates:,} updates",
        "it can only reduce the rate when it is told how training goes",
        write,
        where,
    )
