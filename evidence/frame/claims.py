"""A claim of the tutorial, with the comparisons that it stands or falls by."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import evidence.claims
from evidence.frame.arms import Arm, Held, Side, Size
from evidence.frame.cells import Cell
from evidence.frame.intervals import Effect, level_of, paired


@dataclass(frozen=True, slots=True)
class Versus:
    """One case: the claim says that `better` has the lower figure than `worse`.

    With a `margin` it says less: that `better` is worse by no more than that.
    """

    name: str
    better: Side
    worse: Side
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """A setting over its range, by the reported seeds."""

    name: str
    arm: Arm


@dataclass(frozen=True, slots=True)
class Case:
    """What a comparison gave: the effect is above 0 where the claim holds."""

    name: str
    effect: Effect
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What the tutorial says, where, what decides it; `on` is said where the cases disagree.

    `unit` is what the effect is counted in: "points" of error, "nats" of loss, or "times", where
    the values are log2.
    """

    name: str
    says: str
    where: str
    versus: tuple[Versus, ...]
    on: str = "the case"
    unit: str = "points"
    sweeps: tuple[Sweep, ...] = ()
    notes: str = ""

    def cells(self, held: Held, size: Size) -> Iterator[Cell]:
        """The cells that are needed, as far as what is held decides them."""
        for each in self.versus:
            yield from each.better.cells(held, size)
            yield from each.worse.cells(held, size)
        for sweep in self.sweeps:
            for option in sweep.arm.among(size):
                yield from (sweep.arm.cell(option, seed, size) for seed in size.reported)

    def cases(self, held: Held, size: Size) -> list[Case] | None:
        """What the comparisons gave; None until all of it is held."""
        found, level = [], level_of(len(self.versus))
        for each in self.versus:
            better, worse = each.better.values(held, size), each.worse.values(held, size)
            if better is None or worse is None:
                return None
            found.append(Case(each.name, paired(worse, better, level), each.margin))
        return found

    @property
    def arms(self) -> list[Arm]:
        """Those that are tried at several options, each once."""
        sides = [side for each in self.versus for side in (each.better, each.worse)]
        arms = [side for side in sides if isinstance(side, Arm)]
        return [each for each in dict.fromkeys(arms) if len(each.options) > 1]


@cache
def claims() -> dict[str, Claim]:
    """Every claim by its name, in the order of the tutorial: `CLAIM` of each file in claims/."""
    found: list[Claim] = []
    for module in pkgutil.iter_modules(evidence.claims.__path__):
        loaded = importlib.import_module(f"evidence.claims.{module.name}")
        found.append(loaded.CLAIM)
    return {each.name: each for each in sorted(found, key=lambda each: (each.where, each.name))}
