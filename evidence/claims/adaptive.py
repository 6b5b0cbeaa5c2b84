"""A schedule beside an optimizer that adapts."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

ADAM = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)
ADAGRAD = (0.01, 0.02, 0.04, 0.08)


def beside(name: str, task: str, optimizer: str, rates: float | tuple[float, ...]) -> Versus:
    """A cosine to 0 against a constant rate."""
    return Versus(
        name,
        arm(f"{optimizer}, cosine", task, "cosine_decay()", rates, optimizer=optimizer),
        arm(f"{optimizer}, constant", task, "Constant(base)", rates, optimizer=optimizer),
    )


CLAIM = Claim(
    "adaptive",
    "A schedule helps beside optimizers that adapt: Adam, Adagrad.",
    "1.2",
    (
        beside("mnist, AdamW, each at its best rate", "mnist", "AdamW", ADAM),
        beside("digits, AdamW, each at its best rate", "digits", "AdamW", ADAM),
        beside("mnist, AdamW, both at 0.008", "mnist", "AdamW", 0.008),
        beside("mnist, AdamW, both at 0.0005", "mnist", "AdamW", 0.0005),
        beside("mnist, Adagrad, each at its best rate", "mnist", "Adagrad", ADAGRAD),
    ),
    on="the rate and the optimizer",
)
