"""The process that `tests/warm.py` forks its interpreters from; only that file starts it.

Its main code falls off its end in each fork, so that an interpreter ends there as any other does.
"""

import atexit
import ctypes
import fcntl
import gc
import importlib
import json
import os
import runpy
import socket
import sys
import types
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from multiprocessing import util
from pathlib import Path


def leave_whole() -> None:
    """Let what others wrote, imported before the fork, end as it is: at the end of a process.

    To take it apart took 0.4 s, more than most scripts do: Python its modules, and C++ what torch
    holds. What passo, the script and the standard library hold is taken apart as usual.
    """
    ours = {*sys.stdlib_module_names, "__main__", "passo", "tests"}
    theirs = [each for each in sys.modules if each.partition(".")[0] not in ours]
    kept = [sys.modules.pop(each) for each in theirs]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))  # nobody ever frees it
    library = ctypes.CDLL(None)
    if hasattr(library, "on_exit"):  # the one of GNU: it hands on the status
        library.fflush(None)
        library.on_exit(library._exit, None)


def serve(door: socket.socket) -> "dict[str, object] | None":
    """One process for each order; in that process the order, here None at the end."""
    running = set()
    while True:
        sent, files, *_ = socket.recv_fds(door, 1, 3)
        if not sent:
            break
        child = os.fork()
        if not child:
            door.close()
            return _nursed(*files)
        for each in files:
            os.close(each)
        running = {each for each in {*running, child} if not os.waitpid(each, os.WNOHANG)[0]}
    for each in running:
        os.waitpid(each, 0)
    return None


def _nursed(line: int, out: int, told: int) -> "dict[str, object]":
    """Fork once more: the one that stays tells its pid and how it ended, the other goes on."""
    with socket.socket(fileno=line) as answers:
        order = json.loads(answers.makefile("rb").read())
        child = os.fork()
        if child:
            answers.sendall(f"{child}\n".encode())
            _, status = os.waitpid(child, 0)
            answers.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
    os.setsid()
    for given, usual in ((out, 1), (told, 2)):
        os.dup2(given, usual)
        os.close(given)
    return order


def begin(order: dict) -> None:
    """As `python -c CODE ...`, `python -m MODULE ...` and `python FILE ...` begin."""
    spares: list[tuple[int, socket.socket]] = []
    for _ in range(order["spawns"]):
        spawned = _spare(spares)
        if spawned:
            spares, order = [], spawned
            break
    if spares:
        _spawn_from(spares)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    kind, *arguments = order["arguments"]
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    if kind == "-m":
        sys.argv = [kind, *arguments[1:]]
        sys.path[0] = order["cwd"]
        runpy._run_module_as_main(arguments[0])
    elif kind == "-c":
        sys.argv = [kind, *arguments[1:]]
        sys.path[0] = ""
        exec(compile(arguments[0], "<string>", "exec"), main.__dict__)
    else:
        sys.argv = [kind, *arguments]
        sys.path[0] = str(Path(kind).resolve().parent)
        main.__dict__.update(__file__=kind, __loader__=SourceFileLoader("__main__", kind))
        exec(compile(Path(kind).read_bytes(), kind, "exec"), main.__dict__)


def _spare(spares: "list[tuple[int, socket.socket]]") -> "dict | None":
    """Fork one more that waits; in that one, what it is to be in the end."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child:
        theirs.close()
        spares.append((child, ours))
        return None
    for each in (ours, *(line for _, line in spares)):
        each.close()
    sent, files, *_ = socket.recv_fds(theirs, 1, 16)
    if not sent:  # nobody spawned it
        os._exit(0)
    with theirs:
        order = json.loads(theirs.makefile("rb").read())
    free = max([*files, *order["files"]]) + 1
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD, free) for each in files]
    for each in files:
        os.close(each)
    for each, wanted in zip(moved, order["files"], strict=True):
        os.dup2(each, wanted)
        os.close(each)
    return order


def _spawn_from(spares: "list[tuple[int, socket.socket]]") -> None:
    """What multiprocessing spawns is one of these, as long as there are any."""
    usual = util.spawnv_passfds

    def spawn(path: str, arguments: "Sequence[str]", files: "Sequence[int]") -> int:
        if not spares or "--multiprocessing-fork" not in arguments:
            return usual(path, arguments, files)
        child, line = spares.pop(0)
        order = {
            "arguments": arguments[arguments.index("-c") :],
            "cwd": str(Path.cwd()),
            "environment": {**os.environ},
            "files": [*files],
        }
        with line:
            socket.send_fds(line, [b"!"], files)
            line.sendall(json.dumps(order).encode())
        return child

    util.spawnv_passfds = spawn


if __name__ == "__main__":
    atexit.register(leave_whole)  # the first one is called last: others may import until then
    for each in sys.argv[2:]:
        importlib.import_module(each)
    gc.freeze()  # a collection would copy the memory of what is never freed
    given = serve(socket.socket(fileno=int(sys.argv[1])))
    if given is not None:
        begin(given)
