"""What a train function is handed beside its plan: where it reports to, and where its files are."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from passo.ground.calls import called_like
from passo.ground.checks import brief, whole
from passo.ground.errors import PassoError
from passo.ground.files import append, cannot_write, path_of
from passo.ground.schema import parsed, plain
from passo.schedules.reports import as_metric

Heard: TypeAlias = "Callable[[int, Mapping[str, float]], None]"
"""Who listens to a trial: told the update and the metrics; what it raises ends the run."""
TRACE: Final = "trace.jsonl"
REPORTS: Final = "reports.jsonl"
KEPT: Final = "passo-checkpoint-"  # a Trainer that saves into the folder has checkpoint-N
NEW: Final = "passo-new-checkpoint-"


class Trial:
    """One run of a plan: `train(plan, run, seed, trial)` reports to it, and keeps its files in it.

    `folder` is this run's own. Where an earlier try of it kept a checkpoint before it was killed,
    that is `latest`, and its trace and reports wait to be gone on with; else they are taken away.

    >>> import tempfile
    >>> trial = Trial(Path(tempfile.mkdtemp()) / "run")
    >>> trial.report(100, val_loss=0.5)
    >>> trial.reports
    [(100, {'val_loss': 0.5})]
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        heard: Heard | None = None,
        ours: Callable[[], None] | None = None,
    ) -> None:
        """`ours` is asked before anything is written, and raises where the run is another's."""
        self.folder = Path(folder).absolute()
        self._heard, self._ours = heard, ours
        self.latest = self._begin()

    @property
    def record(self) -> str:
        """Where the trace of this run is kept: `attach(optimizer, plan, run, record=trial.record)`.

        >>> import tempfile
        >>> Path(Trial(tempfile.mkdtemp()).record).name
        'trace.jsonl'
        """
        return str(self.folder / TRACE)

    @called_like("trial.report(update, loss=loss.item())")
    def report(self, update: int, **metrics: float) -> None:
        """Tells metrics after so many updates: shown while the run goes on, and kept.

        Of two reports at one update the later one counts. What listens may end the run here: a
        search that gives it up raises out of this call, so that nothing is to be asked.

        Raises `PassoError` for an update below 0, for no metric, and for what is no number.
        """
        whole(update, "update", least=0)
        if not metrics:
            msg = "a report needs a metric; write trial.report(update, loss=loss.item())"
            raise PassoError(msg)
        told = {name: as_metric(value) for name, value in metrics.items()}
        self._ask()
        with (self.folder / REPORTS).open("ab", buffering=0) as file:
            append(file, f"{json.dumps([update, plain(told)])}\n".encode())
        if self._heard is not None:
            self._heard(update, told)

    @property
    def reports(self) -> list[tuple[int, dict[str, float]]]:
        """All reports so far, by their updates."""
        return reports_in(self.folder)

    @called_like("trial.checkpoint(folder)")
    def checkpoint(self, folder: str | os.PathLike[str]) -> None:
        """Keeps a copy of a folder that holds all that is needed to go on; the one before it goes.

        It is copied first and then given its name, so that a kill leaves the old one or the new
        one. A run that is begun again finds it as `trial.latest`.

        Raises `PassoError` for what is no folder, and for one that this run's own folder is in: the
        copy would hold itself.

        >>> import tempfile
        >>> trial, made = Trial(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
        >>> _ = (made / "state.txt").write_text("at 50")
        >>> trial.checkpoint(made)
        >>> (trial.latest / "state.txt").read_text()
        'at 50'
        """
        name = path_of(folder, "a checkpoint")
        source = Path(name)
        if not name or not source.is_dir():
            msg = (
                f"a checkpoint is a folder with what is needed to go on, got {brief(folder)}; "
                "save into a folder, and write trial.checkpoint(folder)"
            )
            raise PassoError(msg)
        if self.folder.resolve().is_relative_to(source.resolve()):
            msg = (
                f"the copy of a checkpoint is kept in {str(self.folder)!r}, which is in the folder "
                f"{name!r} itself; save into a folder in it, and write "
                'trial.checkpoint(trial.folder / "state")'
            )
            raise PassoError(msg)
        self._ask()
        number = 0 if self.latest is None else _number(self.latest) + 1
        beside = self.folder / f"{NEW}{number}"
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(source, beside)
        old, self.latest = self.latest, beside.rename(self.folder / f"{KEPT}{number}")
        if old is not None:
            shutil.rmtree(old)

    def _ask(self) -> None:
        if self._ours is not None:
            self._ours()

    def _begin(self) -> Path | None:
        """The checkpoint to go on from; without one what an earlier try left is taken away."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from None
        kept = sorted(self.folder.glob(f"{KEPT}*"), key=_number)
        for each in (*kept[:-1], *self.folder.glob(f"{NEW}*")):
            shutil.rmtree(each)
        if not kept:
            for name in (TRACE, REPORTS):
                (self.folder / name).unlink(missing_ok=True)
        if (self.folder / REPORTS).exists():
            with (self.folder / REPORTS).open("rb+") as file:
                file.truncate(file.read().rfind(b"\n") + 1)  # what a kill tore would tear the next
        return kept[-1] if kept else None


def reports_in(folder: Path) -> list[tuple[int, dict[str, float]]]:
    """The reports that a trial left in its folder, by their updates; a torn line is none.

    >>> reports_in(Path("no such folder"))
    []
    """
    try:
        text = (folder / REPORTS).read_text("utf-8")
    except FileNotFoundError:
        return []
    found: dict[int, dict[str, float]] = {}
    for line in text[: text.rfind("\n") + 1].splitlines():
        update, told = parsed(line)
        found.setdefault(update, {}).update({name: as_metric(each) for name, each in told.items()})
    return sorted(found.items())


def _number(kept: Path) -> int:
    return int(kept.name.removeprefix(KEPT))
