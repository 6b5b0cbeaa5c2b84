"""TensorBoard: a SummaryWriter, torch's or tensorboardX's."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from passo.ground.extras import is_there
from passo.integrations.log.writer import Adapter


class TensorBoard(Adapter):
    """Scalars as `add_scalar` writes them, in float32 as TensorBoard keeps them."""

    kind = "TensorBoard"
    rewrites = True

    def __init__(self, writer: Any) -> None:
        super().__init__(writer)
        self._last: dict[str, int] | None = None

    def write(self, name: str, value: float, update: int) -> None:
        """Write one number."""
        self.writer.add_scalar(name, value, update)

    def first(self, name: str) -> int:
        """Behind what is under this name in the folder's event files."""
        if self._last is None:
            self.writer.flush()
            folder = getattr(self.writer, "log_dir", None) or getattr(self.writer, "logdir", None)
            self._last = {} if folder is None else _last_steps(Path(folder))
        return self._last.get(name, -1) + 1


def _last_steps(folder: Path) -> dict[str, int]:
    """The last step of each scalar; a file that was opened with purge_step takes later ones away.

    Event files are named by when they were begun.
    """
    if not is_there("tensorboard"):
        return {}
    loader = import_module("tensorboard.backend.event_processing.event_file_loader")
    start = import_module("tensorboard.compat.proto.event_pb2").SessionLog.START
    last: dict[str, int] = {}
    for file in sorted(folder.glob("*tfevents*")):
        for event in loader.LegacyEventFileLoader(str(file)).Load():
            if event.session_log.status == start:
                last = {name: min(step, event.step - 1) for name, step in last.items()}
            for each in event.summary.value:
                last[each.tag] = max(event.step, last.get(each.tag, -1))
    return last
