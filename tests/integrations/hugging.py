"""A Trainer of transformers on twenty samples, and what each of its updates really used."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
Passo = pytest.importorskip("passo.integrations.transformers").Passo

SAMPLES, BATCH, EPOCHS = 20, 4, 3
LR = 0.1


class Model(torch.nn.Module):
    """One layer, made the same each time."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = torch.nn.Linear(3, 1)

    def forward(self, x, labels):
        guess = self.layer(x).squeeze(-1)
        return {"loss": (guess - labels).square().mean(), "logits": guess}


def _data():
    numbers = torch.randn(SAMPLES, 3, generator=torch.Generator().manual_seed(1))
    return [{"x": each, "labels": each.sum()} for each in numbers]


DATA = _data()


class Seen(transformers.TrainerCallback):
    """Which rate, and which weight decay, each update of the optimizer itself used."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.decays: list[float] = []
        self._hook: Any = None

    def on_train_begin(self, args, state, control, optimizer=None, **kwargs):
        if self._hook is not None:
            self._hook.remove()
        self._hook = optimizer.optimizer.register_step_pre_hook(self._look)

    def _look(self, optimizer, _args, _kwargs):
        self.rates.append(float(optimizer.param_groups[0]["lr"]))
        self.decays.append(float(optimizer.param_groups[0]["weight_decay"]))


def trainer(folder, *callbacks, cls=None, model=None, **named):
    """A Trainer, and what is seen of its updates: what it is given beside goes where it belongs."""
    own = ("eval_dataset", "compute_metrics", "optimizers", "train_dataset", "model_init")
    given = {name: named.pop(name) for name in own if name in named}
    settings = {
        "num_train_epochs": EPOCHS,
        "per_device_train_batch_size": BATCH,
        "per_device_eval_batch_size": SAMPLES,
        "learning_rate": LR,
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        **named,
    }
    args = transformers.TrainingArguments(output_dir=str(folder), **settings)
    seen = Seen()
    if "model_init" not in given:
        given["model"] = Model() if model is None else model
    given.setdefault("train_dataset", DATA)
    kind = transformers.Trainer if cls is None else cls
    made = kind(args=args, callbacks=[*callbacks, seen], **given)
    made.remove_callback(transformers.PrinterCallback)
    return made, seen


def weights(one):
    """All weights of a Trainer's model, as they are."""
    return [each.detach().clone() for each in one.model.parameters()]


def logged(one):
    """The rates that a Trainer's log has, one for each update."""
    return [each["learning_rate"] for each in one.state.log_history if "loss" in each]


def score(*values):
    """compute_metrics that answers with these, one after another."""
    left = list(values)
    return lambda _prediction: {"score": left.pop(0)}
