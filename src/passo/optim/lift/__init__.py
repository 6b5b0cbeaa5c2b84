"""`lift`: the pure schedules behind any scheduler of any library, found by simulating it."""

from passo.optim.lift.lift import lift

__all__ = ["lift"]
