"""Sides of a comparison whose rate or length comes from elsewhere than a grid of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log2

from evidence.frame.arms import Arm, Held, Size, arm
from evidence.frame.cells import Cell


@dataclass(frozen=True, slots=True)
class Scaled:
    """A plan at `factor` times the rate that another arm was best at."""

    name: str
    of: Arm
    plan: str
    factor: float

    def _arm(self, held: Held, size: Size) -> Arm | None:
        best = self.of.chosen(held, size)
        if best is None:
            return None
        rate = float(f"{best.x * self.factor:.6g}")
        return arm(self.name, self.of.task, self.plan, rate, self.of.figure)

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """Those by which the other one's rate is chosen, then its own."""
        yield from self.of.choosing(size)
        scaled = self._arm(held, size)
        if scaled is not None:
            yield from scaled.cells(held, size)

    def values(self, held: Held, size: Size) -> list[float] | None:
        """The figure for each reported seed."""
        scaled = self._arm(held, size)
        return None if scaled is None else scaled.values(held, size)

    def notes(self, held: Held, size: Size) -> Iterator[str]:
        """How the other arm's rate was come by."""
        return self.of.notes(held, size)


@dataclass(frozen=True, slots=True)
class Found:
    """A plan at the rate that the range test suggests, each seed its own.

    A seed to which it suggests none is trained at `otherwise`, a usual guess.
    """

    name: str
    task: str
    plan: str
    otherwise: float = 0.01
    figure: str = "error"

    def _test(self, seed: int, size: Size) -> Cell:
        first = arm(self.name, self.task, "range_test", self.otherwise, repeats=3)
        return first.cell(first.options[0], seed, size)

    def rates(self, held: Held, size: Size) -> list[float] | None:
        """What was suggested to each seed, 0 where nothing was."""
        tests = [self._test(seed, size) for seed in size.reported]
        return [held[test]["rate"] for test in tests] if all(t in held for t in tests) else None

    def _trained(self, held: Held, size: Size) -> list[Cell]:
        cells = []
        for seed, rate in zip(size.reported, self.rates(held, size) or (), strict=False):
            at = arm(self.name, self.task, self.plan, rate or self.otherwise)
            cells.append(at.cell(at.options[0], seed, size))
        return cells

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """The range tests, then the trainings at what they suggest."""
        yield from (self._test(seed, size) for seed in size.reported)
        yield from self._trained(held, size)

    def values(self, held: Held, size: Size) -> list[float] | None:
        """The figure for each reported seed."""
        cells = self._trained(held, size)
        if not cells or not all(cell in held for cell in cells):
            return None
        return [held[cell][self.figure] for cell in cells]

    def notes(self, held: Held, size: Size) -> Iterator[str]:
        """What was suggested, and to how many seeds nothing was."""
        rates = self.rates(held, size)
        if rates is not None:
            found = sorted(filter(None, rates))
            told = f"{found[0]:g} to {found[-1]:g}" if found else "nothing"
            lost = len(rates) - len(found)
            rest = (
                f"; {lost} of {len(rates)} seeds got none, and {self.otherwise:g}" if lost else ""
            )
            yield f"{self.task}, {self.name}: {told}{rest}."


@dataclass(frozen=True, slots=True)
class Ladder:
    """How many updates a plan needs: runs of several lengths, each planned for its own.

    The value is log2 of the length at which a seed's error crosses `target`, between two runs on a
    straight line over log2; twice the longest where none does.
    """

    name: str
    arms: tuple[tuple[int, Arm], ...]
    target: float

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """Those of every length."""
        for _, each in self.arms:
            yield from each.cells(held, size)

    def values(self, held: Held, size: Size) -> list[float] | None:
        """log2 of the updates, for each reported seed."""
        lengths = [length for length, _ in self.arms]
        columns = [each.values(held, size) for _, each in self.arms]
        whole = [column for column in columns if column is not None]
        if len(whole) < len(columns):
            return None
        return [crossing(lengths, list(row), self.target) for row in zip(*whole, strict=True)]

    def notes(self, held: Held, size: Size) -> Iterator[str]:
        """Which lengths had their best rate at the edge of what was tried."""
        edges = [length for length, each in self.arms if each.at_the_edge(held, size)]
        if edges:
            where = f"for {', '.join(map(str, edges))} updates"
            yield f"{self.name}: {where} the best rate was at the edge of what was tried."


def crossing(lengths: list[int], errors: list[float], target: float) -> float:
    """log2 of the length at which the errors first come down to the target.

    >>> 2 ** crossing([100, 400], [12.0, 8.0], 10.0)
    200.0
    >>> 2 ** crossing([100, 400], [12.0, 11.0], 10.0)
    800.0
    """
    places = [log2(length) for length in lengths]
    if errors[0] <= target:
        return places[0]
    for k in range(1, len(errors)):
        if errors[k] <= target:
            share = (errors[k - 1] - target) / (errors[k - 1] - errors[k])
            return places[k - 1] + share * (places[k] - places[k - 1])
    return places[-1] + 1
