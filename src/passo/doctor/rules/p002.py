"""P002: updates happened, the scheduler never advanced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case
    from passo.doctor.known import Known

CODE = "P002"
LEAST = 2  # updates: after one of them the first advance may still have been to come


def look(case: Case) -> Iterator[Finding]:
    """A scheduler that nothing ever advanced, at the end of a run."""
    if case.finished:
        for told in (each.detail for each in case.events("unseen")):
            yield Finding(CODE, told["seen"], told["why"], told["write"], told["where"])
    if not case.finished or case.too_short:
        return
    for known in case.leading:
        failed = any(each.detail["scheduler"] == known.number for each in case.events("failed"))
        if (
            known.hits
            or known.gained
            or known.plateau
            or known.updates < LEAST
            or failed
            or _replaced(case, known)
        ):
            continue
        yield Finding(
            CODE,
            f"{known.updates:,} updates were made and {known.kind} never advanced; "
            f"the rate was {case.last:.3g} at the end",
            "the schedule has no effect: the rate stays where building the scheduler left it",
            "scheduler.step() after optimizer.step(), or once after each epoch",
            known.where,
            case.updates,
        )


def _replaced(case: Case, known: Known) -> bool:
    """Whether another one of its class was built in its place before any update, and advanced."""
    return any(
        each.hits and each.kind == known.kind and each.number > known.number
        for each in case.leading
        if each.begun == known.begun
    )
