"""P001: the scheduler advances before the update that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.rules.p003 import OFTEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known
    from passo.doctor.recurrence import Recurrence

CODE = "P001"
NOTHING = 1e-6  # of the peak: who skips such a value skips a start at zero, on purpose


def look(case: Case) -> Iterator[Finding]:
    """An advance before the first update, by the line that goes on advancing, or by one alone.

    A burst of calls before the first update, made by a line that never comes again, or after a
    state was loaded, fast-forwards a run: that is meant. So is an epoch that the script gives, a
    `last_epoch` that it set back, and a first value of zero. Several advances for each update are
    another fault, or none.
    """
    for known in case.leading:
        early = [each for each in known.advances if each.detail.get("moved")]
        first = min(early, key=lambda each: each.begin, default=None)
        if first is None or first.begin > known.begun or known.plateau or not known.updates:
            continue
        where = str(first.detail["where"])
        if known.often >= OFTEN or _is_meant(case, known, first):
            continue
        if _forwards(case, known, where) or _skipped(case, known):
            continue
        yield Finding(
            CODE,
            f"{known.kind} advanced before update {known.begun}, the first one; {known.updates:,} "
            f"updates began at its second value",
            "the first value is never used, and each update uses the value of the next",
            "optimizer.step() first, then scheduler.step()",
            where,
            known.begun,
        )


def brings(case: Case, known: Known, update: int) -> bool:
    """Whether what begins at an update came with the last advance, which was one too early."""
    return known.hits > 0 and known.span[1] == update and any(look(case))


def _is_meant(case: Case, known: Known, first: Recurrence) -> bool:
    """Whether the script chose the position itself, or passes over a value of nothing."""
    stood = first.detail.get("stood")
    rates = [value for name, value in known.after.items() if name.endswith(".lr")]
    return (
        bool(first.detail.get("told"))
        or (stood is not None and stood != known.start)
        or (bool(rates) and max(rates) <= NOTHING * case.peak)
    )


def _forwards(case: Case, known: Known, where: str) -> bool:
    hits = [each for each in known.advances if each.detail["where"] == where]
    again = any(each.end > known.begun for each in hits)
    burst = sum(each.each for each in hits if each.begin == known.begun)
    loaded = any(each.clock <= known.begun for each in case.events("load"))
    return not again and (burst > 1 or loaded)


def _skipped(case: Case, known: Known) -> bool:
    return any(each.begin == known.begun for each in case.recurrences("over skip", known.number))
