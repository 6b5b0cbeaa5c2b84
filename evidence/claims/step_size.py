"""What step_size and gamma of StepLR do."""

from __future__ import annotations

from evidence.frame.arms import Arm, Option
from evidence.frame.claims import Claim, Sweep, Versus

SIZES = (3, 6, 12, 20, 33, 50, 80)
GAMMAS = (0.001, 0.03, 0.1, 0.3, 0.6, 0.9)


def step(size: float, gamma: float, x: float) -> Option:
    """A fall every `size` percent of the run, at base 0.04."""
    return Option(x, f"step_decay(percent({size}), gamma={gamma})", (("rate", 0.04),))


SIZE = Arm("step_size", "mnist", tuple(step(each, 0.1, each) for each in SIZES))
GAMMA = Arm("gamma", "mnist", tuple(step(33, each, each) for each in GAMMAS))
CLAIM = Claim(
    "step_size",
    "A step_size that is too small trains slowly, one that is too large loses what steps are for.",
    "2.1, 3.3",
    (
        Versus("3 % of the run, against the best", SIZE, SIZE.at(3)),
        Versus("12 % of the run, against the best", SIZE, SIZE.at(12)),
        Versus("80 % of the run, against the best", SIZE, SIZE.at(80)),
        Versus("gamma 0.001, against the best", GAMMA, GAMMA.at(0.001)),
        Versus("gamma 0.9, against the best", GAMMA, GAMMA.at(0.9)),
    ),
    on="the value",
    sweeps=(
        Sweep("step_size, % of the run (gamma 0.1)", SIZE),
        Sweep("gamma (step_size 33 %)", GAMMA),
    ),
)
