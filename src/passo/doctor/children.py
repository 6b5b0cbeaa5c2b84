"""Processes that a script starts, and the other ranks of a job: their traces come in by files."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from passo.ground.errors import PassoError
from passo.optim import recorder
from passo.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from passo.optim.recorder.record import How

PATIENCE: Final = 30.0  # seconds that rank 0 waits for the others when its own run is over
_LIBRARY: Final = ("torch.utils.data", "multiprocessing", "concurrent", "joblib")


class Followed:
    """What a child process runs, with a Recorder of its own around it.

    It writes into files while it runs, whose names begin with `prefix`: a child that is killed
    leaves them too.
    """

    def __init__(
        self, target: Callable[..., Any], folder: str, prefix: str, most: int | None
    ) -> None:
        self.target, self.folder, self.prefix, self.most = target, folder, prefix, most

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the target; its traces are kept whatever it does."""
        for inherited in recorder.opened():
            inherited.abandon()
        own = recorder.Recorder(self.folder, most=self.most, prefix=self.prefix)
        own.start()
        how: How = "error"
        try:
            with followed(Path(self.folder), self.prefix, self.most):
                result = self.target(*args, **kwargs)
            how = "end"
        except recorder.EnoughUpdates:
            how, result = "limit", None
        finally:
            own.stop(how)
        return result


@contextmanager
def followed(folder: Path, prefix: str = "", most: int | None = None) -> Iterator[None]:
    """While this is open, processes that the script starts are recorded too.

    The first one's files are called process1-0.jsonl and so on, after this process's `prefix`.
    """
    original, started = BaseProcess.start, count(1)

    def start(self: Any) -> None:
        name = "run" if type(self).run is not BaseProcess.run else "_target"
        target = getattr(self, name, None)
        if target is not None and _trains(target):
            which = f"{prefix}process{next(started)}-"
            setattr(self, name, Followed(target, str(folder), which, most))
        original(self)

    BaseProcess.start = start  # type: ignore[method-assign]
    try:
        yield
    finally:
        BaseProcess.start = original  # type: ignore[method-assign]


def _trains(target: Any) -> bool:
    """Whether a process may be one that trains: none that a library started for itself."""
    owner = getattr(target, "__self__", None)
    home = str(getattr(target if owner is None else type(owner), "__module__", ""))
    known = isinstance(target, Followed)  # by the process that this one was forked from
    return not known and (not home.startswith(_LIBRARY) or "spawn" in home)


def keep(traces: list[Trace], shelf: Path, name: str) -> None:
    """Puts traces on the shelf, and the sign that all are there."""
    shelf.mkdir(parents=True, exist_ok=True)
    for number, trace in enumerate(traces):
        trace.write(shelf / f"{name}-{number}.jsonl")
    (shelf / f"{name}.done").touch()


def gathered(folder: Path, prefix: str = "") -> tuple[tuple[Trace, ...], ...]:
    """The traces of other processes in a folder, one by one, in the order of their ranks.

    Their names begin with this process's `prefix`, and a name of their own.
    """
    found: dict[str, list[Trace]] = {}
    for path in sorted(folder.glob(f"{prefix}*-*.jsonl"), key=_order):
        try:
            found.setdefault(path.name.rpartition("-")[0], []).append(Trace.load(path))
        except (PassoError, OSError) as error:
            print(f"passo: a process left no whole trace: {error}", file=sys.stderr)  # noqa: T201
    processes = [tuple(each) for each in found.values()]
    return tuple(sorted(processes, key=lambda each: each[0].meta.get("rank", 0)))


def _order(path: Path) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", path.name)]


def job() -> tuple[Path, int, int] | None:
    """Under torchrun: the shelf of the job, this rank, and how many there are on this machine."""
    world = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if world < 2 or "LOCAL_RANK" not in os.environ:
        return None
    name = f"passo-doctor-{os.getppid()}-{os.environ.get('MASTER_PORT', '')}"
    return Path(tempfile.gettempdir()) / name, int(os.environ["LOCAL_RANK"]), world


def await_ranks(
    shelf: Path, world: int, patience: float = PATIENCE
) -> tuple[tuple[Trace, ...], ...]:
    """What the other ranks left, when they are done; who is late is left out."""
    until = time.monotonic() + patience
    while len(list(shelf.glob("*.done"))) < world - 1 and time.monotonic() < until:
        time.sleep(0.05)
    missing = world - 1 - len(list(shelf.glob("*.done")))
    if missing:
        print(f"passo: {missing} of {world} ranks left no trace", file=sys.stderr)  # noqa: T201
    return gathered(shelf)
