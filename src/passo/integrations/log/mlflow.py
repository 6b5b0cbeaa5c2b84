"""MLflow: the run that `mlflow.start_run()` answers with."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from passo.integrations.log.writer import Buffered

_MOST = 1000  # metrics that one call takes


class MLflow(Buffered):
    """Metrics of one run, many in one call: a call at each update would be most of its time."""

    kind = "the MLflow run"

    def __init__(self, writer: Any) -> None:
        super().__init__(writer)
        self._mlflow = import_module("mlflow")
        self._client = self._mlflow.MlflowClient()
        self._run = writer.info.run_id

    def put(self, numbers: Sequence[tuple[str, float, int]]) -> None:
        """Log them, with this moment as their time."""
        now = int(1000 * time.time())
        metric = self._mlflow.entities.Metric
        metrics = [metric(allowed(name), float(value), now, step) for name, value, step in numbers]
        for begin in range(0, len(metrics), _MOST):
            self._client.log_batch(self._run, metrics=metrics[begin : begin + _MOST])

    def first(self, name: str) -> int:
        """Behind the last step that the run has under this name."""
        history = self._client.get_metric_history(self._run, allowed(name))
        return max((each.step for each in history), default=-1) + 1


def allowed(name: str) -> str:
    """The name as MLflow takes it: "betas[1]" is "betas.1", and what else it refuses is "_".

    >>> allowed("betas[1]/head"), allowed("lr/AdamW#2/0")
    ('betas.1/head', 'lr/AdamW_2/0')
    """
    return re.sub(r"[^\w\-. :/]", "_", re.sub(r"\[(\d+)\]", r".\1", name))
