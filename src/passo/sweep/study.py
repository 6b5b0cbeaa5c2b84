"""What a search came to: the best plan, how sure, which hole matters, how flat the best is."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev, variance
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from passo.ground.calls import called_like
from passo.ground.errors import PassoError
from passo.ground.extras import need
from passo.ground.files import replacing
from passo.ground.schema import plain
from passo.plot.parallel import Axis, Strand, parallel
from passo.sweep.intervals import EXTRA, SURE
from passo.sweep.search import quiet
from passo.sweep.spaces import WHAT

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

Range: TypeAlias = "tuple[float, float] | tuple[str, ...]"
"""From where to where a hole may go, or which of its values it may have."""
VERSION: Final = 1
SHOWN: Final = 0.01  # of importance: less is left out of a sentence


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan of a search, trained again on seeds that it was not chosen by.

        mean ± t(1 - (1 - 0.95) / (2 m), n - 1) * spread / sqrt(n)

    of n seeds and m plans that were trained again: of all m intervals none misses, 95 times in 100.
    `holes` are its values, `first` its loss on the seed of the search: it was chosen by that one,
    which is lower than what it would give again. In the unit of the loss.

    >>> print(Plan("Constant(0.1)", {"value": 0.1}, 0.4, (0.5, 0.6, 0.7), of=1))
    Constant(0.1): 0.6 (0.35 to 0.85)
    """

    text: str
    holes: Mapping[str, Any]
    first: float
    losses: tuple[float, ...]
    of: int
    missing: int = 0

    @property
    def mean(self) -> float:
        """The mean loss of the seeds; NaN where none had a loss."""
        return fmean(self.losses) if self.losses else math.nan

    @property
    def spread(self) -> float:
        """The standard deviation of the losses; NaN of fewer than two."""
        return stdev(self.losses) if len(self.losses) > 1 else math.nan

    @property
    def margin(self) -> float:
        """Half the width of the interval."""
        return student(1 - (1 - SURE) / self.of, len(self.losses) - 1) * math.sqrt(
            self.spread**2 / max(1, len(self.losses))
        )

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.mean - self.margin

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.mean + self.margin

    def __str__(self) -> str:
        return f"{self.text}: {self.mean:.4g} ({self.shown(self.low)} to {self.shown(self.high)})"

    def shown(self, value: float) -> str:
        """A loss in as many digits as the interval lets stand: two of its margin."""
        if not self.margin > 0:
            return f"{value:.4g}"
        return f"{round(value, 1 - math.floor(math.log10(self.margin))):.12g}"


def student(sure: float, freedom: int) -> float:
    """How many standard errors an interval reaches to each side, by Student's t.

    >>> round(student(0.95, 4), 3)
    2.776
    """
    if freedom < 1:
        return math.nan
    stats = need("scipy.stats", EXTRA, WHAT)
    return float(stats.t.ppf(0.5 + sure / 2, freedom))


