"""P022: a plateau on a metric whose noise exceeds its threshold."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.plateaus import Judged, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.doctor.case import Case

CODE = "P022"
NOISE = 10.0  # times the threshold: within that a reduction may be right by luck
LEAST = 10  # reports before a reduction: fewer have no trend
SURE = 3.0  # standard errors of the slope so far: one of 700 flat metrics looks like that
STILL = 1.5  # standard errors of its later half, which has an eighth of the evidence
STEADY = 0.5  # of the slope so far in its later half: what falls below that was flattening
UNMOVED = 2.0  # times the noise: a metric that came less far had shown nothing yet
BATCH = 1.5  # updates for each report: what is told once a batch
EIGHTH = 8  # of the reports: the rest has to be better than the first ones
MOVED = 2.0  # standard errors by which it is: many reductions stand beside it
DEAD = 1e-3  # of the peak, where training hardly moves
LEFT = 0.1  # of the peak: a floor below that is near the end of training too
LONG = 0.4  # of the updates below that: nothing can be seen of what there was to wait for
MANY = 4  # reductions of a metric that had shown nothing: fewer may be bad luck


def look(case: Case) -> Iterator[Finding]:
    """The rate was reduced while the metric still improved underneath its noise.

    Either the metric improved steadily up to the first reduction, or it is told each batch and the
    rate went down again and again before the metric had moved beyond its noise. A metric that had
    flattened is what a plateau is for.
    """
    for each in judged(case):
        if not each.fired:
            continue
        loud = each.noise >= NOISE * each.margin
        seen = (_steady(each) if loud else None) or _unmoved(each, case)
        if seen:
            yield Finding(
                CODE,
                f"{each.known.kind} reduced the rate {_times(each.reductions or len(each.fired))}; "
                f"{seen}",
                "one lucky value sets the mark, and all that follow count as bad",
                "a smoothed metric (the mean of an epoch), or a longer patience; a larger "
                "threshold makes reductions come sooner",
                each.known.call,
            )


def _steady(each: Judged) -> str | None:
    """What is to be said where the metric was still improving at the first reduction."""
    until = each.fired[0] + 1
    if until < LEAST:
        return None
    late = each.metrics[until // 2 : until]
    overall, error = _slope(each, each.metrics[:until])
    recent, doubt = _slope(each, late)
    if overall < SURE * error or recent < max(STILL * doubt, STEADY * overall):
        return None
    return (
        f"at the first time {each.name} was improving by {recent:.2g} a report, as steadily as "
        f"before, under a noise of {each.noise:.2g} from one report to the next"
    )


def _unmoved(each: Judged, case: Case) -> str | None:
    """What is to be said where batches were told, and none had shown anything yet.

    The reductions that came before the metric had moved by its noise count; it has to have moved
    later, or there was nothing to wait for, unless they left no rate to move it with. A metric
    without noise had no lucky value.
    """
    if each.known.pace > BATCH or not each.noise:
        return None
    window, sign = each.rule.patience + 1, 1 if each.rule.mode == "min" else -1
    start, early = fmean(each.metrics[:window]), 0
    for place in each.fired:
        gain = sign * (start - fmean(each.metrics[place + 1 - window : place + 1]))
        if gain > UNMOVED * each.noise:
            break
        early += 1
    first = max(1, len(each.metrics) // EIGHTH)
    moved = sign * (fmean(each.metrics[:first]) - fmean(each.metrics[first:] or each.metrics))
    dead = _died(each, case) if early == len(each.fired) else None
    if early < MANY or (moved < MOVED * each.noise / first**0.5 and dead is None):
        return None
    made = min(early, each.reductions or early)
    return (
        f"it is told each batch, and the first {made} of them came before {each.name} had moved "
        f"by more than {UNMOVED:g} times its noise of {each.noise:.2g}"
        + (f"; from update {dead:,} on the rate was {case.at(dead):.2g}" if dead else "")
    )


def _died(each: Judged, case: Case) -> int | None:
    """From which update on there was next to no rate, if that was for a large part of the run."""
    floor = each.least if each.least <= LEFT * case.peak else 0.0
    dead = case.first_below(max(DEAD * case.peak, floor * (1 + 1e-9)))
    return dead if dead is not None and dead <= (1 - LONG) * case.updates else None


def _slope(each: Judged, values: Sequence[float]) -> tuple[float, float]:
    """By how much the metric improves for each report, and the error of that."""
    middle = (len(values) - 1) / 2
    square = sum((k - middle) ** 2 for k in range(len(values)))
    sign = -1 if each.rule.mode == "min" else 1
    slope = sum((k - middle) * value for k, value in enumerate(values)) / square
    return sign * slope, float(each.noise / square**0.5)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
