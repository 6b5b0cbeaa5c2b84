"""Cells, trained by several processes of one thread each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from evidence.frame.cells import Cell, Made

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Answer = tuple[Cell, Made] | Exception


class Crew:
    """Worker processes: they start when there is work for them, and stay until the `with` ends.

    They read from a pipe, and so end where this process ends, also when it is killed.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._workers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Crew:  # noqa: PYI034 (Self is of Python 3.11)
        """Starts nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the workers, whatever they are doing."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            with worker:  # closes its pipes and waits
                pass

    def trained(self, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Made]]:
        """Each cell with what it gave, as they become ready.

        Raises RuntimeError with the worker's own words where a training fails.
        """
        jobs: SimpleQueue[Cell] = SimpleQueue()
        answers: SimpleQueue[Answer] = SimpleQueue()
        for cell in cells:
            jobs.put(cell)
        while len(self._workers) < min(self._processes, len(cells)):
            self._workers.append(_worker())
        for worker in self._workers:
            Thread(target=_serve, args=(worker, jobs, answers), daemon=True).start()
        for _ in cells:
            answer = answers.get()
            if isinstance(answer, Exception):
                raise answer
            yield answer


def _worker() -> subprocess.Popen[str]:
    where = os.pathsep.join([str(ROOT), str(ROOT / "src"), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-m", "evidence.frame.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": where},
        encoding="utf-8",
    )


def _serve(
    worker: subprocess.Popen[str], jobs: SimpleQueue[Cell], answers: SimpleQueue[Answer]
) -> None:
    """Hand one worker a job after another, until there is none."""
    if worker.stdin is None or worker.stdout is None:
        raise NotImplementedError(worker)
    while True:
        try:
            cell = jobs.get_nowait()
        except Empty:
            return
        try:
            worker.stdin.write(json.dumps(cell.asked) + "\n")
            worker.stdin.flush()
            told = json.loads(worker.stdout.readline() or "null")
        except (OSError, ValueError) as error:  # it was ended between two bytes
            answers.put(RuntimeError(f"the worker of {cell} has gone: {error}"))
            return
        if told is None or "failed" in told:
            why = "it ended by itself" if told is None else told["failed"]
            answers.put(RuntimeError(f"{cell} failed: {why}"))
            return
        answers.put((cell, Made(told["figures"], told["seconds"])))
