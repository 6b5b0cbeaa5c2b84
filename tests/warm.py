"""Fresh interpreters that need not import torch: each is forked from one that did that alone.

`import torch`, and what its first optimizer imports, cost four seconds of a core, more than nearly
every script of the tests. Nothing of passo is imported before the fork. What a process may import,
and what happens where one begins, is tested with `subprocess` (tests/test_imports.py).
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
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

_STARTING = Lock()
_WARM = Path(__file__).with_name("warm_process.py")
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # a second one only waits, and a fork needs a single one


def python(
    *arguments: str, cwd: Any = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """What `python ARGUMENTS` gives, of `-m MODULE ...` or `-c CODE ...`; torch has one thread."""
    if arguments[0] not in {"-c", "-m"}:
        raise NotImplementedError(arguments)
    environment = {**os.environ, **_ONE_THREAD}
    if sys.platform != "linux":  # elsewhere a process that has loaded torch cannot be forked
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            cwd=cwd,
            env=environment,
        )
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        order = {"arguments": arguments, "cwd": str(cwd or Path.cwd()), "environment": environment}
        status = _ordered(order, [out.fileno(), told.fileno()], timeout)
        texts = []
        for file in (out, told):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess([sys.executable, *arguments], status, *texts)


def _ordered(order: dict[str, Any], outputs: Sequence[int], timeout: float) -> int:
    """The exit status of one process, negative for a signal, as subprocess has it."""
    with _STARTING:
        door = _door()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            socket.send_fds(door, [b"!"], [theirs.fileno(), *outputs])
        ours.sendall(json.dumps(order).encode())
        ours.shutdown(socket.SHUT_WR)
        with ours.makefile("r") as answers:
            session = int(answers.readline())
            ours.settimeout(timeout)
            try:
                return int(answers.readline())
            except TimeoutError:
                os.killpg(session, signal.SIGKILL)
                raise subprocess.TimeoutExpired(order["arguments"], timeout) from None


@cache
def _door() -> socket.socket:
    """The way to the one process that has imported torch; it ends with this one."""
    ours, theirs = socket.socketpair()
    with theirs:
        warm = subprocess.Popen(
            [sys.executable, str(_WARM), str(theirs.fileno())],
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
