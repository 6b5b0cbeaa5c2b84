"""What takes `log_metrics(metrics, step=...)`: Lightning's loggers, and `mlflow` itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from passo.integrations.log.mlflow import allowed
from passo.integrations.log.writer import Adapter, Lost


class Metrics(Adapter):
    """One call for each update; `allowed` is how the library wants names."""

    kind = "the logger"

    def __init__(self, writer: Any) -> None:
        super().__init__(writer)
        self._is_mlflow = getattr(writer, "__name__", "") == "mlflow"

    def row(self, update: int, numbers: Sequence[tuple[str, float]]) -> None:
        """Log them together."""
        named = {allowed(name) if self._is_mlflow else name: value for name, value in numbers}
        try:
            self.writer.log_metrics(named, step=update)
        except Exception as error:
            raise Lost(len(numbers), error) from error

    def flush(self) -> None:
        """As the logger saves."""
        save = getattr(self.writer, "save", None)
        if callable(save) and not self._is_mlflow:
            save()
