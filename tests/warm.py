"""Fresh interpreters that need not import torch: each is forked from one that did that alone.

`import torch`, and what its first optimizer imports, cost four seconds of a core, more than nearly
every script of the tests. Nothing of passo is imported before the fork, but where a test asks for
it (`DOCTOR`). What a process may import, and what happens where one begins, is tested with
`subprocess` (tests/test_imports.py).
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from select import select
from threading import RLock
from typing import Any

TORCH = ("torch", "torch._dynamo")  # the second is what the first optimizer imports
# For those who look at what the command says of a script: half of its time was these imports.
DOCTOR = (*TORCH, "passo.cli", "passo.doctor.command", "passo.optim.recorder")
_STARTING = RLock()
_WARM = Path(__file__).with_name("warm_process.py")
_ROOT = Path(__file__).parents[1]
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # a second one only waits, and a fork needs a single one


def python(
    *arguments: str,
    cwd: Any = None,
    timeout: float = 120,
    imported: tuple[str, ...] = TORCH,
    spawns: int = 0,
) -> subprocess.CompletedProcess[str]:
    """What `python ARGUMENTS` gives, of `-c CODE`, `-m MODULE` or a file; torch has one thread."""
    with begun(*arguments, cwd=cwd, imported=imported, spawns=spawns) as process:
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(process.args, status, process.out(), process.told())


@contextmanager
def begun(
    *arguments: str,
    cwd: Any = None,
    imported: tuple[str, ...] = TORCH,
    spawns: int = 0,
    **environment: str,
) -> Iterator[Process]:
    """`python ARGUMENTS` under way, in a session of its own; it ends with the block at the latest.

    `imported` is what it is born with, as are the first `spawns` processes that multiprocessing
    spawns there; `environment` is what it has besides that of this process.
    """
    order = {
        "arguments": arguments,
        "cwd": str(cwd or Path.cwd()),
        "environment": {**os.environ, **_ONE_THREAD, **environment},
        "spawns": spawns,
    }
    with tempfile.TemporaryDirectory() as kept:
        process = Process(order, Path(kept), imported)
        try:
            yield process
        finally:
            process.kill()


class Process:
    """A process, and what it prints, read whenever it is asked for."""

    def __init__(self, order: dict[str, Any], kept: Path, imported: tuple[str, ...]) -> None:
        self.args = [sys.executable, *order["arguments"]]
        self._out, self._told = kept / "out", kept / "told"
        with self._out.open("wb") as out, self._told.open("wb") as told:
            if sys.platform == "linux":
                self._way = _Forked(order, [out.fileno(), told.fileno()], imported)
            else:  # a process that has loaded torch cannot be forked
                self._way = subprocess.Popen(
                    self.args,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=told,
                    cwd=order["cwd"],
                    env=order["environment"],
                    start_new_session=True,
                )
        self.pid = self._way.pid

    def send(self, which: int) -> None:
        """A signal, which only this process hears, and none where it is over."""
        if self._way.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, which)

    def kill(self) -> None:
        """Ends it as `kill -9` does, and none of its children."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, timeout: float | None = None) -> int:
        """The status that it ends with, negative for a signal."""
        return self._way.wait(timeout)

    def is_over(self) -> bool:
        """Whether it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._way.returncode is not None

    def out(self) -> str:
        """What it has printed so far."""
        return self._out.read_text("utf-8")

    def told(self) -> str:
        """What it has written on standard error so far."""
        return self._told.read_text("utf-8")

    def line(self, timeout: float = 60) -> str:
        """The first line that it prints, as soon as that is there."""
        end = time.monotonic() + timeout
        while "\n" not in self.out():
            assert time.monotonic() < end, self.told()
            assert not self.is_over() or "\n" in self.out(), self.told()
            time.sleep(0.01)
        return self.out().partition("\n")[0]


class _Forked:
    """A process that the warm one forks: it tells who that is, and how it ended."""

    def __init__(self, order: dict[str, Any], outputs: list[int], imported: Any) -> None:
        self.returncode: int | None = None
        self._arguments = order["arguments"]
        with _STARTING:
            door = _door(imported)
        self._line, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(door, [b"!"], [theirs.fileno(), *outputs])
        self._line.sendall(json.dumps(order).encode())
        self._line.shutdown(socket.SHUT_WR)
        self._said = b""
        self.pid = self._answer(None)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.returncode = self._answer(timeout)
            self._line.close()
        return self.returncode

    def _answer(self, timeout: float | None) -> int:
        """The next number that it tells."""
        while b"\n" not in self._said:
            if not select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._arguments, timeout or 0)
            more = self._line.recv(64)
            assert more, "the warm process is gone"
            self._said += more
        number, _, self._said = self._said.partition(b"\n")
        return int(number)


@cache
def _door(imported: tuple[str, ...]) -> socket.socket:
    """The way to the one process that has imported these; it ends with this one.

    What has more than torch is forked from what has torch: its door is what it prints to.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        if imported[: len(TORCH)] == TORCH != imported:
            more = [str(_WARM), "1", *imported[len(TORCH) :]]
            order = {"arguments": more, "cwd": str(_ROOT), "environment": {**os.environ}}
            order["spawns"] = 0
            warm: _Forked | subprocess.Popen[bytes]
            warm = _Forked(order, [theirs.fileno(), sys.__stderr__.fileno()], TORCH)
        else:
            warm = subprocess.Popen(
                [sys.executable, str(_WARM), str(theirs.fileno()), *imported],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_ONE_THREAD},
            )

    def close() -> None:
        ours.close()
        warm.wait()

    atexit.register(close)
    return ours
