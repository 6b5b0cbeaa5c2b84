"""Which schedule, how sure: runs of a train function, kept in a store that outlives a kill.

>>> from passo.sweep import compare, tune
"""

from __future__ import annotations

from passo.sweep.answers import Answer, WrongAnswer
from passo.sweep.compare import compare
from passo.sweep.comparison import Comparison, Result
from passo.sweep.intervals import Pair
from passo.sweep.journal import Journal
from passo.sweep.study import Plan, Study
from passo.sweep.trial import Heard, Trial
from passo.sweep.tune import tune

__all__ = [
    "Answer",
    "Comparison",
    "Heard",
    "Journal",
    "Pair",
    "Plan",
    "Result",
    "Study",
    "Trial",
    "WrongAnswer",
    "compare",
    "tune",
]
