"""Worker processes: runs go in, answers come out, a worker that is killed takes none with it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from math import nan
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from passo.ground.errors import PassoError
from passo.ground.processes import Process, begun, ended
from passo.ground.schema import loose
from passo.sweep.answers import Answer, Job, WrongAnswer
from passo.sweep.source import Source
from passo.sweep.worker import MARKS, PROGRAM


class WorkerDied(Exception):
    """A worker process ended in the middle of a run, or before its first."""


class Worker:
    """One process, begun with its first run and again after it was killed."""

    def __init__(self, source: Source, log: Path) -> None:
        self._source = source
        self._log = log
        self._lock = Lock()
        self._is_over = False
        self._process: Process | None = None

    def ask(self, job: Job) -> Answer:
        """What the run came to; a run whose worker was killed is made once more.

        Raises `WrongAnswer` for an answer that is none, `PassoError` where there is no train
        function.
        """
        for _ in range(2):
            try:
                if self._process is None:
                    self._start()
                return self._answer(self._tell(job))
            except WorkerDied:
                self._stop()
        return Answer(
            nan, failed=f"its process was killed, twice; what it said is in {self._log.name}"
        )

    def end(self) -> None:
        """Ends the process at once, whatever it is doing, for good."""
        with self._lock:
            self._is_over = True
        self._stop()

    def _start(self) -> None:
        with self._lock:
            if self._is_over:
                raise WorkerDied
            self._process = begun(PROGRAM, self._log, MARKS)
        self._answer(self._tell(self._source.loader()))

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        ended(process)

    def _tell(self, thing: Any) -> dict[str, Any]:
        """Sends something, and waits for the line about it."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise WorkerDied
        try:
            pickle.dump(pickle.dumps(thing), process.stdin)
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError):
            raise WorkerDied from None
        if not line.endswith(b"\n"):
            raise WorkerDied
        said: dict[str, Any] = json.loads(line)
        return said

    def _answer(self, said: dict[str, Any]) -> Answer:
        if "wrong" in said:
            raise WrongAnswer(said["wrong"])
        if "refused" in said:
            msg = f"no other process can make a run of {self._source.name}: {said['refused']}"
            raise PassoError(msg)
        if not said:
            return Answer(nan)
        metrics = {name: loose(each, name) for name, each in said["metrics"].items()}
        return Answer(loose(said["loss"], "loss"), metrics, said["failed"], said["seconds"])


def by_crew(
    source: Source, jobs: Sequence[Job], size: int, log: Path
) -> Iterator[tuple[Job, Answer]]:
    """Makes the runs on `size` processes, each as it is done; what they print goes to `log`."""
    workers = [Worker(source, log) for _ in range(size)]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for each in workers:
        idle.put(each)

    def make(job: Job) -> Answer:
        worker = idle.get()
        try:
            return worker.ask(job)
        finally:
            idle.put(worker)

    threads = ThreadPoolExecutor(size)
    try:
        futures = {threads.submit(make, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for each in workers:
            each.end()
        threads.shutdown()
