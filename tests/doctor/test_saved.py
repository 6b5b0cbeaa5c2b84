"""`passo doctor run.jsonl`: a trace in the place of a script."""

from __future__ import annotations

import json

import pytest
import torch

from passo.optim import Recorder
from passo.trace import Trace
from tests.doctor.test_run import TRAIN, doctor
from tests.warm import DOCTOR, python


def report(tmp_path, *arguments):
    """What `passo doctor` says of traces."""
    return python("-m", "passo", "doctor", *arguments, cwd=tmp_path, imported=DOCTOR)


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
            (
                "cannot read the trace 'none.jsonl': No such file or directory; passo doctor "
                "--record FOLDER train.py makes some, and attach(..., record='run.jsonl') one"
            ),
        ),
        (
            ("torn.jsonl",),
            (
                "'torn.jsonl' does not begin with the whole header line of a trace, got "
                "b'{\"passo\"'; write attach(..., record=path) where the run is made"
            ),
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
    assert (
        "cut.jsonl, 12 updates of SGD, cut off: its end is missing\n"
        in report(tmp_path, "cut.jsonl").stdout
    )
