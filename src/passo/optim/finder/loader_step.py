"""`loader_step`: the usual loop as a function that makes one update and answers with its loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from passo.ground.checks import brief, whole
from passo.optim.ground.together import given_of
from passo.schedules import PassoError

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from passo.optim.ground.attached import HasGroups
    from passo.optim.ground.together import Optimizers


class LoaderStep:
    """One update at each call; made by `loader_step`."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: Any,
        loss_fn: Callable[..., Any] | None,
        loader: Iterable[Any],
        accumulate: int,
        scaler: Any,
        device: Any,
    ) -> None:
        if not isinstance(model, torch.nn.Module):
            msg = (
                f"loader_step needs a torch module, got {brief(model)}; "
                "write loader_step(model, optimizer, loss_fn, loader)"
            )
            raise PassoError(msg)
        if scaler is not None and not hasattr(scaler, "is_enabled"):
            msg = f"scaler must be a GradScaler, got {brief(scaler)}"
            raise PassoError(msg)
        self.model = model
        self.optimizers = given_of(optimizer)
        if not self.optimizers:
            msg = (
                f"loader_step needs a torch optimizer, got {brief(optimizer)}; "
                "write loader_step(model, [muon, adamw], loss_fn, loader)"
            )
            raise PassoError(msg)
        self.loss_fn = loss_fn
        self.loader = loader
        self.accumulate = whole(accumulate, "accumulate")
        self.scaler = scaler if scaler is not None and scaler.is_enabled() else None
        self.device = _device_of(model) if device is None else _device(device)
        self._batches: Iterator[Any] | None = None
        self._epochs = 0

    def __call__(self) -> torch.Tensor:
        """One update; the mean loss of its batches, as a Tensor that waits for nobody."""
        total = torch.zeros((), device=self.device)
        for _ in range(self.accumulate):
            batch = _moved(self._next(), self.device)
            with self._autocast():
                loss = self._loss(batch) / self.accumulate
            (loss if self.scaler is None else self.scaler.scale(loss)).backward()
            total += loss.detach()
        for optimizer in self.optimizers:
            if self.scaler is None:
                optimizer.step()
            else:
                self.scaler.step(optimizer)
        if self.scaler is not None:
            self.scaler.update()
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        return total

    def begin_again(self) -> None:
        """The next call begins the loader anew."""
        self._batches = None

    def _next(self) -> Any:
        """The next batch; a loader that has ended begins again."""
        for _ in range(2):
            if self._batches is None:
                self._batches = self._begin()
            try:
                return next(self._batches)
            except StopIteration:
                self._batches = None
        msg = f"the loader gave no batch, got {brief(self.loader)}"
        raise PassoError(msg)

    def _begin(self) -> Iterator[Any]:
        """A new epoch; a sampler that shuffles by epoch is told."""
        sampler = getattr(self.loader, "sampler", None)
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(self._epochs)  # type: ignore[union-attr]
        self._epochs += 1
        return iter(self.loader)

    def _autocast(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.scaler is None else torch.autocast(self.device.type)

    def _loss(self, batch: Any) -> Any:
        if isinstance(batch, Mapping):
            output = self.model(**batch)
            return output.loss if self.loss_fn is None else self.loss_fn(output, batch)
        if self.loss_fn is None:
            msg = f"loss_fn=None is for batches that are dicts, got a {type(batch).__name__}"
            raise PassoError(msg)
        if isinstance(batch, (tuple, list)):
            *inputs, targets = batch
            return self.loss_fn(self.model(*inputs), targets)
        return self.loss_fn(self.model(batch), batch)


def loader_step(
    model: torch.nn.Module,
    optimizer: Optimizer | HasGroups | Optimizers,
    loss_fn: Callable[..., Any] | None,
    loader: Iterable[Any],
    *,
    accumulate: int = 1,
    scaler: torch.amp.GradScaler | None = None,
    device: torch.device | str | int | None = None,
) -> LoaderStep:
    """The usual loop as a function: each call makes one update and answers with its mean loss.

    A batch `(*inputs, targets)` becomes `loss_fn(model(*inputs), targets)`, a dict becomes
    `loss_fn(model(**batch), batch)` (with `loss_fn=None` the output's own `.loss`), a single tensor
    `loss_fn(model(batch), batch)`. An update takes `accumulate` batches, each loss divided by their
    number. Several optimizers, a list or a mapping, make it together. With a `scaler` it runs under
    autocast. Batches go to `device`, or to where the model's
    first parameter is. When the loader ends, it begins again. Train or eval is left as it is.

    Raises PassoError where there is no optimizer, and where the loader gives nothing. `untouched`
    and `range_test` know what such a step changes: `restore=[]` is enough.

    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> batches = [(torch.ones(4, 2), torch.zeros(4, 1))]
    >>> step = loader_step(model, optimizer, torch.nn.functional.mse_loss, batches)
    >>> bool(step() > step())
    True
    """
    return LoaderStep(model, optimizer, loss_fn, loader, accumulate, scaler, device)


def _device_of(model: torch.nn.Module) -> torch.device:
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def _device(name: Any) -> torch.device:
    try:
        return torch.device(name)
    except (RuntimeError, TypeError, ValueError):
        msg = f'device must be a device of torch, got {brief(name)}; write device="cuda"'
        raise PassoError(msg) from None


def _moved(batch: Any, device: torch.device) -> Any:
    """The batch with its tensors on the device."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, Mapping):
        return {key: _moved(each, device) for key, each in batch.items()}
    if isinstance(batch, (tuple, list)):
        return tuple(_moved(each, device) for each in batch)
    return batch
