"""torch's ReduceLROnPlateau as an expression, for torch and those that wrap it."""

from __future__ import annotations

from typing import Any, Final

from passo.catalogue.like.common import at_least
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules import Plateau, Schedule, base
from passo.schedules.algebra.atoms import Value

SMALL: Final = 1e-8
"""The largest eps that a plateau may have: what it leaves out is no rate that anybody trains at."""

SLIPS: Final = (
    "A fall smaller than eps theirs does not make; this makes it.",
    (
        "With a relative threshold and a metric below 0 theirs takes what did not improve for "
        "better; this takes the threshold as a share of the best one's size."
    ),
    "A group whose rate is below min_lr theirs leaves alone; this lifts it to min_lr.",
)
PLATEAU: Final = (
    (
        "Theirs hears what step(metrics) is told; this hears reports of the name that metric has, "
        "val_loss where it is not given."
    ),
    *SLIPS,
)


def reduce_on_plateau(  # noqa: PLR0917
    mode: Any = "min",
    factor: Any = 0.1,
    patience: Any = 10,
    threshold: Any = 1e-4,
    threshold_mode: Any = "rel",
    cooldown: Any = 0,
    min_lr: Any = 0,
    eps: Any = 1e-8,
    metric: Any = "val_loss",
) -> Schedule:
    """What `base` is multiplied by falls on reports, by the rules of torch's ReduceLROnPlateau."""
    rules = {
        "mode": mode,
        "factor": factor,
        "patience": patience,
        "threshold": threshold,
        "threshold_mode": threshold_mode,
        "cooldown": cooldown,
    }
    return falling(base, metric, min_lr, eps, **rules)


def falling(
    peak: Value, metric: Any = "val_loss", min_lr: Any = 0, eps: Any = 1e-8, **rules: Any
) -> Schedule:
    """Peak * Plateau(...), not below min_lr."""
    if at_least(eps, "eps") > SMALL:
        msg = f"no expression has falls that are left out where they are below eps={brief(eps)}"
        raise PassoError(msg)
    factors = peak * Plateau(metric, **rules)
    low = at_least(min_lr, "min_lr")
    return factors.clip(low=low) if low else factors
