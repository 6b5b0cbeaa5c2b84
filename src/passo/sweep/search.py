"""A search as a value: what all its processes need, and Optuna's study in its file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from passo.ground.extras import need
from passo.schedules import Run
from passo.sweep.answers import Train
from passo.sweep.intervals import EXTRA
from passo.sweep.spaces import WHAT, Space

if TYPE_CHECKING:
    from passo.law import Law

Judge: TypeAlias = Literal["shares", "law"]
TRIALS: Final = "trials"
SEEDS: Final = "seeds"
SEED: Final = 0  # of the runs of the search; the best plans are trained again with others
SILENCE = 20  # seconds without a word, after which a process is taken for dead
RETRIES: Final = 2
PATIENCE: Final = 60  # seconds that a write waits for another's


@dataclass(frozen=True, slots=True)
class Search:
    """All that a process needs to make runs of a search; it can be pickled."""

    train: Train
    space: Space
    run: Run
    path: Path
    trials: int
    metric: str | None = None
    judge: Judge | Law = "shares"
    sampler: Any = None
    pruner: Any = None
    silence: int = field(default_factory=lambda: SILENCE)
    seeded: bool = True

    @property
    def folder(self) -> Path:
        """Where the files of its runs are: beside the store, under its name."""
        return self.path.with_name(f"{self.path.name}.runs")

    @property
    def law(self) -> Law | None:
        """The law that was given; None where it is to be fitted, or none judges."""
        return None if isinstance(self.judge, str) else self.judge

    def lock(self) -> Any:
        """What only one process at a time holds while it takes a trial."""
        filelock = need("filelock", EXTRA, WHAT)
        return filelock.FileLock(f"{self.path}.lock")

    def study(self, name: str = TRIALS, *, is_known: bool = True) -> Any:
        """Optuna's study in the file: made where it is not there.

        A process that is silent for `silence` seconds is taken for dead, and its run made again.
        Whether this Optuna can read the file is looked at where that `is_known` not yet.
        """
        optuna = need("optuna", EXTRA, WHAT)
        with quiet():
            storage = optuna.storages.RDBStorage(
                f"sqlite:///{self.path}",
                engine_kwargs={"connect_args": {"timeout": PATIENCE}},
                skip_compatibility_check=is_known,
                heartbeat_interval=max(1, self.silence // 4),
                grace_period=self.silence,
            )
            study = optuna.create_study(
                storage=storage,
                study_name=name,
                direction="minimize",
                load_if_exists=True,
                pruner=self.pruner or usual_pruner(),
            )
            study.sampler = self.sampler or usual_sampler(len(study.trials))
            if not self.seeded:  # several processes with one seed would draw the same plans
                study.sampler.reseed_rng()
            return study

    def files_of(self, number: int) -> Path:
        """The folder of a trial, the same when it is made again."""
        return self.folder / f"trial-{number}"


def usual_sampler(seed: int) -> Any:
    """Optuna's TPE; going on does not draw again what was drawn."""
    optuna = need("optuna", EXTRA, WHAT)
    return optuna.samplers.TPESampler(seed=seed)


def usual_pruner() -> Any:
    """Gives up a run that is among the worst quarter at a share, once five have ended."""
    optuna = need("optuna", EXTRA, WHAT)
    return optuna.pruners.PercentilePruner(75.0, n_startup_trials=5, n_min_trials=4)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's lines on each trial, and its words on what may change in Optuna.

    Nor that heartbeats are those of `Study.optimize`: here `Hold` makes them.
    """
    optuna = need("optuna", EXTRA, WHAT)
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", "Heartbeat of storage")
            yield
    finally:
        optuna.logging.set_verbosity(level)


def finished(study: Any) -> Sequence[Any]:
    """The trials that went to their end and have a loss."""
    complete = need("optuna", EXTRA, WHAT).trial.TrialState.COMPLETE
    trials: Sequence[Any] = study.get_trials(deepcopy=False, states=(complete,))
    return trials
