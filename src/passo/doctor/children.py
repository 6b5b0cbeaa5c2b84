"""Processes that a script starts, and the other ranks of a job: their traces come in by files."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
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
    """The target of a child process, with a Recorder of its own around it."""

    def __init__(self, target: Callable[..., Any], shelf: str) -> None:
        self.target, self.shelf = target, shelf

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the target; its traces are kept whatever it does."""
        for inherited in recorder.opened():
            inherited.abandon()
        own = recorder.Recorder()
        own.start()
        how: How = "error"
        try:
            result = self.target(*args, **kwargs)
            how = "end"
        finally:
            own.stop(how)
            keep(own.traces(), Path(self.shelf), str(os.getpid()))
        return result


@contextmanager
def followed(shelf: Path) -> Iterator[None]:
    """While this is open, processes that the script starts are recorded too."""
    original = BaseProcess.start

    def start(self: Any) -> None:
        target = getattr(self, "_target", None)
        home = str(getattr(target, "__module__", ""))
        if target is not None and (not home.startswith(_LIBRARY) or "spawn" in home):
            self._target = Followed(target, str(shelf))
        original(self)

    BaseProcess.start = start  # type: ignore[method-assign]
    try:
        yield
    finally:
        BaseProcess.start = original  # type: ignore[method-assign]


def keep(traces: list[Trace], shelf: Path, name: str) -> None:
    """Puts traces on the shelf, and the sign that all are there."""
    shelf.mkdir(parents=True, exist_ok=True)
    for number, trace in enumerate(traces):
        trace.write(shelf / f"{name}-{number}.jsonl")
    (shelf / f"{name}.done").touch()


def gathered(shelf: Path) -> tuple[tuple[Trace, ...], ...]:
    """The traces on the shelf, process by process, in the order of their ranks."""
    found: dict[str, list[Trace]] = {}
    for path in sorted(shelf.glob("*.jsonl")):
        try:
            found.setdefault(path.name.rpartition("-")[0], []).append(Trace.load(path))
        except (PassoError, OSError):
            continue
    processes = [tuple(each) for each in found.values()]
    return tuple(sorted(processes, key=lambda each: each[0].meta.get("rank", 0)))


def job() -> tuple[Path, int, int] | None:
    """Under torchrun: the shelf of the job, this rank, and how many there are on this machine."""
    world = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if world < 2 or "LOCAL_RANK" not in os.environ:
        return None
    name = f"passo-doctor-{os.getppid()}-{os.environ.get('MASTER_PORT', '')}"
    return Path(tempfile.gettempdir()) / name, int(os.environ["LOCAL_RANK"]), world


def await_ranks(shelf: Path, world: int) -> tuple[tuple[Trace, ...], ...]:
    """What the other ranks left, when they are done; who is late is left out."""
    until = time.monotonic() + PATIENCE
    while len(list(shelf.glob("*.done"))) < world - 1 and time.monotonic() < until:
        time.sleep(0.05)
    missing = world - 1 - len(list(shelf.glob("*.done")))
    if missing:
        print(f"passo: {missing} of {world} ranks left no trace", file=sys.stderr)  # noqa: T201
    return gathered(shelf)
