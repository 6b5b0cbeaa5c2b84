"""What a worker process does: one job a line in, what it brought a line out.

It is a process of its own group, so a Ctrl-C reaches only the demo itself, which then ends it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from passo.demo.values import Cell, Settings, Task


def work() -> None:
    """Does the jobs on standard input; what libraries print goes to standard error."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import torch

    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            _tell(lines, "done", _do(json.loads(line)))
        except Exception:  # noqa: BLE001 (whatever it is, the demo shows it)
            _tell(lines, "failed", traceback.format_exc())


def _do(job: dict[str, Any]) -> Any:
    """One job; what it brought as plain JSON."""
    folder = Path(job["folder"])
    settings = Settings(**job["settings"])
    if job["kind"] == "facts":
        from passo.demo.training import facts

        return facts()
    if job["kind"] == "find":
        from passo.demo.training import find_base

        return find_base(settings, folder)
    if job["kind"] == "sensitivity":
        from passo.demo.pictures import draw_sensitivity

        return draw_sensitivity(folder, [Cell(**each) for each in job["cells"]], settings)
    task = Task(**job["task"])
    if job["kind"] == "figure":
        from passo.demo.pictures import draw_figure

        return draw_figure(folder, task)
    from passo.demo.training import train

    return asdict(train(task, settings, folder / task.trace))


def _tell(lines: TextIO, kind: str, what: Any) -> None:
    lines.write(json.dumps({"kind": kind, "what": what}) + "\n")
    lines.flush()
