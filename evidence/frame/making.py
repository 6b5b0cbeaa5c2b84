"""Making what a claim lacks, round by round: what is stored decides what is needed next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from evidence.frame.arms import Size
from evidence.frame.cells import Cell, Figures, Made, Store
from evidence.frame.claims import Claim

Trained = Callable[[list[Cell]], Iterable[tuple[Cell, Made]]]
RESULTS = Path(__file__).resolve().parents[1] / "results"


def store_of(claim: Claim, folder: Path = RESULTS) -> Store:
    """The file of a claim's cells."""
    return Store(folder / f"{claim.name}.jsonl")


def held_by(store: Store) -> dict[Cell, Figures]:
    """The figures of the cells in a file."""
    return {cell: made.figures for cell, made in store.held.items()}


def make(
    claim: Claim,
    size: Size,
    trained: Trained,
    folder: Path = RESULTS,
    tell: Callable[[str], None] = print,
) -> int:
    """Train the cells that a claim lacks, and say how many those were.

    `trained` gives what each of some cells gave, as a `Crew` does. Each is stored as soon as it is
    there. When the claim has all it needs, cells that it no longer asks for leave its file.
    """
    store, count = store_of(claim, folder), 0
    while lacking := missing(claim, size, store):
        tell(f"{claim.name}: {len(lacking)} trainings")
        for cell, made in trained(lacking):
            store.add(cell, made)
            count += 1
    store.tidy(claim.cells(held_by(store), size))
    return count


def missing(claim: Claim, size: Size, store: Store) -> list[Cell]:
    """The cells that a claim lacks, as far as what is stored decides them; each once."""
    wanted = dict.fromkeys(claim.cells(held_by(store), size))
    return [cell for cell in wanted if cell not in store.held]
