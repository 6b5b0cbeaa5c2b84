"""One training: a cell's plan on a cell's task, and what came out of it."""

from __future__ import annotations

import warnings
from collections import deque
from statistics import fmean

import torch
from evidence.frame.cells import Cell, Figures
from evidence.tasks.loops import Loop, loop_of
from evidence.tasks.tasks import Task, task_of

from passo import PassoWarning, range_test

LAST = 50  # updates whose mean loss is the training's own
SHORT = 10.0  # a loss of training above this tells no more: it diverged
OPTIMIZERS = {"Adagrad", "Adam", "AdamW", "SGD"}


def optimizer_of(cell: Cell, task: Task) -> torch.optim.Optimizer:
    """The optimizer that a cell names, at the rate that it names."""
    name = cell.setting("optimizer")
    if name not in OPTIMIZERS:
        raise ValueError(f"no optimizer is called {name!r}; write one of {sorted(OPTIMIZERS)}")
    settings = {"lr": cell.setting("rate"), "weight_decay": cell.setting("weight_decay")}
    momentum = cell.setting("momentum")
    start = momentum if isinstance(momentum, float) else 0.9
    if name == "SGD":
        settings["momentum"] = start
    elif name != "Adagrad":
        settings["betas"] = (start, 0.99)
    made: torch.optim.Optimizer = getattr(torch.optim, name)(task.model.parameters(), **settings)
    return made


def train(cell: Cell) -> Figures:
    """Test loss, test error in %, training loss of the last updates; by seed.

    A plan "range_test" trains nothing: its figure is the rate that the range test suggests, or 0
    where it suggests none.
    """
    task = task_of(cell)
    if cell.plan == "range_test":
        return {"rate": _suggested(cell, task)}
    optimizer = optimizer_of(cell, task)
    with warnings.catch_warnings():
        # Loops that are wrong on purpose, and plateaus that never fall: torch and passo say so.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", PassoWarning)
        loop = loop_of(cell, task, optimizer)
        fit = _trained(loop, cell.setting("updates"))
    loss, error = task.judge(task.test)
    figures = {"loss": loss, "error": error, "fit": fit}
    return {name: float(f"{value:.6g}") for name, value in figures.items()} | loop.told


def _trained(loop: Loop, updates: int) -> float:
    losses: deque[float] = deque(maxlen=LAST)
    for _ in range(updates):
        losses.append(min(loop.update(), SHORT))
    return fmean(each if each == each else SHORT for each in losses)  # noqa: PLR0124 (NaN)


def _suggested(cell: Cell, task: Task) -> float:
    optimizer = optimizer_of(cell, task)

    def train_step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = task.loss(next(task.batches))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss

    found = range_test(
        train_step, optimizer, restore=[task.model], low=1e-6, repeats=cell.setting("repeats")
    ).suggestion()
    return float(f"{found.best:.3g}") if found else 0.0
