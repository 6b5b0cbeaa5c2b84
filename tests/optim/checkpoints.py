"""A plan in one process, its state in another: what the tests of changed plans have in common."""

from __future__ import annotations

import pytest

from passo import PassoError, Run, steps, tokens, warmup_cosine, warmup_linear
from passo.optim import attach
from tests.optim.tools import sgd, update

TEN, TWENTY = Run(steps(10)), Run(steps(20))
BY_TOKENS = Run(tokens(100), tokens_per_step=10, axis="token")
COSINE, LINEAR = warmup_cosine(warmup=steps(2)), warmup_linear(warmup=steps(2))


def saved(plan, run=None, updates=5, reports=(), **settings):
    """The state of that plan after some updates and reports."""
    optimizer = sgd(weight_decay=0.1)
    scheduler = attach(optimizer, plan, run, **settings)
    update(optimizer, updates)
    for report in reports:
        scheduler.report(report)
    return scheduler.state_dict()


def loaded(state, plan, run=None, on_change="error", **settings):
    """Another process: the optimizer, and the Scheduler that took up the state."""
    optimizer = sgd(weight_decay=0.1)
    scheduler = attach(optimizer, plan, run, on_change=on_change, **settings)
    scheduler.load_state_dict(state)
    return optimizer, scheduler


def refusal(*arguments, **settings) -> str:
    """The text with which that load is refused."""
    with pytest.raises(PassoError) as error:
        loaded(*arguments, **settings)
    return str(error.value)
