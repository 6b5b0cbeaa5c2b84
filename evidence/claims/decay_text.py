"""A decay beats a constant rate, on text."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

ADAM = (0.0015, 0.003, 0.006, 0.012, 0.024)

CONSTANT, LINEAR = "warmup_constant(warmup=percent(10))", "warmup_linear(warmup=percent(10))"


def at(name: str, rates: float | tuple[float, ...]) -> Versus:
    """Linear to 0 against constant, both after a tenth of warm-up."""
    return Versus(
        name,
        arm("linear to 0", "bytes", LINEAR, rates, "loss"),
        arm("constant", "bytes", CONSTANT, rates, "loss"),
    )


CLAIM = Claim(
    "decay_text",
    "A constant rate is inherently suboptimal: a decay is better (text, AdamW).",
    "1.1, 1.2, 4",
    (
        at("each at its best rate", ADAM),
        at("both at 0.024", 0.024),
        at("both at 0.0015", 0.0015),
    ),
    on="the rate",
    unit="nats",
)
