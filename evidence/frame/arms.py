"""What is compared: a plan at its best setting, or one that takes its rate from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Protocol

from evidence.frame.cells import Cell, Figures, Setting
from evidence.tasks.tasks import DEFAULTS

Held = Mapping[Cell, Figures]
CHOOSING = 100  # the first of the seeds by which a setting is chosen; those reported begin at 0


@dataclass(frozen=True, slots=True)
class Size:
    """How many seeds, and which share of the updates; `options` bounds what is tried."""

    seeds: int = 10
    choosing: int = 3
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

    def notes(self, held: Held, size: Size) -> Iterator[str]:
        """How its settings were come by."""


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

    def choosing(self, size: Size) -> Iterator[Cell]:
        """The cells by which an option is chosen; none where there is one alone."""
        among = self.among(size)
        for option in among if len(among) > 1 else ():
            yield from (self.cell(option, seed, size) for seed in size.tried)

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """First those that choose, then those that are reported."""
        yield from self.choosing(size)
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

    def notes(self, held: Held, size: Size) -> Iterator[str]:
        """What was chosen, by which seeds, and whether a better one may lie beyond."""
        best = self.chosen(held, size)
        if len(self.options) > 1 and best is not None:
            edge = ", the edge of what was tried" if self.at_the_edge(held, size) else ""
            seeds = f"by seeds {size.tried[0]} to {size.tried[-1]}"
            yield f"{self.task}, {self.name}: {best.x:g} was best {seeds}{edge}."

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
