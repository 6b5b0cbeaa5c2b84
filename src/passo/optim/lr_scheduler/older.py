"""What an older torch lacks, and what only an older torch takes.

torch 2.6 has the rule inside `step`, together with the warnings (no `_update_lr`), does not tell a
scheduler that its first step is the constructor's, puts floats where a plateau's Tensors were, and
took `verbose=` until then.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from torch.optim import lr_scheduler as torchs

from passo.optim.lr_scheduler.rates import held_values, put

if TYPE_CHECKING:
    from collections.abc import Callable

Init = TypeVar("Init", bound="Callable[..., None]")
_ABSENT: Final = object()
_VERBOSE: Final = (
    "The verbose parameter is deprecated. Please use get_last_lr() to access the learning rate."
)


def update_lr(scheduler: Any, epoch: Any = None) -> None:
    """Torch's rule, without counting the step and without warnings, on a scheduler of any torch."""
    if hasattr(scheduler, "_update_lr"):
        scheduler._update_lr(epoch)
    else:
        _write(scheduler, epoch)


def _write(scheduler: Any, epoch: Any) -> None:
    scheduler.last_epoch = scheduler.last_epoch + 1 if epoch is None else epoch
    closed = epoch is not None and hasattr(scheduler, "_get_closed_form_lr")
    with torchs._enable_get_lr_call(scheduler):
        rates = scheduler._get_closed_form_lr() if closed else scheduler.get_lr()
    groups = scheduler.optimizer.param_groups
    put(groups[: len(rates)], rates[: len(groups)])
    scheduler._last_lr = held_values(scheduler.optimizer)


class _Older(torchs.LRScheduler):
    """An older torch's class with what it lacks."""

    _is_initial = False

    def _initial_step(self) -> None:
        self._is_initial = True
        try:
            super()._initial_step()
        finally:
            del self._is_initial  # torch's states have no such key

    def _update_lr(self, epoch: Any = None) -> None:
        _write(self, epoch)

    def _reduce_lr(self, epoch: Any) -> None:
        """A plateau's; torch 2.6 puts a float where a Tensor was."""
        groups = self.optimizer.param_groups
        slots = [group["lr"] for group in groups]
        super()._reduce_lr(epoch)  # type: ignore[misc]
        rates = [group["lr"] for group in groups]
        for group, slot in zip(groups, slots, strict=True):
            group["lr"] = slot
        put(groups, rates)


def takes_verbose(init: Init) -> Init:
    """A constructor that takes `verbose` as well, by name or behind all its other arguments.

    >>> @takes_verbose
    ... def init(self, optimizer, gamma=0.1): ...
    >>> str(inspect.signature(init))
    '(self, optimizer, gamma=0.1)'
    """
    most = len(inspect.signature(init).parameters) - 1

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, verbose: Any = _ABSENT, **named: Any) -> None:
        if len(args) == most + 1 and verbose is _ABSENT:
            *args, verbose = args  # type: ignore[assignment]
        if verbose is not _ABSENT and verbose != "deprecated":
            warnings.warn(_VERBOSE, UserWarning, stacklevel=2)
        init(self, *args, **named)

    return cast("Init", wrapper)


IS_OLD: Final = not {"_update_lr", "_is_initial"} <= set(vars(torchs.LRScheduler))
if TYPE_CHECKING or not IS_OLD:  # noqa: SIM108  # mypy takes no conditional expression as a class
    Base = torchs.LRScheduler
else:
    Base = _Older
