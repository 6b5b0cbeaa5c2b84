"""The demo from its beginning to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from passo.demo.crew import Crew, Event, Job
from passo.demo.files import publish, versions, workshop, write_results
from passo.demo.report import said, write_report
from passo.demo.stories import COMPARED, Story, chosen
from passo.demo.values import TIMES, Cell, DemoResult, Outcome, Settings, Task, cells
from passo.ground.extras import NeedsExtra, is_there
from passo.ground.processes import processors

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

    Five schedules are compared at six base rates around the one that a range test finds; each
    other is trained once, at that one. `quick`: a quarter of the budget and one seed. `seeds`: how
    many (3). `only`: the names of schedules, all of which are compared. What is shown goes to
    `console`. The folder is there whole or not at all: a Ctrl-C says
    what was finished and raises `KeyboardInterrupt`. Raises `PassoError` where a library is
    missing or `out` cannot be written.
    """
    begin = perf_counter()
    settings, stories = Settings.of(quick=quick, seeds=seeds), chosen(only)
    compared = chosen(COMPARED if only is None else only)
    need_extras()
    from rich.console import Console

    demo = Demo(Path(out), settings, stories, compared, console or Console())
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
        self,
        out: Path,
        settings: Settings,
        stories: Sequence[Story],
        compared: Sequence[Story],
        console: Console,
    ) -> None:
        self.out = out
        self.settings = settings
        self.compared = compared
        self.console = console
        self.outcomes: list[Outcome] = []
        self.once = [Task(story.name, 1.0, 0) for story in stories]
        several = [
            Task(story.name, times, seed)
            for story in compared
            for times in TIMES
            for seed in range(settings.seeds)
        ]
        self.tasks = list(dict.fromkeys([*several, *self.once]))

    def run(self, begin: float) -> DemoResult:
        """Trains, draws, writes, shows."""
        from passo.demo.screen import Screen

        with workshop(self.out) as folder:
            size = min(processors(), MOST_WORKERS, len(self.tasks))
            log = folder / "workers.txt"
            with Screen(self.console, self.compared) as screen, Crew(size, log) as crew:
                found = self._find(crew, screen, folder)
                facts = self._train(crew, screen, folder)
                about = {"data": facts, "versions": versions(), "range_test": found}
                self._draw(crew, screen, folder)
            log.unlink()
            seconds = perf_counter() - begin
            result = DemoResult(
                self.out, self.settings, self._cells(), self._ordered(), round(seconds, 1)
            )
            about |= {"workers": size, "seconds": result.seconds}
            write_results(folder, result.outcomes, self.settings, about)
            write_report(folder, result, about)
            publish(folder, self.out)
        self._show(result)
        return result

    def say_stopped(self) -> None:
        """What an interrupted demo leaves."""
        self.console.print(
            f"stopped: {len(self.outcomes)} of {len(self.tasks)} training runs were finished; "
            f"{self.out} is as it was before"
        )

    def _find(self, crew: Crew, screen: Screen, folder: Path) -> dict[str, Any]:
        """A range test sets the base rate; answers with what was found."""
        screen.phase("finding a rate", 1)
        crew.put(self._job("find", folder))
        found: dict[str, Any] = self._next(crew).what
        screen.advance()
        if found["best"] is not None:
            self.settings = replace(self.settings, rate=found["best"])
        return found

    def _train(self, crew: Crew, screen: Screen, folder: Path) -> dict[str, int]:
        """Every training run; answers with the facts of the data."""
        screen.phase("training", len(self.tasks))
        screen.rates([self.settings.base(times) for times in TIMES])
        crew.put(self._job("facts", folder))
        for task in self.tasks:
            crew.put(self._job("train", folder, task=asdict(task)))
        facts: dict[str, int] = {}
        while len(self.outcomes) < len(self.tasks) or not facts:
            event = self._next(crew)
            if event.job["kind"] == "facts":
                facts = event.what
            else:
                self.outcomes.append(Outcome.of(event.what))
                screen.advance()
                screen.show(self._cells())
        return facts

    def _cells(self) -> tuple[Cell, ...]:
        """What is known of the schedules that are compared."""
        names = {story.name for story in self.compared}
        return cells((run for run in self.outcomes if run.task.schedule in names), self.settings)

    def _ordered(self) -> tuple[Outcome, ...]:
        """The outcomes in the order of their tasks."""
        return tuple(sorted(self.outcomes, key=lambda run: self.tasks.index(run.task)))

    def _draw(self, crew: Crew, screen: Screen, folder: Path) -> None:
        """The picture that compares, and a figure of each schedule."""
        screen.phase("drawing", len(self.once) + 1)
        several = [asdict(cell) for cell in self._cells()]
        crew.put(self._job("sensitivity", folder, cells=several))
        for task in self.once:
            crew.put(self._job("figure", folder, task=asdict(task)))
        for _ in range(len(self.once) + 1):
            self._next(crew)
            screen.advance()

    def _next(self, crew: Crew) -> Event:
        """The next job that is done."""
        while True:
            event = crew.get()
            if event is not None:
                return event

    def _job(self, kind: str, folder: Path, **more: Any) -> Job:
        return {"kind": kind, "folder": str(folder), "settings": asdict(self.settings), **more}

    def _show(self, result: DemoResult) -> None:
        """The table, what it says, and where the rest is."""
        from passo.demo.screen import plain, table

        say = self.console.print
        bases = [self.settings.base(times) for times in TIMES]
        say(table(self.console, self.compared, bases, result.cells))
        for sentence in said(result):
            say(plain(self.console, f"\n{sentence}"), highlight=False)
        say(
            f"\n{len(self.tasks)} training runs of {self.settings.run.updates:,} updates each, "
            f"{result.seconds:.0f} s"
        )
        say(f"open {result.report}", soft_wrap=True)
