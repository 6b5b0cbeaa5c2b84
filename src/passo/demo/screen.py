"""What the demo shows in a terminal: a table that fills while the networks train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from passo.demo.sparkline import blocks, planned
from passo.demo.stories import Story
from passo.demo.values import OPTIMIZERS, Outcome, Row, Settings, Task

POINTS = 10
ROOM = 92
STYLES = {"best": "bold green", "worst": "red", "": ""}
ASCII = str.maketrans({"×": "x", "÷": "/", "±": "+-", "·": "-"})
Place = tuple[str, str]


def plain(console: Console, text: str) -> str:
    """The text with nothing that the terminal cannot show."""
    return text.translate(ASCII) if console.options.ascii_only else text


def table(
    console: Console,
    settings: Settings,
    shapes: Mapping[Story, Sequence[float]],
    rows: Sequence[Row],
    waiting: Mapping[Place, str],
) -> Table:
    """What is known of each schedule: its sums, or how far it is."""
    found = {(row.story.name, row.optimizer): row for row in rows}
    drawn = console.width >= ROOM and not console.options.ascii_only
    made = Table(box=None, padding=(0, 1), header_style="dim")
    made.add_column("\nschedule", no_wrap=True)
    if drawn:
        made.add_column("\nrate", no_wrap=True, style="cyan")
    for optimizer in OPTIMIZERS:
        made.add_column(f"{optimizer}\ntest accuracy, %", no_wrap=True)
        made.add_column(f"updates\nto {settings.goal}", justify="right", no_wrap=True)
    for story, shape in shapes.items():
        cells: list[str | Text] = [plain(console, story.title)]
        cells += [blocks(shape)] if drawn else []
        for optimizer in OPTIMIZERS:
            place = (story.name, optimizer)
            cells += _cells(console, found.get(place), waiting.get(place, ""))
        made.add_row(*cells)
    return made


def _cells(console: Console, row: Row | None, waiting: str) -> list[str | Text]:
    """The accuracy with its mark, and the updates to the target."""
    if row is None:
        return [Text(waiting, style="dim"), ""]
    text = plain(console, row.accuracy) + (f"  {row.mark}" if row.mark else "")
    return [Text(text, style=STYLES[row.mark]), Text(row.clock, style=STYLES[row.mark])]


class Screen:
    """The display while the demo runs; without a terminal, a line for each finished row."""

    def __init__(self, console: Console, stories: Sequence[Story], settings: Settings) -> None:
        self._console = console
        self._settings = settings
        self._shapes = {story: planned(story, settings.run, POINTS) for story in stories}
        self._rows: list[Row] = []
        self._shares: dict[Task, float] = {}
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

    def share(self, task: Task, done: float) -> None:
        """So much of a training run is done."""
        self._shares[task] = done

    def finished(self, outcome: Outcome) -> None:
        """A training run is finished."""
        self._shares[outcome.task] = 1.0
        self.advance()

    def row(self, row: Row) -> None:
        """All seeds of a row are finished."""
        self._rows.append(row)
        if not self._console.is_terminal:
            title = f"{row.story.title} · {row.optimizer}"
            self._console.print(plain(self._console, f"  {title:32} {row.accuracy:>12} %"))

    def _render(self) -> Group:
        waiting: dict[Place, str] = {}
        for place in {(task.schedule, task.optimizer) for task in list(self._shares)}:
            done = [v for t, v in list(self._shares.items()) if (t.schedule, t.optimizer) == place]
            waiting[place] = f"training {sum(done) / self._settings.seeds:.0%}"
        made = table(self._console, self._settings, self._shapes, self._rows, waiting)
        return Group(self._progress, made)
