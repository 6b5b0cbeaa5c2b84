"""What a worker process does: runs in, one line of JSON for each out, until there are no more.

It is a process of its own group, so that a Ctrl-C reaches only the one that began it; and it ends
with that one, however that ends, in the middle of a run too.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from dataclasses import asdict
from queue import SimpleQueue
from threading import Thread
from types import MappingProxyType
from typing import Any, BinaryIO, Final

from passo.ground.checks import shortened
from passo.ground.errors import PassoError, words_of
from passo.ground.processes import pipes
from passo.ground.schema import plain
from passo.sweep.answers import LONGEST, WrongAnswer, answered

PROGRAM: Final = "from passo.sweep.worker import work; work()"
MARK: Final = "PASSO_SWEEP_WORKER"
MARKS: Final = MappingProxyType({MARK: "1"})


def refuse_in_worker(call: str) -> None:
    """Refuses a call that a worker meets as it reads the file of the train function."""
    if MARK in os.environ:
        msg = (
            f"{call} was called while another process read the file of the train function; put the "
            "call under if __name__ == '__main__':"
        )
        raise PassoError(msg)


def work() -> None:
    """Makes the runs that come on standard input; what libraries print goes to standard error."""
    given, lines = pipes()
    frames: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_read, args=(given, frames), daemon=True).start()
    train: Any = None
    while True:
        frame = frames.get()
        try:
            if train is None:
                train, said = pickle.loads(frame)(), {}  # noqa: S301 (of our own parent)
                _one_thread()
            else:
                said = asdict(answered(train, pickle.loads(frame)))  # noqa: S301 (the same)
        except WrongAnswer as error:
            said = {"wrong": str(error)}
        except PassoError as error:
            said = {"refused": str(error)}
        except Exception as error:  # noqa: BLE001 (the other process raises it)
            said = {"refused": shortened(words_of(error), LONGEST)}
        lines.write(json.dumps(plain(said)) + "\n")
        lines.flush()


def _read(given: BinaryIO, frames: SimpleQueue[bytes]) -> None:
    """Hands on what comes; the end of it is the end of the process that sends it, and of this.

    The end may be in the middle of a frame, where that process was killed.
    """
    try:
        while True:
            frames.put(pickle.load(given))  # noqa: S301 (of our own parent)
    finally:
        os._exit(0)


def _one_thread() -> None:
    """Torch counts its threads by the machine where nothing says otherwise."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
