"""The law of the loops called stream_...: fitted on two recorded runs of their task.

`python -m tests.corpus.stream` records them and writes stream.json beside this file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import torch

from passo import Run, attach, steps, warmup_linear, wsd
from passo.law import Law
from passo.trace import Trace

LAW: Final = Path(__file__).parent / "stream.json"
UPDATES: Final = 1000


def recorded(plan, path) -> Trace:
    """The task of the loops, with the loss on 2,000 samples after each 10 updates."""
    torch.manual_seed(0)
    spread = torch.arange(1, 101) ** -0.75
    truth = torch.randn(100)
    model = torch.nn.Linear(100, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = attach(optimizer, plan, Run(steps(UPDATES)), record=path)
    held = torch.randn(2000, 100) * spread
    wanted = held @ truth + 0.5 * torch.randn(2000)
    for update in range(UPDATES):
        x = torch.randn(32, 100) * spread
        y = x @ truth + torch.randn(32)
        loss = torch.nn.functional.mse_loss(model(x)[:, 0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if update % 10 == 9:
            with torch.no_grad():
                off = torch.nn.functional.mse_loss(model(held)[:, 0], wanted)
            scheduler.report(val_loss=off.item())
    scheduler.detach()
    return Trace.load(path)


def main() -> None:
    """Record, fit, write."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("linear.jsonl", "wsd.jsonl")]
        plans = (warmup_linear(), wsd())
        Law.fit([recorded(*pair) for pair in zip(plans, files, strict=True)]).write(LAW)


if __name__ == "__main__":
    main()
