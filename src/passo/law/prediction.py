"""What a law says of a schedule that was not run: a curve with a band, and several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import shortened
from passo.ground.pictures import Pictured

if TYPE_CHECKING:
    from passo.schedules import Run, Schedule

DECIDED: Final = 0.01  # of the loss: differences were predicted 0.6 % wrong in the middle


@dataclass(frozen=True, slots=True, repr=False)
class Prediction(Pictured):
    """The losses that a law predicts: at the clocks `at`, each with a band from `low` to `high`.

    `at` counts updates, the losses are in the unit of the loss that was fitted. `warnings` are
    sentences on what makes it less sure. `draw(prediction, trace)` shows it beside what was seen.

    >>> from passo import Run, cosine_decay, steps
    >>> made = Prediction(
    ...     cosine_decay(), Run(steps(9)), "val_loss", (5, 9), (2.0, 1.5), (1.9, 1.3), (2.1, 1.7)
    ... )
    >>> made.end, round(made.margin, 3), made.to_spec()["at"]
    (1.5, 0.2, [5, 9])
    >>> made
    <Prediction of val_loss for Cosine(base, 0): 1.5 ± 0.2 after 9 updates>
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

    def surely_above(self, other: Prediction) -> bool:
        """Whether it ends above another by more than 1 % of the loss and than both bands.

            end - other end > max(1 % of the other end, both margins)

        >>> from passo import Run, cosine_decay, steps
        >>> what = cosine_decay(), Run(steps(9)), "loss", (9,)
        >>> a, b, c = (Prediction(*what, (e,), (e - 0.05,), (e + 0.05,)) for e in (1.5, 1.52, 1.6))
        >>> b.surely_above(a), c.surely_above(a)
        (False, True)
        """
        return self.end - other.end > max(DECIDED * other.end, self.margin, other.margin)

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

    >>> from passo import Run, cosine_decay, steps
    >>> made = Prediction(cosine_decay(), Run(steps(9)), "loss", (9,), (1.5,), (1.4,), (1.6,))
    >>> Comparison.of({"cosine": made}).best == Outcome("cosine", made, 0.0, False)
    True
    """

    name: str
    prediction: Prediction
    difference: float
    decided: bool


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Pictured):
    """Predicted ends of several schedules, the lowest first; `str` is the table.

    >>> from passo import Run, cosine_decay, steps, wsd
    >>> run = Run(steps(9))
    >>> found = Comparison.of(
    ...     {
    ...         "wsd": Prediction(wsd(), run, "loss", (9,), (1.6,), (1.5,), (1.7,)),
    ...         "cosine": Prediction(cosine_decay(), run, "loss", (9,), (1.5,), (1.4,), (1.6,)),
    ...     }
    ... )
    >>> print(found)
    schedule  predicted end        above the best
    cosine    1.5000 ± 0.1000
    wsd       1.6000 ± 0.1000      0.1000  (not decided)
    >>> found.best.name, found.to_spec()["outcomes"][1]["decided"]
    ('cosine', False)
    """

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

    def to_spec(self) -> dict[str, Any]:
        """The comparison as plain JSON: its outcomes in their order, each with its curve."""
        outcomes = [
            {
                "name": each.name,
                "end": each.prediction.end,
                "margin": each.prediction.margin,
                "difference": each.difference,
                "decided": each.decided,
                "prediction": each.prediction.to_spec(),
            }
            for each in self.outcomes
        ]
        return {"outcomes": outcomes}

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
    return Outcome(name, made, made.end - best.end, made.surely_above(best))
