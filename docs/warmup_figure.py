"""Draws warmup_mended.png for tutorial.md: `python docs/warmup_figure.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch

from passo.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

HERE = Path(__file__).parent
EPOCHS, WARMUP, FIRST, PEAK = 50, 5, 0.001, 0.01


def point(ax: Any, text: str, at: tuple[float, float], stands: tuple[float, float]) -> None:
    """A sentence, and an arrow to what it is about."""
    arrow = {"arrowstyle": "->", "color": "0.4"}
    ax.annotate(text, at, stands, ha="center", arrowprops=arrow)


def adam(lr: float) -> torch.optim.Optimizer:
    """An optimizer of one weight."""
    return torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], lr=lr)


def as_written() -> list[float]:
    """What section 3.1 of the tutorial prints at each epoch."""
    optimizer = adam(FIRST)
    scheduler = CosineAnnealingLR(optimizer, T_max=EPOCHS - WARMUP)
    used = []
    for epoch in range(EPOCHS):
        if epoch < WARMUP:
            optimizer.param_groups[0]["lr"] = FIRST * (epoch + 1) / WARMUP
        elif epoch == WARMUP:
            optimizer.param_groups[0]["lr"] = PEAK
            scheduler.last_epoch = -1
        else:
            scheduler.step()
        optimizer.step()
        used.append(optimizer.param_groups[0]["lr"])
    return used


def mended() -> list[float]:
    """What its mended form prints."""
    optimizer = adam(PEAK)
    warmup = LinearLR(optimizer, start_factor=FIRST / PEAK, total_iters=WARMUP)
    cosine = CosineAnnealingLR(optimizer, T_max=EPOCHS - WARMUP)
    scheduler = SequentialLR(optimizer, [warmup, cosine], milestones=[WARMUP])
    used = []
    for _ in range(EPOCHS):
        optimizer.step()
        scheduler.step()
        used.append(optimizer.param_groups[0]["lr"])
    return used


def warmup_mended() -> None:
    """Section 3.1 as it is written and as it should be: for tutorial.md."""
    figure, axes = plt.subplot_mosaic(
        [["all", "peak"], ["all", "end"]],
        figsize=(10, 5),
        width_ratios=[2, 1],
        layout="constrained",
    )
    wrong, right, epochs = as_written(), mended(), range(1, EPOCHS + 1)
    for ax in axes.values():
        ax.plot(epochs, wrong, "o-", ms=3.5, color="tab:red", label="section 3.1 as written")
        ax.plot(epochs, right, "o-", ms=3.5, color="tab:blue", label="mended")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.3)
    whole, peak, end = axes["all"], axes["peak"], axes["end"]
    whole.set(xlabel="epoch", ylabel="rate that the epoch prints", ylim=(0, 0.0112))
    point(
        whole,
        "it jumps: ten times the rate\nfrom one epoch to the next",
        (5.5, 0.0045),
        (18, 0.0035),
    )
    whole.legend(loc="upper right", frameon=False)
    peak.axhline(PEAK, color="0.4", lw=0.8, ls="--")
    peak.set(xlim=(4.5, 10.5), ylim=(0.00978, 0.01009), title="the peak")
    peak.set_yticks([0.0098, 0.0099, 0.01])
    point(peak, "it is passed:\n0.010012", (7, wrong[6]), (9.3, 0.010035))
    end.axhline(0, color="0.4", lw=0.8, ls="--")
    end.set(xlim=(45.5, 50.5), ylim=(-2e-5, 4.6e-4), title="the end", xlabel="epoch")
    point(end, "it is not reached:\n0.0000487", (50, wrong[-1]), (49.2, 2.4e-4))
    figure.savefig(HERE / "warmup_mended.png", dpi=110)


if __name__ == "__main__":
    warmup_mended()
