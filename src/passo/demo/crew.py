"""Worker processes: jobs go in, events come out, and nobody is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any

# The worker looks for modules exactly where this process does.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from passo.demo.worker import work; work()"
TICK = 0.2
Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """What a worker tells of its job: "done" or "failed"."""

    job: Job
    kind: str
    what: Any


def processors() -> int:
    """How many processors this process may use.

    >>> processors() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """`size` workers; leaving the `with` ends them at once, whatever they are doing.

    What they print goes to the file `log`.
    """

    def __init__(self, size: int, log: Path) -> None:
        self._size = size
        self._log = log
        self._jobs: Queue[Job | None] = Queue()
        self._events: Queue[Event] = Queue()
        self._workers: list[subprocess.Popen[str]] = []
        self._threads: list[Thread] = []

    def __enter__(self) -> Crew:  # noqa: PYI034 (Self is of Python 3.11)
        """Starts the workers."""
        try:
            for _ in range(self._size):
                self._workers.append(self._start())
                thread = Thread(target=self._serve, args=(self._workers[-1],), daemon=True)
                self._threads.append(thread)
                thread.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the workers."""
        self._end()

    def put(self, job: Job) -> None:
        """Gives a job to the first worker that has time for it."""
        self._jobs.put(job)

    def get(self) -> Event | None:
        """The next event, or None when there was none for a moment."""
        try:
            event = self._events.get(timeout=TICK)
        except Empty:
            return None
        if event.kind == "failed":
            raise RuntimeError(f"a worker of the demo failed at {event.job}:\n{event.what}")
        return event

    def _start(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 (our own program)
                [sys.executable, "-c", PROGRAM, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
                encoding="utf-8",
                start_new_session=True,
            )

    def _serve(self, worker: subprocess.Popen[str]) -> None:
        """Hands jobs to one worker, one at a time, and passes on what it tells."""
        while (job := self._jobs.get()) is not None:
            event = self._told(worker, job)
            if event is not None:
                self._events.put(event)
            else:
                said = self._log.read_text("utf-8", "replace")[-2000:]
                self._events.put(Event(job, "failed", f"it ended by itself. {said}"))
                return

    def _told(self, worker: subprocess.Popen[str], job: Job) -> Event | None:
        """What the worker says about a job; None when it is gone."""
        if worker.stdin is None or worker.stdout is None:
            return None
        try:
            worker.stdin.write(json.dumps(job) + "\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
            return Event(job, **json.loads(line)) if line else None
        except (OSError, ValueError):  # it was ended between two bytes
            return None

    def _end(self) -> None:
        for worker in self._workers:
            worker.kill()
        for _ in self._threads:
            self._jobs.put(None)
        for worker in self._workers:
            worker.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (pipe for worker in self._workers for pipe in (worker.stdin, worker.stdout)):
            if pipe is not None:
                with suppress(OSError):  # what was never written has nobody to read it
                    pipe.close()
