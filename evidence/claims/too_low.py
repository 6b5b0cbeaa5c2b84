"""A rate that is too low is slow; whether it is trapped."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

BEST = arm("the best rate, 500 updates", "mnist", "Constant(base)", SGD)
LONG = arm(
    "the best rate, 5,000 updates",
    "mnist",
    "Constant(base)",
    (0.005, 0.01, 0.02, 0.04),
    updates=5000,
)
CLAIM = Claim(
    "too_low",
    "A rate that is too low is slow, and is caught in a poor minimum.",
    "1.1",
    (
        Versus(
            "slow: 0.001, as many updates",
            BEST,
            arm("0.001", "mnist", "Constant(base)", 0.001),
        ),
        Versus(
            "caught: 0.001, ten times the updates, against the best rate for 500",
            BEST,
            arm("0.001, 5,000 updates", "mnist", "Constant(base)", 0.001, updates=5000),
        ),
        Versus(
            "caught: 0.001 against the best rate, 5,000 updates each",
            LONG,
            arm("0.001, 5,000 updates", "mnist", "Constant(base)", 0.001, updates=5000),
        ),
    ),
    on="the time that there is",
)
