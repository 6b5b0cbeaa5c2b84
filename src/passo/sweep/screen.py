"""What a terminal shows while runs are made: how many are left, and what is known of each plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from passo.sweep.answers import Answer, Job


class Screen:
    """A bar and a table, where there is a terminal to show them; else nothing."""

    def __init__(self, names: Sequence[str], total: int, *, shown: bool | None = None) -> None:
        console = Console(stderr=True)
        self._shown = console.is_terminal if shown is None else shown
        self._losses: dict[str, list[float]] = {name: [] for name in names}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(
            *columns, TextColumn("left"), TimeRemainingColumn(), console=console
        )
        self._bar = self._progress.add_task("runs", total=total)
        self._live = Live(
            console=console, get_renderable=self.render, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> Screen:  # noqa: PYI034 (Self is of Python 3.11)
        """Begins to show."""
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves the terminal as it was."""
        if self._shown:
            self._live.stop()

    def done(self, job: Job, answer: Answer) -> None:
        """One run more is made."""
        self._losses[job.name].append(math.nan if answer.failed else answer.loss)
        self._progress.advance(self._bar)

    def render(self) -> Group:
        """The bar, and a row for each plan: its runs, its mean loss so far, how many failed."""
        table = Table("plan", "runs", "mean loss so far", "failed", box=None, header_style="dim")
        for name, losses in self._losses.items():
            done = [each for each in losses if math.isfinite(each)]
            mean = f"{fmean(done):.4g}" if done else ""
            table.add_row(name, f"{len(losses)}", mean, f"{len(losses) - len(done) or ''}")
        return Group(self._progress, table)
