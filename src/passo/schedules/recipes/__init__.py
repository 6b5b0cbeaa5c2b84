"""Recipes: functions that write the common schedules for you."""

from passo.schedules.recipes.cycles import (
    cyclic,
    cyclic_momentum,
    one_cycle,
    one_cycle_momentum,
    warm_restarts,
    wave,
)
from passo.schedules.recipes.decay import (
    chebyshev,
    cosine_decay,
    exponential_decay,
    htd,
    multistep_decay,
    polynomial_decay,
    step_decay,
)
from passo.schedules.recipes.warmup import (
    inverse_sqrt,
    noam,
    warmup_constant,
    warmup_cosine,
    warmup_linear,
    wsd,
)

__all__ = [
    "chebyshev",
    "cosine_decay",
    "cyclic",
    "cyclic_momentum",
    "exponential_decay",
    "htd",
    "inverse_sqrt",
    "multistep_decay",
    "noam",
    "one_cycle",
    "one_cycle_momentum",
    "polynomial_decay",
    "step_decay",
    "warm_restarts",
    "warmup_constant",
    "warmup_cosine",
    "warmup_linear",
    "wave",
    "wsd",
]
