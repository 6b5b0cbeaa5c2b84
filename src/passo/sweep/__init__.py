"""Which schedule, how sure: runs of a train function, kept in a store that outlives a kill."""

from __future__ import annotations

from passo.sweep.journal import Journal
from passo.sweep.trial import Heard, Trial

__all__ = ["Heard", "Journal", "Trial"]
