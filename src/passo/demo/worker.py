"""What a worker process does: one job a line in, what happens a line out, until there is no more.

It is a process of its own group, so a Ctrl-C reaches only the demo itself, which then ends it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

from passo.demo.values import Settings, Task

PERIOD = 0.1


def work() -> None:
    """Does the jobs on standard input; what libraries print goes to standard error."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import torch

    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            _tell(lines, "done", _do(json.loads(line), lines))
        except Exception:  # noqa: BLE001 (whatever it is, the demo shows it)
            _tell(lines, "failed", traceback.format_exc())


def _do(job: dict[str, Any], lines: TextIO) -> Any:
    """One job; what it brought as plain JSON."""
    folder = Path(job["folder"])
    settings = Settings(**job["settings"])
    if job["kind"] == "facts":
        from passo.demo.training import facts

        return facts()
    if job["kind"] == "poster":
        from passo.demo.pictures import draw_poster

        return draw_poster(folder, [Task(**each) for each in job["tasks"]], settings)
    if job["kind"] == "find":
        from passo.demo.training import find_peak

        return find_peak(job["optimizer"], settings, folder)
    task = Task(**job["task"])
    if job["kind"] == "figure":
        from passo.demo.pictures import draw_figure

        return draw_figure(folder, task, settings)
    from passo.demo.training import train

    share = partial(_share, lines, [monotonic()])
    return asdict(train(task, settings, folder / task.trace, share))


def _share(lines: TextIO, due: list[float], done: float) -> None:
    """Tells how far a run is, ten times a second at most."""
    if monotonic() >= due[0]:
        due[0] = monotonic() + PERIOD
        _tell(lines, "share", done)


def _tell(lines: TextIO, kind: str, what: Any) -> None:
    lines.write(json.dumps({"kind": kind, "what": what}) + "\n")
    lines.flush()
