"""What is hung into torch while a Recorder listens, and taken out again when none does."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from passo.optim.ground.quiet import quiet
from passo.optim.recorder.source import HIDDEN
from passo.optim.scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from passo.optim.recorder.listener import Listener

_METHODS: Final = ("__init__", "step", "load_state_dict", "state_dict")


class Hooks:
    """Everything that was hung in, so that it comes out again."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._handles: list[Any] = []
        self._replaced: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        """Listen to every optimizer, every scheduler, every loss."""
        listener = self.listener
        self._handles = [
            register_optimizer_step_pre_hook(quiet(listener.before)),
            register_optimizer_step_post_hook(quiet(listener.after)),
        ]
        for kind in [LRScheduler, *_below(LRScheduler)]:
            self._wrap(kind)
        self._replace(LRScheduler, "__init_subclass__", classmethod(self._born))
        self._replace(torch.Tensor, "backward", _backward(torch.Tensor.backward, listener))
        self._listen(Optimizer, "load_state_dict", listener.loads.optimizer)
        self._listen(Optimizer, "state_dict", listener.loads.saving)
        self._listen(Scheduler, "report", listener.schedulers.reporting)
        self._listen(torch.amp.GradScaler, "scale", listener.losses.scaling)
        self._listen(torch.amp.GradScaler, "step", listener.scaled_step)

    def remove(self) -> None:
        """Leave torch as it was."""
        for handle in self._handles:
            handle.remove()
        for owner, name, original in reversed(self._replaced):
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._handles, self._replaced = [], []

    def _born(self, kind: type) -> None:
        """A class of schedulers was defined while we listen."""
        object.__init_subclass__()
        self._wrap(kind)

    def _wrap(self, kind: type) -> None:
        around: dict[str, Any] = {
            "__init__": self.listener.schedulers.building,
            "load_state_dict": self.listener.loads.scheduler,
            "state_dict": self.listener.loads.saving,
        }
        for name in _METHODS:
            method = vars(kind).get(name)
            if not callable(method):
                continue
            if name == "step":
                self._replace(kind, name, _stepping(method, self.listener))
            else:
                self._listen(kind, name, around[name])

    def _listen(self, owner: Any, name: str, listening: Any) -> None:
        method = vars(owner)[name]
        self._replace(owner, name, _around(method, _guarded(self.listener, listening)))

    def _replace(self, owner: Any, name: str, new: Any) -> None:
        self._replaced.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, new)


def _below(kind: type) -> list[type]:
    found: list[type] = list(kind.__subclasses__())
    return [each for below in found for each in (below, *_below(below))]


def hidden(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with frames that `warnings.warn(stacklevel=2)` does not count.

    Warnings skip the frames of the import system, which they know by the name of their file: with
    that name a wrapped method warns at the very line at which the bare one did.
    """
    function.__code__ = function.__code__.replace(co_filename=HIDDEN)
    return function


def _guarded(listener: Listener, listening: Callable[..., Any]) -> Callable[..., Any]:
    """What hears something, so that an error of ours never ends a run: nothing more is heard."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        if listener.lost:
            return None
        try:
            result = listening(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 (whatever it is, training goes on)
            listener.lose(error)
            return None
        return _guarded(listener, result) if callable(result) else result

    return guarded


def _around(method: Any, listening: Any) -> Any:
    """The method, with a context around each call that is told of it."""

    def listened(*args: Any, **kwargs: Any) -> Any:
        frame: Any = sys._getframe(1)
        while frame.f_code.co_filename == HIDDEN:
            frame = frame.f_back
        done = listening(method, args, kwargs, frame)
        result, failed = None, True
        try:
            result = method(*args, **kwargs)
            failed = False
        finally:
            if done is not None:
                done(result, failed)
        return result

    return functools.wraps(method)(hidden(listened))


def _stepping(method: Any, listener: Listener) -> Any:
    """The `step` of a scheduler: quick, since it runs at every update."""
    schedulers = listener.schedulers
    busy, failed = schedulers.busy, _guarded(listener, schedulers.failed)
    begin, end = schedulers.stepping, schedulers.stepped
    within = _guarded(listener, schedulers.within)

    def stepped(*args: Any, **kwargs: Any) -> Any:
        if busy or listener.lost:
            if busy and busy[-1] is not args[0]:
                within(args[0], busy[-1])
            return method(*args, **kwargs)
        frame: Any = sys._getframe(1)
        while frame.f_code.co_filename == HIDDEN:
            frame = frame.f_back
        try:
            record = begin(args[0], frame)
        except Exception as error:  # noqa: BLE001 (as in _guarded)
            listener.lose(error)
            record = None
        if record is None:
            return method(*args, **kwargs)
        before = getattr(args[0], "last_epoch", None)
        busy.append(args[0])
        try:
            result = method(*args, **kwargs)
        except BaseException as error:
            failed(record, args[0], frame, error)
            raise
        finally:
            busy.pop()
        try:
            end(record, args, kwargs, frame, before)
        except Exception as error:  # noqa: BLE001 (as in _guarded)
            listener.lose(error)
        return result

    return functools.wraps(method)(hidden(stepped))


def _backward(method: Any, listener: Listener) -> Any:
    see = _guarded(listener, listener.losses.see)

    def backward(
        self: Any,
        gradient: Any = None,
        retain_graph: Any = None,
        create_graph: Any = False,  # noqa: FBT002 (torch's signature)
        inputs: Any = None,
    ) -> Any:
        see(self)
        return method(self, gradient, retain_graph, create_graph, inputs)

    return functools.wraps(method)(hidden(backward))
