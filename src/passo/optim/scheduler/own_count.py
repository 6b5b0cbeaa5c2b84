"""The count of updates that an optimizer's own state keeps, beside what plans here have made."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import torch

from passo.optim.ground.attached import drivers_of
from passo.optim.scheduler import broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from passo.optim.scheduler.engine import Engine

_ON_DEVICE: Final = 8  # so many counts are read from a device: each read waits for it
_SLACK: Final = 1  # distributed checkpoint makes one step to fill an empty state

# What the count was when the last plan of this process was detached.
_left: Final[weakref.WeakKeyDictionary[Any, int]] = weakref.WeakKeyDictionary()


def own_count(optimizer: Any) -> int:
    """The most updates that the optimizer says of any parameter; 0 where it does not count.

    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = torch.optim.AdamW([weight])
    >>> weight.grad = torch.ones(1)
    >>> optimizer.step()
    >>> own_count(optimizer), own_count(torch.optim.SGD([weight]))
    (1, 0)
    """
    return count_in(getattr(optimizer, "state", None), optimizer.param_groups)


def count_in(states: Any, groups: Iterable[Any]) -> int:
    """The same of what an optimizer holds, or its `state_dict()`."""
    return max(_counts(states, groups), default=0)


def leave(optimizer: Any) -> None:
    """A plan is detached: the updates up to here are known."""
    with suppress(TypeError):  # a wrapper that cannot be held weakly
        _left[optimizer] = own_count(optimizer)


def unknown(engine: Engine, optimizer: Any, made: int) -> int:
    """How many updates the optimizer knows of, where no plan of this process made them; else 0.

    Of the count `made` are those of the update in progress. Where another Scheduler works on the
    optimizer already, it has looked.
    """
    others = [each for each in drivers_of(optimizer) if each.promises is not engine.promises]
    if any(each.clock for each in others):
        return 0
    known = engine.clock.updates
    with suppress(TypeError):
        known = max(known, _left.get(optimizer, 0))
    count = own_count(optimizer) - made
    return count if count > known + _SLACK else 0


def _counts(states: Any, groups: Iterable[Any]) -> Iterator[int]:
    held = list(states.values()) if isinstance(states, Mapping) else []
    found = [each["step"] for each in held if isinstance(each, Mapping) and "step" in each]
    found += [group["step"] for group in groups if "step" in group]
    tensors = [each for each in found if isinstance(each, torch.Tensor) and each.numel() == 1]
    near = (each for each in tensors if each.device.type == "cpu")
    far = islice((each for each in tensors if each.device.type != "cpu"), _ON_DEVICE)
    yield from (int(each.item()) for each in (*near, *far))
    yield from (int(each) for each in found if isinstance(each, (int, float)))


def compare(engine: Engine, optimizer: Any, *, made: int = 0) -> None:
    """At the first update, of which `made` is in the count already: say where the clock is behind.

    Not before: the state of the Scheduler may be loaded last of all. Raises PassoError with
    strict=True, until a state is loaded or the clock is moved.
    """
    promises, clock = engine.promises, engine.clock.updates
    if is_open(engine):
        if engine.passed_over is not None:
            promises.say("older", engine.passed_over)
        elif count := unknown(engine, optimizer, made):
            promises.say(
                "older",
                broken.older(engine.driver, engine.settings.caller, engine.name, count, clock),
            )
        promises.settle("older", engine.settings.part)


def is_open(engine: Engine) -> bool:
    """Whether the counts are still to be compared; said once, of several optimizers together."""
    promises = engine.promises
    return promises.keeps("older") and promises.keeps("older", engine.settings.part)
