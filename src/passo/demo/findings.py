"""From results to sentences: what the accuracies over the base rates say, and nothing more.

One schedule is above another, at one rate, where its lowest seed is above the other's highest and
the means differ by more than the test images can hide. Anything less is within the spread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from passo.demo.values import ENOUGH, Cell

REFERENCE = "constant"


@dataclass(frozen=True, slots=True)
class Ground:
    """What was measured: the cells in one order, which does not depend on theirs.

    `goal`, in percent, is what a rate must reach to work; `images` is how many test images each
    seed has.
    """

    cells: tuple[Cell, ...]
    goal: float
    images: int

    @classmethod
    def of(cls, cells: Iterable[Cell], goal: float, images: int) -> Ground:
        """The cells by rate, then by name."""
        ordered = sorted(cells, key=lambda cell: (cell.base, cell.title != REFERENCE, cell.title))
        return cls(tuple(ordered), goal, images)

    @property
    def titles(self) -> list[str]:
        """The schedules, the reference first."""
        return sorted({cell.title for cell in self.cells}, key=lambda t: (t != REFERENCE, t))

    @property
    def bases(self) -> list[float]:
        """The rates, upwards."""
        return sorted({cell.base for cell in self.cells})

    def at(self, base: float) -> list[Cell]:
        """The cells of one rate."""
        return [cell for cell in self.cells if cell.base == base]

    def of_title(self, title: str) -> list[Cell]:
        """The cells of one schedule, upwards."""
        return [cell for cell in self.cells if cell.title == title]

    def works(self, cell: Cell) -> bool:
        """Whether the rate works with the schedule."""
        return round(cell.mean, 1) >= self.goal  # as it is shown

    def above(self, one: Cell, other: Cell) -> bool:
        """Whether one is above the other by more than the spread.

        >>> low, high = Cell("a", 0.1, (90.0, 91.0, 92.0), ()), Cell("b", 0.1, (96.0,) * 3, ())
        >>> ground = Ground.of([low, high], 95, 600)
        >>> ground.above(high, low), ground.above(low, high)
        (True, False)
        """
        if min(len(one.accuracies), len(other.accuracies)) < ENOUGH:
            return False
        apart = one.band[0] > other.band[1]
        return apart and one.mean - other.mean > 2 * math.hypot(
            self._error(one), self._error(other)
        )

    def leaders(self, cells: Sequence[Cell]) -> list[Cell]:
        """Those that no other is above."""
        return [cell for cell in cells if not any(self.above(other, cell) for other in cells)]

    def _error(self, cell: Cell) -> float:
        """The standard error of an accuracy that so many images show.

        Two right and two wrong are added, so that it is never 0.
        """
        images = self.images * len(cell.accuracies)
        share = (cell.mean / 100 * images + 2) / (images + 4)
        return 100 * math.sqrt(share * (1 - share) / (images + 4))


def findings(cells: Iterable[Cell], goal: float, images: int) -> list[str]:
    """What the cells say, the most important first; nothing where nothing can be said.

    >>> flat = [Cell(name, 0.1, (97.0,) * 3, (97.0,) * 3) for name in ("constant", "cosine")]
    >>> findings(flat, 95, 600)[0]
    'No schedule works at a higher rate than constant by more than the spread.'
    """
    ground = Ground.of(cells, goal, images)
    if len(ground.titles) < 2 or any(len(c.accuracies) < ENOUGH for c in ground.cells):
        return []
    said = [_reach(ground), _rescued(ground), _same(ground), _short(ground)]
    return [each for each in (*said, _chosen(ground), _hopeless(ground)) if each]


def ranges(cells: Iterable[Cell], goal: float, images: int) -> dict[str, str]:
    """For each schedule the rates at which it works, in words.

    >>> ranges([Cell("cosine", b, (97.0,), ()) for b in (0.1, 0.2)], 95, 600)
    {'cosine': '2 of 2: 0.1, 0.2'}
    """
    ground = Ground.of(cells, goal, images)
    found = {}
    for title in ground.titles:
        own = ground.of_title(title)
        fit = [cell.base for cell in own if ground.works(cell)]
        found[title] = f"{len(fit)} of {len(own)}" + (f": {_rates(fit, ', ')}" if fit else "")
    return found


def _rescues(ground: Ground) -> dict[float, list[Cell]]:
    """At each rate at which the reference fails: who works there, and is above it."""
    found = {}
    for reference in ground.of_title(REFERENCE):
        fit = [
            cell
            for cell in ground.at(reference.base)
            if ground.works(cell) and ground.above(cell, reference)
        ]
        if fit and not ground.works(reference):
            found[reference.base] = fit
    return found


def _reach(ground: Ground) -> str:
    """How much higher than the reference's the rate may be."""
    known = ground.of_title(REFERENCE)
    if not known:
        return ""
    last = max((cell.base for cell in known if ground.works(cell)), default=None)
    higher = {b: fit for b, fit in _rescues(ground).items() if last is None or b > last}
    if not higher:
        return f"No schedule works at a higher rate than {REFERENCE} by more than the spread."
    top = max(higher)
    verb = "works" if len(higher[top]) == 1 else "work"
    beyond = f"{names(cell.title for cell in higher[top])} {verb} up to {top:g}"
    if last is None:
        return f"{REFERENCE.capitalize()} works at none of these rates; {beyond}."
    return (
        f"{REFERENCE.capitalize()} works up to a rate of {last:g}; {beyond}, "
        f"{top / last:.2g} times as high."
    )


