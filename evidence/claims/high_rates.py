"""High rates, and whether they regularise."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus


def pair(task: str, high: float) -> Versus:
    """A high peak, and a tenth of it for ten times the updates."""
    return Versus(
        f"{task}, peak {high} against a tenth of it, ten times as long",
        arm("high", task, "one_cycle()", high, "loss", updates=500),
        arm("low", task, "one_cycle()", high / 10, "loss", updates=5000),
    )


CLAIM = Claim(
    "high_rates",
    "High rates regularise: the test loss is lower than what low rates come to.",
    "3.2",
    (pair("mnist", 0.04), pair("digits", 0.08)),
    on="the task",
    unit="nats",
)
