"""One-cycle and super-convergence: how many updates to a target."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus
from evidence.frame.sides import Ladder

RATES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
LENGTHS = (64, 125, 250, 500, 1000)
TARGETS = {"mnist": 9.5, "digits": 5.0}
CYCLE = {"momentum": "one_cycle_momentum()"}


def ladder(name: str, task: str, plan: str, **settings: str) -> Ladder:
    """Runs of every length, each planned for it and at its own best rate."""
    arms = (
        (length, arm(f"{name}, {length}", task, plan, RATES, updates=length, **settings))
        for length in LENGTHS
    )
    return Ladder(name, tuple(arms), TARGETS[task])


def both(task: str) -> tuple[Versus, Versus]:
    """One-cycle against a constant rate, and against linear to 0."""
    cycle = ladder("one-cycle", task, "one_cycle()", **CYCLE)
    to = f"{task}, updates to {TARGETS[task]} % of error"
    return (
        Versus(f"{to}, against constant", cycle, ladder("constant", task, "Constant(base)")),
        Versus(f"{to}, against linear to 0", cycle, ladder("linear", task, "Linear(base, 0)")),
    )


CLAIM = Claim(
    "super_convergence",
    "One-cycle trains much faster: super-convergence.",
    "3.2, 4",
    (*both("mnist"), *both("digits")),
    on="the rival",
    unit="times",
    notes="Each length is a run of its own, planned for it, at its own best rate.",
)
