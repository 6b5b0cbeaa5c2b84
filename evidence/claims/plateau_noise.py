"""A plateau whose metric is noisy."""

from __future__ import annotations

from evidence.frame.arms import Arm, arm
from evidence.frame.claims import Claim, Versus


def plateau(name: str, watched: int, patience: int) -> Arm:
    """Reports every 20 updates, on so many images, drawn anew each time."""
    plan = f'base * Plateau("val_loss", patience={patience}, factor=0.2)'
    watching = arm(name, "mnist", plan, 0.02, updates=600, loop="reporting", every=20)
    return watching.with_(watched=watched)


CLAIM = Claim(
    "plateau_noise",
    "ReduceLROnPlateau is for metrics with little noise.",
    "2.5",
    (
        Versus(
            "16 images against 500, patience 1",
            plateau("500 images", 500, 1),
            plateau("16 images", 16, 1),
        ),
        Versus(
            "16 images against 500, patience 5",
            plateau("500 images", 500, 5),
            plateau("16 images", 16, 5),
        ),
        Versus(
            "16 images against 500, patience 10",
            plateau("500 images", 500, 10),
            plateau("16 images", 16, 10),
        ),
    ),
    on="patience",
)
