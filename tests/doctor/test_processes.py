"""Processes that a script starts, and the ranks of a job."""

from __future__ import annotations

import pytest

from passo.trace import Trace
from tests.doctor.test_run import doctor
from tests.warm import python

pytestmark = pytest.mark.long
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
FORKED = (
    "both([multiprocessing.get_context({!r}).Process(target=work, args=(k, 12)) for k in (0, 1)])"
)


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
    spawns = 2 * ("get_context" not in start)  # one of them spawns interpreters that are new indeed
    done = doctor(tmp_path, text, before=("--record", str(folder)), spawns=spawns)
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
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-port", "0", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
    command += ["-m", "passo", "doctor", str(script)]
    done = python(*command, timeout=180, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("passo doctor:") == 1
    assert "P017" in done.stdout
