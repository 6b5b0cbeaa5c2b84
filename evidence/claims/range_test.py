"""What the range test suggests, against the best of a grid."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus
from evidence.frame.sides import Found

GRID = (0.01, 0.02, 0.04, 0.08, 0.16)
PLANS = {"constant": "Constant(base)", "one-cycle": "one_cycle()"}


def near(task: str, name: str) -> Versus:
    """One test of each seed's own against the best rate of the grid, chosen by other seeds."""
    return Versus(
        f"{task}, {name}",
        Found("what it suggests", task, PLANS[name]),
        arm(f"{name} at the best of the grid", task, PLANS[name], GRID),
        margin=1.0,
    )


CLAIM = Claim(
    "range_test",
    "The range test finds a good rate (within 1 point of the best of a grid).",
    "3.3",
    tuple(near(task, name) for task in ("mnist", "digits") for name in PLANS),
    on="the plan",
)
