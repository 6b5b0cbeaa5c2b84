"""Losses of a task that the law of `passo.law` was not made on, recorded before it was fitted.

    python evidence/law/record.py              writes evidence/law/curves.json (about four minutes)
    python evidence/law/record.py --peaks      what was tried to choose the peak, first of all

The task: a convolutional network names the direction of a noisy grating (16 directions, an
endless stream, RMSprop). 13 schedules at one peak, one seed, one core.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from passo import (
    Constant,
    Cosine,
    InversePower,
    Linear,
    Run,
    Schedule,
    attach,
    base,
    multistep_decay,
    percent,
    polynomial_decay,
    rest,
    steps,
    wsd,
)
from passo.trace import Trace

HERE = Path(__file__).parent
UPDATES, EVERY, BATCH, CLASSES, SIDE = 1200, 12, 32, 16, 12
NOISE = 1.3
PEAK = 4e-3  # linear to 0 ends at 1.07, 0.71, 0.44, 0.34, 0.32 for 5e-4, 1e-3, 2e-3, 4e-3, 8e-3
WARM = Linear(0, base, steps(60))
SCHEDULES: dict[str, Schedule] = {
    "constant": WARM.then(Constant(base)),
    "inverse square root": WARM.then(InversePower(base, steps(60))),
    "cosine": WARM.then(Cosine(base, 0)),
    "cosine to 10 %": WARM.then(Cosine(base, 0.1 * base)),
    "linear": WARM.then(Linear(base, 0)),
    "wsd 10 %": wsd(warmup=steps(60), cooldown=percent(10)),
    "wsd 20 %": wsd(warmup=steps(60), cooldown=percent(20)),
    "wsd 40 %": wsd(warmup=steps(60), cooldown=percent(40)),
    "wsd 70 %": wsd(warmup=steps(60), cooldown=percent(70)),
    "wsd 30 %, 1-sqrt": wsd(warmup=steps(60), cooldown=percent(30), shape="1-sqrt"),
    "two-stage": WARM.then(multistep_decay([percent(70)])),
    "three-stage": WARM.then(multistep_decay([percent(50), percent(80)])),
    "square": WARM.then(polynomial_decay(over=rest, power=2)),
}


def gratings(count: int, source: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy images, and the direction of each."""
    classes = torch.randint(CLASSES, (count,), generator=source)
    turn = classes * (math.pi / CLASSES)
    phase = 2 * math.pi * torch.rand(count, generator=source)
    pitch = 0.6 + 0.8 * torch.rand(count, generator=source)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    along = turn.cos()[:, None, None] * x + turn.sin()[:, None, None] * y
    clean = (pitch[:, None, None] * along + phase[:, None, None]).sin()
    noise = NOISE * torch.randn(count, SIDE, SIDE, generator=source)
    return (clean + noise)[:, None], classes


def network() -> nn.Module:
    """Two layers of convolutions, one that reads them."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 5, padding=2),
        nn.GELU(),
        nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(24 * 9, CLASSES),
    )


def recorded(schedule: Schedule, seed: int, peak: float, folder: Path) -> Trace:
    """The trace of one run."""
    torch.manual_seed(seed)
    model, stream = network(), torch.Generator().manual_seed(1000 + seed)
    held_out = gratings(2048, torch.Generator().manual_seed(7))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=peak)
    path = folder / f"{len(list(folder.iterdir()))}.jsonl"
    scheduler = attach(optimizer, schedule, Run(steps(UPDATES)), record=path)
    for update in range(1, UPDATES + 1):
        images, classes = gratings(BATCH, stream)
        functional.cross_entropy(model(images), classes).backward()
        optimizer.step()
        optimizer.zero_grad()
        if update % EVERY == 0:
            with torch.no_grad():
                loss = functional.cross_entropy(model(held_out[0]), held_out[1])
            scheduler.report(val_loss=loss.item())
    scheduler.detach()
    return Trace.load(path)


def main() -> None:
    """Record all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peaks", action="store_true")
    told = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if told.peaks:
            for peak in (5e-4, 1e-3, 2e-3, 4e-3, 8e-3):
                trace = recorded(SCHEDULES["linear"], 9, peak, folder)
                print(peak, trace.series("val_loss")[1][-1], flush=True)
            return
        runs = []
        for seed in (0,):
            for label, schedule in SCHEDULES.items():
                _, losses = recorded(schedule, seed, PEAK, folder).series("val_loss")
                runs.append(
                    {"schedule": label, "seed": seed, "val_loss": [round(v, 5) for v in losses]}
                )
                print(seed, label, losses[-1], flush=True)
    about = {"updates": UPDATES, "every": EVERY, "peak": PEAK, "warmup": 60}
    lines = ",\n".join(json.dumps(run) for run in runs)
    text = f'{{"about": {json.dumps(about)}, "runs": [\n{lines}\n]}}\n'
    (HERE / "curves.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
