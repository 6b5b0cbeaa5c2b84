"""Which schedule, and with which values: five plans compared and three tuned, on two tasks.

    python examples/compare_and_tune.py RUNS          digits and text: ten minutes on one processor
    python examples/compare_and_tune.py RUNS --task digits   one of the two

A train function is all that a comparison or a search needs; from a shell the same is

    passo compare examples/compare_and_tune.py:digits "step_decay(percent(40))" "cosine_decay()" ...
    passo tune examples/compare_and_tune.py:digits "warmup_cosine(peak=between(0.02, 1.0, log))" ...

What is learnt is what `evidence/` learns: a perceptron the digits of scikit-learn, and a small
transformer the next byte of the help that ships with Python. Pictures and what was said go into
RUNS, and what was trained stays in RUNS/kept: kill it when you like, and call it again. What came
of it is on the page docs/compared.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where the folder evidence lies

import torch
from evidence.frame.cells import Cell
from evidence.tasks.tasks import DEFAULTS, Task, task_of
from rich.console import Console

from passo import Run, attach, compare, draw, steps, tune
from passo.plot import save
from passo.sweep import Comparison, Study, Trial

REPORTS: Final = 20  # of a run
PLANS: Final = {
    "constant": "base * Constant(1)",
    "step": "step_decay(percent(40), gamma=0.1)",
    "cosine": "cosine_decay()",
    "warmup_cosine": "warmup_cosine(warmup=percent(10))",
    "wsd": "wsd(warmup=percent(10), cooldown=percent(30))",
}
SPACES: Final = {
    "warmup_cosine": "warmup_cosine(peak={peak}, warmup=percent(between(1, 40)), floor={floor})",
    "plateau": (
        'base * Plateau("val_loss", patience=between(0, 4, whole), factor=between(0.1, 0.9), '
        "cooldown=between(0, 3, whole))"
    ),
    "step": "step_decay(steps(between(20, 200, whole)), gamma=between(0.05, 0.95))",
}
ENDS: Final = {  # where a peak and a floor are searched: they are rates of another optimizer each
    "digits": {"peak": "between(0.02, 1.0, log)", "floor": "between(1e-5, 1e-2, log)"},
    "text": {"peak": "between(1e-3, 5e-2, log)", "floor": "between(1e-6, 1e-3, log)"},
}


def digits(plan: Any, run: Run, seed: int, trial: Trial) -> float:
    """A perceptron on 8 × 8 digits, by SGD with momentum; its loss on digits it never saw."""
    task = task_of(Cell.of("digits", "", seed, **DEFAULTS["digits"]))
    optimizer = torch.optim.SGD(task.model.parameters(), lr=0.1, momentum=0.9)
    return trained(task, optimizer, plan, run, trial)


def text(plan: Any, run: Run, seed: int, trial: Trial) -> float:
    """A small transformer on bytes of English, by AdamW; its loss on text it never saw."""
    task = task_of(Cell.of("bytes", "", seed, **DEFAULTS["bytes"]))
    optimizer = torch.optim.AdamW(task.model.parameters(), lr=3e-3, weight_decay=0.01)
    return trained(task, optimizer, plan, run, trial)


def trained(
    task: Task, optimizer: torch.optim.Optimizer, plan: Any, run: Run, trial: Trial
) -> float:
    """One run on a plan: it is recorded, and told its loss now and then."""
    scheduler = attach(optimizer, plan, run, record=trial.record)
    for _ in range(run.updates):
        optimizer.zero_grad()
        task.loss(next(task.batches)).backward()
        optimizer.step()
        if scheduler.clock % max(1, run.updates // REPORTS) == 0:
            loss, _ = task.judge(task.watched)
            scheduler.report(val_loss=loss)  # plateaus fall by it
            trial.report(scheduler.clock, loss=loss)  # a search gives runs up by it
    loss, _ = task.judge(task.test)
    return loss


TRAIN: Final = {"digits": digits, "text": text}
UPDATES: Final = {"digits": 500, "text": 250}


def compared(name: str, told: argparse.Namespace) -> Comparison:
    """The five plans on one task."""
    store = told.folder / "kept" / f"{name}.journal"
    run = Run(steps(told.updates or UPDATES[name]))
    return compare(TRAIN[name], PLANS, run, seeds=told.seeds, store=store, processes=told.processes)


def tuned(name: str, what: str, told: argparse.Namespace) -> Study:
    """One of the spaces on one task."""
    store = told.folder / "kept" / f"{name}-{what}.db"
    return tune(
        TRAIN[name],
        SPACES[what].format(**ENDS[name]),
        Run(steps(told.updates or UPDATES[name])),
        trials=told.trials,
        seeds=told.seeds,
        store=store,
        processes=told.processes,
    )


def main(given: list[str] | None = None) -> dict[str, Comparison | Study]:
    """Compare and tune, say what was found, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the runs and the pictures go")
    parser.add_argument("--task", choices=TRAIN, help="one of the two")
    parser.add_argument("--updates", type=int, help="of each run; 500 of digits, 250 of text")
    parser.add_argument("--trials", type=int, default=24, help="runs of each search")
    parser.add_argument("--seeds", type=int, default=5, help="of each plan that is judged")
    parser.add_argument("--processes", type=int, default=1, help="runs at the same time")
    told = parser.parse_args(given)
    (told.folder / "kept").mkdir(parents=True, exist_ok=True)
    found: dict[str, Comparison | Study] = {}
    for name in [told.task] if told.task else TRAIN:
        plans = found[f"{name}-compare"] = compared(name, told)
        save(draw(plans, width=6.4, height=3.2), told.folder / f"{name}-compare.png")
        tell(told.folder / f"{name}-compare.txt", plans)
        for what in SPACES:
            best = found[f"{name}-{what}"] = tuned(name, what, told)
            save(best.figure(), told.folder / f"{name}-{what}.png")
            tell(told.folder / f"{name}-{what}.txt", best)
    return found


def tell(path: Path, found: Comparison | Study) -> None:
    """What was found, on the screen and in a file."""
    with path.open("w", encoding="utf-8") as file:
        for out in (file, sys.stdout):
            print(found, file=out)
            if isinstance(found, Study):
                Console(file=out, width=100).print(found.table())


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
