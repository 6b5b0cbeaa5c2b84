"""What torch's recursive schedulers come to in a chain, or where step 0 is asked for twice."""

from __future__ import annotations

import math
from typing import Final

from passo.catalogue.like.common import lasting
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules import Constant, Cosine, Exponential, Polynomial, steps
from passo.schedules.algebra.atoms import base
from passo.schedules.algebra.parallel import Product
from passo.schedules.algebra.repeat import Repeat
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.algebra.sequence import Then


def chained(members: list[Schedule]) -> Schedule:
    """The product of what multiplies; a last one that writes its own value is all that is left.

    Raises PassoError where the order in which they step matters otherwise.
    """
    last = members[-1]
    if len(members) == 1 or overwrites(last) or not last.relative:
        return last
    for member in members:
        if overwrites(member) or not _multiplies(member):
            msg = (
                f"{brief(member)} is no factor of the rate that is there, and what is chained with "
                "it depends on each step; passo.optim.lift reads the scheduler itself"
            )
            raise PassoError(msg)
    first, *others = map(lasting, members)
    for other in others:
        first = first * other.with_base(1.0)
    return first


def overwrites(member: Schedule) -> bool:
    """Whether torch's class writes a value of its own: LambdaLR, or warm restarts."""
    if isinstance(member, Product):
        return base in member.parts and not list(member.plateaus(lambda t: t))
    return isinstance(member, Repeat) and isinstance(member.part, Cosine)


def _multiplies(member: Schedule) -> bool:
    """Whether twice the base is twice the value: a floor, or another number, shows soon."""
    if not member.relative:
        return False
    one, two = member.with_base(1.0), member.with_base(2.0)
    return all(two(t) == 2.0 * one(t) for t in (*range(64), *(2**k for k in range(7, 20))))


TWICE: Final = (
    (
        "Its first event asks torch's scheduler for step 0 once more. A LinearLR, a ConstantLR or "
        "a milestone at 0 is applied twice, and a PolynomialLR is too low, to the end; an "
        "ExponentialLR and warm restarts are one event ahead; CosineAnnealingLR begins above the "
        "rate. use_legacy=True, at ITERATION_COMPLETED, is right."
    ),
    "A SequentialLR or a ChainedScheduler raises in it.",
)


def asked_twice(schedule: Schedule) -> Schedule:
    """What a schedule of torch comes to where its get_lr is called again at step 0 (torch 2.13)."""
    if isinstance(schedule, Exponential) or (overwrites(schedule) and isinstance(schedule, Repeat)):
        return schedule.skip(steps(1))
    if overwrites(schedule):
        return schedule
    if isinstance(schedule, Polynomial):
        length = float(schedule.over.amount)
        return schedule * float((length / (length + 1.0)) ** float(schedule.power))
    if isinstance(schedule, Repeat) and isinstance(schedule.part, Then):
        down = schedule.part.parts[0]
        if isinstance(down, Cosine):
            last = 2.0 / (1.0 + math.cos(math.pi / float(down.over.amount)))
            begin = last * base if down.end == 0 else (1.0 - last) * down.end + last * base
            return Constant(begin, steps(1)).then(schedule.skip(steps(1)))
    factor = schedule.with_base(1.0)(0) - schedule.with_base(0.0)(0)
    return schedule if factor in {0.0, 1.0} else schedule * factor
