"""A run that goes on from a checkpoint."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

COSINE, CYCLE = "CosineAnnealingLR(T_max=500)", "OneCycleLR(max_lr=0.04, total_steps=500)"


def lost(name: str, by: str, plan: str, saved: str) -> Versus:
    """A run that was stopped half-way and went on from what was saved, against one that was not."""
    whole = arm(
        "not stopped", "mnist", plan, 0.04, "loss", loop="resumed", by=by, saved="nothing lost"
    )
    return Versus(name, whole, whole.with_(saved=saved))


CLAIM = Claim(
    "resume",
    "A run that goes on without its scheduler's state ends worse.",
    "3.3",
    (
        lost("torch, OneCycleLR, no scheduler's state", "torch", CYCLE, "model and optimizer"),
        lost(
            "torch, CosineAnnealingLR, no scheduler's state", "torch", COSINE, "model and optimizer"
        ),
        lost("torch, OneCycleLR, with it", "torch", CYCLE, "all"),
        lost(
            "passo, one_cycle(), no scheduler's state",
            "passo",
            "one_cycle()",
            "model and optimizer",
        ),
        lost("passo, one_cycle(), with it", "passo", "one_cycle()", "all"),
    ),
    on="what was saved, and by which library",
    unit="nats",
)
