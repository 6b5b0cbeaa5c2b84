"""A scheduler in a list of optimizers is refused as one alone is."""

from __future__ import annotations

import pytest
import torch

from passo import PassoError, attach, range_test
from tests.optim.tools import sgd


@pytest.mark.parametrize("call", ["attach", "range_test"])
def test_a_scheduler_among_optimizers_is_refused(call):
    first, second = sgd(), sgd()
    scheduler = torch.optim.lr_scheduler.StepLR(second, 30)
    with pytest.raises(PassoError, match="StepLR.*, which is a scheduler; write") as refused:
        if call == "attach":
            attach([first, scheduler], 0.1)
        else:
            range_test(lambda: 1.0, [first, scheduler], restore=[])
    assert "translate(scheduler).plan" in str(refused.value)
