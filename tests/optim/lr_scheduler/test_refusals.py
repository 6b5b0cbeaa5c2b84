"""What cannot be right is refused with words, before anything is changed."""

from __future__ import annotations

import copy
import re

import pytest

from passo import PassoError
from passo.optim import lr_scheduler as ours
from tests.optim.tools import sgd

NAN = float("nan")


def sequence(optimizer, count, milestones):
    return ours.SequentialLR(
        optimizer, [ours.StepLR(optimizer, 3) for _ in range(count)], milestones
    )


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (
            lambda o: ours.StepLR(o, 0),
            "step_size must be the steps of a stair, 1 or more, got 0",
        ),
        (
            lambda o: ours.CosineAnnealingLR(o, 0),
            "T_max must be the steps of half a swing, 1 or more, got 0",
        ),
        (lambda o: ours.StepLR(o, "30"), "step_size of StepLR must be a number, got '30'"),
        (lambda o: ours.StepLR(o, 3, NAN), "gamma of StepLR must be a number, got nan"),
        (
            lambda o: ours.MultiStepLR(o, [3, NAN]),
            "a milestone of MultiStepLR must be a number, got nan",
        ),
        (lambda o: ours.LinearLR(o, NAN), "start_factor of LinearLR must be a number, got nan"),
        (lambda o: ours.CyclicLR(o, 0.1, NAN), "max_lr of CyclicLR must be a number, got nan"),
        (lambda o: ours.OneCycleLR(o, [NAN], 9), "max_lr of OneCycleLR must be a number, got nan"),
        (lambda o: sequence(o, 3, [6, 5]), "milestones must grow, got [6, 5]; write [5, 6]"),
        (
            lambda o: sequence(o, 3, [2.5, 4.0]),
            "milestones must be whole steps, got [2.5, 4.0]; write [3, 4]",
        ),
        (
            lambda o: sequence(o, 2, [NAN]),
            "a milestone must be finite, got nan; write milestones=[100]",
        ),
        (
            lambda o: sequence(o, 2, [float("inf")]),
            "a milestone must be finite, got inf; write milestones=[100]",
        ),
        (
            lambda o: sequence(o, 2, ["a"]),
            "a milestone must be a number, got 'a'; write milestones=[100]",
        ),
        (
            lambda o: sequence(o, 2, [None]),
            "a milestone must be a number, got None; write milestones=[100]",
        ),
        (
            lambda o: sequence(o, 2, 100),
            "milestones must be a list of steps, got 100; write milestones=[100]",
        ),
        (
            lambda o: ours.CyclicLR(o, 0.1, 1.0, -1),
            "step_size_up must be the steps of a part of the cycle, 0 or more, got -1",
        ),
        (
            lambda o: ours.CyclicLR(o, 0.1, 1.0, 3, -2),
            "step_size_down must be the steps of a part of the cycle, 0 or more, got -2",
        ),
    ],
)
def test_a_scheduler_that_cannot_be_is_not_built(build, text):
    optimizer = sgd(momentum=0.9)
    rate = optimizer.param_groups[0]["lr"]
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        build(optimizer)
    assert optimizer.param_groups[0]["lr"] == rate


def test_a_parameter_cannot_be_made_wrong_later():
    scheduler = ours.ExponentialLR(sgd(), 0.9)
    with pytest.raises(PassoError, match=r"^gamma of ExponentialLR must be a number, got nan$"):
        scheduler.gamma = NAN
    assert scheduler.gamma == 0.9


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (None, "StepLR loads what a scheduler's state_dict() gave, got None"),
        ({}, "StepLR loads what a scheduler's state_dict() gave, got {} without 'last_epoch'"),
    ],
)
def test_what_is_no_state_is_not_loaded(state, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        ours.StepLR(sgd(), 3).load_state_dict(state)


def test_the_state_of_another_sequence_changes_nothing():
    saved = sequence(sgd(), 2, [5]).state_dict()
    scheduler = sequence(sgd(), 1, [])
    before = copy.deepcopy(scheduler.state_dict())
    text = (
        "the state has 2 schedulers and this SequentialLR 1; build it as it was when it was saved"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        scheduler.load_state_dict(saved)
    assert scheduler.state_dict() == before


@pytest.mark.parametrize("build", [ours.StepLR, ours.CosineAnnealingWarmRestarts])
@pytest.mark.parametrize(
    ("epoch", "text"),
    [
        ("x", "epoch must be a number, got 'x'"),
        (NAN, "epoch must be finite, got nan"),
        (float("inf"), "epoch must be finite, got inf"),
    ],
)
def test_an_epoch_that_is_no_time_is_refused(build, epoch, text):
    scheduler = build(sgd(), 3)
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        scheduler.step(epoch)
    assert scheduler.last_epoch == 0


def test_a_misspelt_class_is_named():
    text = "module 'passo.optim.lr_scheduler' has no attribute 'StpLR'; did you mean 'StepLR'?"
    with pytest.raises(AttributeError, match=f"^{re.escape(text)}$"):
        ours.StpLR  # noqa: B018
