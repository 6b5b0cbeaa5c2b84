"""What patience, factor and cooldown of ReduceLROnPlateau do."""

from __future__ import annotations

from evidence.frame.arms import Arm, Option
from evidence.frame.cells import Setting
from evidence.frame.claims import Claim, Sweep, Versus

PATIENCES, FACTORS = (0, 1, 2, 4, 8, 16), (0.001, 0.01, 0.1, 0.2, 0.5, 0.9)
COOLDOWNS = (0, 2, 4, 8)
SETTINGS: dict[str, Setting] = {
    "rate": 0.04,
    "loop": "reporting",
    "every": 20,
    "watched": 250,
    "updates": 600,
}


def plateau(x: float, patience: int = 2, factor: float = 0.2, cooldown: int = 0) -> Option:
    """Thirty reports, each on 250 images drawn anew."""
    told = f"patience={patience}, factor={factor}, cooldown={cooldown}"
    return Option(x, f'base * Plateau("val_loss", {told})', tuple(SETTINGS.items()))


PATIENCE = Arm("patience", "mnist", tuple(plateau(each, patience=each) for each in PATIENCES))
FACTOR = Arm("factor", "mnist", tuple(plateau(each, factor=each) for each in FACTORS))
COOLDOWN = Arm("cooldown", "mnist", tuple(plateau(each, cooldown=each) for each in COOLDOWNS))
CLAIM = Claim(
    "plateau_settings",
    "patience, factor and cooldown decide whether a plateau succeeds; 0.1 to 0.5 is a good factor.",
    "2.5, 3.3",
    (
        Versus("patience 0, against the best", PATIENCE, PATIENCE.at(0)),
        Versus("patience 16, against the best", PATIENCE, PATIENCE.at(16)),
        Versus("factor 0.001, against the best", FACTOR, FACTOR.at(0.001)),
        Versus("factor 0.5, against the best", FACTOR, FACTOR.at(0.5)),
        Versus("factor 0.9, against the best", FACTOR, FACTOR.at(0.9)),
        Versus("cooldown 0, against the best", COOLDOWN, COOLDOWN.at(0)),
        Versus("cooldown 8, against the best", COOLDOWN, COOLDOWN.at(8)),
    ),
    on="the setting",
    sweeps=(
        Sweep("patience, reports (factor 0.2)", PATIENCE),
        Sweep("factor (patience 2)", FACTOR),
        Sweep("cooldown, reports (patience 2, factor 0.2)", COOLDOWN),
    ),
)
