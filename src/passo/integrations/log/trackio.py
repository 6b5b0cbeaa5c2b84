"""trackio: the run that `trackio.init()` answers with."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from passo.integrations.log.writer import Adapter, Lost


class Trackio(Adapter):
    """One row for each update, at the step of its number."""

    kind = "the trackio run"
    rewrites = True

    def row(self, update: int, numbers: Sequence[tuple[str, float]]) -> None:
        """Log them together."""
        try:
            self.writer.log(dict(numbers), step=update)
        except Exception as error:
            raise Lost(len(numbers), error) from error

    def first(self, name: str) -> int:
        """Behind the last step that the run has under this name."""
        storage = import_module("trackio.sqlite_storage").SQLiteStorage
        logs = storage.get_logs(self.writer.project, self.writer.name)
        return max((int(each["step"]) for each in logs if name in each), default=-1) + 1

    def flush(self) -> None:
        """Nothing: trackio's own thread sends, and waits for it at finish()."""
