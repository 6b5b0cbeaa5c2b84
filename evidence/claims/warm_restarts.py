"""Warm restarts against one cosine."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

FOUR, GROWING = "warm_restarts(first=percent(25))", "warm_restarts(first=percent(14.2857), grow=2)"
COSINE = {task: arm("one cosine", task, "cosine_decay()", SGD) for task in ("mnist", "digits")}
STOPPED = arm("a cosine of 1,000, stopped at 500", "mnist", "cosine_decay(over=steps(1000))", SGD)
CLAIM = Claim(
    "warm_restarts",
    "Warm restarts help to escape local minima: they are better than one cosine.",
    "2.4",
    (
        *(
            Versus(f"{task}, four cycles", arm("four cycles", task, FOUR, SGD), cosine)
            for task, cosine in COSINE.items()
        ),
        Versus(
            "mnist, three cycles, each twice as long",
            arm("growing cycles", "mnist", GROWING, SGD),
            COSINE["mnist"],
        ),
        Versus(
            "mnist, stopped half-way, at the end of a cycle",
            arm("cycles of 250, stopped at 500", "mnist", "warm_restarts(first=steps(250))", SGD),
            STOPPED,
        ),
    ),
    on="the task, and whether the run ends where its plan does",
)
