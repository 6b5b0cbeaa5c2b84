"""A plateau against plans made beforehand."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

PLATEAU = arm(
    "plateau",
    "mnist",
    'base * Plateau("val_loss", patience=4, factor=0.2)',
    SGD,
    loop="reporting",
    every=20,
    watched=500,
    updates=600,
)


def against(name: str, plan: str) -> Versus:
    """The plateau against a plan, each at its best rate."""
    return Versus(f"against {name}", PLATEAU, arm(name, "mnist", plan, SGD, updates=600))


CLAIM = Claim(
    "plateau_planned",
    "A plateau adapts: it is better than plans made beforehand, and does not decay too early.",
    "2.5, 4",
    (
        against("constant", "Constant(base)"),
        against("a tenth after 10 %", "multistep_decay([percent(10)])"),
        against("a tenth after 50 % and 80 %", "multistep_decay([percent(50), percent(80)])"),
        against("linear to 0", "Linear(base, 0)"),
    ),
    on="the plan",
)
