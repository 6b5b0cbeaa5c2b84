"""What a law says of a schedule that was not run: a curve with a band, and several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import shortened

if TYPE_CHECKING:
    from passo.schedules import Run, Schedule

DECIDED: Final = 0.01  # of the loss: differences were predicted 0.6 % wrong in the middle


@dataclass(frozen=True, slots=True, repr=False)
class Prediction:
    """The losses that a law predicts: at the clocks `at`, each with a band from `low` to `high`.

    `warnings` are sentences on what makes it less sure. In the unit of the loss that was fitted.
    """

    schedule: Schedule
    run: Run
    metric: str
    at: tuple[int, ...]
    loss: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    warnings: tuple[str, ...] = ()

    @property
    def end(self) -> float:
        """The predicted loss at the end of the run."""
        return self.loss[-1]

    @property
    def margin(self) -> float:
        """Half the width of the band at the end."""
        return (self.high[-1] - self.low[-1]) / 2.0

    def __repr__(self) -> str:
        return (
            f"<Prediction of {self.metric} for {shortened(repr(self.schedule))}: "
            f"{self.end:.4g} ± {self.margin:.2g} after {self.at[-1]:,} updates>"
        )

    def to_spec(self) -> dict[str, Any]:
        """The prediction as plain JSON."""
        return {
            "schedule": repr(self.schedule),
            "run": repr(self.run),
            "metric": self.metric,
            "at": list(self.at),
            "loss": list(self.loss),
            "low": list(self.low),
            "high": list(self.high),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of several: its name, its predicted end, how far above the best, and whether surely.

    `decided` where the difference is more than 1 % of the loss and more than both bands at the end.
    """

    name: str
    prediction: Prediction
    difference: float
    decided: bool


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Predicted ends of several schedules, the lowest first; `str` is the table."""

    outcomes: tuple[Outcome, ...]

    @classmethod
    def of(cls, predictions: dict[str, Prediction]) -> Comparison:
        """Those of predictions by their names."""
        order = sorted(predictions, key=lambda name: predictions[name].end)
        first = predictions[order[0]]
        return cls(tuple(_outcome(name, predictions[name], first) for name in order))

    @property
    def best(self) -> Outcome:
        """The one with the lowest predicted end."""
        return self.outcomes[0]

    def __repr__(self) -> str:
        return (
            f"<Comparison of {len(self.outcomes)} schedules: {shortened(self.best.name)} ends "
            f"lowest, at {self.best.prediction.end:.4g}>"
        )

    def __str__(self) -> str:
        wide = max(len(each.name) for each in self.outcomes)
        lines = [f"{'schedule':<{wide}}  predicted end        above the best"]
        for each in self.outcomes:
            end = f"{each.prediction.end:.4f} ± {each.prediction.margin:.4f}"
            above = f"{each.difference:.4f}{'' if each.decided else '  (not decided)'}"
            lines.append(f"{each.name:<{wide}}  {end:<19}  {'' if each is self.best else above}")
        return "\n".join(line.rstrip() for line in lines)


def _outcome(name: str, made: Prediction, best: Prediction) -> Outcome:
    gap = made.end - best.end
    enough = max(DECIDED * best.end, made.margin, best.margin)
    return Outcome(name, made, gap, gap > enough)
