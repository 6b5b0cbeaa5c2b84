"""How Schedulers leave their optimizers: at once, or when the next ones begin there."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

from passo.optim.ground.attached import drivers_of
from passo.optim.ground.wrappers import unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from passo.optim import Scheduler

_AT_THE_END: Final = ("no update", "ended", "unheard", "apart")

# By its optimizer: what hangs there for what is saved after the end, and the states that were taken
# over from it but not gone on with yet.
_resting: Final[weakref.WeakKeyDictionary[Any, Scheduler]] = weakref.WeakKeyDictionary()
_left: Final[weakref.WeakKeyDictionary[Any, list[Mapping[str, Any]]]] = weakref.WeakKeyDictionary()


def stay(schedulers: Iterable[Scheduler]) -> None:
    """Let them hang there for what is saved after the end, until others begin there.

    >>> import torch
    >>> from passo import Constant, attach, attached
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> stay([attach(optimizer, Constant(0.5))])
    >>> [state["clock"] for state in take_over([optimizer])], attached(optimizer)
    ([0], ())
    """
    for each in schedulers:
        _resting.update(dict.fromkeys(each.optimizers, each))


def take_over(targets: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The states of what stays at these optimizers, until `went_on`; it is let go, bases back."""
    held = [_bare(each) for each in targets]
    resting = list(dict.fromkeys(_resting.pop(each) for each in held if each in _resting))
    if resting:
        states = [each.state_dict() for each in resting]
        _left.update(dict.fromkeys(held, states))
    for each in resting:
        let_go(each, restore=True)
    return list(_left[held[0]]) if held and held[0] in _left else []


def went_on(targets: Iterable[Any]) -> None:
    """What was taken over at these optimizers is nobody's any more."""
    for each in targets:
        _left.pop(_bare(each), None)


def _bare(target: Any) -> Any:
    return unwrapped(target) or target


def let_go(scheduler: Scheduler, *, restore: bool) -> None:
    """Detach it and say nothing; with `restore` the bases are back, but where another hand wrote.

    >>> import torch
    >>> from passo import Constant, attach
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> let_go(attach(optimizer, Constant(0.5)), restore=True)
    >>> optimizer.param_groups[0]["lr"]
    1.0
    """
    hush(scheduler)
    theirs = _written_by_others(scheduler) if restore else []
    scheduler.detach(restore=restore)
    for field, group, value in theirs:
        field.write(group, value)


def hush(scheduler: Scheduler) -> None:
    """Nothing is said of how it ends."""
    for promise in _AT_THE_END:
        scheduler.promises.settle(promise)


def _written_by_others(scheduler: Scheduler) -> list[tuple[Any, Any, float]]:
    """The fields that hold something else than what was written, and what they hold."""
    behind = [each for one in scheduler.optimizers for each in drivers_of(one)]  # one for each
    return [
        (each.field, each.group, each.field.read(each.group))
        for member in behind
        for each in member.driver.driven
        if each.field is not None and each.group is not None and not each.wrote(each.slot())
    ]
