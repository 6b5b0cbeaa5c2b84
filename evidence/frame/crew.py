"""Cells, trained by several processes of one thread each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from evidence.frame.cells import Cell, Made

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Answer = tuple[Cell, Made] | Exception


def trained(cells: Sequence[Cell], processes: int) -> Iterator[tuple[Cell, Made]]:
    """Each cell with what it gave, as they become ready.

    The workers read from a pipe: they end where this process ends, also when it is killed. Raises
    RuntimeError with the worker's own words where a training fails.
    """
    jobs: SimpleQueue[Cell] = SimpleQueue()
    answers: SimpleQueue[Answer] = SimpleQueue()
    for cell in cells:
        jobs.put(cell)
    with ExitStack() as stack:
        for _ in range(min(processes, len(cells))):
            worker = stack.enter_context(_worker())
            stack.callback(worker.kill)
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
