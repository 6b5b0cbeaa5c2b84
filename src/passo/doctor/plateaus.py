"""Plateaus as a trace tells of them: the metrics they got, and when they should have fired."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from passo.ground.errors import PassoError
from passo.schedules.reducer import Reducer, Rule

if TYPE_CHECKING:
    from passo.doctor.case import Case
    from passo.doctor.known import Known

DEAD: Final = 1.1e-3  # of the peak: three reductions by ten, after which a metric hardly moves
BEND: Final = 1.652  # the median of |a - 2b + c| where a, b, c are normal with spread 1


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A plateau and its metric, gone through again by the rule of the class that was built.

    `clocks` are those of the reports, `fired` the places of those at which it was due,
    `reductions` how often the rate really changed then. The first `alive` reports came before the
    reductions had left next to no rate: later ones say nothing of where the metric was going.
    """

    known: Known
    name: str
    rule: Rule
    clocks: Sequence[int]
    metrics: Sequence[float]
    fired: Sequence[int]
    reductions: int
    alive: int
    flat_beyond_patience: bool
    change: float

    @property
    def due(self) -> int:
        """How often it should have reduced the rate."""
        return len(self.fired)

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
        finite = [abs(each) for each in self.metrics if math.isfinite(each)]
        relative = self.rule.threshold_mode == "rel"
        scale = median(finite) if relative and finite else 1.0
        return max(self.rule.threshold * scale, 1e-300)


def judged(case: Case) -> Iterator[Judged]:
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
) -> Judged:
    rule = _rule(known)
    reducer = Reducer(rule)
    fired = [place for place, metric in enumerate(metrics) if reducer.see(metric)]
    rates = [(case.at(clocks[k] - 1), case.at(clocks[k])) for k in fired]
    reductions = sum(after < before for before, after in rates)
    factor = float(known.plan.get("factor", 0.1))
    change = min((before * (1 - factor) for before, _ in rates), default=math.inf)
    flat = _longest_flat(rule, metrics) > rule.patience + 1 and not reductions
    dead = (k + 1 for k, (_, after) in zip(fired, rates) if after <= DEAD * case.peak)  # noqa: B905
    alive = next(dead, len(metrics))
    return Judged(known, name, rule, clocks, metrics, fired, reductions, alive, flat, change)


def _rule(known: Known) -> Rule:
    """What its class decides by, with the parameters that it followed at the end."""
    plan = known.plan
    return Rule(
        "max" if plan.get("mode") == "max" else "min",
        float(plan.get("threshold", 1e-4)),
        "abs" if plan.get("threshold_mode") == "abs" else "rel",
        int(plan.get("patience", 10)),
        int(plan.get("cooldown", 0)),
        torchs=known.follows_torch,
    )


def _longest_flat(rule: Rule, metrics: Sequence[float]) -> int:
    """The most reports in a row of which none was better than all before, by however little."""
    reducer = Reducer(replace(rule, threshold=0.0, patience=len(metrics), cooldown=0))
    most = 0
    for metric in metrics:
        reducer.see(metric)
        most = max(most, reducer.bad)
    return most
