"""Two processes of transformers' Trainer under one plan (issue 16)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from passo import Plateau, Run, percent, warmup_cosine
from tests.integrations.hugging import EPOCHS, LR
from tests.integrations.promises import promised

ROOT = Path(__file__).parents[2]


def port() -> str:
    """One that is free now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return str(held.getsockname()[1])


@promised("transformers", 1, 3)
def test_two_processes_use_the_same_rates_though_their_metrics_disagree(tmp_path):
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port()}
    shared |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.integrations.two_hugging", str(tmp_path)]
    processes = [
        subprocess.Popen(
            [*command, rank],
            env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank},
            cwd=ROOT,
        )
        for rank in ("0", "1")
    ]
    for each in processes:
        each.wait(timeout=240)  # gloo may abort a process at its exit, after all was written
    told = [json.loads((tmp_path / f"{rank}.json").read_text("utf-8")) for rank in ("0", "1")]
    # 20 samples in batches of 4 on two ranks are 3 batches: a window of 2, and a ragged one
    run = Run.of(3, epochs=EPOCHS, accumulate=2)
    fall = Plateau("eval_score", mode="max", patience=0, factor=0.5)
    plan = (warmup_cosine(warmup=percent(20)) * fall).on(run).with_base(LR)
    heard = plan.with_reports([(t, {"eval_score": 3.0}) for t in (2, 4, 6)])
    planned = [heard(t) for t in range(run.updates)]
    assert [each["rates"] for each in told] == [planned, planned]
    assert told[0]["logged"] == planned
    assert told[0]["updates"] == run.updates
