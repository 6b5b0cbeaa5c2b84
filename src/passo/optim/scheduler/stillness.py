"""Signs that training goes on while no update is counted."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.optim.ground.attached import counted
from passo.optim.ground.groups import parameters
from passo.optim.ground.updates import has_gradient

if TYPE_CHECKING:
    from collections.abc import Mapping

    Groups = list[dict[str, Any]]

_MANY: Final = 20  # calls of scheduler.step(): more than a GradScaler skips when it begins
_WEIGHS: Final = 2  # a call after which other weights are there: 10 of these are enough
_STEPS: Final = 10  # calls of optimizer.step() without any gradient
_NODES: Final = 10  # of autograd: one forward pass through a small network
_CHANGES: Final = 3  # of one weight: to initialise and to load it are two
_LOOKED_AT: Final = 16  # parameters of each group

_begun: Final = [0]  # Schedulers of this process that have counted an update


class Stillness:
    """What happened since a Scheduler was attached, for as long as it has counted no update.

    `scheduler.step()` called once for each micro-batch is no sign: then a gradient waits, and
    the weights stay. Nor is it one that the script attached and then did something else, such as
    training under another Scheduler.
    """

    __slots__ = ("_calls", "_elsewhere", "_first", "_last", "_node", "_weight", "steps")

    def __init__(self, groups: Groups) -> None:
        self.begin(groups)

    def begin(self, groups: Groups) -> None:
        """Count from here on; what was done up to here was undone, or was no training."""
        self._first = self._last = _versions(groups)
        self._node, self._elsewhere = _next_node(), _elsewhere()
        self._calls = self._weight = 0
        self.steps = 0

    def end(self) -> None:
        """The first update was counted."""
        _begun[0] += 1

    def called(self, groups: Groups) -> bool:
        """`scheduler.step()` is called; whether that was too often by now."""
        self._calls += 1
        now = _versions(groups)
        if _changes(self._last, now):
            self._weight += _WEIGHS
        elif not has_gradient(groups):
            self._weight += 1
        self._last = now
        return self._weight >= _MANY

    def signs(self, groups: Groups) -> str:
        """What says that updates were made which nobody counted; nothing where nothing does."""
        now = _versions(groups)
        if self._weight >= _MANY or self._calls >= _MANY:
            return f"scheduler.step() was called {self._calls:,} times"
        if _changes(self._first, now) >= _CHANGES:
            return "its weights changed"
        if self.steps >= _STEPS:
            return f"its step() was called {self.steps:,} times without any gradient"
        if _elsewhere() == self._elsewhere and _next_node() - self._node > _NODES:
            return "gradients were computed"
        return ""

    def is_forgotten(self, groups: Groups) -> bool:
        """Whether nobody stepped: the weights are as they were."""
        return not (self.steps or _changes(self._first, _versions(groups)))


def _versions(groups: Groups) -> dict[int, int]:
    """How often each of the first parameters, by its id, was changed in place: torch counts it."""
    several = [p for group in groups for p in islice(parameters(group), _LOOKED_AT)]
    with suppress(AttributeError, RuntimeError):  # a stand-in, or one that keeps no count
        return dict(zip(map(id, several), [p._version for p in several], strict=True))
    known = (p for p in several if isinstance(p, torch.Tensor) and not p.is_inference())
    return {id(p): p._version for p in known}


def _changes(before: Mapping[int, int], now: Mapping[int, int]) -> int:
    """How often one was changed since; groups that joined, went or changed places are no change."""
    return max((count - before.get(at, count) for at, count in now.items()), default=0)


def _elsewhere() -> tuple[int, int]:
    """Changes with what is trained under Schedulers: of those that began, and those that are."""
    return _begun[0], counted()


def _next_node() -> int:
    """The number of the next node of autograd in this thread."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        node = torch.ones((), requires_grad=True, device="cpu").neg().grad_fn
    return 0 if node is None else int(node._sequence_nr())
