"""The ways of driving a plan: passo's, and torch's as people write it, rightly and wrongly."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from evidence.frame.cells import Cell
from evidence.tasks.tasks import Task

import passo


@dataclass
class Loop:
    """`update()` makes one update and gives its loss; `told` is what else came out."""

    update: Callable[[], float]
    told: dict[str, Any] = field(default_factory=dict)


def loop_of(cell: Cell, task: Task, optimizer: torch.optim.Optimizer) -> Loop:
    """The loop that a cell asks for by its setting "loop"; passo's where it has none."""
    kind = dict(cell.settings).get("loop", "passo")
    return LOOPS[str(kind)](cell, task, optimizer)


def made(
    task: Task, optimizer: torch.optim.Optimizer, first: Callable[[], Any] | None = None
) -> float:
    """The update that everyone writes: gives the loss; `first` is called before the step."""
    optimizer.zero_grad()
    loss = task.loss(next(task.batches))
    loss.backward()  # type: ignore[no-untyped-call]
    if first is not None:
        first()
    optimizer.step()
    return loss.item()


def _plan(cell: Cell) -> dict[str, passo.Schedule]:
    plan = {"lr": passo.parse(cell.plan)}
    momentum = cell.setting("momentum")
    if isinstance(momentum, str):
        plan["momentum"] = passo.parse(momentum)
    return plan


def _attached(cell: Cell, optimizer: torch.optim.Optimizer) -> passo.Scheduler:
    run = passo.Run(passo.steps(cell.setting("updates")))
    return passo.attach(optimizer, _plan(cell), run)


def _passo(cell: Cell, task: Task, optimizer: torch.optim.Optimizer) -> Loop:
    _attached(cell, optimizer)  # the optimizer owns it
    return Loop(lambda: made(task, optimizer))


def _reporting(cell: Cell, task: Task, optimizer: torch.optim.Optimizer) -> Loop:
    """Every `every` updates it reports the loss on `watched` images, drawn anew each time."""
    scheduler = _attached(cell, optimizer)
    dealer = torch.Generator().manual_seed(10_000 + cell.seed)
    count, every = cell.setting("watched"), cell.setting("every")
    loop = Loop(lambda: 0.0, {"falls": 0, "first": cell.setting("updates")})

    def update() -> float:
        loss = made(task, optimizer)
        if scheduler.clock % every == 0:
            drawn = torch.randperm(len(task.watched[1]), generator=dealer)[:count]
            part = task.watched[0][drawn], task.watched[1][drawn]
            for _ in scheduler.report(val_loss=task.judge(part)[0]):
                loop.told["first"] = min(loop.told["first"], scheduler.clock)
                loop.told["falls"] += 1
        return loss

    loop.update = update
    return loop


def torch_scheduler(text: str, optimizer: torch.optim.Optimizer) -> Any:
    """The scheduler of torch that a text writes, `StepLR(step_size=5, gamma=0.1)`.

    Raises ValueError for what is not a call of a name with named literals.
    """
    call = ast.parse(text, mode="eval").body
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and not call.args):
        raise ValueError(
            f"a call with named arguments is needed, StepLR(step_size=5), got {text!r}"
        )
    given = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    return getattr(torch.optim.lr_scheduler, call.func.id)(optimizer, **given)


def _torch(cell: Cell, task: Task, optimizer: torch.optim.Optimizer) -> Loop:
    """Torch's own: `every` updates are an "epoch", and `order` is "after" or "before"."""
    scheduler = torch_scheduler(cell.plan, optimizer)
    every, before = cell.setting("every"), cell.setting("order") == "before"
    done = 0

    def update() -> float:
        nonlocal done
        done += 1
        if before:
            return made(task, optimizer, scheduler.step if done % every == 1 % every else None)
        loss = made(task, optimizer)
        if done % every == 0:
            scheduler.step()
        return loss

    return Loop(update)


def _resumed(cell: Cell, task: Task, optimizer: torch.optim.Optimizer) -> Loop:
    """Half of the run, then new objects, as in a new process, that load what `saved` names.

    "model and optimizer" leaves the scheduler's state out, "passo" too: with passo it rides in the
    optimizer's. "all" saves it as well; "nothing lost" never stops.
    """
    saved, updates = cell.setting("saved"), cell.setting("updates")
    held = [optimizer, _drive(cell, optimizer)]
    done = 0

    def update() -> float:
        nonlocal done
        if done == updates // 2 and saved != "nothing lost":
            states = [each.state_dict() for each in held]
            if cell.setting("by") == "passo":
                held[1].detach()
            held[0] = type(optimizer)(task.model.parameters(), **_as_new(optimizer, cell))
            held[1] = _drive(cell, held[0])
            held[0].load_state_dict(states[0])
            if saved == "all":
                held[1].load_state_dict(states[1])
        done += 1
        loss = made(task, held[0])
        held[1].step()
        return loss

    return Loop(update)


def _drive(cell: Cell, optimizer: torch.optim.Optimizer) -> Any:
    if cell.setting("by") == "passo":
        return _attached(cell, optimizer)
    return torch_scheduler(cell.plan, optimizer)


def _as_new(optimizer: torch.optim.Optimizer, cell: Cell) -> dict[str, Any]:
    """What the optimizer was first made with; the rate is the cell's, as a script writes it."""
    names = ("weight_decay", "momentum" if "momentum" in optimizer.defaults else "betas")
    return {"lr": cell.setting("rate"), **{name: optimizer.defaults[name] for name in names}}


LOOPS = {"passo": _passo, "reporting": _reporting, "torch": _torch, "resumed": _resumed}
