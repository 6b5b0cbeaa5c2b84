"""P012: a plateau that cannot fire, or watches the wrong way."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Final

from passo.doctor.finding import Finding
from passo.doctor.plateaus import Judged, judged
from passo.doctor.rules.p007 import ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from passo.doctor.case import Case

CODE = "P012"
SEEN = 3  # reports: fewer say nothing about a direction
COURSE = 8  # reports: fewer that fall one after the other may do so by chance
ALWAYS = 0.9  # of the reports: a metric that is to rise comes down now and then at most
LESS = 0.5  # the last over the first: what fell as far as that is no score that wavers
FEW = 4  # reports that fall one after the other, while the loss falls too
CLEAR = 0.1  # of the first report: less is a score that wavers
RISING = re.compile(
    r"acc|f1|auc|precision|recall|iou|dice|bleu|rouge|psnr|ssim|score|reward|return|map(?![a-z])",
    re.IGNORECASE,
)
FALLING: Final = re.compile(r"loss|err|mse|mae|rmse|perplex|ppl|nll|wer|fid", re.IGNORECASE)


def look(case: Case) -> Iterator[Finding]:
    """What keeps a plateau from doing what it is for: its mode, a sign, eps, NaN, its patience."""
    for each in judged(case):
        for trouble in (_nan, _mode, _sign, _eps, _floor, _patience):
            found = trouble(each, case)
            if found is not None:
                seen, write = found
                yield Finding(
                    CODE,
                    f"{each.known.kind} {seen}",
                    "it reduces the rate at the wrong time, or never",
                    write,
                    each.known.where,
                )
                break


def _nan(each: Judged, _case: Case) -> tuple[str, str] | None:
    odd = sum(math.isnan(value) for value in each.metrics)
    if odd < 1:
        return None
    return (
        (
            f"was told NaN {odd} times in {len(each.metrics)} reports of {each.name}; NaN is never "
            "better than the best, so each counts as a bad one"
        ),
        "find out why the metric is NaN, and do not report it",
    )


def _mode(each: Judged, case: Case) -> tuple[str, str] | None:
    values = each.metrics[: each.alive]
    if len(values) < SEEN:
        return None
    rising, falling = bool(RISING.search(each.name)), bool(FALLING.search(each.name))
    if each.rule.mode == "min":
        wrong = rising and not falling and _course(values) > 0
    else:
        named = falling and not rising and _course(values) < 0
        wrong = named or _fell(each, case, rising=rising)
    if not wrong:
        return None
    other = "max" if each.rule.mode == "min" else "min"
    return (
        (
            f"has mode={each.rule.mode!r} and watches {each.name}, which went from "
            f"{each.metrics[0]:.3g} to {each.metrics[-1]:.3g}; it reduced the rate "
            f"{each.reductions} times"
        ),
        f"ReduceLROnPlateau(optimizer, mode={other!r})",
    )


def _course(values: Sequence[float]) -> float:
    """Where a metric went: above 0 up, below 0 down, 0 where its ends and its halves disagree."""
    half = len(values) // 2
    ends, halves = values[-1] - values[0], fmean(values[-half:]) - fmean(values[:half])
    return ends if ends * halves > 0 else 0.0


def _fell(each: Judged, case: Case, *, rising: bool) -> bool:
    """Whether it fell as a loss does, whatever its name: all the time, and by much.

    What is called a score has to lose half of it while the loss falls. The reports before the
    rate was gone count, since a wrong mode itself ends the fall; where the loss of training is
    known to fall beside it, four of them tell.
    """
    values = each.metrics[: each.alive]
    down = sum(b < a for a, b in pairwise(values))
    if down < ALWAYS * (len(values) - 1):
        return False
    loss = _loss(each, case)
    if loss > 0 or (rising and not loss):
        return False
    far = (
        len(values) >= (FEW if loss < 0 else COURSE)
        and values[0] > 0
        and values[-1] <= LESS * values[0]
    )
    clear = len(values) >= FEW and values[0] - values[-1] >= CLEAR * abs(values[0])
    return far or (clear and loss < 0 and not rising)


def _loss(each: Judged, case: Case) -> float:
    """Where the loss of training went up to then: below 0 down; 0 where it is not known."""
    if "loss" not in case.trace.metrics:
        return 0.0
    clocks, losses = case.trace.series("loss")
    early = losses[: bisect_right(clocks, each.clocks[each.alive - 1])]
    return _course(early) if len(early) >= SEEN else 0.0


def _sign(each: Judged, _case: Case) -> tuple[str, str] | None:
    relative = each.rule.torchs and each.rule.threshold_mode == "rel"
    if relative and max(each.metrics) < 0 and each.flat_beyond_patience:
        return (
            (
                f"has threshold_mode='rel' and {each.name} is below 0 ({each.metrics[-1]:.3g}): "
                "best times (1 - threshold) lies above best there: nothing ever counts as bad"
            ),
            "threshold_mode='abs'",
        )
    return None


def _eps(each: Judged, case: Case) -> tuple[str, str] | None:
    if each.due and not each.reductions and each.change < each.eps:
        return (
            (
                f"was due {each.due} times and never reduced {case.last:.3g}: the change of "
                f"{each.change:.3g} is not above eps={each.eps:.3g}"
            ),
            f"eps={each.change / 100:.0e}, or 0",
        )
    return None


def _floor(each: Judged, case: Case) -> tuple[str, str] | None:
    if each.due and not each.reductions and case.last <= each.least:
        return (
            (
                f"was due {each.due} times and never reduced {case.last:.3g}, which is at min_lr="
                f"{each.least:.3g} already"
            ),
            "a min_lr below the rate that training begins with",
        )
    return None


def _patience(each: Judged, case: Case) -> tuple[str, str] | None:
    most = len(each.metrics)
    if not case.finished or case.left or most >= each.rule.patience + 2:
        return None
    if (many := case.built_anew(each.known)) >= SEEN:
        return (
            (
                f"has patience={each.rule.patience} and was built {many} times by one line, one "
                f"after another: each began anew, and the last one got {most} "
                f"{'report' if most == 1 else 'reports'}"
            ),
            ONCE.format(each.known.kind),
        )
    if most < SEEN:
        return None
    return (
        (
            f"has patience={each.rule.patience} and got {most} reports in the whole run: it cannot "
            f"have fired before report {each.rule.patience + 2}"
        ),
        f"patience={max(1, most // 4)}, in reports",
    )
