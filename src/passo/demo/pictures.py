"""The demo's pictures: one of each schedule with each optimizer, and one of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from passo.demo.stories import chosen
from passo.demo.values import Settings, Task
from passo.plot import draw, poster, save
from passo.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (5.6, 4.4)
CLASSES = 10


def draw_figure(folder: Path, task: Task, settings: Settings) -> None:
    """The rate as used over the losses; the other seeds' validation losses stand behind."""
    (story,) = chosen([task.schedule])
    trace = replace(Trace.load(folder / task.trace), plan=", ".join(t for _, t in story.plan))
    height = SIZE[1] + (0.8 if len(story.plan) > 1 else 0)
    top = draw(trace, title=f"{story.title} · {task.optimizer}", width=SIZE[0], height=height)
    others = [replace(task, seed=seed) for seed in range(settings.seeds) if seed != task.seed]
    _behind(top.figure.axes[-1], [Trace.load(folder / each.trace) for each in others])
    save(top, folder / task.figure)


def _behind(ax: Axes, traces: Sequence[Trace]) -> None:
    """The other seeds' validation losses, thin, and the loss of a network that only guesses."""
    front = [line for line in ax.lines if str(line.get_label()).startswith("validation")]
    for place, trace in enumerate(traces):
        ax.plot(
            *trace.series("val_loss"),
            color=front[0].get_color(),
            linewidth=0.8,
            alpha=0.45,
            zorder=1,
            label="validation, other seeds" if place == 0 else None,
        )
    low, high = ax.get_ylim()
    ax.axhline(math.log(CLASSES), color="#777777", linestyle=":", linewidth=1.2, label="guessing")
    ax.set_ylim(low, max(high, 1.1 * math.log(CLASSES)))
    ax.legend(loc="best", fontsize=8, frameon=True, framealpha=0.85, edgecolor="none")


def draw_poster(folder: Path, tasks: Sequence[Task], settings: Settings) -> None:
    """All of them, two schedules a line."""
    titles = {story.name: story.title for story in chosen()}
    traces = {
        f"{titles[task.schedule]} · {task.optimizer}": Trace.load(folder / task.trace)
        for task in tasks
    }
    figure = poster(
        traces,
        columns=4,
        title=f"Learning rate as used, over the losses: {settings.run.updates:,} updates each",
    )
    save(figure, folder / "poster.png")
