"""What a callback costs an update of its trainer: fits with and without it, by turns."""

from __future__ import annotations

import logging
import statistics
import warnings
from collections.abc import Callable
from importlib.util import find_spec
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
    return _by_turns(fit, Passo)


def skorch_pair() -> tuple[float, float]:
    """The same in skorch."""
    from skorch import NeuralNetRegressor

    from passo.integrations.skorch import Passo

    data = torch.ones(BATCHES, 1)
    settings = {"train_split": None, "verbose": 0, "batch_size": 1, "max_epochs": 1}

    def fit(*callbacks: Any) -> float:
        net = NeuralNetRegressor(torch.nn.Linear(1, 1), callbacks=list(callbacks), **settings)
        begin = perf_counter()
        net.fit(data, data)
        return (perf_counter() - begin) / BATCHES

    return _by_turns(fit, Passo)


def fastai_pair() -> tuple[float, float]:
    """The same in fastai, with its own Adam."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fastai.data.core import DataLoaders
        from fastai.learner import Learner

        from passo.integrations.fastai import Passo

    data = torch.utils.data.TensorDataset(torch.ones(BATCHES, 1), torch.ones(BATCHES, 1))
    loader = torch.utils.data.DataLoader(data)
    few = torch.utils.data.DataLoader(torch.utils.data.Subset(data, range(1)))

    def fit(*callbacks: Any) -> float:
        learn = Learner(DataLoaders(loader, few), torch.nn.Linear(1, 1), torch.nn.MSELoss())
        learn.remove_cbs([each for each in learn.cbs if each.name == "progress"])
        with learn.no_logging():
            begin = perf_counter()
            learn.fit(1, cbs=list(callbacks))
            return (perf_counter() - begin) / BATCHES

    return _by_turns(fit, Passo)


def _by_turns(fit: Callable[..., float], callback: Callable[[Any], Any]) -> tuple[float, float]:
    """The medians of fits without and with a plan; the first of each is not timed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit(), fit(callback(warmup_cosine()))
        pairs = [(fit(), fit(callback(warmup_cosine()))) for _ in range(ROUNDS)]
    bare, planned = (statistics.median(times) for times in zip(*pairs, strict=True))
    return bare, planned


PAIRS = {"Lightning": lightning_pair, "skorch": skorch_pair, "fastai": fastai_pair}


def table() -> Table:
    """Rows: the trainer, what an update of it takes without and with the callback.

    A trainer that is not installed has no row: `make test-trainers` installs them.
    """
    made = Table(title="callbacks: microseconds for each update", title_justify="left")
    for name in ("trainer", "bare", "with Passo", "more"):
        made.add_column(name, justify="left" if name == "trainer" else "right")
    for name, pair in PAIRS.items():
        if find_spec(name.lower()) is not None:
            bare, planned = pair()
            figures = (bare, planned, planned - bare)
            made.add_row(name, *(f"{each * 1e6:.0f}" for each in figures))
    return made


if __name__ == "__main__":
    from rich.console import Console

    Console().print(table())
