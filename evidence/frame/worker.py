"""A process that trains one cell after another: cells come in as lines, figures go out."""

from __future__ import annotations

import json
import sys
import traceback
from time import process_time

import torch
from evidence.frame.cells import Cell
from evidence.tasks.training import train


def main() -> None:
    """Serve until the pipe ends."""
    torch.set_num_threads(1)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        begin = process_time()
        try:
            figures = train(Cell.read(json.loads(line)))
            told = {"figures": figures, "seconds": round(process_time() - begin, 2)}
        except Exception:  # noqa: BLE001 (whatever it is, the one who asked is told)
            told = {"failed": traceback.format_exc()}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
