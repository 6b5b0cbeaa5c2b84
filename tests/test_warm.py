"""A forked interpreter is as good as a fresh one: tests/warm.py beside subprocess."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests import warm

forked = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
CODES = {
    "prints": "print('out'); import sys; print('told', file=sys.stderr)",
    "is main": "import sys; print(__name__, sys.modules['__main__'].__dict__ is globals())",
    "its arguments": "import sys; print(sys.argv, sys.path[0], sys.stdin.read())",
    "its folder": "import os; print(os.getcwd(), os.environ['OMP_NUM_THREADS'])",
    "a status": "import sys; sys.exit(7)",
    "words": "raise SystemExit('no data')",
    "at the exit": "import atexit; atexit.register(print, 'bye'); raise SystemExit(3)",
    "an interrupt": "import atexit; atexit.register(print, 'bye'); raise KeyboardInterrupt",
    "a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "a finalizer": "import weakref\nclass A: pass\na = A(); f = weakref.finalize(a, print, 'gone')",
    "what it still holds": "class A:\n    def __del__(self): print('gone')\na = A()",
    "what is not flushed": "import sys; sys.stdout.write('out'); sys.stderr.write('told')",
    "a thread": "import threading as t; t.Timer(0.1, print, ['after']).start(); print('before')",
    "a child": "import os\nif os.fork(): os.wait(); print('parent')\nelse: print('child')",
}


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_a_forked_interpreter_does_what_a_fresh_one_does(code, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    fresh = subprocess.run(
        [sys.executable, "-c", code, "a", "b"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    # Some libraries that torch imports where they are installed change what an interrupt ends with.
    imported = () if "KeyboardInterrupt" in code else warm.TORCH
    forked = warm.python("-c", code, "a", "b", cwd=tmp_path, imported=imported)
    assert (forked.returncode, forked.stdout) == (fresh.returncode, fresh.stdout)
    assert forked.stderr.splitlines()[-1:] == fresh.stderr.splitlines()[-1:]


def test_a_module_begins_as_one(tmp_path):
    (tmp_path / "job.py").write_text(
        "import sys; print(__name__, __file__, __spec__.name, sys.argv)"
    )
    file = str(tmp_path / "job.py")
    done = warm.python("-m", "job", "-x", cwd=tmp_path)
    assert done.stdout == f"__main__ {file} job {[file, '-x']}\n", done.stderr


def test_nothing_of_ours_is_imported_before_the_fork():
    code = "import sys; print([m for m in sys.modules if m.split('.')[0] in {'passo', 'tests'}])"
    assert warm.python("-c", code).stdout == "[]\n"


SPAWNS = """
import multiprocessing, os, sys
from multiprocessing import shared_memory

def work(number, answers):
    found = "passo.doctor.command" in sys.modules, os.environ["WORD"], os.getcwd()
    answers.put((number, os.getpid(), __name__, *found))
    sys.exit(3 + number)

if __name__ == "__main__":
    os.environ["WORD"] = "later"
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    jobs = [context.Process(target=work, args=(k, answers)) for k in range(3)]
    for job in jobs:
        job.start()
    told = sorted(answers.get() for _ in jobs)
    for job in jobs:
        job.join()
    assert [each[1] for each in told] == [job.pid for job in jobs]
    assert {each[4] for each in told} == {"later"}, told
    assert {each[5] for each in told} == {os.getcwd()}
    print([job.exitcode for job in jobs], [each[2:4] for each in told])
"""


@forked
def test_what_multiprocessing_spawns_is_forked_as_often_as_was_asked_for(tmp_path):
    (tmp_path / "job.py").write_text(SPAWNS)
    done = warm.python(str(tmp_path / "job.py"), cwd=tmp_path, imported=warm.DOCTOR, spawns=2)
    born = ("__mp_main__", True), ("__mp_main__", True), ("__mp_main__", False)
    assert done.stdout == f"[3, 4, 5] {[*born]}\n", done.stderr
    assert done.stderr == ""


@forked
def test_what_a_test_asks_for_is_imported_before_the_fork():
    code = "import sys; print('passo.doctor.command' in sys.modules, sys.argv, sys.path[0] == '')"
    done = warm.python("-c", code, "a", imported=warm.DOCTOR)
    assert (done.stdout, done.stderr) == ("True ['-c', 'a'] True\n", "")


def test_an_error_is_shown_and_its_status_is_one():
    done = warm.python("-c", "1 / 0")
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.endswith("\nZeroDivisionError: division by zero\n")


def test_a_file_begins_as_one(tmp_path):
    (tmp_path / "beside.py").write_text("WORD = 'beside'")
    file = tmp_path / "job.py"
    file.write_text(
        "import sys, beside\n"
        "def f(): ...\n"
        "print(__name__, __file__, __spec__, sys.path[0], sys.argv, beside.WORD)\n"
        "import inspect; print(inspect.getsource(f), __loader__.get_filename())"
    )
    fresh = subprocess.run(
        [sys.executable, str(file), "-x"], capture_output=True, text=True, check=True
    )
    done = warm.python(str(file), "-x")
    assert (done.stdout, done.stderr) == (fresh.stdout, "")


def test_a_process_under_way_is_read_and_heard_and_killed_alone():
    code = (
        "import os, sys, time, signal\n"
        "signal.signal(signal.SIGUSR1, lambda *_: print('heard', flush=True))\n"
        "child = os.fork() or time.sleep(60) or os._exit(0)\n"
        "print(child, os.getpid(), os.environ['MINE'], flush=True)\n"
        "print('told', file=sys.stderr, flush=True)\n"
        "time.sleep(60); time.sleep(60)"
    )
    with warm.begun("-c", code, imported=(), MINE="given") as process:
        child, own, mine = process.line().split()
        assert (int(own), mine) == (process.pid, "given")
        assert not process.is_over()
        process.send(signal.SIGUSR1)
        while "heard" not in process.out():
            time.sleep(0.01)
        assert process.out() == f"{child} {own} given\nheard\n"
    assert process.is_over()
    assert process.wait() == -9
    os.kill(int(child), signal.SIGKILL)  # an error where that is not there


def test_a_process_that_ends_without_a_line_is_not_waited_for():
    with warm.begun("-c", "1 / 0", imported=()) as process:
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            process.line()
        assert process.wait() == 1
        process.send(signal.SIGKILL)  # nobody hears it
        assert process.wait() == 1


def test_what_takes_too_long_is_ended():
    with pytest.raises(subprocess.TimeoutExpired):
        warm.python("-c", "import time; time.sleep(60)", timeout=0.2)
    assert warm.python("-c", "print('the next one')").stdout == "the next one\n"
