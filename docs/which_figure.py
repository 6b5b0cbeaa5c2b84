"""Draws which_schedule.png, the schedules of which_schedule.md: `python docs/which_figure.py`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from passo import Run, Schedule, draw, epochs, steps
from passo.plot import save
from passo.plot.backends.matplotlib import new_figure

HERE = Path(__file__).parent
# Title, name on the page, run, base. The page's fences make the schedules: written once.
SHOWN: list[tuple[str, str, Run, float]] = [
    ("ResNet: 90 epochs", "resnet", Run(epochs(90), steps_per_epoch=5005), 0.1),
    ("ResNet-110: 64k updates", "deepest", Run(steps(64_000)), 0.1),
    ("Faster R-CNN: 26 epochs", "coco", Run(epochs(26), steps_per_epoch=7329), 0.02),
    ("Transformer: 100k updates", "transformer", Run(steps(100_000)), 1.0),
    ("BERT: 1M updates", "bert", Run(steps(1_000_000)), 1e-4),
    ("CycleGAN: 200 epochs", "cyclegan", Run(epochs(200), steps_per_epoch=1334), 2e-4),
    ("DQN, epsilon: 2M frames", "epsilon", Run(steps(2_000_000)), 1.0),
    ("YOLO: 135 epochs", "yolo", Run(epochs(135), steps_per_epoch=259), 0.01),
    ("Llama: 250k updates", "llama", Run(steps(250_000)), 3e-4),
    ("One-cycle: 10k updates", "super_convergence", Run(steps(10_000)), 3.0),
]


def of_the_page() -> dict[str, Any]:
    """What the page's fences define."""
    names: dict[str, Any] = {}
    page = (HERE / "which_schedule.md").read_text(encoding="utf-8")
    for fence in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(fence, names)  # noqa: S102
    return names


def figure() -> None:
    """Two in a row, so that a narrow page can show them."""
    names, drawn = of_the_page(), new_figure((6.4, 9.6), gap=0.05)
    cells = drawn.add_gridspec((len(SHOWN) + 1) // 2, 2)
    for place, (title, name, run, rate) in enumerate(SHOWN):
        schedule: Schedule = names[name]
        ax = draw(
            schedule.on(run).with_base(rate).curve(run),
            ax=drawn.add_subplot(cells[divmod(place, 2)]),
            title=title,
        )
        if ax.get_legend() is not None:
            ax.get_legend().remove()
        ax.set(xlabel="", ylabel="", xticks=[])
        ax.set_title(title, x=0, ha="left", fontsize=11, fontweight="bold", pad=6)
        ax.tick_params(labelsize=10)
    save(drawn, HERE / "which_schedule.png")


if __name__ == "__main__":
    figure()
