"""Processes of our own: who waits for one does not wait for what that one began."""

from __future__ import annotations

import os
import signal
from select import select

import pytest

from passo.ground.processes import begun, ended

LEFT = {
    "a fork": "child = os.fork() or time.sleep(60)",
    "a program": "child = subprocess.Popen(['sleep', '60']).pid",
}
DIES = """
import os, signal, subprocess, sys, time
from passo.ground.processes import pipes
given, answers = pipes()
assert sys.stdin.read() == ""
print("to the log", flush=True)
{left}
answers.write(f"{{child}}\\n")
answers.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("left", LEFT)
def test_a_process_that_is_killed_is_seen_to_be_dead_though_what_it_began_goes_on(left, tmp_path):
    process = begun(f"exec({DIES.format(left=LEFT[left])!r})", tmp_path / "log")
    child = int(process.stdout.readline())
    try:
        is_heard = select([process.stdout], [], [], 20)[0]
        os.kill(child, 0)  # it goes on
        assert is_heard
        assert process.stdout.read() == b""
    finally:
        os.kill(child, signal.SIGKILL)
        ended(process)
    assert (tmp_path / "log").read_text() == "to the log\n"
