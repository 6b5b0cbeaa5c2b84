"""A claim's picture: its effects with their intervals, and what was tried over its range."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from evidence.frame.arms import Arm
from evidence.frame.verdicts import answer_of
from evidence.page import Row

from passo.plot.backends.matplotlib import new_figure

WIDTH = 7.0
COLOURS = {"true": "#1a7f37", "false": "#b3261e", "same": "#6b7280", "open": "#6b7280"}
LESS = {
    "points": "points of error less",
    "nats": "nats of loss less",
    "times": "times fewer updates",
}
OF = {"error": "test error, %", "loss": "test loss"}
RESULTS_KEY = "Results"
FAR = 5.0  # times the lowest: from there the axis is one of logarithms


def draw_row(row: Row, path: Path) -> None:
    """Draw a claim; the file says from which results it was made."""
    panels = list(_panels(row))
    heights = [0.62 * len(row.cases) + 1.1, *(2.9 for _ in panels)]
    figure = new_figure((WIDTH, sum(heights)))
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    _effects(figure.add_subplot(grid[0]), row)
    for place, (title, arms, seeds) in enumerate(panels, 1):
        _tried(figure.add_subplot(grid[place]), title, arms, row, seeds)
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {RESULTS_KEY: row.digest, "Software": ""}
    figure.savefig(path, dpi=110, metadata=metadata)


def drawn_from(path: Path) -> str | None:
    """The digest of the results that a picture was made from."""
    from PIL import Image

    if not path.exists():
        return None
    with Image.open(path) as image:
        return str(image.info.get(RESULTS_KEY))


def _effects(ax: Any, row: Row) -> None:
    """A line for each case: where it lies right of 0, the claim holds."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    across = ax.get_yaxis_transform()
    ax.axvline(0, color="#111827", linewidth=1)
    for place, case in enumerate(row.cases):
        colour, effect = COLOURS[answer_of(case)], case.effect
        ax.plot([effect.low, effect.high], [place, place], color=colour, linewidth=3)
        ax.plot([effect.mean], [place], "o", color=colour, markersize=8)
        if case.margin is not None:
            ax.plot([-case.margin] * 2, [place - 0.3, place + 0.3], "--", color="#111827")
        ax.text(0.01, place - 0.26, case.name, fontsize=11, bbox=box, transform=across)
    ax.set_yticks([])
    ax.set_ylim(len(row.cases) - 0.5, -0.7)
    ends = [end for case in row.cases for end in (case.effect.low, case.effect.high)]
    if max(map(abs, ends)) > 20 and min(map(abs, ends)) < 5:
        ax.set_xscale("symlog", linthresh=2)
    ax.margins(x=0.08)
    unit = row.claim.unit
    ax.xaxis.set_major_formatter(lambda x, _: f"{2**x if unit == 'times' else x:.3g}")
    ax.set_xlabel(LESS[unit], fontsize=11)
    ax.tick_params(axis="x", labelsize=11)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _panels(row: Row) -> Iterable[tuple[str, list[Arm], range]]:
    """What is drawn below the effects: sweeps, or the arms that had their rate chosen, by task."""
    if row.claim.sweeps:
        for sweep in row.claim.sweeps:
            yield sweep.name, [sweep.arm], row.size.reported
        return
    for task in dict.fromkeys(each.task for each in row.claim.arms):
        arms = [each for each in row.claim.arms if each.task == task]
        of = f", {arms[0].name}" if len(arms) == 1 else ""
        yield f"{task}: base rate{of}", arms, row.size.tried


def _tried(ax: Any, title: str, arms: list[Arm], row: Row, seeds: range) -> None:
    """A line for each arm with one standard deviation of its seeds around it."""
    drawn: list[float] = []
    for arm in arms:
        found = arm.over(row.held, row.size, seeds)
        if found is None:
            continue
        x = [option.x for option in found]
        means = [fmean(each) for each in found.values()]
        drawn += means
        spread = [stdev(each) if len(each) > 1 else 0.0 for each in found.values()]
        (line,) = ax.plot(x, means, "o-", label=arm.name, linewidth=2)
        low = [mean - each for mean, each in zip(means, spread, strict=True)]
        high = [mean + each for mean, each in zip(means, spread, strict=True)]
        ax.fill_between(x, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    values = [option.x for arm in arms for option in arm.options]
    if min(values) > 0:
        ax.set_xscale("log")
        ax.xaxis.set_minor_formatter(_two_or_five)
    elif max(values) > 8:
        ax.set_xscale("symlog", linthresh=1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    if drawn and max(drawn) > FAR * min(drawn):
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_formatter(_two_or_five)
    ax.set_xlabel(title, fontsize=11)
    ax.set_ylabel(OF[arms[0].figure], fontsize=11)
    ax.tick_params(labelsize=10, which="both")
    ax.spines[["top", "right"]].set_visible(False)
    if len(arms) > 1:
        ax.legend(fontsize=10, frameon=False)


def _two_or_five(value: float, _: int) -> str:
    """A number between the powers of ten, where there is room for it."""
    text = f"{value:g}"
    return text if text.lstrip("0.").startswith(("2", "5")) else ""
