"""One training as a value, and the files that hold what trainings gave."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passo.ground.files import replacing

Setting = int | float | str
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One training: a pure function of a task, a plan's text, a seed and settings.

    >>> cell = Cell.of("digits", "cosine_decay()", 3, rate=0.1, updates=200)
    >>> cell.setting("rate"), Cell.read(cell.asked) == cell
    (0.1, True)
    """

    task: str
    plan: str
    seed: int
    settings: tuple[tuple[str, Setting], ...]

    @classmethod
    def of(cls, task: str, plan: str, seed: int, **settings: Setting) -> Cell:
        """A cell whose settings are in one order, whatever order they are given in."""
        return cls(task, plan, seed, tuple(sorted(settings.items())))

    @classmethod
    def read(cls, asked: dict[str, Any]) -> Cell:
        """The cell that a line asks for."""
        return cls.of(asked["task"], asked["plan"], asked["seed"], **asked["settings"])

    @property
    def asked(self) -> dict[str, Any]:
        """What JSON can hold."""
        settings = dict(self.settings)
        return {"task": self.task, "plan": self.plan, "seed": self.seed, "settings": settings}

    def setting(self, name: str) -> Any:
        """One of the settings; KeyError where there is none."""
        return dict(self.settings)[name]


@dataclass(frozen=True, slots=True)
class Made:
    """What a training gave, and the seconds of one processor that it took."""

    figures: Figures
    seconds: float


class Store:
    """A file of JSON lines, one for each cell; it grows by whole lines.

    A line that a killed process left unfinished counts as not written, and is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held: dict[Cell, Made] = dict(_lines(path))

    def add(self, cell: Cell, made: Made) -> None:
        """Append a cell, so that it outlives this process from here on."""
        line = _line(cell, made)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() and not self.path.read_bytes().endswith(b"\n"):
                file.truncate(self.path.read_bytes().rfind(b"\n") + 1)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.held[cell] = made

    def tidy(self, wanted: Iterable[Cell]) -> bool:
        """Leave only these cells, in this order; whether the file was any different."""
        lines = b"".join(_line(cell, self.held[cell]) for cell in dict.fromkeys(wanted))
        if self.path.exists() and self.path.read_bytes() == lines:
            return False
        with replacing(self.path) as file:
            file.write(lines)
        return True


def _line(cell: Cell, made: Made) -> bytes:
    told = {**cell.asked, "figures": made.figures, "seconds": made.seconds}
    return (json.dumps(told, allow_nan=False) + "\n").encode()


def _lines(path: Path) -> Iterator[tuple[Cell, Made]]:
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            told = json.loads(line)
            yield Cell.read(told), Made(told["figures"], told["seconds"])
