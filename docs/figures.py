"""Draws docs/grid.png: `python docs/figures.py`."""

from __future__ import annotations

from pathlib import Path

from passo import Cosine, Linear, Run, draw, rest, steps
from passo.plot import save

if __name__ == "__main__":
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
    save(ax, Path(__file__).parent / "grid.png")
