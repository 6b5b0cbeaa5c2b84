"""Losses from rates: fitted on recorded runs, predicted for schedules that were never run.

>>> from passo.law import NotPredictable
>>> issubclass(NotPredictable, ValueError)
True
"""

from __future__ import annotations

from passo.ground.extras import need

need("numpy", "passo[law]", "passo.law")

from passo.law.law import Law  # noqa: E402 (a missing numpy is told in words first)
from passo.law.prediction import Comparison, Outcome, Prediction  # noqa: E402
from passo.law.refusals import NotPredictable  # noqa: E402

__all__ = ["Comparison", "Law", "NotPredictable", "Outcome", "Prediction"]
