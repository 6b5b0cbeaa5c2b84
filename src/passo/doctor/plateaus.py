"""Plateaus as a trace tells of them: what they were told, and when they should have fired."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from passo.ground.errors import PassoError

if TYPE_CHECKING:
    from passo.doctor.case import Case
    from passo.doctor.known import Known

BEND: Final = 1.652  # the median of |a - 2b + c| where a, b, c are normal with spread 1


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A plateau and its metric, gone through again by the rule that it follows.

    `fired` are the places of the reports at which it was due, `reductions` how often the rate
    really changed then.
    """

    known: Known
    name: str
    metrics: Sequence[float]
    fired: Sequence[int]
    reductions: int
    flat_beyond_patience: bool
    change: float

    @property
    def due(self) -> int:
        """How often it should have reduced the rate."""
        return len(self.fired)

    @property
    def mode(self) -> str:
        """Whether less or more is better."""
        return str(self.known.plan.get("mode", "min"))

    @property
    def patience(self) -> int:
        """How many bad reports it bears."""
        return int(self.known.plan.get("patience", 10))

    @property
    def relative(self) -> bool:
        """Whether its threshold is a share of the best."""
        return str(self.known.plan.get("threshold_mode", "rel")) == "rel"

    @property
    def eps(self) -> float:
        """The change that is too small to be made."""
        return float(self.known.plan.get("eps", 1e-8))

    @property
    def least(self) -> float:
        """The rate below which it does not go."""
        least = self.known.given.get("min_lr", 0.0)
        return float(max(least) if isinstance(least, list) else least or 0.0)

    @property
    def noise(self) -> float:
        """The spread of the metric around its course: what is left of three neighbours' bend."""
        triples = zip(self.metrics, self.metrics[1:], self.metrics[2:])  # noqa: B905
        bends = [abs(a - 2 * b + c) for a, b, c in triples]
        return median(bends) / BEND if bends else 0.0

    @property
    def margin(self) -> float:
        """What counts as better: the threshold in the metric's own unit."""
        threshold = float(self.known.plan.get("threshold", 1e-4))
        finite = [abs(each) for each in self.metrics if math.isfinite(each)]
        scale = median(finite) if self.relative and finite else 1.0
        return max(threshold * scale, 1e-300)


def watched(case: Case) -> Iterator[Watched]:
    """Every plateau that got a metric."""
    if case.meta.get("thinned"):
        return
    for known in case.leading:
        names = {str(e.detail["metric"]) for e in known.advances if "metric" in e.detail}
        if not known.plateau or len(names) != 1:
            continue
        name = names.pop()
        try:
            clocks, metrics = case.trace.series(name)
        except PassoError:
            continue
        if len(metrics) != known.hits:
            metrics = metrics[-known.hits :]
            clocks = clocks[-known.hits :]
        yield _gone_through(case, known, name, clocks, metrics)


def _gone_through(
    case: Case, known: Known, name: str, clocks: Sequence[int], metrics: Sequence[float]
) -> Watched:
    fired = list(_due(known.plan, metrics))
    rates = [(case.at(clocks[k] - 1), case.at(clocks[k])) for k in fired]
    reductions = sum(after < before for before, after in rates)
    factor = float(known.plan.get("factor", 0.1))
    change = min((before * (1 - factor) for before, _ in rates), default=math.inf)
    flat = _longest_flat(metrics, str(known.plan.get("mode", "min")))
    beyond = flat > int(known.plan.get("patience", 10)) + 1
    return Watched(known, name, metrics, fired, reductions, beyond and not reductions, change)


def _due(plan: Any, metrics: Sequence[float]) -> Iterator[int]:
    """The places of the reports at which torch's rule reduces the rate."""
    sign = 1.0 if plan.get("mode", "min") == "min" else -1.0
    threshold, patience = float(plan.get("threshold", 1e-4)), int(plan.get("patience", 10))
    relative = plan.get("threshold_mode", "rel") == "rel"
    best, bad, cooling = math.inf * sign, 0, 0
    for place, value in enumerate(metrics):
        bound = best * (1 - sign * threshold) if relative else best - sign * threshold
        if sign * value < sign * bound:
            best, bad = value, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > patience:
            cooling, bad = int(plan.get("cooldown", 0)), 0
            yield place


def _longest_flat(metrics: Sequence[float], mode: str) -> int:
    """The most reports in a row of which none was better than all before."""
    sign = 1.0 if mode == "min" else -1.0
    best, run, most = math.inf, 0, 0
    for value in metrics:
        if sign * value < best:
            best, run = sign * value, 0
        else:
            run += 1
        most = max(most, run)
    return most
