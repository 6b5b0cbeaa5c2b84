"""`untouched`: whatever happens in the block, afterwards everything is as it was."""

from __future__ import annotations

import copy
import os
import signal
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from passo.ground.checks import brief
from passo.optim.finder.loader_step import LoaderStep
from passo.optim.finder.memento import Memento
from passo.optim.ground import randomness
from passo.optim.ground.attached import attached
from passo.optim.ground.wrappers import layers
from passo.optim.scheduler.scheduler import Scheduler
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def untouched(*things: Any, folder: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """Gives back, bit for bit, what the block changes; also after an exception or a Ctrl-C.

    `things`: modules (parameters, buffers, gradients, train or eval, plain attributes), optimizers
    (state, groups, types and identities; a passo Scheduler on one stands still meanwhile),
    GradScalers, DataLoaders (their generators), generators, tensors, lists and dicts, what
    `loader_step` made, and any object with `state_dict` and `load_state_dict`. The global
    generators of Python, NumPy and torch are always given back, on all devices.

    The copies stay in memory, on the device of each tensor; with `folder` they wait on disk. An
    iterator that the block shares with the outside is not rewound: begin it inside. Raises
    PassoError, before anything runs, for a thing that it cannot give back.

    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    >>> with untouched(optimizer):
    ...     weight.grad = torch.ones(1)
    ...     optimizer.step()
    >>> weight.item(), weight.grad, len(optimizer.state)
    (1.0, None, 0)
    """
    check_folder(folder)
    found = Parts()
    for thing in things:
        found.add(thing)
    # What is put on the stack last is undone first. So Ctrl-C is deaf before anything is given
    # back and heard again after all is, and a Scheduler whose state is loaded again does that
    # before the memento has the last word on what its optimizer holds. Nested `try ... finally`
    # would say the same, one level deeper for each thing.
    with ExitStack() as undo:
        patience = Patience()
        undo.callback(patience.end)
        undo.callback(randomness.keep_global())
        for generator in found.generators:
            undo.callback(randomness.keep(generator))
        memento = Memento(found.held, folder=folder)
        undo.callback(memento.close)
        undo.callback(memento.put_back)
        for thing in found.stateful:
            undo.callback(thing.load_state_dict, copy.deepcopy(thing.state_dict()))
        for optimizer in found.optimizers:
            for scheduler in attached(optimizer):
                undo.callback(scheduler.as_it_is())
                scheduler.stand_still()
        for thing in found.plain:
            undo.callback(vars(thing).update, dict(vars(thing)))
        for step in found.steps:
            step.begin_again()
        undo.callback(patience.begin)
        yield


def check_folder(folder: Any) -> None:
    """Raises PassoError where the copies could not wait in that folder."""
    if folder is None:
        return
    if not isinstance(folder, (str, os.PathLike)):
        msg = f"folder needs the path of a folder, got {brief(folder)}; write folder='copies'"
        raise PassoError(msg)
    if not Path(folder).is_dir():
        what = "is a file" if Path(folder).exists() else "is not there; make it first"
        msg = f"folder needs a folder, and {os.fspath(folder)!r} {what}"
        raise PassoError(msg)
    if not os.access(folder, os.W_OK | os.X_OK):
        msg = f"folder needs a folder that can be written, and {os.fspath(folder)!r} cannot"
        raise PassoError(msg)


class Patience:
    """Keeps a Ctrl-C until all is given back: a second one would tear that apart."""

    def __init__(self) -> None:
        self._before: Any = None
        self._came = False

    def begin(self) -> None:
        """From here on a Ctrl-C waits; in another thread than the main one there is none."""
        alone = threading.current_thread() is threading.main_thread()
        if alone and signal.getsignal(signal.SIGINT) is not None:
            self._before = signal.signal(signal.SIGINT, self._keep)

    def end(self) -> None:
        """Whoever listened before listens again, and hears of what came."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._came:
            raise KeyboardInterrupt

    def _keep(self, *_: Any) -> None:
        self._came = True


class Parts:
    """Things sorted by how they are given back."""

    def __init__(self) -> None:
        self.held: list[Any] = []
        self.stateful: list[Any] = []
        self.generators: list[Any] = []
        self.optimizers: list[Any] = []
        self.plain: list[Any] = []
        self.steps: list[LoaderStep] = []

    def add(self, thing: Any) -> None:
        """Take a thing in; raises PassoError for one that cannot be given back."""
        if thing is None or any(each is thing for each in (*self.held, *self.stateful)):
            return
        if hasattr(thing, "param_groups") or isinstance(thing, torch.optim.Optimizer):
            self._add_optimizer(thing)
        elif isinstance(thing, LoaderStep):
            self._add_step(thing)
        elif isinstance(thing, Scheduler):
            self.add(thing.optimizer)
        elif isinstance(thing, torch.utils.data.DataLoader):
            self._add_loader(thing)
        elif isinstance(thing, (torch.nn.Module, torch.amp.GradScaler, torch.Tensor, list, dict)):
            self.held.append(thing)
        elif randomness.is_generator(thing):
            self.generators.append(thing)
        elif hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict"):
            self.stateful.append(thing)
        else:
            msg = (
                f"{brief(thing)} cannot be given back as it was: it has no state_dict and "
                "load_state_dict; name what has them, such as [model, scaler, loader]"
            )
            raise PassoError(msg)

    def _add_optimizer(self, optimizer: Any) -> None:
        """A wrapper such as accelerate's, and all that it holds inside."""
        for each in layers(optimizer):
            if not any(each is held for held in self.held):
                self.held.append(each)
                self.optimizers.append(each)

    def _add_step(self, step: LoaderStep) -> None:
        self.steps.append(step)
        self.plain.append(step)
        for part in (step.model, *step.optimizers, step.scaler):
            self.add(part)
        if isinstance(step.loader, torch.utils.data.DataLoader):
            self.add(step.loader)

    def _add_loader(self, loader: Any) -> None:
        if _has_state(loader):
            self.stateful.append(loader)
        self.generators += randomness.loader_generators(loader)
        parts = (loader, loader.sampler, loader.batch_sampler)
        self.plain += [each for each in parts if hasattr(each, "__dict__")]


def _has_state(loader: Any) -> bool:
    """Whether a loader can tell where it is; accelerate's has the method also where it cannot."""
    try:
        return loader.state_dict() is not None and hasattr(loader, "load_state_dict")
    except AttributeError:
        return False
