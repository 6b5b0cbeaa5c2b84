"""A decay beats a constant rate."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.005, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16)
ADAM = (0.0015, 0.003, 0.006, 0.012, 0.024)

CONSTANT, LINEAR = "Constant(base)", "Linear(base, 0)"


def best(task: str, rates: tuple[float, ...], figure: str) -> Versus:
    """Linear to 0 against constant, each at its best rate."""
    return Versus(
        f"{task}, each at its best rate",
        arm("linear to 0", task, LINEAR, rates, figure),
        arm("constant", task, CONSTANT, rates, figure),
    )


def at(task: str, rate: float, figure: str) -> Versus:
    """The two at one rate."""
    return Versus(
        f"{task}, both at {rate}",
        arm("linear to 0", task, LINEAR, rate, figure),
        arm("constant", task, CONSTANT, rate, figure),
    )


CLAIM = Claim(
    "decay",
    "A constant rate is inherently suboptimal: a decay is better (images, SGD).",
    "1.1, 1.2, 4",
    (
        best("mnist", SGD, "error"),
        best("digits", SGD, "error"),
        at("mnist", 0.08, "error"),
        at("mnist", 0.005, "error"),
        at("digits", 0.01, "error"),
    ),
    on="the rate and the task",
)
