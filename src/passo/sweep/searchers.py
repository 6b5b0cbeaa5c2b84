"""Several processes at one search: each takes trials from the store until there are no more."""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import BinaryIO, Final

from passo.ground.checks import shortened
from passo.ground.errors import PassoError, words_of
from passo.ground.extras import need
from passo.ground.processes import Process, begun, closed, ended, pipes
from passo.sweep.answers import LONGEST, Train, WrongAnswer
from passo.sweep.intervals import EXTRA
from passo.sweep.ray_crew import cluster, loader_of
from passo.sweep.search import RETRIES, Search
from passo.sweep.source import Source
from passo.sweep.spaces import WHAT, WrongSpace
from passo.sweep.worker import MARKS
from passo.sweep.working import work

LOOKS: Final = 0.1
LOG: Final = "workers.log"
PROGRAM: Final = "from passo.sweep.searchers import begin; begin()"
KINDS: Final[dict[str, type[PassoError]]] = {
    each.__name__: each for each in (WrongAnswer, WrongSpace, PassoError)
}


def by_processes(
    search: Search, name: str, total: int, size: int, seen: Callable[[], None]
) -> None:
    """Makes the runs in `size` processes; one that is killed is begun again, and so is its run.

    What they print goes to a file in the search's folder. `seen` is called now and then.
    """
    cloudpickle = need("cloudpickle", EXTRA, WHAT)
    sent = cloudpickle.dumps((replace(search, seeded=False), name, total))
    search.folder.mkdir(parents=True, exist_ok=True)
    left = (RETRIES + 1) * total  # a run that kills its process is given up before
    log = search.folder / LOG
    crew: list[Process | None] = [_process(sent, log) for _ in range(size)]
    try:
        while crew:
            time.sleep(LOOKS)
            seen()
            for place, each in enumerate(crew):
                if each is None or each.poll() is None:
                    continue
                _raise_what_it_said(each)
                left -= 1
                again = each.returncode and left > 0
                crew[place] = _process(sent, log) if again else None
            crew = [each for each in crew if each is not None]
    finally:
        for each in crew:
            if each is not None:
                ended(each)


def _process(sent: bytes, log: Path) -> Process:
    process = begun(PROGRAM, log, MARKS)
    assert process.stdin is not None  # noqa: S101 (it was asked for)
    with suppress(OSError):  # it died before it listened, which is seen later
        pickle.dump(sent, process.stdin)
        process.stdin.flush()  # it stays open: its end is how a worker hears that this one ended
    return process


def _raise_what_it_said(process: Process) -> None:
    out = process.stdout
    said = b"" if out is None or out.closed else out.read()
    closed(process)
    if said.strip():
        kind, text = json.loads(said)
        raise KINDS.get(kind, PassoError)(text)


def begin() -> None:
    """What a worker process does; it ends with the one that began it, however that ends."""
    given, answer = pipes()
    sent = pickle.load(given)  # noqa: S301 (of our own parent)
    Thread(target=_end_with_the_other, args=(given,), daemon=True).start()
    try:
        search, name, total = need("cloudpickle", EXTRA, WHAT).loads(sent)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)
        work(search, name, total)
    except PassoError as error:
        answer.write(json.dumps([type(error).__name__, str(error)]))
    except Exception as error:
        text = shortened(words_of(error), LONGEST)
        said = (
            f"a process of the search ended: {text}; the file {LOG} beside its runs has all of it"
        )
        answer.write(json.dumps([PassoError.__name__, said]))
        answer.flush()
        raise
    answer.flush()


def _end_with_the_other(given: BinaryIO) -> None:
    os.read(given.fileno(), 1)  # not by `given`: who waits in there is in the way of the exit
    os._exit(1)


def by_ray(
    search: Search,
    name: str,
    total: int,
    size: int,
    seen: Callable[[], None],
    source: Source,
) -> None:
    """Makes the runs in `size` tasks of Ray, one processor each; a killed task is begun again.

    The store must be where all machines see it.
    """
    with cluster('tune(..., on="ray")') as ray:
        many = (RETRIES + 1) * total
        task = ray.remote(max_retries=many, num_cpus=1)(_work)
        sent = ray.put((loader_of(source), replace(search, train=_none, seeded=False)))
        left = [task.remote(sent, name, total) for _ in range(size)]
        while left:
            done, left = ray.wait(left, timeout=LOOKS)
            seen()
            try:
                ray.get(done)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None


def _work(sent: tuple[Callable[[], Train], Search], name: str, total: int) -> None:
    load, search = sent
    work(replace(search, train=load()), name, total)


def _none(*_: object) -> None:
    """In place of the train function, which a task of Ray loads itself."""
