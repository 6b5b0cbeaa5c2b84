"""A call that fails at its k-th inner call: what it leaves behind is looked at.

PASSO_FAILING_CALLS says how many calls of each function are tried, of 16 in `make test`: each from
another line as far as that goes, so that 100000 tries one call of every line, and 0 every call.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

OURS = "/src/passo/"
MOST = int(os.environ.get("PASSO_FAILING_CALLS", "16"))
# What clears up is not made to fail: nothing could be put back by what must not run.
CLEARING = {"__exit__", "__del__", "put_back", "undo", "again", "_let_go", "cleanup", "discard"}


class Injected(Exception):
    """What the k-th call raised."""


class Failing:
    """Raises at the `at`-th call that passo makes, functions of C and of torch too; counts them."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0
        self.where = ""
        self.sites: list[str] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event not in ("call", "c_call"):
            return
        caller = frame.f_back if event == "call" else frame
        if caller is None or OURS not in caller.f_code.co_filename or _clears_up(frame):
            return
        if frame.f_code.co_filename.endswith(("passo/ground/calls.py", "importlib._bootstrap")):
            return
        if caller.f_code.co_name == "_quietly":
            return  # takes any failure for an answer
        code = frame.f_code
        if event == "call" and (code.co_name.startswith("<") or _is_let_go(code)):
            return  # a generator goes on: no call
        self.calls += 1
        if self.at in (0, self.calls):
            name = code.co_name if event == "call" else getattr(argument, "__name__", "?")
            self.where = f"{caller.f_code.co_filename}:{caller.f_lineno} -> {name}"
            self.sites.append(self.where)
        if self.calls == self.at:
            sys.setprofile(None)
            raise Injected(self.where)


def _is_let_go(code: CodeType) -> bool:
    """What weak references call when something is freed: it is nobody's call."""
    return code.co_name in ("remove", "_remove") and "weakref" in code.co_filename


def _clears_up(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in CLEARING:
            return True
        frame = frame.f_back
    return False


@contextmanager
def failing(at: int) -> Iterator[Failing]:
    """What is done in the block fails at its `at`-th call; 0 only counts."""
    assert threading.current_thread() is threading.main_thread()
    found, before, collects = Failing(at), sys.getprofile(), gc.isenabled()
    gc.disable()  # what an earlier test left is let go of elsewhere: its calls are not these
    sys.setprofile(found)
    try:
        yield found
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def calls_of(act: Callable[[], Any]) -> list[str]:
    """Where each call is made when nothing fails."""
    with failing(0) as counted:
        act()
    return counted.sites


def calls_to_try(sites: list[str]) -> list[int]:
    """The numbers of the calls to try."""
    first = sorted({site: at for at, site in reversed(list(enumerate(sites, 1)))}.values())
    if not MOST:
        return list(range(1, len(sites) + 1))
    return first if len(first) <= MOST else [first[k * len(first) // MOST] for k in range(MOST)]
