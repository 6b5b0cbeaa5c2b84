"""What a callback costs an update of its trainer: fits with and without it, by turns."""

from __future__ import annotations

import logging
import statistics
import warnings
from time import perf_counter
from typing import Any

import torch
from rich.table import Table

from passo import warmup_cosine

ROUNDS, BATCHES = 9, 400


def lightning_pair() -> tuple[float, float]:
    """The median seconds of an update in Lightning, bare and with a plan."""
    import lightning

    from passo.integrations.lightning import Passo

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)
            self.begin = self.took = 0.0

        def training_step(self, batch: Any, _index: int) -> Any:
            return self.layer(batch).square().mean()

        def on_train_start(self) -> None:
            self.begin = perf_counter()

        def on_train_end(self) -> None:
            self.took = (perf_counter() - self.begin) / BATCHES

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = torch.utils.data.DataLoader(torch.ones(BATCHES, 1))
    quiet = {f"enable_{what}": False for what in ("checkpointing", "progress_bar", "model_summary")}

    def fit(*callbacks: Any) -> float:
        module = Module()
        lightning.Trainer(
            max_epochs=1, accelerator="cpu", logger=False, callbacks=list(callbacks), **quiet
        ).fit(module, data)
        return module.took

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit(), fit(Passo(warmup_cosine()))  # the first of each is not timed
        pairs = [(fit(), fit(Passo(warmup_cosine()))) for _ in range(ROUNDS)]
    bare, planned = (statistics.median(times) for times in zip(*pairs, strict=True))
    return bare, planned


def table() -> Table:
    """Rows: the trainer, what an update of it takes without and with the callback."""
    made = Table(title="callbacks: microseconds for each update", title_justify="left")
    for name in ("trainer", "bare", "with Passo", "more"):
        made.add_column(name, justify="left" if name == "trainer" else "right")
    bare, planned = lightning_pair()
    figures = (bare, planned, planned - bare)
    made.add_row("Lightning", *(f"{each * 1e6:.0f}" for each in figures))
    return made


if __name__ == "__main__":
    from rich.console import Console

    Console().print(table())
