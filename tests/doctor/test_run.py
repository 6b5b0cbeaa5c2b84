"""`passo doctor SCRIPT`: as Python would run it, and a diagnosis at the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap

import pytest
import torch

from passo.doctor.command import findings
from passo.doctor.run import run_script
from passo.ground.errors import PassoError
from passo.optim import Recorder
from passo.trace import Trace

TRAIN = """
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 4)
for k in range(12):
    weight.grad = torch.ones(2)
    optimizer.step()
"""


def doctor(tmp_path, text, *arguments, before=(), status=0):
    """What `passo doctor` prints of a script."""
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, "-m", "passo", "doctor", *before, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == status, done.stderr
    return done


def report(tmp_path, *arguments):
    """What `passo doctor` says of traces."""
    command = [sys.executable, "-m", "passo", "doctor", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )


def test_findings_are_printed_and_written(tmp_path):
    page, told = tmp_path / "report.html", tmp_path / "found.json"
    done = doctor(tmp_path, TRAIN, before=("--html", str(page), "--json", str(told)))
    assert "1 finding" in done.stdout
    assert "P002  train.py:5" in done.stdout
    assert done.stderr == ""
    (finding,) = json.loads(told.read_text())["findings"]
    assert list(finding) == ["code", "seen", "why", "write", "where"]
    assert (finding["code"], finding["where"]) == ("P002", "train.py:5")
    assert page.read_text().startswith("<!doctype html>")
    assert "P002" in page.read_text()


def test_strict_makes_findings_a_status(tmp_path):
    doctor(tmp_path, TRAIN, before=("--strict",), status=1)
    right = TRAIN + "    scheduler.step()\n"
    assert "nothing found" in doctor(tmp_path, right, before=("--strict",)).stdout


def test_it_is_main_with_its_own_arguments_and_folder(tmp_path):
    (tmp_path / "beside.py").write_text("WORD = 'beside'")
    text = """
        import sys, os, pickle, beside

        class Thing:
            pass

        assert __name__ == "__main__" and __file__ == sys.argv[0]
        assert sys.modules["__main__"].Thing is Thing
        assert pickle.loads(pickle.dumps(Thing())).__class__ is Thing
        same = os.path.basename(sys.path[0]) == os.path.basename(os.getcwd())
        print(sys.argv[1:], beside.WORD, same)
    """
    done = doctor(tmp_path, text, "--strict", "-m", "--html", "x")
    assert "['--strict', '-m', '--html', 'x'] beside True" in done.stdout
    assert "no optimizer made an update" in done.stdout


@pytest.mark.parametrize(("line", "status"), [("sys.exit(3)", 3), ("sys.exit()", 0)])
def test_the_exit_status_is_passed_through(tmp_path, line, status):
    doctor(tmp_path, f"import sys\n{line}", status=status)


def test_an_exit_with_words_prints_them(tmp_path):
    done = doctor(tmp_path, "raise SystemExit('no data')", status=1)
    assert done.stderr == "no data\n"


def test_an_exception_is_shown_as_usual_and_the_diagnosis_still_given(tmp_path):
    text = """
        import torch
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        one_cycle = torch.optim.lr_scheduler.OneCycleLR
        scheduler = one_cycle(optimizer, 0.1, total_steps=5, cycle_momentum=False)
        for k in range(9):
            weight.grad = torch.ones(2)
            optimizer.step()
            scheduler.step()
    """
    done = doctor(tmp_path, text, status=1)
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('train.py", line 10, in <module>')
    assert "passo" not in done.stderr.replace(str(tmp_path), "")
    assert lines[-1].startswith("ValueError: Tried to step 6 times")
    assert "P005" in done.stdout
    assert ", ended by an error" in done.stdout


def test_an_interrupt_ends_with_a_diagnosis(tmp_path):
    text = TRAIN + "    if k == 9:\n        raise KeyboardInterrupt\n"
    done = doctor(tmp_path, text, status=-signal.SIGINT)  # as Python itself
    assert done.stderr.endswith("raise KeyboardInterrupt\nKeyboardInterrupt\n")
    assert ", 10 updates of SGD, interrupted" in done.stdout


def test_what_a_script_does_at_its_exit_is_done_after_an_interrupt_too(tmp_path):
    text = "import atexit\natexit.register(print, 'at the exit')\nraise KeyboardInterrupt\n"
    done = doctor(tmp_path, text, status=-signal.SIGINT)
    assert done.stdout.endswith("at the exit\n")


TERMINATED = """
import os, signal, sys
{handler}
try:
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(10**9):
        pass
