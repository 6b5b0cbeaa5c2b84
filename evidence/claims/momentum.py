"""Momentum that moves against the rate."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

MOVING = {
    task: arm("0.95 to 0.85 and back", task, "one_cycle()", SGD, momentum="one_cycle_momentum()")
    for task in ("mnist", "digits")
}
CLAIM = Claim(
    "momentum",
    "In one-cycle a momentum that moves against the rate is better than one that stays.",
    "3.2",
    tuple(
        Versus(
            f"{task}, against {fixed}",
            moving,
            arm(str(fixed), task, "one_cycle()", SGD, momentum=fixed),
        )
        for task, moving in MOVING.items()
        for fixed in (0.95, 0.9, 0.85)
    ),
    on="the momentum that stays",
)
