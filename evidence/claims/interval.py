"""An epoch's scheduler that is stepped per batch, and a batch's per epoch."""

from __future__ import annotations

from evidence.frame.arms import Arm, arm
from evidence.frame.claims import Claim, Versus


def stepped(name: str, plan: str, every: int) -> Arm:
    """A torch scheduler whose step() is called every so many updates."""
    return arm(name, "mnist", plan, 0.04, loop="torch", every=every, order="after")


EPOCH, BATCH = 100, 1
STEP, COSINE = "StepLR(step_size=2, gamma=0.1)", "CosineAnnealingLR(T_max=5)"
CYCLE = "OneCycleLR(max_lr=0.04, total_steps=500)"
CLAIM = Claim(
    "interval",
    "An epoch scheduler belongs at the end of the epoch, a batch scheduler after each batch.",
    "1.4, 3.3",
    (
        Versus(
            "StepLR(2 epochs), stepped per batch",
            stepped("per epoch", STEP, EPOCH),
            stepped("per batch", STEP, BATCH),
        ),
        Versus(
            "OneCycleLR(500 batches), stepped per epoch",
            stepped("per batch", CYCLE, BATCH),
            stepped("per epoch", CYCLE, EPOCH),
        ),
        Versus(
            "cosine(5 epochs), stepped per batch: it swings",
            stepped("per epoch", COSINE, EPOCH),
            stepped("per batch", COSINE, BATCH),
        ),
        Versus(
            "cosine, per epoch, against one planned in batches",
            stepped("per epoch", COSINE, EPOCH),
            stepped("in batches", "CosineAnnealingLR(T_max=500)", BATCH),
        ),
    ),
    on="whether the length was counted in what is stepped",
)
