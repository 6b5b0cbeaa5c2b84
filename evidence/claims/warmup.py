"""Warm-up permits higher rates."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.cells import Setting
from evidence.frame.claims import Claim, Versus

POST = (0.003, 0.006, 0.012, 0.02, 0.028)

COLD, WARM = "Linear(base, 0)", "warmup_linear(warmup=percent(20))"
DEEP: dict[str, Setting] = {"norm": "post", "layers": 4}


def post(name: str, rates: float | tuple[float, ...]) -> Versus:
    """A transformer of four layers whose norms stand after the sum."""
    return Versus(
        name,
        arm("20 % warm-up", "bytes", WARM, rates, "loss", **DEEP),
        arm("no warm-up", "bytes", COLD, rates, "loss", **DEEP),
    )


def other(name: str, task: str, rate: float) -> Versus:
    """A network that is less delicate."""
    return Versus(
        name,
        arm("20 % warm-up", task, WARM, rate, "loss"),
        arm("no warm-up", task, COLD, rate, "loss"),
    )


CLAIM = Claim(
    "warmup",
    "A warm-up permits higher rates, and keeps deep networks from diverging early.",
    "3.1, 4",
    (
        post("post-norm transformer at 0.02", 0.02),
        post("post-norm transformer at 0.012", 0.012),
        post("post-norm transformer at 0.003", 0.003),
        other("pre-norm transformer at 0.024", "bytes", 0.024),
        other("pre-norm transformer at 0.003", "bytes", 0.003),
        other("perceptron, mnist, SGD at 0.02", "mnist", 0.02),
    ),
    on="the network and the rate",
    unit="nats",
)
