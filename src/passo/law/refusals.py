"""`NotPredictable`: what a law cannot say, why, and what would help."""

from __future__ import annotations

from passo.ground.errors import PassoError


class NotPredictable(PassoError):
    """A loss that these runs do not foresee; the text says why, and what would help.

    >>> raise NotPredictable("the runs are too alike; add a run that ends low")
    Traceback (most recent call last):
    ...
    passo.law.refusals.NotPredictable: the runs are too alike; add a run that ends low
    """
