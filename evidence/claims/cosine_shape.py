"""A cosine against a straight line and against steps."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

SGD = (0.01, 0.02, 0.04, 0.08, 0.16)

PLANS = {
    "cosine": "cosine_decay()",
    "linear to 0": "Linear(base, 0)",
    "a tenth after 50 % and 80 %": "multistep_decay([percent(50), percent(80)])",
}
ARMS = {
    (task, name): arm(name, task, plan, SGD)
    for task in ("mnist", "digits")
    for name, plan in PLANS.items()
}
CLAIM = Claim(
    "cosine_shape",
    "A cosine is often more effective than a linear decay or steps.",
    "2.4",
    tuple(
        Versus(f"{task}, against {name}", ARMS[task, "cosine"], ARMS[task, name])
        for task, name in ARMS
        if name != "cosine"
    ),
    on="the rival",
)
