"""The process that `tests/warm.py` forks its interpreters from; only that file starts it.

Its main code falls off its end in each fork, so that an interpreter ends there as any other does.
"""

import gc
import importlib
import json
import os
import runpy
import socket
import sys
import types
from importlib.machinery import SourceFileLoader
from pathlib import Path


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


if __name__ == "__main__":
    for each in sys.argv[2:]:
        importlib.import_module(each)
    gc.freeze()  # a collection would copy the memory of what is never freed
    given = serve(socket.socket(fileno=int(sys.argv[1])))
    if given is not None:
        begin(given)
