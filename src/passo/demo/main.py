"""The demo from its beginning to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from passo.demo.crew import Crew, Job, processors
from passo.demo.files import publish, versions, workshop, write_results
from passo.demo.sparkline import used
from passo.demo.stories import Story, chosen
from passo.demo.values import OPTIMIZERS, DemoResult, Outcome, Row, Settings, Task, caution, marked
from passo.ground.extras import NeedsExtra, is_there
from passo.trace import Trace

if TYPE_CHECKING:
    from rich.console import Console

    from passo.demo.screen import Screen

EXTRAS = ("torch", "sklearn", "matplotlib")
MOST_WORKERS = 8


def run_demo(
    out: Path,
    *,
    quick: bool = False,
    seeds: int | None = None,
    console: Console | None = None,
    only: Sequence[str] | None = None,
) -> DemoResult:
    """Trains a small network on real digits with every schedule and writes the folder `out`.

    `quick`: a quarter of the budget and one seed. `seeds`: how many (3). `only`: the schedules'
    names. What is shown goes to `console`. The folder is there whole or not at all: a Ctrl-C says
    what was finished and raises `KeyboardInterrupt`. Raises `PassoError` where a library is
    missing or `out` cannot be written.
    """
    begin = perf_counter()
    settings, stories = Settings.of(quick=quick, seeds=seeds), chosen(only)
    need_extras()
    from rich.console import Console

    demo = Demo(Path(out), settings, stories, console or Console())
    try:
        return demo.run(begin)
    except KeyboardInterrupt:
        demo.say_stopped()
        raise


def need_extras() -> None:
    """Raises `NeedsExtra` when a library of the extra is missing."""
    missing = [name for name in EXTRAS if not is_there(name)]
    if missing:
        raise NeedsExtra(
            f"the demo needs {', '.join(missing)}, which is not installed; "
            'write pip install "passo[demo]"',
            name=missing[0],
        )


class Demo:
    """One run of the demo."""

    def __init__(
        self, out: Path, settings: Settings, stories: Sequence[Story], console: Console
    ) -> None:
        self.out = out
        self.settings = settings
        self.stories = stories
        self.console = console
        self.outcomes: list[Outcome] = []
        self.tasks = [
            Task(story.name, optimizer, seed)
            for story in stories
            for optimizer in OPTIMIZERS
            for seed in range(settings.seeds)
        ]

    def run(self, begin: float) -> DemoResult:
        """Trains, draws, writes, shows."""
        from passo.demo.report import write_report
        from passo.demo.screen import Screen

        with workshop(self.out) as folder:
            size = min(processors(), MOST_WORKERS, len(self.tasks))
            log = folder / "workers.txt"
            with (
                Screen(self.console, self.stories, self.settings) as screen,
                Crew(size, log) as crew,
            ):
                peaks = self._find(crew, screen, folder)
                facts = self._train(crew, screen, folder)
                about = {"data": facts, "versions": versions(), "range_tests": peaks}
                rows = marked(self._rows(), self.settings.margin)
                self._draw(crew, screen, folder)
            log.unlink()
            result = DemoResult(self.out, self.settings, rows, perf_counter() - begin)
            about |= {"workers": size, "seconds": round(result.seconds, 1)}
            write_results(folder, rows, self.settings, about)
            write_report(folder, result, about)
            shapes = self._shapes(folder)
            publish(folder, self.out)
        self._show(result, shapes)
        return result

    def say_stopped(self) -> None:
        """What an interrupted demo leaves."""
        self.console.print(
            f"stopped: {len(self.outcomes)} of {len(self.tasks)} training runs were finished; "
            f"{self.out} is as it was before"
        )

    def _find(self, crew: Crew, screen: Screen, folder: Path) -> list[dict[str, Any]]:
        """A range test for each optimizer sets the base rates; answers with what was found."""
        screen.phase("finding a rate", len(OPTIMIZERS))
        for optimizer in OPTIMIZERS:
            crew.put(self._job("find", folder, optimizer=optimizer))
        found: dict[str, dict[str, Any]] = {}
        while len(found) < len(OPTIMIZERS):
            event = crew.get()
            if event is not None and event.kind == "done":
                found[event.job["optimizer"]] = event.what
                screen.advance()
        best = {name: each["best"] for name, each in found.items() if each["best"] is not None}
        self.settings = self.settings.with_rates(best)
        return [found[name] for name in OPTIMIZERS]

    def _train(self, crew: Crew, screen: Screen, folder: Path) -> dict[str, int]:
        """Every training run; answers with the facts of the data."""
        screen.phase("training", len(self.tasks))
        crew.put(self._job("facts", folder))
        for task in self.tasks:
            crew.put(self._job("train", folder, task=asdict(task)))
        facts: dict[str, int] = {}
        while len(self.outcomes) < len(self.tasks) or not facts:
            event = crew.get()
            if event is None:
                continue
            if event.job["kind"] == "facts":
                facts = event.what
            elif event.kind == "share":
                screen.share(Task(**event.job["task"]), event.what)
            else:
                self._finish(Outcome.of(event.what), screen)
        return facts

    def _finish(self, outcome: Outcome, screen: Screen) -> None:
        """Takes an outcome in, and its row when it is the last of it."""
        self.outcomes.append(outcome)
        screen.finished(outcome)
        for row in self._rows():
            if outcome in row.runs:
                screen.row(row)

    def _rows(self) -> list[Row]:
        """The rows whose seeds are all finished."""
        rows = []
        for story in self.stories:
            for optimizer in OPTIMIZERS:
                runs = [
                    each
                    for each in self.outcomes
                    if (each.task.schedule, each.task.optimizer) == (story.name, optimizer)
                ]
                if len(runs) == self.settings.seeds:
                    rows.append(Row.of(story, optimizer, runs))
        return rows

    def _draw(self, crew: Crew, screen: Screen, folder: Path) -> None:
        """The poster, which takes longest, and every figure."""
        first = [task for task in self.tasks if task.seed == 0]
        screen.phase("drawing", len(first) + 1)
        crew.put(self._job("poster", folder, tasks=[asdict(task) for task in first]))
        for task in first:
            crew.put(self._job("figure", folder, task=asdict(task)))
        left = len(first) + 1
        while left:
            event = crew.get()
            if event is not None and event.kind == "done":
                left -= 1
                screen.advance()

    def _job(self, kind: str, folder: Path, **more: Any) -> Job:
        return {"kind": kind, "folder": str(folder), "settings": asdict(self.settings), **more}

    def _shapes(self, folder: Path) -> dict[Story, list[float]]:
        """The rate of each schedule as it was used."""
        from passo.demo.screen import POINTS

        traces = {s: Task(s.name, OPTIMIZERS[0], 0).trace for s in self.stories}
        return {s: used(Trace.load(folder / name), POINTS) for s, name in traces.items()}

    def _show(self, result: DemoResult, shapes: dict[Story, list[float]]) -> None:
        """The table, and where the rest is."""
        from passo.demo.screen import table

        say = self.console.print
        say(table(self.console, self.settings, shapes, result.rows, {}))
        if result.settings.margin:
            say(f"\n{caution(result.settings)}")
        say(
            f"\n{len(self.tasks)} training runs of {self.settings.run.updates:,} updates each, "
            f"{result.seconds:.0f} s"
        )
        say(f"open {result.report}", soft_wrap=True)
