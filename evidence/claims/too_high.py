"""A rate that is too high does not converge."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.005, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16)

BEST = {task: arm("the best rate", task, "Constant(base)", SGD) for task in ("mnist", "digits")}
LINEAR = arm("the best rate, linear to 0", "mnist", "Linear(base, 0)", SGD)
CLAIM = Claim(
    "too_high",
    "A rate that is too high is unstable or diverges.",
    "1.1",
    (
        Versus(
            "mnist, a constant rate of 0.3",
            BEST["mnist"],
            arm("0.3", "mnist", "Constant(base)", 0.3),
        ),
        Versus(
            "digits, a constant rate of 0.3",
            BEST["digits"],
            arm("0.3", "digits", "Constant(base)", 0.3),
        ),
        Versus(
            "mnist, a constant rate of 0.08",
            BEST["mnist"],
            arm("0.08", "mnist", "Constant(base)", 0.08),
        ),
        Versus(
            "mnist, 0.08 and then linear to 0",
            LINEAR,
            arm("0.08, linear to 0", "mnist", "Linear(base, 0)", 0.08),
        ),
    ),
    on="the rate, and what follows it",
)
