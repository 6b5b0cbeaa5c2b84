"""Schedulers that step together, each on what the one before it has written."""

from __future__ import annotations

from passo.catalogue.like.common import lasting
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.algebra.atoms import base
from passo.schedules.algebra.parallel import Product
from passo.schedules.algebra.repeat import Repeat
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.shapes import Cosine


def chained(members: list[Schedule]) -> Schedule:
    """The product of what multiplies; a last one that writes its own value is all that is left.

    Raises PassoError where the order in which they step matters otherwise.
    """
    last = members[-1]
    if len(members) == 1 or _overwrites(last) or not last.relative:
        return last
    for member in members:
        if _overwrites(member) or not _multiplies(member):
            msg = (
                f"{brief(member)} is no factor of the rate that is there, and what is chained with "
                "it depends on each step; passo.optim.lift reads the scheduler itself"
            )
            raise PassoError(msg)
    first, *others = map(lasting, members)
    for other in others:
        first = first * other.with_base(1.0)
    return first


def _overwrites(member: Schedule) -> bool:
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
