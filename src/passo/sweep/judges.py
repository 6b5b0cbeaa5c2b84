"""When a run is given up: at equal shares of the run, or because a law foresees its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from passo.ground.extras import need
from passo.schedules import Run, Schedule
from passo.sweep.answers import judged_by
from passo.sweep.trial import TRACE
from passo.trace import Trace

if TYPE_CHECKING:
    from passo.law import Law, Prediction

SHARES: Final = (0.25, 0.5, 0.75)
MOST_TRACES: Final = 8
LAW: Final = "passo[law]"
WHAT: Final = 'judge="law"'


@dataclass(slots=True)
class Rungs:
    """Hears the reports of a run, and tells Optuna its loss at each quarter of the run.

    A plan that decays looks worst just before it does, so that runs are compared only where each
    has the same share of its plan behind it. The loss at a share is the line between the report
    before and the one after it: l0 + (l1 - l0) (share T - u0) / (u1 - u0).
    """

    trial: Any
    run: Run
    metric: str | None
    given_up: type[Exception]
    last: tuple[int, float] | None = None
    heard: bool = False

    def __call__(self, update: int, metrics: Mapping[str, float]) -> None:
        """Raises `given_up` where the pruner says so."""
        loss = metrics.get(judged_by(metrics, self.metric))
        if loss is None:
            return
        before, self.last, self.heard = self.last, (update, loss), True
        for share in SHARES:
            value = _at(share * self.run.updates, before, (update, loss))
            if value is None:
                continue
            self.trial.report(value, step=round(100 * share))
            if self.trial.should_prune():
                self.trial.set_user_attr("given_up_at", share)
                raise self.given_up


def _at(clock: float, before: tuple[int, float] | None, after: tuple[int, float]) -> float | None:
    """The loss at a clock that the two reports have between them."""
    if after[0] == clock:
        return after[1]
    if before is None or not before[0] < clock < after[0]:
        return None
    share = (clock - before[0]) / (after[0] - before[0])
    return before[1] + (after[1] - before[1]) * share


def peak_of(plan: Any, run: Run) -> float | None:
    """The highest rate of a plan, of base where it is relative; None where no law could know it.

    >>> from passo import steps, wsd
    >>> peak_of(wsd(peak=0.3), Run(steps(100)))
    0.3
    """
    np = need("numpy", LAW, WHAT)
    schedule = plan.get("lr") if isinstance(plan, Mapping) else plan
    if not isinstance(schedule, Schedule) or any(schedule.plateaus(lambda t: t)):
        return None
    placed = schedule.on(run)
    if placed.relative:
        placed = placed.with_base(1.0)
    return float(np.max(placed(np.arange(run.updates) * float(run.at(1)))))


def foreseen(
    law: Law | None, plan: Any, run: Run, folders: Sequence[Path], metric: str
) -> Prediction | str:
    """What a law predicts for a plan, or in words why it predicts nothing.

    Without a law one is fitted on the traces in the folders, of runs with the same peak.
    """
    found = need("passo.law", LAW, WHAT)
    schedule: Any = plan.get("lr") if isinstance(plan, Mapping) else plan
    if not isinstance(schedule, Schedule):
        return "a law predicts plans with one lr for all groups"
    try:
        if law is None:
            paths = [each / TRACE for each in folders if (each / TRACE).exists()]
            if not paths:
                return "no finished run with the same peak has a trace: attach with trial.record"
            known: Law = found.Law.fit([Trace.load(each) for each in paths[-MOST_TRACES:]], metric)
        else:
            known = law
        made = known.predict(schedule, run)
    except found.NotPredictable as error:
        return str(error)
    return made
