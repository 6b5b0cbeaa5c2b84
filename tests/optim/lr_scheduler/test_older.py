"""What stands in for an older torch, held to what the installed torch does."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.optim import lr_scheduler as torchs

from passo.optim.lr_scheduler import older


def sgd(lr=1.0):
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)


BUILDS = {
    "step": lambda o: torchs.StepLR(o, 2, 0.5),
    "exponential": lambda o: torchs.ExponentialLR(o, 0.5),
    "cosine": lambda o: torchs.CosineAnnealingLR(o, 7, 0.1),
    "lambda": lambda o: torchs.LambdaLR(o, lambda t: 0.5**t),
}


@pytest.mark.parametrize("epochs", [[None] * 6, [None, 3, None, 1, 0]])
@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
@pytest.mark.parametrize("rate", [1.0, torch.tensor(1.0, dtype=torch.float64)])
@pytest.mark.filterwarnings("ignore:.*epoch parameter", "ignore:Detected call of")
def test_its_rule_is_torchs(build, epochs, rate):
    ours, torchs_own = build(sgd(copy.deepcopy(rate))), build(sgd(copy.deepcopy(rate)))
    for epoch in epochs:
        ours._step_count += 1
        older._write(ours, epoch)
        torchs_own.step(epoch)
        assert ours.last_epoch == torchs_own.last_epoch
        assert [float(each) for each in ours.get_last_lr()] == [
            float(each) for each in torchs_own.get_last_lr()
        ]
        slots = [each.optimizer.param_groups[0]["lr"] for each in (ours, torchs_own)]
        assert float(slots[0]) == float(slots[1])
        assert type(slots[0]) is type(rate)


def test_the_first_step_is_marked_and_no_state_holds_the_mark():
    seen = []

    class Marked(older._Older):
        def get_lr(self):
            seen.append(self._is_initial)
            return [1.0]

    scheduler = Marked(sgd())
    scheduler._update_lr()
    assert seen == [True, False]
    assert "_is_initial" not in scheduler.state_dict()


def test_a_plateau_fills_the_tensor_that_is_there():
    class Plateau(older._Older, torchs.ReduceLROnPlateau):
        pass

    rate = torch.tensor(1.0)
    scheduler = Plateau(sgd(rate), patience=0, factor=0.5)
    for _ in range(2):
        scheduler.step(1.0)
    assert scheduler.optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.5
