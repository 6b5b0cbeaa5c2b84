"""How a composed scheduler treats its members, ours and torch's alike."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from torch.optim import lr_scheduler as torchs

from passo.optim.lr_scheduler.base import LRScheduler
from passo.optim.lr_scheduler.older import update_lr
from passo.optim.lr_scheduler.rates import held_values
from passo.schedules import Constant, PassoError
from passo.schedules.algebra.atoms import base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from passo.schedules import Schedule


def check(owner: Any, schedulers: Sequence[Any], optimizer: Any) -> None:
    """The conditions that torch has, in its words, but for plateaus, which are welcome here."""
    name = type(owner).__name__
    if len(schedulers) < 1:
        chained = " to be chained" if isinstance(owner, torchs.ChainedScheduler) else ""
        msg = f"{name} expects at least one scheduler{chained}, but got no scheduler."
        raise ValueError(msg)
    for index, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            msg = f"{name} at index {index} should have `optimizer` as its attribute."
            raise TypeError(msg)
        if optimizer != scheduler.optimizer:
            msg = (
                f"{name} expects all schedulers to belong to the same optimizer, but got "
                f"scheduler {type(scheduler).__name__} at index {index} has "
                f"{scheduler.optimizer}, which is different from {type(optimizer).__name__}."
            )
            raise ValueError(msg)


def is_plateau(scheduler: Any) -> bool:
    """Whether its step wants a metric."""
    return isinstance(scheduler, torchs.ReduceLROnPlateau)


def is_composed(scheduler: Any) -> bool:
    """Whether it has members."""
    return isinstance(scheduler, (torchs.SequentialLR, torchs.ChainedScheduler))


def told(scheduler: Any, metrics: Any) -> None:
    """A step of a member, with the metric if it is one that takes it."""
    if is_plateau(scheduler):
        if metrics is None:
            msg = (
                "ReduceLROnPlateau is active and step() got no metric; "
                "write scheduler.step(val_loss)"
            )
            raise PassoError(msg)
        scheduler.step(metrics)
    elif metrics is not None and isinstance(scheduler, LRScheduler) and is_composed(scheduler):
        scheduler.step(metrics)
    else:
        scheduler.step()


def begin(scheduler: Any, at: int, *, first: bool, onto: bool) -> None:
    """Let a member be where so many of its steps lead; the rates are at the base, or `onto`."""
    if isinstance(scheduler, LRScheduler):
        scheduler._meet()  # groups may have come or gone while it was not at work
    if is_plateau(scheduler):
        scheduler._last_lr = held_values(scheduler.optimizer)
    elif isinstance(scheduler, torchs.SequentialLR):
        begin_sequence(scheduler, at, onto=onto)
    elif isinstance(scheduler, torchs.ChainedScheduler):
        begin_chain(scheduler, at, onto=onto)
    elif isinstance(scheduler, LRScheduler) and scheduler._can_begin():
        scheduler._begin(at, onto=onto)
        scheduler._step_count = 1
    else:
        scheduler.last_epoch = -1
        if first:
            scheduler._initial_step()
        else:
            update_lr(scheduler, 0)
        for _ in range(at):
            update_lr(scheduler)


def begin_sequence(sequence: Any, at: int, *, onto: bool = False) -> None:
    """Let the member that is active after so many steps be where they lead."""
    unbegun(sequence)
    sequence.last_epoch, milestones = at, sequence._milestones
    place = bisect_right(milestones, at)
    since = at - milestones[place - 1] if place else at
    begin(sequence._schedulers[place], since, first=not place, onto=onto)
    sequence._last_lr = held_values(sequence.optimizer)


def begin_chain(chain: Any, at: int, *, onto: bool = False) -> None:
    """Let each member be where so many steps lead, on top of those before it."""
    for scheduler in chain._schedulers:
        begin(scheduler, at, first=True, onto=onto or at > 0)
    chain._last_lr = held_values(chain.optimizer)


def hand_over(scheduler: Any, return_to_base: Callable[[], None], metrics: Any) -> None:
    """A milestone: the member that begins does so from the base, and hears the metric."""
    if isinstance(scheduler, torchs.SequentialLR):
        unbegun(scheduler)
        scheduler.last_epoch = 0
        place = bisect_right(scheduler._milestones, 0)
        hand_over(scheduler._schedulers[place], return_to_base, metrics)
        scheduler._last_lr = held_values(scheduler.optimizer)
    elif is_plateau(scheduler) or isinstance(scheduler, torchs.ChainedScheduler):
        return_to_base()
        begin(scheduler, 0, first=False, onto=False)
        if metrics is not None:
            _hear(scheduler, metrics)
    else:
        update_lr(scheduler, 0)


def _hear(scheduler: Any, metrics: Any) -> None:
    """The plateaus that begin with this scheduler get their first report."""
    if is_plateau(scheduler):
        scheduler.step(metrics)
    elif isinstance(scheduler, torchs.SequentialLR):
        _hear(scheduler._schedulers[bisect_right(scheduler._milestones, 0)], metrics)
    else:
        for each in getattr(scheduler, "_schedulers", ()):
            _hear(each, metrics)


def schedule_of(scheduler: Any, place: int) -> Schedule:
    """The pure schedule of a member for one param group."""
    if not isinstance(scheduler, LRScheduler):
        name = f"{type(scheduler).__module__}.{type(scheduler).__name__}"
        msg = f"{name} has no schedule of its own; write passo.optim.lift(scheduler, steps)"
        raise PassoError(msg)
    schedule: Schedule = scheduler._schedule_of(place)
    length = schedule.length()
    if length is not None and length.amount == 0:  # in a sequence it would leave no trace
        end = schedule.with_base(1.0)(0)
        return Constant(end * base if schedule.relative else end)
    return schedule


def ours_inside(scheduler: Any) -> Iterator[LRScheduler]:
    """This one and all inside it that are ours."""
    if isinstance(scheduler, LRScheduler):
        yield scheduler
    for each in getattr(scheduler, "_schedulers", ()):
        yield from ours_inside(each)


def active(scheduler: Any) -> list[LRScheduler]:
    """Which of ours write at its next step: this one, or its members that are at work."""
    return scheduler._active() if isinstance(scheduler, LRScheduler) else []


def unbegun(scheduler: Any) -> None:
    """Members that are not at work yet have made no step."""
    for each in scheduler._schedulers:
        if is_composed(each):
            unbegun(each)
        elif not is_plateau(each):
            each.last_epoch = -1