finally:
    print("finally")
"""


# 13: SIGTERM gave no report
def test_sigterm_ends_with_a_report_and_kills_as_ever(tmp_path):
    told = tmp_path / "found.json"
    done = doctor(
        tmp_path,
        TRAIN + TERMINATED.format(handler=""),
        before=("--json", str(told), "--record", str(tmp_path / "kept")),
        status=-signal.SIGTERM,
    )
    assert ", 12 updates of SGD, terminated" in done.stdout
    assert "nothing found" in done.stdout
    assert "finally" not in done.stdout
    assert done.stderr == ""
    assert json.loads(told.read_text()) == {"findings": []}
    assert Trace.load(tmp_path / "kept" / "0.jsonl").meta["ended"] == "terminated"


def test_a_script_keeps_its_own_handler_of_sigterm(tmp_path):
    handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"
    done = doctor(tmp_path, TRAIN + TERMINATED.format(handler=handler), status=7)
    assert "finally" in done.stdout
    assert ", ended by an exit status" in done.stdout


def test_a_child_that_is_terminated_has_no_handler_of_ours(tmp_path):
    text = """
        import multiprocessing as mp, os, signal, time

        def work():
            print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
            time.sleep(60)

        if __name__ == "__main__":
            child = mp.get_context("fork").Process(target=work)
            child.start()
            time.sleep(1)
            child.terminate()
            child.join()
            print(child.exitcode)
    """
    assert doctor(tmp_path, text).stdout.startswith("True\n-15\n")


EXIT = """
import sys, torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
def leave(status):
    sys.exit(status)
for epoch in range(10):
    for batch in range(20):
        weight.grad = torch.ones(2)
        optimizer.step()
        {inside}
    scheduler.step()
    {after}
{end}
"""


# 13: a guard that left in the first epoch was told that the scheduler never advances
@pytest.mark.parametrize(
    ("line", "status", "codes"),
    [
        ({"inside": "leave(3) if batch == 9 else None"}, 3, []),
        ({"inside": "sys.exit('NaN') if batch == 9 else None"}, 1, []),
        ({"inside": "leave(0) if batch == 9 else None"}, 0, []),
        ({"after": "if weight.sum() < 9: raise SystemExit"}, 0, []),
        ({"after": "if epoch == 4: sys.exit()"}, 0, ["P007"]),
        ({"after": "if epoch == 4: break", "end": "sys.exit(0)"}, 0, ["P007"]),
        ({"end": "sys.exit()"}, 0, []),
    ],
)
def test_an_exit_from_a_loop_is_a_break_and_a_status_an_error(tmp_path, line, status, codes):
    script = tmp_path / "train.py"
    script.write_text(EXIT.format(**{"inside": "pass", "after": "pass", "end": "", **line}))
    outcome = run_script(str(script))
    assert outcome.status == status
    assert [each.code for each in findings(outcome)] == codes


IDLE = """
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
{before}
for _ in range(90):
    {each}
