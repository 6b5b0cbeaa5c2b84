"""What the demo is set to, what a training run brought, and the sums over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from passo.demo.stories import Story
from passo.schedules import PassoError, Run

Optimizer: TypeAlias = Literal["SGD", "AdamW"]
Mark: TypeAlias = Literal["", "best", "worst"]
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
CHANCE = 2.5  # percent: two standard errors of a difference near 95 % on 600 images


@dataclass(frozen=True, slots=True)
class Settings:
    """The same for every run of a demo: the data, the budget and the base rates.

    The base rates here are for the case that a range test finds none: of 0.001, 0.003, 0.01, ...
    the highest at which a constant rate reaches the target with every seed.

    >>> Settings().run.updates
    580
    """

    epochs: int = 20
    seeds: int = 3
    batch: int = 32
    train: int = 900
    validation: int = 297
    report_every: int = 8
    target: float = 0.95
    sgd_rate: float = 0.1
    adamw_rate: float = 0.03
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
    def goal(self) -> str:
        """The target as text.

        >>> Settings().goal
        '95 %'
        """
        return f"{100 * self.target:g} %"

    @property
    def margin(self) -> float:
        """By how many percent a schedule must lead, or trail, to be called best or worst.

        >>> Settings().margin, Settings.of(quick=True, seeds=None).margin
        (0.0, 2.5)
        """
        return CHANCE if self.epochs < type(self)().epochs or self.seeds == 1 else 0.0

    def with_rates(self, found: Mapping[str, float]) -> Settings:
        """The same with the base rates that were found.

        >>> Settings().with_rates({"SGD": 0.07}).rate("SGD")
        0.07
        """
        return replace(
            self,
            sgd_rate=found.get("SGD", self.sgd_rate),
            adamw_rate=found.get("AdamW", self.adamw_rate),
        )

    def rate(self, optimizer: Optimizer) -> float:
        """The base rate of an optimizer.

        >>> Settings().rate("SGD")
        0.1
        """
        return {"SGD": self.sgd_rate, "AdamW": self.adamw_rate}[optimizer]


@dataclass(frozen=True, slots=True)
class Task:
    """One training run."""

    schedule: str
    optimizer: Optimizer
    seed: int

    @property
    def trace(self) -> str:
        """Where its trace lies in the demo's folder.

        >>> Task("cosine", "SGD", 0).trace
        'traces/cosine-sgd-seed0.jsonl'
        """
        return f"traces/{self.schedule}-{self.optimizer.lower()}-seed{self.seed}.jsonl"

    @property
    def figure(self) -> str:
        """Where the figure of its schedule and optimizer lies."""
        return f"figures/{self.schedule}-{self.optimizer.lower()}.png"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one training run brought: on test images, at its end.

    `reached` is the update after which the validation accuracy was first at the target.
    """

    task: Task
    accuracy: float
    loss: float
    reached: int | None
    seconds: float

    @classmethod
    def of(cls, parts: dict[str, Any]) -> Outcome:
        """The outcome of its own `asdict`."""
        return cls(**{**parts, "task": Task(**parts["task"])})


@dataclass(frozen=True, slots=True)
class Row:
    """The runs of one schedule with one optimizer, summed up over seeds.

    `std` is None for a single seed; `reached` is the median, None where most seeds never got there.
    """

    story: Story
    optimizer: Optimizer
    runs: tuple[Outcome, ...]
    mean: float
    std: float | None
    reached: float | None
    mark: Mark = ""

    @classmethod
    def of(cls, story: Story, optimizer: Optimizer, runs: Sequence[Outcome]) -> Row:
        """The sums."""
        found = [run.accuracy for run in runs]
        clock = statistics.median(math.inf if run.reached is None else run.reached for run in runs)
        return cls(
            story,
            optimizer,
            tuple(sorted(runs, key=lambda run: run.task.seed)),
            statistics.fmean(found),
            statistics.stdev(found) if len(found) > 1 else None,
            clock if math.isfinite(clock) else None,
        )

    @property
    def percent(self) -> float:
        """The mean accuracy in percent, as precise as it is shown."""
        return round(100 * self.mean, 1)

    @property
    def accuracy(self) -> str:
        """The accuracy as a table shows it: "97.5 ± 0.3", in percent."""
        spread = "" if self.std is None else f" ± {100 * self.std:.1f}"
        return f"{self.percent:.1f}{spread}"

    @property
    def clock(self) -> str:
        """The updates to the target as a table shows them."""
        return "-" if self.reached is None else f"{self.reached:,.0f}"

    def as_plain(self) -> dict[str, Any]:
        """The row as JSON holds it."""
        return {
            "schedule": self.story.name,
            "optimizer": self.optimizer,
            "plan": dict(self.story.plan),
            "test_accuracy_mean": self.mean,
            "test_accuracy_std": self.std,
            "updates_to_target_median": self.reached,
            "mark": self.mark,
            "runs": [_finite(asdict(run)) for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A finished demo: where it lies, what was found, and how long it took."""

    folder: Path
    settings: Settings
    rows: tuple[Row, ...]
    seconds: float

    @property
    def report(self) -> Path:
        """The page that shows all."""
        return self.folder / "report.html"

    def best(self, optimizer: Optimizer) -> tuple[Row, ...]:
        """The best schedule with an optimizer; several where they are equal as shown."""
        return tuple(row for row in self.rows if (row.optimizer, row.mark) == (optimizer, "best"))


def range_file(optimizer: Optimizer) -> str:
    """Where an optimizer's range test lies in the demo's folder.

    >>> range_file("SGD")
    'traces/range-sgd.json'
    """
    return f"traces/range-{optimizer.lower()}.json"


def range_figure(optimizer: Optimizer) -> str:
    """Where its figure lies."""
    return f"figures/range-{optimizer.lower()}.png"


def marked(rows: Sequence[Row], margin: float = 0.0) -> tuple[Row, ...]:
    """The rows with the best and the worst of each optimizer marked, equals alike.

    Those that do not lead all others, or trail them, by more than `margin` percent are not marked.
    """
    found = []
    for row in rows:
        others = [
            other.percent - row.percent
            for other in rows
            if other.optimizer == row.optimizer and other.percent != row.percent
        ]
        best: Mark = "best" if others and max(others) < -margin else ""
        worst: Mark = "worst" if others and min(others) > margin else ""
        found.append(replace(row, mark=best or worst))
    return tuple(found)


def caution(settings: Settings) -> str:
    """Why the marks of these runs are few, in a sentence; nothing for the full demo.

    >>> caution(Settings())
    ''
    """
    if not settings.margin:
        return ""
    few = f"{settings.run.updates:,} updates" + (" and one seed" if settings.seeds == 1 else "")
    return (
        f"{few[:1].upper()}{few[1:]} are too few to rank schedules: best and worst are only "
        f"those that lead or trail all others by more than {settings.margin:g} %."
    )


def _finite(parts: dict[str, Any]) -> dict[str, Any]:
    """The same with "nan" and "inf" for what JSON cannot hold."""
    return {
        key: repr(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in parts.items()
    }
