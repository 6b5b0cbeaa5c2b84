"""`passo doctor SCRIPT`: as Python would run it, and a diagnosis at the end."""

from __future__ import annotations

import json
import signal
import textwrap
from pathlib import Path

import pytest

import passo
from passo.doctor.run import run_script
from passo.ground.errors import PassoError
from passo.trace import Trace
from tests.warm import DOCTOR, python

TRAIN = """
import torch
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([weight], lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 4)
for k in range(12):
    weight.grad = torch.ones(2)
    optimizer.step()
"""


def doctor(tmp_path, text, *arguments, before=(), status=0, spawns=0):
    """What `passo doctor` prints of a script."""
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(text))
    command = ("-m", "passo", "doctor", *before, str(script), *arguments)
    done = python(*command, cwd=tmp_path, imported=DOCTOR, spawns=spawns)
    assert done.returncode == status, done.stderr
    return done


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
    assert str(Path(passo.__file__).parent) not in done.stderr  # a clone may have the name too
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


def test_the_run_can_be_cut_short(tmp_path):
    done = doctor(tmp_path, TRAIN, before=("--max-updates", "5"))
    assert "5 updates of SGD, stopped by --max-updates" in done.stdout
    assert "nothing found" in done.stdout


def test_a_module_runs_as_python_m_does(tmp_path):
    package = tmp_path / "job"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("import sys\nprint(__name__, __package__, sys.argv[1:])")
    done = python("-m", "passo", "doctor", "-m", "job", "--lr", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("__main__ job ['--lr', '1']\n")


def test_traces_are_kept_where_it_is_asked(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    outcome = run_script(str(script), folder=tmp_path / "kept")
    assert Trace.load(tmp_path / "kept" / "0.jsonl") == outcome.traces[0]


def test_what_is_not_there_is_said():
    with pytest.raises(PassoError, match=r"there is no script 'nowhere.py'; write passo doctor"):
        run_script("nowhere.py")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wandb.csv", '"Step","train/lr","train/loss"\n"0","0.1","2.5"\n'),  # a tuple to Python
        ("trainer_state.json", '{"log_history": [{"step": 10, "loss": 2.5}]}'),  # and a dict
        ("run.LOG", "iter 0: loss 2.5"),
        ("train.ipynb", '{"cells": []}'),
    ],
)
def test_a_log_is_no_script_and_is_not_run(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    done = python("-m", "passo", "doctor", name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"passo: {name!r} is neither a script nor a trace; write passo doctor train.py, or passo "
        "doctor run.jsonl with what attach(..., record='run.jsonl') recorded\n"
    )
    assert done.stdout == ""


def test_a_report_that_could_not_be_written_is_refused_before_the_script_runs(tmp_path):
    page = tmp_path / "nowhere" / "report.html"
    done = doctor(tmp_path, "print('trained')", before=("--html", str(page)), status=2)
    assert done.stderr == (
        f"passo: cannot write {str(page)!r}: there is no folder {str(page.parent)!r}; make it "
        "first\n"
    )
    assert done.stdout == ""


def test_a_report_does_not_replace_the_script(tmp_path):
    """Issue 19."""
    done = doctor(tmp_path, "print('trained')", before=("--json", "train.py"), status=2)
    assert done.stderr == (
        "passo: 'train.py' is read here, and a result would replace it; give another file\n"
    )
    assert done.stdout == ""


def test_fewer_than_one_update_is_refused(tmp_path):
    done = doctor(tmp_path, "print('trained')", before=("--max-updates", "-3"), status=2)
    assert "greater than or equal to 1" in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
