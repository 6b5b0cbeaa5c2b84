"""scheduler.step() before optimizer.step()."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus


def both(name: str, plan: str, rate: float, every: int) -> Versus:
    """One torch scheduler in the two orders; `every` updates are one of its epochs."""
    first = arm("optimizer first", "mnist", plan, rate, loop="torch", every=every, order="after")
    return Versus(name, first, first.with_(order="before"))


CLAIM = Claim(
    "order",
    "scheduler.step() before optimizer.step() skips the first value, and the training is worse.",
    "1.4, 3.3",
    (
        both("StepLR over 5 epochs, base 0.02", "StepLR(step_size=1, gamma=0.2)", 0.02, 100),
        both("StepLR over 5 epochs, base 0.16", "StepLR(step_size=1, gamma=0.2)", 0.16, 100),
        both("cosine over 5 epochs, base 0.02", "CosineAnnealingLR(T_max=5)", 0.02, 100),
        both("cosine over 500 batches, base 0.02", "CosineAnnealingLR(T_max=500)", 0.02, 1),
    ),
    on="how much of the run one step is, and on the base rate",
)
