"""What the demo is set to, what a training run brought, and the sums over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from passo.demo.stories import Story, chosen
from passo.schedules import PassoError, Run

TIMES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)  # the base rates, as multiples of the one that was found
ENOUGH = 3  # of fewer seeds the spread is not known
RANGE_FILE = "traces/range.json"
RANGE_FIGURE = "figures/range.png"
SENSITIVITY = "sensitivity.png"


@dataclass(frozen=True, slots=True)
class Settings:
    """The same for every run of a demo: the data, the budget and the base rate.

    The base rate here is for the case that a range test finds none. A rate works where the mean
    test accuracy is at `goal`.

    >>> Settings().run.updates
    580
    """

    epochs: int = 20
    seeds: int = 3
    batch: int = 32
    train: int = 900
    validation: int = 297
    test: int = 600
    report_every: int = 8
    goal: float = 0.95
    rate: float = 0.1
    momentum: float = 0.9

    def __post_init__(self) -> None:
        if type(self.seeds) is not int or not 1 <= self.seeds <= 100:
            raise PassoError(f"seeds must be from 1 to 100, got {self.seeds!r}")

    @classmethod
    def of(cls, *, quick: bool, seeds: int | None) -> Settings:
        """The full demo, or a quick one: all a quarter as long and, unless given, one seed.

        >>> Settings.of(quick=True, seeds=None).seeds
        1
        """
        full = cls(seeds=(1 if quick else cls().seeds) if seeds is None else seeds)
        if not quick:
            return full
        return replace(full, epochs=full.epochs // 4, report_every=full.report_every // 4)

    @property
    def run(self) -> Run:
        """How long each training run is."""
        return Run.of(math.ceil(self.train / self.batch), epochs=self.epochs)

    @property
    def goal_text(self) -> str:
        """The goal as text.

        >>> Settings().goal_text
        '95 %'
        """
        return f"{100 * self.goal:g} %"

    @property
    def too_few(self) -> str:
        """Of what there is too little to compare schedules; nothing for the full demo.

        >>> Settings().too_few, Settings.of(quick=True, seeds=None).too_few
        ('', '145 updates and 1 seed')
        """
        short = [f"{self.run.updates:,} updates"] if self.epochs < type(self)().epochs else []
        few = [count(self.seeds, "seed")] if self.seeds < ENOUGH else []
        return " and ".join(short + few)

    def base(self, times: float) -> float:
        """The base rate that is so many times the found one, as it is shown.

        >>> Settings(rate=0.07).base(0.25)
        0.0175
        """
        return float(f"{self.rate * times:.3g}")


@dataclass(frozen=True, slots=True)
class Task:
    """One training run: its base rate is so many times the one that was found."""

    schedule: str
    times: float
    seed: int

    @property
    def trace(self) -> str:
        """Where its trace lies in the demo's folder.

        >>> Task("cosine", 0.5, 0).trace
        'traces/cosine-x0.5-seed0.jsonl'
        """
        return f"traces/{self.schedule}-x{self.times:g}-seed{self.seed}.jsonl"

    @property
    def figure(self) -> str:
        """Where the figure of its schedule lies."""
        return f"figures/{self.schedule}.png"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one training run brought at its end: on test images, and on validation images."""

    task: Task
    accuracy: float
    loss: float
    validation: float
    seconds: float

    @classmethod
    def of(cls, parts: dict[str, Any]) -> Outcome:
        """The outcome of its own `asdict`."""
        return cls(**{**parts, "task": Task(**parts["task"])})

    def as_plain(self) -> dict[str, Any]:
        """The outcome as JSON holds it: "nan" and "inf" for what JSON cannot."""
        return {
            key: repr(value) if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Cell:
    """The accuracies of one schedule at one base rate, of each seed, in percent.

    >>> Cell("cosine", 0.07, (96.0, 97.0), (95.0, 97.0)).band
    (96.0, 97.0)
    """

    title: str
    base: float
    accuracies: tuple[float, ...]
    validation: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over seeds, on test images."""
        return statistics.fmean(self.accuracies)

    @property
    def band(self) -> tuple[float, float]:
        """The lowest and the highest seed."""
        return min(self.accuracies), max(self.accuracies)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A finished demo: where it lies, what was found, and how long it took.

    `cells` compare the schedules over the base rates; `outcomes` are all runs.
    """

    folder: Path
    settings: Settings
    cells: tuple[Cell, ...]
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def report(self) -> Path:
        """The page that shows all."""
        return self.folder / "report.html"


def cells(outcomes: Iterable[Outcome], settings: Settings) -> tuple[Cell, ...]:
    """The cells whose seeds are all finished, schedule by schedule, from low rates to high."""
    found: dict[tuple[str, float], list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda each: (each.task.times, each.task.seed)):
        found.setdefault((outcome.task.schedule, outcome.task.times), []).append(outcome)
    return tuple(
        _cell(story, settings.base(times), runs)
        for story in chosen()
        for (name, times), runs in found.items()
        if name == story.name and len(runs) == settings.seeds
    )


def _cell(story: Story, base: float, runs: Sequence[Outcome]) -> Cell:
    accuracies = tuple(100 * run.accuracy for run in runs)
    return Cell(story.title, base, accuracies, tuple(100 * run.validation for run in runs))


def count(number: int, word: str, plural: str = "s") -> str:
    """A number of things in words.

    >>> count(1, "seed"), count(3, "seed")
    ('1 seed', '3 seeds')
    """
    return f"{number} {word}{'' if number == 1 else plural}"