"""


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        (
            {"each": "optimizer.step()"},
            0,
            "no optimizer made an update: 90 calls of step, none with a gradient",
        ),
        (
            {"before": "raise SystemExit(4)"},
            4,
            "the script left by an exit status before any optimizer made an update",
        ),
        (
            {"each": "weight.sum().backward(); 1 / 0"},
            1,
            "an error ended the script before any optimizer made an update",
        ),
        (
            {"each": "weight.sum().backward(); weight.data -= 0.1 * weight.grad"},
            0,
            "no optimizer made an update, though losses went backward 90 times: step() of an "
            "optimizer was never called, and weights that a script changes by hand are not seen",
        ),
        (
            {
                "before": "scaler = torch.amp.GradScaler('cpu', init_scale=4.0)",
                "each": "scaler.scale(weight.sum() * float('inf')).backward(); "
                "scaler.step(optimizer); scaler.update()",
            },
            0,
            "no optimizer made an update: GradScaler left out all 90 of them",
        ),
        ({"each": "pass"}, 0, "no optimizer made an update"),
    ],
)
def test_why_there_was_no_update_is_said(tmp_path, line, status, text):
    script = IDLE.format(**{"before": "", "each": "pass", **line})
    page = tmp_path / "report.html"
    done = doctor(tmp_path, script, before=("--html", str(page)), status=status)
    assert done.stdout.splitlines()[-1] == text
    assert f"<b>{text}</b>" in page.read_text()


SPAWNED = """
import sys, torch
import torch.multiprocessing, multiprocessing

def work(rank, steps):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 4)
    for k in range(steps):
        weight.grad = torch.ones(2)
        optimizer.step()
        scheduler.step()
    {end}

class Worker(multiprocessing.get_context("spawn").Process):
    def run(self):
        work(0, 12)

def both(children):
    for child in children:
        child.start()
    for child in children:
        child.join()

if __name__ == "__main__":
    {start}
