"""A peak of ten times the base."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus
from evidence.frame.sides import Scaled

SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

CYCLE = (0.01, 0.02, 0.04, 0.08, 0.16)


def times(task: str, factor: float) -> Versus:
    """One-cycle at `factor` times the best constant rate against its best peak, 0.5 points off."""
    return Versus(
        f"{task}, {factor:g} times",
        Scaled(
            f"{factor:g} times", arm("constant", task, "Constant(base)", SGD), "one_cycle()", factor
        ),
        arm("the best peak", task, "one_cycle()", CYCLE),
        margin=0.5,
    )


CLAIM = Claim(
    "ten_times",
    "A good max_lr is ten times the base rate (within 0.5 points of the best peak).",
    "3.2",
    (
        times("mnist", 10),
        times("digits", 10),
        times("mnist", 4),
        times("digits", 4),
        times("mnist", 2),
        times("digits", 2),
    ),
    on="the factor and the task",
    notes="The base is the best constant rate.",
)
