"""Worker processes: jobs go in, events come out, and nobody is left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any

from passo.ground.processes import Process, begun, ended

PROGRAM = "from passo.demo.worker import work; work()"
TICK = 0.2
Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """What a worker tells of its job: "done" or "failed"."""

    job: Job
    kind: str
    what: Any


class Crew:
    """`size` workers; leaving the `with` ends them at once, whatever they are doing.

    What they print goes to the file `log`.
    """

    def __init__(self, size: int, log: Path) -> None:
        self._size = size
        self._log = log
        self._jobs: Queue[Job | None] = Queue()
        self._events: Queue[Event] = Queue()
        self._workers: list[Process] = []
        self._threads: list[Thread] = []

    def __enter__(self) -> Crew:  # noqa: PYI034 (Self is of Python 3.11)
        """Starts the workers."""
        try:
            for _ in range(self._size):
                self._workers.append(begun(PROGRAM, self._log))
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

    def _serve(self, worker: Process) -> None:
        """Hands jobs to one worker, one at a time, and passes on what it tells."""
        while (job := self._jobs.get()) is not None:
            event = self._told(worker, job)
            if event is not None:
                self._events.put(event)
            else:
                said = self._log.read_text("utf-8", "replace")[-2000:]
                self._events.put(Event(job, "failed", f"it ended by itself. {said}"))
                return

    def _told(self, worker: Process, job: Job) -> Event | None:
        """What the worker says about a job; None when it is gone."""
        if worker.stdin is None or worker.stdout is None:
            return None
        try:
            worker.stdin.write(json.dumps(job).encode() + b"\n")
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
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            ended(worker)
