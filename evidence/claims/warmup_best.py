"""Warm-up where each is at its best rate."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

POST = (0.003, 0.006, 0.012, 0.02, 0.028)
SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

COLD, WARM = "Linear(base, 0)", "warmup_linear(warmup=percent(20))"


def best(name: str, task: str, rates: tuple[float, ...], **settings: int | str) -> Versus:
    """With a warm-up and without, each at its best rate."""
    of = f", batches of {settings['batch']}" if "batch" in settings else ""
    return Versus(
        name,
        arm(f"20 % warm-up{of}", task, WARM, rates, "loss", **settings),
        arm(f"no warm-up{of}", task, COLD, rates, "loss", **settings),
    )


CLAIM = Claim(
    "warmup_best",
    "A warm-up leads to a better end, each at its best rate.",
    "3.1, 4",
    (
        best("post-norm transformer", "bytes", POST, norm="post", layers=4),
        best("perceptron, mnist, batches of 16", "mnist", SGD),
        best(
            "perceptron, mnist, batches of 256",
            "mnist",
            (0.04, 0.08, 0.16, 0.32, 0.64),
            batch=256,
            updates=150,
        ),
    ),
    on="the network",
    unit="nats",
)
