"""One-cycle against other decays, at its best peak."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

RATES = (0.01, 0.02, 0.04, 0.08, 0.16)
ADAM = (0.003, 0.006, 0.012, 0.024)


def against(task: str, name: str, plan: str, rates: tuple[float, ...]) -> Versus:
    """One-cycle with its momentum against another plan, each at its best rate."""
    cycle = arm("one-cycle", task, "one_cycle()", rates, momentum="one_cycle_momentum()")
    return Versus(f"{task}, against {name}", cycle, arm(name, task, plan, rates))


CLAIM = Claim(
    "one_cycle",
    "One-cycle ends better than other plans.",
    "3.2",
    (
        against("mnist", "constant", "Constant(base)", RATES),
        against("mnist", "linear to 0", "Linear(base, 0)", RATES),
        against("digits", "linear to 0", "Linear(base, 0)", RATES),
        against("bytes", "a warm-up and linear", "warmup_linear(warmup=percent(10))", ADAM),
    ),
    on="the rival",
)
