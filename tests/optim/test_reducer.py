"""`Rule(torchs=True)` is the rule of the torch that is installed, report by report."""

from __future__ import annotations

import math

import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from passo.optim import lr_scheduler as ours
from passo.schedules.reducer import Reducer, Rule

metrics = st.floats(-2, 2) | st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, -math.inf])
rules = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["min", "max"]),
        "threshold": st.sampled_from([0.0, 1e-4, 0.1, 0.5]),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "patience": st.integers(0, 3),
        "cooldown": st.integers(0, 3),
    }
)


def falls(kind, rule, seen):
    """At which reports a class reduces a rate."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = kind(optimizer, factor=0.999, eps=0, **rule)
    found = []
    for value in seen:
        before = optimizer.param_groups[0]["lr"]
        scheduler.step(value)
        found.append(optimizer.param_groups[0]["lr"] < before)
    return found


BELOW_ZERO = {
    "mode": "min",
    "threshold": 0.1,
    "threshold_mode": "rel",
    "patience": 1,
    "cooldown": 0,
}


@given(rules, st.lists(metrics, max_size=40))
@example(BELOW_ZERO, [-1.0] * 6)  # nothing is bad to torch there, and all but the first to ours
@example({**BELOW_ZERO, "mode": "max"}, [-1.0] * 6)
def test_torchs_rule_is_torchs_class_and_ours_is_the_drop_ins(rule, seen):
    torchs, mended = Reducer(Rule(**rule, torchs=True)), Reducer(Rule(**rule))
    assert [torchs.see(value) for value in seen] == falls(ReduceLROnPlateau, rule, seen)
    assert [mended.see(value) for value in seen] == falls(ours.ReduceLROnPlateau, rule, seen)
