"""P016: the schedule advanced over skipped updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P016"
SHARE = 0.01  # of the advances: a scaler that looks for its scale skips one or two of thousands


def look(case: Case) -> Iterator[Finding]:
    """Advances for which GradScaler had left the update out."""
    for known in case.leading:
        over = sum(each.hits for each in case.recurrences("over skip", known.number))
        if not over or over < SHARE * known.hits:
            continue
        skips = sum(each.hits for each in case.recurrences("skip"))
        yield Finding(
            CODE,
            f"GradScaler skipped {skips:,} updates, {known.kind} advanced over {over:,} of them: "
            f"{known.hits:,} advances for {known.updates:,} updates",
            "the schedule is ahead of the training; a warm-up is over before it began",
            "before = scaler.get_scale() above scaler.step(optimizer), and below scaler.update() "
            "if scaler.get_scale() >= before: scheduler.step()",
            known.call,
        )
