"""Weights & Biases: the run that `wandb.init()` answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from passo.integrations.log.writer import Adapter, Lost

AXIS = "passo/update"  # the axis of all that is logged here, whatever else counts the run's steps


class Wandb(Adapter):
    """One row for each update, at the step of its number where the run's steps are not beyond it.

    The run has one count of steps, which every `run.log` of the user's own moves, and it drops what
    comes for an earlier one. So where it is ahead the row joins the one that is open, and each row
    says which update it is.
    """

    kind = "the wandb run"
    rewrites = True

    def __init__(self, writer: Any) -> None:
        super().__init__(writer)
        self._known: set[str] = set()
        self._open: int | None = None
        self._update: int | None = None

    def row(self, update: int, numbers: Sequence[tuple[str, float]]) -> None:
        """Log them together."""
        run = self.writer
        try:
            for name, _ in numbers:
                if name not in self._known:
                    self._known.add(name)
                    run.define_metric(name, step_metric=AXIS)
            row = {**dict(numbers), AXIS: update}
            ours = self._open == run.step
            if run.step < update or (run.step == update and not ours):
                run.log(row, step=update)
            else:
                if ours and self._update != update:
                    run.log({AXIS: self._update}, commit=True)  # else it would be overwritten
                run.log(row, commit=False)
            self._open, self._update = run.step, update
        except Exception as error:
            raise Lost(len(numbers), error) from error

    def first(self, name: str) -> int:
        """Behind the last update that a resumed run has in its summary."""
        found = self.writer.summary.get(AXIS) if name in self.writer.summary.keys() else None  # noqa: SIM118
        return 0 if found is None else int(found) + 1

    def flush(self) -> None:
        """Nothing: wandb's own process writes as rows are closed, and the last one at finish()."""