def _rescued(ground: Ground) -> str:
    """Where the reference fails and others do not."""
    parts = []
    for base, fit in _rescues(ground).items():
        (reference,) = [cell for cell in ground.at(base) if cell.title == REFERENCE]
        who = names(f"{cell.title} at {cell.mean:.1f} %" for cell in fit)
        parts.append(f"at {base:g} it ends at {reference.mean:.1f} %, {who}")
    if not parts:
        return ""
    return f"Where {REFERENCE} fails, others still work: {'; '.join(parts)}."


def _same(ground: Ground) -> str:
    """Where the schedule does not matter."""
    alike = [
        base
        for base in ground.bases
        if all(ground.works(cell) for cell in ground.at(base))
        and ground.leaders(ground.at(base)) == ground.at(base)
    ]
    if not alike:
        return "At none of these rates do all work within the spread of each other."
    return (
        f"At {_rates(alike)} all work, and the differences are within the spread: "
        "there the schedule does not matter."
    )


def _short(ground: Ground) -> str:
    """Where the reference is above others."""
    parts = []
    for reference in ground.of_title(REFERENCE):
        low = [cell for cell in ground.at(reference.base) if ground.above(reference, cell)]
        if low:
            who = names(f"{cell.title} at {cell.mean:.1f} %" for cell in low)
            parts.append(f"at {reference.base:g} it ends at {reference.mean:.1f} %, {who}")
    return f"{REFERENCE.capitalize()} is ahead of some: {'; '.join(parts)}." if parts else ""


def _chosen(ground: Ground) -> str:
    """Each at its own rate, and whether there is a difference."""
    own = [_best(ground.of_title(title)) for title in ground.titles]
    lead = ground.leaders(own)
    begin = "Each at the rate that its validation images choose, "
    told = {cell.title: f"{cell.title} {cell.mean:.1f} % ({cell.base:g})" for cell in own}
    behind = [told[cell.title] for cell in own if cell not in lead]
    if not behind:
        return (
            f"{begin}the differences are within the spread, and the schedule does not matter: "
            f"{', '.join(told.values())}."
        )
    if len(lead) == 1:
        return f"{begin}{told[lead[0].title]} is best, above {names(behind)}."
    ahead = names(told[cell.title] for cell in lead)
    verb = "falls" if len(behind) == 1 else "fall"
    return f"{begin}{ahead} are within the spread of each other, and {names(behind)} {verb} short."


def _best(own: Sequence[Cell]) -> Cell:
    """The cell that the validation images choose; of equals the lowest rate."""
    return max(own, key=lambda cell: (math.fsum(cell.validation), -cell.base))


def _hopeless(ground: Ground) -> str:
    """Where nothing works."""
    lost = [b for b in ground.bases if not any(ground.works(c) for c in ground.at(b))]
    return (
        f"At {_rates(lost)} none works: a schedule does not make every rate work." if lost else ""
    )


def _rates(bases: Iterable[float], last: str = " and ") -> str:
    return names((f"{base:g}" for base in bases), last)


def names(words: Iterable[str], last: str = " and ") -> str:
    """Things one after another.

    >>> names(["a", "b", "c"])
    'a, b and c'
    """
    found = list(words)
    return last.join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)
