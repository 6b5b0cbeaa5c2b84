"""How well the law predicts the task of `record.py`: each pair of eight runs predicts the others.

python evidence/law/figures.py             prints the table of README.md beside it
"""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
from evidence.law.record import EVERY, PEAK, SCHEDULES, UPDATES

from passo import Run, steps
from passo.law import Law, NotPredictable
from passo.trace import Column, Report, Trace

FITTED = tuple(SCHEDULES)[0:1] + tuple(SCHEDULES)[2:3] + tuple(SCHEDULES)[4:8] + ("two-stage",)
PAIR = ("linear", "wsd 20 %")
RUN = Run(steps(UPDATES))


def trace_of(name: str, losses: list[float]) -> Trace:
    """The run that was recorded, as a trace."""
    rates = SCHEDULES[name].on(RUN).with_base(PEAK)(np.arange(float(UPDATES)))
    rates = np.broadcast_to(rates, (UPDATES,))
    changes = np.flatnonzero(np.diff(rates, prepend=np.nan) != 0)
    column = Column(0, "lr", tuple(changes.tolist()), tuple(rates[changes].tolist()))
    pairs = enumerate(losses, start=1)
    reports = tuple(Report.of(k * EVERY, {"val_loss": loss}) for k, loss in pairs)
    return Trace(UPDATES, ("0",), (column,), reports)


def row(names: tuple[str, ...], ends: dict[str, float], traces: dict[str, Trace]) -> list[float]:
    """Error of the end, the nearest fitted run's, rank correlation, coverage of the end's band."""
    law = Law.fit([traces[name] for name in names])
    unseen = [name for name in SCHEDULES if name not in names]
    made = [law.predict(SCHEDULES[name], RUN) for name in unseen]
    real = np.array([ends[name] for name in unseen])
    told = np.array([each.end for each in made])
    nearest = [min(abs(ends[name] / r - 1) for name in names) for r in real]
    rho = np.corrcoef(np.argsort(np.argsort(told)), np.argsort(np.argsort(real)))[0, 1]
    inside = [m.low[-1] <= r <= m.high[-1] for m, r in zip(made, real, strict=True)]
    regret = real[told.argmin()] - real.min()
    error = float(np.mean(abs(told / real - 1)))
    return [error, float(np.mean(nearest)), float(rho), float(np.mean(inside)), float(regret)]


def main() -> None:
    """Print the figures."""
    held = json.loads((Path(__file__).parent / "curves.json").read_text("utf-8"))
    losses = {run["schedule"]: run["val_loss"] for run in held["runs"]}
    traces = {name: trace_of(name, each) for name, each in losses.items()}
    ends = {name: each[-1] for name, each in losses.items()}
    rows, refused = [], 0
    for pair in combinations(FITTED, 2):
        try:
            rows.append(row(pair, ends, traces))
        except NotPredictable as error:
            refused += 1
            print("refused:", *pair, error)
    head = ("end", "nearest fitted run", "rho", "ends in the band", "regret")
    print(len(rows), "pairs,", refused, "refused; medians:")
    for place, name in enumerate(head):
        print(f"  {name:<20} {median(each[place] for each in rows):.4f}")
    try:
        print("linear and wsd 20 %:", [round(each, 4) for each in row(PAIR, ends, traces)])
    except NotPredictable as error:
        print("linear and wsd 20 %, refused:", error)


if __name__ == "__main__":
    main()
