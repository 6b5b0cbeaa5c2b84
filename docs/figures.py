"""Draws the pictures of these pages, grid, update and range_test: `python docs/figures.py`."""

from __future__ import annotations

import random
import textwrap
from pathlib import Path
from typing import Any

import torch
from matplotlib.axes import Axes
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from passo import (
    Cosine,
    Linear,
    RangeTest,
    Run,
    draw,
    loader_step,
    range_test,
    rest,
    steps,
)
from passo.plot import save
from passo.plot.backends.matplotlib import new_figure
from passo.plot.ranges import words

HERE = Path(__file__).parent


def grid() -> None:
    """What each update of a short run uses."""
    run = Run(steps(10))
    warm = Linear(0, 1, steps(4)).then(Cosine(1, 0, rest))
    skipped = Linear(0, 1, steps(4)).skip(steps(1)).then(Cosine(1, 0, rest))
    curves = {
        "Linear(0, 1, steps(4)).then(Cosine(1, 0))": warm.curve(run),
        "the same, begun with .skip(steps(1))": skipped.curve(run),
    }
    ax = draw(curves, title="What each of 10 updates uses", width=8, height=4)
    for curve, line in zip(curves.values(), list(ax.lines), strict=False):
        placed = curve.filled
        ax.plot(range(10), [placed(t) for t in range(10)], "o", color=line.get_color())
    ax.set_xticks(range(11))
    ax.annotate(
        "the end value is the one\nthat update 10 would use",
        (10, 0),
        (8.1, 0.55),
        ha="center",
        arrowprops={"arrowstyle": "->", "color": "0.4"},
    )
    save(ax, HERE / "grid.png")


def update() -> None:
    """Which value is next and which was used, before, in and after `optimizer.step()`."""
    figure = new_figure((6.4, 4.6))
    ax = figure.add_subplot()
    values = {3: 0.9, 4: 0.62, 5: 0.34}
    begins, ends = [3.0, 4.0, 5.0], [3.68, 4.68, 5.55]
    for (t, value), begin, end in zip(values.items(), begins, ends, strict=True):
        ax.plot([begin, end], [value, value], color="tab:blue", lw=2.5, solid_capstyle="butt")
        ax.text(begin + 0.02, value + 0.025, f"s({t})", color="tab:blue", fontsize=12)
    for t in (3, 4):
        ax.axvspan(t + 0.68, t + 1.0, color="0.88", lw=0)
        ax.plot([t + 0.68], [values[t]], "o", color="tab:blue", ms=7)
        ax.text(t + 0.84, 1.06, f"step()\nupdate {t}", fontsize=11, ha="center", va="bottom")
        ax.text(t + 0.84, 0.02, f"uses\ns({t})", fontsize=11, ha="center", va="bottom")
    ax.set(xlim=(2.97, 5.6), ylim=(0.0, 1.25), xticks=[], yticks=[])
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_ylabel("the field in the param group", fontsize=11)
    ax.set_xlabel("the training loop", fontsize=11)
    between = "clock          4\nget_last_lr()  s(4)\nlast_used()    s(3)"
    looks: dict[str, Any] = {"family": "monospace", "fontsize": 10.5, "va": "center"}
    ax.text(4.02, 0.84, between, **looks)
    ax.annotate(
        "teachers, averages:\nwith last_used()",
        (4.1, 0.61),
        (4.04, 0.33),
        fontsize=11,
        arrowprops={"arrowstyle": "->", "color": "0.4"},
    )
    ax.annotate(
        "passo writes here",
        (4.0, 0.63),
        (3.04, 0.42),
        fontsize=11,
        arrowprops={"arrowstyle": "->", "color": "0.4"},
    )
    save(figure, HERE / "update.png")


def on_digits(high: float = 10.0) -> RangeTest:
    """A small network on digits, with momentum."""
    torch.manual_seed(0)
    images, labels = load_digits(return_X_y=True)
    data = torch.utils.data.TensorDataset(
        torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels)
    )
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    step = loader_step(model, optimizer, cross_entropy, loader)
    return range_test(step, optimizer, restore=[], low=1e-4, high=high)


def hopeless() -> RangeTest:
    """A loss that is nothing but noise."""
    dice = random.Random(4)  # noqa: S311
    rates = on_digits().ramp
    return RangeTest(rates, (tuple(dice.gauss(2.3, 0.2) for _ in rates),))


def reading() -> None:
    """One curve to read, and two not to trust."""
    figure = new_figure((9.0, 7.2), gap=0.06)
    rows = figure.add_gridspec(2, 2, height_ratios=(5, 3))
    good = on_digits()
    main = draw(good, ax=figure.add_subplot(rows[0, :]), title="How to read it")
    _explain(main, good)
    for place, (test, title) in enumerate(
        ((hopeless(), "Not to be trusted: only noise"), (on_digits(0.3), "Half an answer: no rise"))
    ):
        ax = draw(test, ax=figure.add_subplot(rows[1, place]), title=title)
        _small(ax, test)
    save(figure, HERE / "range_test.png")


def _explain(ax: Axes, test: RangeTest) -> None:
    """The parts of the curve, in words, each beside what it is about."""
    found, lowest = test.suggestion(), test.minimum()
    if not found or lowest is None:
        raise SystemExit("the good example is refused")
    for line in ax.lines:
        if str(line.get_label()).startswith(("steepest", "valley")):
            line.set_visible(False)
    ax.get_legend().remove()
    ax.set_ylim(0.0, 3.9)
    at = dict(zip(test.values, test.smoothed, strict=True))
    falls = max(value for value in test.values if value < lowest / 2.5)
    notes = [
        ("too low: nothing happens", (1e-3, 2.33), (1e-3, 2.75)),
        ("a tenth of where the loss was last low:\nthe suggestion", (found.best, 3.3), (4e-3, 3.3)),
        ("how far it may well\nbe varied", (found.low * 1.2, 0.5), (4e-3, 0.5)),
        ("the loss falls", (falls, at[falls]), (1.6e-1, 1.35)),
        ("lowest: a step from divergence,\nnot a rate to use", (lowest, 0.95), (5.2e-1, 0.27)),
        ("too high", (test.values[-1] / 1.04, 3.3), (1.0, 3.3)),
    ]
    arrow = {"arrowstyle": "->", "color": "0.4"}
    looks: dict[str, Any] = {"fontsize": 10, "color": "#333333", "ha": "center", "va": "center"}
    for text, place, beside in notes:
        ax.annotate(text, place, beside, arrowprops=arrow, **looks)


def _small(ax: Axes, test: RangeTest) -> None:
    """Less room: the words below the title, no legend."""
    dotted = [line for line in ax.lines if line.get_linestyle() == ":"]
    for each in (*ax.texts, *dotted):
        each.set_visible(False)
    ax.set_title(ax.get_title(), x=0, ha="left", fontsize=11, fontweight="bold", pad=8)
    legend = ax.get_legend()
    if legend is not None:
        legend.remove()
    text = textwrap.fill(words(test.suggestion()), 44)
    ax.set_ylim(ax.get_ylim()[0] - 0.45 * (ax.get_ylim()[1] - ax.get_ylim()[0]))
    ax.text(0.03, 0.05, text, transform=ax.transAxes, fontsize=8, va="bottom")


if __name__ == "__main__":
    grid()
    update()
    reading()
