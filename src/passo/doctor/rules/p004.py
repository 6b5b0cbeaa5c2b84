"""P004: advanced once for many updates, and the run ends far short of the schedule's length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.doctor.finding import Finding
from passo.doctor.stepping import each_update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from passo.doctor.case import Case

CODE = "P004"
MANY = 2.0  # updates for each advance
FAR = 0.5  # of the length: a run that came half way was not counted in another unit
COUNTED = 0.1  # of the updates made: a length as near as that to them was meant in updates


def look(case: Case) -> Iterator[Finding]:
    """A length that fits the number of updates, advanced once an epoch.

    Where a `break` ended the run it may as well be the number of epochs that were meant.
    """
    if not case.finished or case.left:
        return
    for known in case.leading:
        length = known.length
        if length is None or not known.gained or known.pace < MANY:
            continue
        if case.built_anew(known) > 1:  # each is as long as its own few advances: P007
            continue
        if known.position >= FAR * length:
            continue
        if abs(length - known.updates) > COUNTED * known.updates:
            continue
        yield Finding(
            CODE,
            f"{known.kind} is {length:,.6g} advances long and got {known.gained:,.6g}, one for "
            f"every {known.pace:,.3g} of {known.updates:,} updates: it ended at "
            f"{known.position / length:.1%} of its plan",
            "the length was counted in updates, the advances in epochs: the plan hardly began",
            f"{each_update(known)}, or, for an advance an epoch, {known.lasting(known.position)}",
            known.call,
            case.updates,
        )
