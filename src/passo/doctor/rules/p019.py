"""P019: divergence, and the rate at which it began."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.doctor.case import Case

CODE = "P019"
SEEN = 5  # losses: fewer are no course
TIMES = 30.0  # the end over the beginning and over the least: a hard task does not rise like that
BURST = 1000.0  # the largest over both ends: no batch is that much harder than the others
STAYED = 5.0  # the end over the first loss, after such a burst: it did not come back
WINDOW = 5  # losses whose median counts
RISE = 2.0  # times the least so far: there it began


def look(case: Case) -> Iterator[Finding]:
    """A loss that ended non-finite, or far above where it began."""
    if "loss" not in case.trace.metrics:
        return
    clocks, losses = case.trace.series("loss")
    if case.updates < SEEN or not losses:
        return
    odd = not math.isfinite(losses[-1])
    if len(losses) < SEEN:  # a loss that stays is kept once, and so is one that stays NaN
        if not (odd and _rose(losses)):
            return
    elif not odd and not _exploded(losses):
        return
    begin = _began(losses)
    update = clocks[begin]
    end = f"{losses[-1]:.3g}"
    owner = max(case.leading, key=lambda known: known.hits, default=None)
    finite = [each for each in losses if math.isfinite(each)] or [math.nan]
    yield Finding(
        CODE,
        f"the loss went from {losses[0]:.3g} (least {min(finite):.3g}) to {end}; it began to rise "
        f"at update {update:,}, at a rate of {case.at(update):.3g}",
        "the rate was more than the loss surface bears, and what was learned is lost",
        f"a peak below {case.at(update):.3g}: a third of it, with a warm-up",
        owner.where if owner is not None else "",
        update,
    )


def _rose(losses: Sequence[float]) -> bool:
    """Whether few losses went far up, or to infinity: what is NaN at once may come of the data."""
    highest = max((each for each in losses if not math.isnan(each)), default=0.0)
    return 0 < TIMES * losses[0] < highest


def _exploded(losses: Sequence[float]) -> bool:
    if any(not math.isfinite(each) for each in losses):
        return False
    window = max(1, min(WINDOW, len(losses) // 4))
    head, tail = median(losses[:window]), median(losses[-window:])
    least = min(median(losses[k : k + window]) for k in range(len(losses) - window + 1))
    first = losses[0]
    burst = first > 0 and max(losses) > BURST * max(first, tail) and tail > STAYED * first
    return least > 0 and (burst or tail > TIMES * max(head, least))


def _began(losses: Sequence[float]) -> int:
    """The last place at which the loss was still near the least that it had reached by then."""
    least, begin = math.inf, 0
    for place, value in enumerate(losses):
        if math.isfinite(value):
            least = min(least, value)
            if value <= RISE * abs(least) or value <= least:
                begin = place
    return begin
