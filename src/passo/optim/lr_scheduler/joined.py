"""The pure schedules of several schedulers together: a product, a momentum from one to the next."""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import TYPE_CHECKING, Any

from passo.optim.lr_scheduler.absolute import Absolute
from passo.optim.lr_scheduler.members import is_composed, is_plateau, ours_inside, schedule_of
from passo.optim.lr_scheduler.rates import as_float
from passo.optim.lr_scheduler.relative import Relative
from passo.schedules import Constant, PassoError, Schedule, steps
from passo.schedules.algebra.atoms import base

if TYPE_CHECKING:
    from collections.abc import Sequence


def product_of(schedulers: Sequence[Any], place: int) -> Schedule:
    """What a chain writes: the product of what its members multiply by.

    A member that writes its own value is all that is left of those before it. Raises PassoError
    where a value depends on each step that led to it: a floor, a sequence, or what multiplies
    after one that writes anew.
    """
    members = _flat(schedulers)
    if len(members) == 1:
        return schedule_of(members[0], place)
    start: Schedule | None = None
    factors: list[Schedule] = []
    for member in members:
        schedule = schedule_of(member, place)
        if isinstance(
            member, Absolute
        ):  # it writes its own value; what plateaus took off stays off
            start = endless(schedule)
            factors = [each for each in factors if list(each.plateaus(lambda t: t))]
            factors = [each.with_base(1.0) for each in factors]
        elif is_plateau(member) and not member.min_lrs[place]:
            factors.append(schedule if start is None and not factors else schedule.with_base(1.0))
        elif start is None and _multiplies(member):
            factors.append(endless(schedule if not factors else schedule.with_base(1.0)))
        else:
            msg = (
                f"what a chain makes of its {type(member).__name__} depends on each step before, "
                "and has no closed form; write passo.optim.lift(scheduler, 1000)"
            )
            raise PassoError(msg)
    return reduce(mul, factors if start is None else [start, *factors])


def endless(schedule: Schedule) -> Schedule:
    """The same with its last value for ever: a product ends with the first part that ends."""
    length = schedule.length()
    if length is None:
        return schedule
    last = schedule.with_base(1.0)(length.amount)
    return schedule.then(Constant(last * base if schedule.relative else last))


def _flat(schedulers: Sequence[Any]) -> list[Any]:
    """The members, those of chains within it too."""
    found: list[Any] = []
    for each in schedulers:
        chain = is_composed(each) and not hasattr(each, "_milestones")
        found += _flat(each._schedulers) if chain else [each]
    return found


def _multiplies(member: Any) -> bool:
    """Whether its value is a share of what is there, whatever that is."""
    return isinstance(member, Relative) and member._follows_rule and not member._floor


def refuse_other_bases(composed: Any, place: int) -> None:
    """Refuse members that do not begin from the base that the group has."""
    group = composed.optimizer.param_groups[place]
    now = as_float(group.get("initial_lr", group["lr"]))
    for member in ours_inside(composed):
        if hasattr(member, "_meet"):  # the groups may have changed places since its last step
            member._meet()
        bases = getattr(member, "base_lrs", None)
        if bases and as_float(bases[place]) != now:
            msg = (
                f"its {type(member).__name__} begins from {as_float(bases[place]):.6g} and others "
                f"from {now:.6g} in param group {place}: there is no closed form; write "
                "passo.optim.lift(scheduler, 1000)"
            )
            raise PassoError(msg)


def momentum_of(
    schedulers: Sequence[Any], milestones: Sequence[int], place: int
) -> Schedule | None:
    """The momentum of a sequence: each part's where it moves one, and what it held elsewhere."""
    moved = [getattr(each, "_momentum_of", lambda _: None)(place) for each in schedulers]
    held = next((Constant(each(0)) for each in moved if each is not None), None)
    if held is None:
        return None
    parts, begun = [], 0
    for part, end in zip(moved, [*milestones, None], strict=True):
        now = held if part is None else part
        if end is None:
            parts.append(now)
        elif end > begun:
            span = steps(end - begun)
            parts.append(now.until(span))
            held, begun = Constant(now(end - begun - 1)), end
    return parts[0].then(*parts[1:])