"""
FORKED = "both([multiprocessing.get_context({!r}).Process(target=work, args=(k, 12)) for k in (0, 1)])"


# 13: an empty folder, and no word of how many there were
@pytest.mark.parametrize(
    "start",
    [
        "torch.multiprocessing.spawn(work, (12,), nprocs=2)",
        FORKED.format("spawn"),
        FORKED.format("fork"),
        "both([Worker(), Worker()])",
    ],
)
def test_processes_that_a_script_starts_are_recorded_and_counted(tmp_path, start):
    folder = tmp_path / "kept"
    text = SPAWNED.format(start=start, end="")
    done = doctor(tmp_path, text, before=("--record", str(folder)))
    assert "train.py, 12 updates of SGD, in each of 2 processes\n" in done.stdout
    assert sorted(each.name for each in folder.iterdir()) == [
        "process1-0.jsonl",
        "process2-0.jsonl",
    ]
    for path in folder.iterdir():
        trace = Trace.load(path)
        assert (trace.updates, trace.complete, trace.meta["ended"]) == (12, True, "end")
    done = doctor(tmp_path, text, before=("--record", str(folder)), status=2)
    assert "holds traces of an earlier run (process1-0.jsonl, process2-0.jsonl)" in done.stderr


def test_a_child_that_is_killed_leaves_its_trace_and_is_in_the_report(tmp_path):
    end = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    text = SPAWNED.format(start=FORKED.format("fork"), end=end)
    done = doctor(tmp_path, text)
    assert "12 updates of SGD, in each of 2 processes, cut off: its end is missing" in done.stdout


def test_the_run_can_be_cut_short_in_its_children_too(tmp_path):
    text = SPAWNED.format(start=FORKED.format("fork"), end="print('never')")
    done = doctor(tmp_path, text, before=("--max-updates", "5"))
    assert "5 updates of SGD, in each of 2 processes, stopped by --max-updates" in done.stdout
    assert "never" not in done.stdout


# 13: what --record keeps could not be given back
def test_a_trace_is_reported_on_as_its_script_was(tmp_path):
    folder = tmp_path / "kept"
    script = doctor(tmp_path, TRAIN, before=("--record", str(folder))).stdout
    told, page = tmp_path / "found.json", tmp_path / "report.html"
    before = ("--json", str(told), "--html", str(page))
    read = report(tmp_path, *before, str(folder / "0.jsonl"))
    name = str(tmp_path / "train.py")
    assert read.stdout == script.replace(name, str(folder / "0.jsonl"))
    assert [each["code"] for each in json.loads(told.read_text())["findings"]] == ["P002"]
    assert "P002" in page.read_text()
    assert report(tmp_path, "--strict", str(folder / "0.jsonl")).returncode == 1


def test_the_traces_of_all_processes_are_read_together(tmp_path):
    for rank, size in enumerate((2, 3)):
        with Recorder(tmp_path / "kept", prefix=f"rank{rank}-", meta={"rank": rank, "world": 2}):
            weight = torch.nn.Parameter(torch.ones(2))
            optimizer = torch.optim.SGD([weight], lr=0.1)
            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, size)
            for _ in range(8):
                weight.grad = torch.ones(2)
                optimizer.step()
                scheduler.step()
    done = report(tmp_path, *(f"kept/rank{rank}-0.jsonl" for rank in (0, 1)))
    assert "in each of 2 processes" in done.stdout
    assert "P017" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("none.jsonl",),
            "cannot read the trace 'none.jsonl': No such file or directory; passo doctor --record "
            "FOLDER train.py makes some, and attach(..., record='run.jsonl') one",
        ),
        (
            ("torn.jsonl",),
            "'torn.jsonl' does not begin with the whole header line of a trace, got b'{\"passo\"'",
        ),
        (
            ("run.jsonl", "--lr", "1"),
            "after a trace there are traces only, got '--lr'; write passo doctor run.jsonl",
        ),
        (
            ("--record", "kept", "run.jsonl"),
            "--record is for a script that runs, and 'run.jsonl' is a trace; leave it out",
        ),
        (
            ("--max-updates", "3", "run.jsonl"),
            "--max-updates is for a script that runs, and 'run.jsonl' is a trace; leave it out",
        ),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path, arguments, text):
    (tmp_path / "torn.jsonl").write_text('{"passo"')
    Trace(0).write(tmp_path / "run.jsonl")
    done = report(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"passo: {text}\n")


def test_a_trace_with_a_torn_last_line_is_read_up_to_there(tmp_path):
    doctor(tmp_path, TRAIN, before=("--record", str(tmp_path / "kept")))
    whole = (tmp_path / "kept" / "0.jsonl").read_text()
    (tmp_path / "cut.jsonl").write_text(whole[:-9])
    assert "cut.jsonl, 12 updates of SGD, cut off: its end is missing\n" in report(
        tmp_path, "cut.jsonl"
    ).stdout


def test_the_run_can_be_cut_short(tmp_path):
    done = doctor(tmp_path, TRAIN, before=("--max-updates", "5"))
    assert "5 updates of SGD, stopped by --max-updates" in done.stdout
    assert "nothing found" in done.stdout


def test_a_module_runs_as_python_m_does(tmp_path):
    package = tmp_path / "job"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys\nprint(__name__, __package__, sys.argv[1:])")
    done = subprocess.run(
        [sys.executable, "-m", "passo", "doctor", "-m", "job", "--lr", "1"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.startswith("__main__ job ['--lr', '1']\n")


def test_traces_are_kept_where_it_is_asked(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    outcome = run_script(str(script), folder=tmp_path / "kept")
    assert Trace.load(tmp_path / "kept" / "0.jsonl") == outcome.traces[0]


def test_what_is_not_there_is_said():
    with pytest.raises(PassoError, match=r"there is no script 'nowhere.py'; write passo doctor"):
        run_script("nowhere.py")


JOB = """
import os
import torch
from torch import distributed

distributed.init_process_group("gloo")
rank = distributed.get_rank()
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2 + rank)
for k in range(8):
    weight.grad = torch.ones(2)
    optimizer.step()
    scheduler.step()
distributed.destroy_process_group()
"""


def test_under_torchrun_there_is_one_report_with_all_ranks_in_it(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(JOB)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-port", "0", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
    done = subprocess.run(
        [*command, "-m", "passo", "doctor", str(script)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("passo doctor:") == 1
    assert "P017" in done.stdout


def test_a_report_that_could_not_be_written_is_refused_before_the_script_runs(tmp_path):
    page = tmp_path / "nowhere" / "report.html"
    done = doctor(tmp_path, "print('trained')", before=("--html", str(page)), status=2)
    folder = str(page.parent)
    assert done.stderr == f"passo: cannot write {str(page)!r}: there is no folder {folder!r}\n"
    assert done.stdout == ""


def test_fewer_than_one_update_is_refused(tmp_path):
    done = doctor(tmp_path, "print('trained')", before=("--max-updates", "-3"), status=2)
    assert "greater than or equal to 1" in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
