"""A scheduler in a list of optimizers is refused as one alone is."""

from __future__ import annotations

import pytest
import torch

from passo import PassoError, attach, range_test
from tests.optim.tools import sgd

CALLS = {
    "attach": lambda given: attach(given, 0.1),
    "range_test": lambda given: range_test(lambda: 1.0, given, restore=[]),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_scheduler_among_optimizers_is_refused(call):
    scheduler = torch.optim.lr_scheduler.StepLR(sgd(), 30)
    with pytest.raises(PassoError) as refused:
        CALLS[call]([sgd(), scheduler])
    assert str(refused.value) == (
        f"{call} needs a torch optimizer, got an object of class StepLR, which is a scheduler; "
        f"write {call}(optimizer, ...), and translate(scheduler).plan for what it would do, from "
        "passo.optim import translate"
    )
