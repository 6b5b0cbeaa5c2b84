"""Recorded curves as traces: the extract beside this file, or all of them (PASSO_LAW_CURVES)."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import numpy as np

from passo.law.columns import Columns
from passo.law.seen import rates_of
from passo.trace import Column, Report, Trace

WHOLE = os.environ.get("PASSO_LAW_CURVES")
FITTED = ("const", "cosine", "linear", "twostage", "wsd10", "wsd20", "wsd40", "threestage")


@cache
def held(path: str | None = None) -> dict:
    return json.loads(Path(path or Path(__file__).parent / "curves.json").read_text("utf-8"))


def trace_of(rates, clocks, losses, metric="val_loss", run=None, group=0, groups=("0",)):
    """A trace of a rate for each update, and losses at some clocks."""
    changes = np.flatnonzero(np.diff(rates, prepend=np.nan) != 0)
    column = Column(group, "lr", tuple(changes.tolist()), tuple(rates[changes].tolist()))
    pairs = zip(clocks, losses, strict=True)
    reports = tuple(Report.of(int(clock), {metric: loss}) for clock, loss in pairs)
    return Trace(len(rates), groups, (column,), reports, run=run)


def traces(task="char", length=2000, peak=0.012, seed=0, *, path=None):
    """The traces of a task, by the names of their schedules."""
    data, found = held(path), {}
    for run in data["runs"]:
        asked = (run["task"], run["T"], run["peak"], run["seed"])
        if asked == (task, length, peak, seed):
            knots = np.array(data["rates"][run["rates"]]["knots"])
            rates = np.interp(np.arange(length), knots[:, 0], knots[:, 1])
            clocks = (np.arange(len(run["val_loss"])) + 1) * run["every"]
            losses = [np.nan if v is None else v for v in run["val_loss"]]
            found[run["name"]] = trace_of(rates, clocks, losses)
    return found


def ranks(values):
    return np.argsort(np.argsort(values))


def scores(law, unseen):
    """Mean relative error of the end, rank correlation, regret, coverage and width of the band."""
    ends, real, covered, width = [], [], [], []
    for trace in unseen:
        clocks, losses = map(np.array, trace.series(law.metric))
        late = clocks > law.start * trace.updates
        _, loss, band = told_at(law, trace, clocks[late])
        gap = np.abs(loss - losses[late])
        ends.append(loss[-1])
        real.append(losses[-1])
        covered.append(np.mean(gap <= band))
        width.append(np.mean(band / loss))
    ends, real = np.array(ends), np.array(real)
    error = np.mean(np.abs(ends / real - 1))
    rho = np.corrcoef(ranks(ends), ranks(real))[0, 1]
    return error, rho, real[ends.argmin()] - real.min(), np.mean(covered), np.mean(width)


def told_at(law, trace, clocks):
    rates = rates_of(trace, "it", None) / law.peak
    columns = Columns.of(rates, clocks, law.scale, law.scale)
    one = columns.functional(law.scale) @ np.array(law.functional)
    other = columns.convex() @ np.array(law.convex)
    loss = (one + other) / 2
    return clocks, loss, np.sqrt((2 * law.residual * loss) ** 2 + (one - other) ** 2)
