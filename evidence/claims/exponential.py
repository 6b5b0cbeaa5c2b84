"""What gamma of ExponentialLR does."""

from __future__ import annotations

from evidence.frame.arms import Arm, Option
from evidence.frame.claims import Claim, Sweep, Versus

# What is left of the rate at the end of the run says more than a gamma whose epochs are not known.
LEFT = (1e-40, 1e-15, 1e-6, 1e-3, 1e-2, 0.1, 0.3)


def left(ratio: float, rate: float) -> Option:
    """A gamma for each percent of the run that leaves so much of the rate."""
    plan = f"exponential_decay({ratio**0.01:.12g}, every=percent(1))"
    return Option(ratio, plan, (("rate", rate),))


ARM = Arm("gamma", "mnist", tuple(left(each, 0.04) for each in LEFT))
HIGH = Arm("gamma at a higher base", "mnist", tuple(left(each, 0.12) for each in LEFT))
CLAIM = Claim(
    "exponential",
    "ExponentialLR is very sensitive to gamma: a little too low stops the learning early.",
    "2.3, 3.3",
    (
        Versus("1e-40 of the rate is left, against the best", ARM, ARM.at(1e-40)),
        Versus("1e-6 of the rate is left, against the best", ARM, ARM.at(1e-6)),
        Versus("1e-3 of the rate is left, against the best", ARM, ARM.at(1e-3)),
        Versus("30 % of the rate is left, against the best", ARM, ARM.at(0.3)),
        Versus("30 % is left, base 0.12, against the best", HIGH, HIGH.at(0.3)),
    ),
    on="the value",
    sweeps=(
        Sweep("what is left of the rate, base 0.04", ARM),
        Sweep("what is left of the rate, base 0.12", HIGH),
    ),
)
