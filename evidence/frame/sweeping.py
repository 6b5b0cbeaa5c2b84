"""A setting over its range: the figures, and where it is flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from evidence.frame.arms import Held, Size
from evidence.frame.claims import Sweep
from evidence.frame.intervals import Effect, level_of, paired
from evidence.frame.verdicts import flat


@dataclass(frozen=True, slots=True)
class Swept:
    """Each value with its mean figure, and with how much worse than the best value it is."""

    name: str
    values: tuple[float, ...]
    means: tuple[float, ...]
    worse: tuple[Effect, ...]

    @property
    def sentence(self) -> str:
        """Where it is best, and over which values that is flat."""
        best = self.values[self.means.index(min(self.means))]
        return f"{self.name}: {flat(self.values, self.worse, best)}"


def swept(sweep: Sweep, held: Held, size: Size) -> Swept | None:
    """A sweep's figures by the reported seeds; None until all are held."""
    found = sweep.arm.over(held, size, size.reported)
    if found is None:
        return None
    columns: list[Sequence[float]] = list(found.values())
    best = min(columns, key=fmean)
    level = level_of(max(1, len(columns) - 1))
    return Swept(
        sweep.name,
        tuple(option.x for option in found),
        tuple(fmean(column) for column in columns),
        tuple(paired(column, best, level) for column in columns),
    )
