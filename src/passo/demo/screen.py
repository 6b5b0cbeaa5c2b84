"""What the demo shows in a terminal: a table that fills while the networks train."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from passo.demo.stories import Story
from passo.demo.values import Cell

ASCII = str.maketrans({"×": "x", "÷": "/", "±": "+-", "·": "-"})


def plain(console: Console, text: str) -> str:
    """The text with nothing that the terminal cannot show."""
    return text.translate(ASCII) if console.options.ascii_only else text


def table(
    console: Console, stories: Sequence[Story], bases: Sequence[float], cells: Sequence[Cell]
) -> Table:
    """The mean test accuracy of each schedule at each base rate, as far as it is known."""
    found = {(cell.title, cell.base): f"{cell.mean:.1f}" for cell in cells}
    made = Table(box=None, padding=(0, 1), header_style="dim")
    made.add_column("test accuracy, %\nat base rate", no_wrap=True)
    for base in bases:
        made.add_column(f"\n{base:g}", justify="right", no_wrap=True)
    for story in stories:
        numbers = [found.get((story.title, base), "") for base in bases]
        made.add_row(plain(console, story.title), *numbers)
    return made


class Screen:
    """The display while the demo runs; without a terminal, a line for each phase and each cell."""

    def __init__(self, console: Console, stories: Sequence[Story]) -> None:
        self._console = console
        self._stories = stories
        self._bases: Sequence[float] = ()
        self._cells: Sequence[Cell] = ()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._bar = self._progress.add_task("starting", total=None)
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=8, transient=True
        )

    def __enter__(self) -> Screen:  # noqa: PYI034 (Self is of Python 3.11)
        """Begins to show."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves the terminal as it was."""
        if self._console.is_terminal:
            self._live.stop()

    def phase(self, name: str, total: int) -> None:
        """Something new begins, of so many parts."""
        self._progress.reset(self._bar, description=name, total=total)
        if not self._console.is_terminal:
            self._console.print(f"{name}: {total}")

    def advance(self) -> None:
        """One more part of the phase is finished."""
        self._progress.advance(self._bar)

    def rates(self, bases: Sequence[float]) -> None:
        """The base rates are known."""
        self._bases = bases

    def show(self, cells: Sequence[Cell]) -> None:
        """So much is known now."""
        new = [cell for cell in cells if cell not in self._cells]
        self._cells = cells
        if not self._console.is_terminal:
            for cell in new:
                line = f"  {cell.title:20} {cell.base:<8g} {cell.mean:5.1f} %"
                self._console.print(plain(self._console, line))

    def _render(self) -> Group:
        made = table(self._console, self._stories, self._bases, self._cells)
        return Group(self._progress, made)
