"""Worker processes of our own: begun where modules are found, of one thread, ended with pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, TextIO, TypeAlias

Process: TypeAlias = "subprocess.Popen[bytes]"
ONE_THREAD: Final = MappingProxyType({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
_HEAD: Final = "import sys; sys.path[:] = sys.argv[1:]; "


def processors() -> int:
    """How many processors this process may use.

    >>> processors() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def begun(code: str, log: Path, marks: Mapping[str, str] = MappingProxyType({})) -> Process:
    """A process that runs a line of Python, with pipes to and from it; what it prints is logged.

    It looks for modules exactly where this process does, and is of a group of its own, so that a
    Ctrl-C reaches only this one. `marks` are more of its environment.

    >>> import tempfile
    >>> made = begun("print('here')", Path(tempfile.mkdtemp()) / "log")
    >>> made.stdout.read().strip(), ended(made)
    (b'here', None)
    """
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-c", _HEAD + code, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            env={**os.environ, **ONE_THREAD, **marks},
            start_new_session=True,
        )


def pipes() -> tuple[BinaryIO, TextIO]:
    """In a process of `begun`: what comes from the one that began it, and what goes back there.

    Standard input is empty from here on, and what libraries print goes to the log. Nothing that
    this process forks or begins has the pipes: it would hold them open when this one is dead, and
    who waits at the other end would wait for it.
    """
    given, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere, ours = os.open(os.devnull, os.O_RDWR), (given.fileno(), answers.fileno())
    os.dup2(nowhere, 0)
    os.dup2(2, 1)

    def let_go() -> None:
        for each in ours:
            os.dup2(nowhere, each, inheritable=False)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=let_go)
    return given, answers


def ended(process: Process) -> None:
    """Ends a process at once, whatever it is doing, and closes its pipes."""
    process.kill()
    process.wait()
    closed(process)


def closed(process: Process) -> None:
    """Closes the pipes of a process that is over."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was never written has nobody to read it
                pipe.close()
