"""`lift`: the pure schedules behind any scheduler of any library, found by simulating it."""

from passo.optim.lift.calls import inside, is_called, needs_metrics
from passo.optim.lift.lift import LONGEST, as_metrics, held_by, lift
from passo.optim.lift.twin import twin_of

__all__ = [
    "LONGEST",
    "as_metrics",
    "held_by",
    "inside",
    "is_called",
    "lift",
    "needs_metrics",
    "twin_of",
]