@dataclass(frozen=True, repr=False)
class Study:
    """What a search found. `study` is Optuna's own, with all that Optuna can do with it.

    `few` are the best plans of the search, trained again on other seeds, the lowest mean first.
    `notes` are sentences on how the numbers were made, and on what is missing.
    """

    study: Any
    few: tuple[Plan, ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Study of {len(self.trials)} runs: {self.best}>"

    def __str__(self) -> str:
        """The best plan, its interval, the importance of each hole and how flat it is."""
        lines = [f"best: {self.best}"]
        for name in self._holes:
            share = self.importance.get(name)
            known = "" if share is None else f"importance {share:.2f}; "
            lines.append(f"  {name}: {known}{self._said_of(name)}")
        return "\n".join([*lines, *(f"note: {each}" for each in self.notes)])

    @property
    def best(self) -> Plan:
        """The plan with the lowest mean loss over the seeds that it was not chosen by."""
        return self.few[0]

    @cached_property
    def trials(self) -> Sequence[Any]:
        """Optuna's trials that are over, each plan once."""
        optuna = need("optuna", EXTRA, WHAT)
        over = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        found: Sequence[Any] = self.study.get_trials(deepcopy=False, states=over)
        return found

    @property
    def finished(self) -> list[Any]:
        """Those that went to their end and have a loss."""
        return [each for each in self.trials if each.state.name == "COMPLETE"]

    @cached_property
    def importance(self) -> dict[str, float]:
        """What share of how good plans differ from bad ones is in each hole, the largest first.

        PED-ANOVA (arXiv:2304.10255) as Optuna has it; empty where it says that it cannot tell: of
        fewer than four finished runs, or where no few of them are better than the rest.
        """
        optuna = need("optuna", EXTRA, WHAT)
        if len(self.finished) < FEWEST:
            return {}
        with quiet():
            warnings.filterwarnings("error", module=r"optuna\.importance")
            evaluator = optuna.importance.PedAnovaImportanceEvaluator()
            try:
                found: dict[str, float] = optuna.importance.get_param_importances(
                    self.study, evaluator=evaluator
                )
            except UserWarning:
                return {}
        return found

    @property
    def _holes(self) -> list[str]:
        """The holes, the most important first where that is known."""
        return list(self.importance or self.flat)

    @cached_property
    def reach(self) -> float:
        """The highest loss that one run of the best plan may well have.

            mean + t(0.95, f) * s * sqrt(1 + 1 / n)

        s: the spread from seed to seed of all plans that were trained again, f its degrees of
        freedom; n: the seeds of the best one. A run below it cannot be told from the best.
        """
        several = [each.losses for each in self.few if len(each.losses) > 1]
        freedom = sum(len(each) - 1 for each in several)
        square = sum((len(each) - 1) * variance(each) for each in several) / max(1, freedom)
        wide = student(SURE, freedom) * math.sqrt(square * (1 + 1 / len(self.best.losses)))
        return self.best.mean + wide

    @cached_property
    def flat(self) -> dict[str, Range]:
        """Of each hole the values of the runs within the noise of the best: how flat it is there.

        Numbers as the lowest and the highest, anything else as what was there.
        """
        near = [each for each in self.finished if each.value <= self.reach]
        found: dict[str, Range] = {}
        for name in {name: None for each in self.finished for name in each.params}:
            values = [each.params[name] for each in near if name in each.params]
            values += [self.best.holes[name]] if name in self.best.holes else []
            if not values:
                continue
            numbers = [each for each in values if isinstance(each, (int, float))]
            found[name] = (
                (min(numbers), max(numbers))
                if len(numbers) == len(values)
                else tuple(dict.fromkeys(map(str, values)))
            )
        return found

    def _said_of(self, name: str) -> str:
        at, values = self.best.holes.get(name), self.flat.get(name, ())
        if values and all(isinstance(each, (int, float)) for each in values):
            return f"{at:.4g}, and {values[0]:.4g} to {values[1]:.4g} cannot be told from it"
        others = [each for each in values if each != at]
        return f"{at}" + (
            f"; {', '.join(map(str, others))} cannot be told from it" if others else ""
        )

    def table(self) -> Table:
        """The best plans, each trained again, as a table of rich."""
        from rich.table import Table

        made = Table("plan", "mean loss", "interval", "seeds", "loss in the search")
        for each in self.few:
            interval = f"{each.shown(each.low)} to {each.shown(each.high)}"
            made.add_row(
                each.text, f"{each.mean:.4g}", interval, f"{len(each.losses)}", f"{each.first:.4g}"
            )
        return made

    @called_like("study.figure()")
    def figure(self) -> Figure:
        """Parallel coordinates: an axis for each hole, a line for each run, dark where it is good.

        Optuna draws it too: `optuna.visualization.plot_parallel_coordinate(study.study)`.
        """
        names = self._holes
        axes = [self._axis(name) for name in names]
        strands = [
            Strand(
                [each.params.get(name) for name in names], each.value, near=each.value <= self.reach
            )
            for each in self.finished
        ]
        ended, every = len(self.finished), len(self.trials)
        runs = f"{every} runs" if ended == every else f"{ended} of {every} runs"
        title = f"{runs}: the loss, and what it came from"
        return parallel(axes, strands, title=title, note=f"best: {self.best}")

    def _axis(self, name: str) -> Axis:
        """The hole as the search had it."""
        has = [each.distributions[name] for each in self.finished if name in each.distributions]
        choices = getattr(has[0], "choices", None)
        if choices is not None:
            return Axis(name, choices=tuple(choices))
        whole = isinstance(has[0].low, int)
        return Axis(name, has[0].low, has[0].high, has[0].log, whole=whole)

    def to_spec(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        return {
            "passo": "study",
            "version": VERSION,
            "best": _spec_of(self.best),
            "few": [_spec_of(each) for each in self.few],
            "importance": dict(self.importance),
            "flat": {name: list(each) for name, each in self.flat.items()},
            "reach": plain(self.reach),
            "runs": [
                plain(
                    {
                        "trial": each.number,
                        "plan": each.user_attrs.get("plan"),
                        "holes": dict(each.params),
                        "loss": each.value if each.state.name == "COMPLETE" else None,
                        "failed": each.user_attrs.get("failed", ""),
                        "given_up_at": each.user_attrs.get("given_up_at"),
                    }
                )
                for each in self.trials
            ],
            "notes": list(self.notes),
        }

    @called_like('study.write("tune.json")')
    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes it as JSON, whole or not at all."""
        with replacing(path) as file:
            file.write((json.dumps(self.to_spec()) + "\n").encode())


FEWEST: Final = 4


def _spec_of(plan: Plan) -> Any:
    numbers = {"mean": plan.mean, "low": plan.low, "high": plan.high, "spread": plan.spread}
    seen = {"losses": list(plan.losses), "loss_in_the_search": plan.first, "missing": plan.missing}
    return plain({"plan": plan.text, "holes": dict(plan.holes), **numbers, **seen})


def none_has_a_loss(trials: Sequence[Any]) -> PassoError:
    """The error of a search in which every run failed."""
    why = list(dict.fromkeys(each.user_attrs.get("failed", "") for each in trials))
    told = "; ".join(each for each in why[:3] if each)
    return PassoError(
        f"none of {len(trials)} runs has a loss ({told}); mend train, or search lower rates, and "
        "give another store, store='another.db'"
    )
