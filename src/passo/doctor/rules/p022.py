"""P022: a plateau on a metric whose noise exceeds its threshold."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.plateaus import Watched, watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P022"
NOISE = 10.0  # times the threshold: within that a reduction may be right by luck
LEAST = 5  # reports whose mean counts
SEEN = 2  # early reductions, or all of them: one of several may be bad luck
SURE = 1.0  # standard errors by which the mean improved although the plateau fired


def look(case: Case) -> Iterator[Finding]:
    """The rate was reduced while the metric still improved, underneath its noise."""
    for each in watched(case):
        early = [place for place in each.fired if _improving(each, place)]
        few = len(early) < SEEN and len(early) < len(each.fired)
        if not early or few or each.noise < NOISE * each.margin:
            continue
        yield Finding(
            CODE,
            f"{each.known.kind} reduced the rate {len(each.fired)} times; at {len(early)} of them "
            f"{each.name} was still improving under a noise of {each.noise:.2g}, "
            f"{each.noise / each.margin:,.3g} times the threshold of {each.margin:.2g}",
            "one lucky value sets the mark, and all that follow count as bad",
            "a smoothed metric (the mean of an epoch), or a longer patience",
            each.known.call,
        )


def _improving(each: Watched, place: int) -> bool:
    """Whether the mean of the reports that counted as bad is better than that of those before."""
    window = max(LEAST, each.patience + 1)
    late = each.metrics[max(0, place + 1 - window) : place + 1]
    early = each.metrics[max(0, place + 1 - 2 * window) : max(0, place + 1 - window)]
    if len(early) < LEAST or len(late) < LEAST:
        return False
    gain = (fmean(early) - fmean(late)) * (1 if each.mode == "min" else -1)
    error = each.noise * (1 / len(early) + 1 / len(late)) ** 0.5
    return bool(gain > max(each.margin, SURE * error))
