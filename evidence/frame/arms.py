"""What is compared: a plan at its best setting, or one that takes its rate from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import log2
from statistics import fmean
from typing import Protocol

from evidence.frame.cells import Cell, Figures, Setting
from evidence.tasks.tasks import DEFAULTS

Held = Mapping[Cell, Figures]
CHOOSING = 100  # the first of the seeds by which a setting is chosen; those reported begin at 0


@dataclass(frozen=True, slots=True)
class Size:
    """How many seeds, and which share of the updates; `options` bounds what is tried."""

    seeds: int = 6
    choosing: int = 2
    share: float = 1.0
    options: int = 99

    def updates(self, full: int) -> int:
        """So many updates in this size."""
        return full if self.share == 1 else max(6, round(full * self.share))

    @property
    def reported(self) -> range:
        """The seeds whose figures are told."""
        return range(self.seeds)

    @property
    def tried(self) -> range:
        """The seeds by which a setting is chosen; none of them is reported."""
        return range(CHOOSING, CHOOSING + self.choosing)


FULL = Size()
TINY = Size(seeds=2, choosing=1, share=0.02, options=2)


class Side(Protocol):
    """One side of a comparison."""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """The cells that it needs, as far as what is held decides them."""

    def values(self, held: Held, size: Size) -> list[float] | None:
        """Its figure for each reported seed, lower is better; None until all are held."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the settings that are tried: `x` is its place on the axis."""

    x: float
    plan: str
    settings: tuple[tuple[str, Setting], ...] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """A plan, at the option with the lowest mean figure over seeds that are not reported."""

    name: str
    task: str
    options: tuple[Option, ...]
    figure: str = "error"

    def cell(self, option: Option, seed: int, size: Size) -> Cell:
        """The training of one option by one seed."""
        settings = {**DEFAULTS[self.task], **dict(option.settings)}
        for name in {"before", "updates"} & set(settings):
            settings[name] = size.updates(int(settings[name]))
        return Cell.of(self.task, option.plan, seed, **settings)

    def among(self, size: Size) -> tuple[Option, ...]:
        """The options that are tried."""
        return self.options[-size.options :]

    def over(self, held: Held, size: Size, seeds: range) -> dict[Option, list[float]] | None:
        """The figures of every option, for these seeds; None until all are held."""
        found: dict[Option, list[float]] = {}
        for option in self.among(size):
            cells = [self.cell(option, seed, size) for seed in seeds]
            if not all(cell in held for cell in cells):
                return None
            found[option] = [held[cell][self.figure] for cell in cells]
        return found

    def chosen(self, held: Held, size: Size) -> Option | None:
        """The best option; None until it can be told."""
        among = self.among(size)
        if len(among) == 1:
            return among[0]
        tried = self.over(held, size, size.tried)
        return None if tried is None else min(tried, key=lambda option: fmean(tried[option]))

    def at_the_edge(self, held: Held, size: Size) -> bool:
        """Whether the best option is the first or the last: a better one may lie beyond."""
        among = self.among(size)
        return len(among) > 1 and self.chosen(held, size) in (among[0], among[-1])

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """First those that choose, then those that are reported."""
        among = self.among(size)
        if len(among) > 1:
            for option in among:
                yield from (self.cell(option, seed, size) for seed in size.tried)
        best = self.chosen(held, size)
        if best is not None:
            yield from (self.cell(best, seed, size) for seed in size.reported)

    def values(self, held: Held, size: Size) -> list[float] | None:
        """The figure for each reported seed."""
        best = self.chosen(held, size)
        cells = best and [self.cell(best, seed, size) for seed in size.reported]
        if not cells or not all(cell in held for cell in cells):
            return None
        return [held[cell][self.figure] for cell in cells]

    def at(self, x: float) -> Arm:
        """The arm that has only the option at `x`."""
        (option,) = (each for each in self.options if each.x == x)
        return replace(self, name=f"{self.name} {x:g}", options=(option,))

    def with_(self, **settings: Setting) -> Arm:
        """The same with these settings in every option."""
        options = (
            replace(each, settings=tuple({**dict(each.settings), **settings}.items()))
            for each in self.options
        )
        return replace(self, options=tuple(options))


def arm(
    name: str,
    task: str,
    plan: str,
    rates: float | tuple[float, ...],
    figure: str = "error",
    **settings: Setting,
) -> Arm:
    """A plan at the best of some rates, or at the one that is given."""
    each = rates if isinstance(rates, tuple) else (rates,)
    options = (Option(rate, plan, (("rate", rate), *settings.items())) for rate in each)
    return Arm(name, task, tuple(options), figure)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A plan at `factor` times the rate that another arm was best at."""

    name: str
    of: Arm
    plan: str
    factor: float
    settings: tuple[tuple[str, Setting], ...] = ()

    def _arm(self, held: Held, size: Size) -> Arm | None:
        best = self.of.chosen(held, size)
        if best is None:
            return None
        rate = float(f"{best.x * self.factor:.6g}")
        return arm(self.name, self.of.task, self.plan, rate, self.of.figure, **dict(self.settings))

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """Those by which the other one's rate is chosen, then its own."""
        among = self.of.among(size)
        if len(among) > 1:
            for option in among:
                yield from (self.of.cell(option, seed, size) for seed in size.tried)
        scaled = self._arm(held, size)
        if scaled is not None:
            yield from scaled.cells(held, size)

    def values(self, held: Held, size: Size) -> list[float] | None:
        """The figure for each reported seed."""
        scaled = self._arm(held, size)
        return None if scaled is None else scaled.values(held, size)


@dataclass(frozen=True, slots=True)
class Found:
    """A plan at the rate that the range test suggests, each seed its own.

    A seed to which it suggests none is trained at `otherwise`, torch's usual guess.
    """

    name: str
    task: str
    plan: str
    otherwise: float = 0.01
    figure: str = "error"
    settings: tuple[tuple[str, Setting], ...] = ()

    def _test(self, seed: int, size: Size) -> Cell:
        first = arm(self.name, self.task, "range_test", self.otherwise, repeats=3)
        return first.with_(**dict(self.settings)).cell(first.options[0], seed, size)

    def rates(self, held: Held, size: Size) -> list[float] | None:
        """What was suggested to each seed, 0 where nothing was."""
        tests = [self._test(seed, size) for seed in size.reported]
        return [held[test]["rate"] for test in tests] if all(t in held for t in tests) else None

    def _trained(self, held: Held, size: Size) -> list[Cell]:
        cells = []
        for seed, rate in zip(size.reported, self.rates(held, size) or (), strict=False):
            at = arm(self.name, self.task, self.plan, rate or self.otherwise)
            at = at.with_(**dict(self.settings))
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
