"""Runs that end badly, and runs that go on where another ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from passo.ground.errors import PassoError, PassoWarning
from passo.trace import Column, Trace, TraceWriter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trace.jsonl"


def test_resume_supersedes_what_was_after(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t in range(10):
            writer.update(t, [t / 10])
            writer.report(t + 1, {"loss": float(t)})
    with TraceWriter.resume(path, 6) as writer:
        assert writer.clock == 6
        for t in range(6, 8):
            writer.update(t, [5.0])
    trace = Trace.load(path)
    assert trace.used() == (list(range(8)), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 5.0, 5.0])
    assert trace.series("loss")[0] == [1, 2, 3, 4, 5, 6]
    assert trace.complete


def test_resume_after_lost_lines_leaves_a_gap_not_a_guess(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t in range(4):
            writer.update(t, [0.1])
    with TraceWriter.resume(path, 7) as writer:
        writer.update(7, [0.1])
    assert Trace.load(path).used() == ([0, 1, 2, 3, 7], [0.1] * 5)
    assert Trace.load(path).column().values == (0.1, None, 0.1)


def test_a_run_resumed_anywhere_leaves_the_trace_of_the_run_that_was_not_cut(tmp_path):
    straight = tmp_path / "straight.jsonl"
    with TraceWriter(straight, [(0, "lr")]) as writer:
        for t in range(30):
            writer.update(t, [1 / (1 + t // 3)])
    for cut in range(30):
        path = tmp_path / f"{cut}.jsonl"
        with TraceWriter(path, [(0, "lr")]) as writer:
            for t in range(min(cut + 5, 30)):
                writer.update(t, [1 / (1 + t // 3)])
        with TraceWriter.resume(path, cut) as writer:
            for t in range(cut, 30):
                writer.update(t, [1 / (1 + t // 3)])
        assert Trace.load(path) == Trace.load(straight)


def test_resume_may_add_columns(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.update(0, [0.1])
    layout = [(0, "momentum"), (0, "lr"), (1, "lr")]
    with TraceWriter.resume(path, 1, columns=layout) as writer:
        writer.update(1, [0.9, 0.1, 0.2])
    trace = Trace.load(path)
    assert trace.groups == ("0", "1")
    assert trace.used("lr") == ([0, 1], [0.1, 0.1])
    assert trace.used("lr", 1) == ([1], [0.2])


def test_the_clock_can_go_back(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t in range(5):
            writer.update(t, [0.1 * t])
        writer.rewind(2)
        assert writer.clock == 2
        writer.update(2, [7.0])
    assert Trace.load(path).used() == ([0, 1, 2], [0.0, 0.1, 7.0])


SCRIPT = """
    import sys, time
    from passo.trace import TraceWriter
    writer = TraceWriter(sys.argv[1], [(0, "lr"), (0, "momentum")])
    print("go", flush=True)
    t = 0
    while True:
        writer.update(t, [0.1 / (1 + t), 0.9])
        t += 1
        if t % 100 == 0:
            writer.report(t, {"loss": 1 / t})
            time.sleep(0.001)
"""


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.2])
def test_a_killed_run_leaves_a_readable_file(path, wait):
    script = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path)]
    with subprocess.Popen(script, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    trace = Trace.load(path)
    assert not trace.complete
    assert trace.used() == (
        list(range(trace.updates)),
        [0.1 / (1 + t) for t in range(trace.updates)],
    )
    with TraceWriter.resume(path, trace.updates) as writer:
        writer.update(trace.updates, [0.5, 0.9])
    assert Trace.load(path).value(trace.updates) == 0.5


def test_a_full_disk_ends_the_trace_and_not_the_training(path, monkeypatch):
    writer = TraceWriter(path, [(0, "lr")])
    writer.update(0, [0.1])
    real = writer._sink._file

    class Full:
        closed = False

        def write(self, raw):
            real.write(raw[:10])
            raise OSError(28, "No space left on device")

        def close(self):
            self.closed = True
            real.close()

    writer._sink._file = Full()
    text = f"the trace {str(path)!r} ends before update 1: [Errno 28] No space left on device"
    with pytest.warns(PassoWarning, match=f"^{re.escape(text)}$"):
        writer.flush()
    for t in range(1, 2000):
        writer.update(t, [0.1 * t])
    writer.close()
    assert Trace.load(path) == Trace(0, ("0",), (Column(0, "lr"),), complete=False)


FORK = """
    import os, sys
    from passo.trace import TraceWriter
    writer = TraceWriter(sys.argv[1], [(0, "lr")])
    writer.update(0, [0.1])
    if os.fork() == 0:
        writer.update(1, [0.7])
        sys.exit()
    os.wait()
    writer.update(1, [0.2])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_a_forked_process_writes_nothing_and_the_end_of_the_process_closes(path):
    subprocess.run([sys.executable, "-c", textwrap.dedent(FORK), str(path)], check=True)
    assert Trace.load(path) == Trace(2, ("0",), (Column(0, "lr", (0, 1), (0.1, 0.2)),))


def test_a_write_in_parts_is_whole_in_the_end(path):
    writer = TraceWriter(path, [(0, "lr")])
    real = writer._sink._file

    class Slow:
        closed = False

        def write(self, raw):
            return real.write(raw[:7])

        def close(self):
            real.close()

    writer._sink._file = Slow()
    for t in range(9):
        writer.update(t, [0.1 * t])
    writer.close()
    assert Trace.load(path).used() == (list(range(9)), [0.1 * t for t in range(9)])


def test_an_interrupted_write_is_the_last(path):
    writer = TraceWriter(path, [(0, "lr")])
    writer.update(0, [0.1])
    real = writer._sink._file

    class Interrupted:
        closed = False

        def write(self, raw):
            real.write(raw)
            raise KeyboardInterrupt

        def close(self):
            self.closed = True
            real.close()

    writer._sink._file = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        writer.flush()
    writer.close()
    assert Trace.load(path).used() == ([0], [0.1])


def test_resume_refuses_a_layout_that_leaves_values_out(path):
    with TraceWriter(path, [(0, "lr"), (0, "momentum")]) as writer:
        writer.update(0, [0.1, 0.9])
    before = path.read_bytes()
    text = (
        "the file's columns [(0, 'lr'), (0, 'momentum')] of groups ['0'] do not fit "
        "[(0, 'lr')] of groups ['0']; give another file"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        TraceWriter.resume(path, 1, columns=[(0, "lr")])
    assert path.read_bytes() == before
