"""A schedule of cycles that goes on for ever: a run that does not see its first one is told."""

from __future__ import annotations

import pytest
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, CyclicLR
from torch.optim.swa_utils import SWALR

from tests.doctor.test_advice import EPOCH, after_epochs, found, run, sgd

EPOCHS = 12


def after_updates(scheduler):
    return lambda _: scheduler.step()


@pytest.mark.parametrize(
    ("build", "seen", "write"),
    [
        (
            lambda o: CosineAnnealingWarmRestarts(o, EPOCHS * EPOCH),
            (
                "the run ended at 10.0% of the first cycle of CosineAnnealingWarmRestarts "
                "(12 of 120): the last rate was 0.0979, 97.94% of the peak, and its floor is 0"
            ),
            (
                "T_0=12, the advances that the run makes, or scheduler.step() after each of the "
                "120 updates"
            ),
        ),
        (
            lambda o: CosineAnnealingWarmRestarts(o, 30, eta_min=0.01),
            (
                "the run ended at 40.0% of the first cycle of CosineAnnealingWarmRestarts "
                "(12 of 30): the last rate was 0.0733, 7.33 times the floor of 0.01"
            ),
            (
                "T_0=12, the advances that the run makes, or scheduler.step() after each of the "
                "120 updates"
            ),
        ),
        (
            lambda o: CyclicLR(o, 0.01, 0.1, step_size_up=60, cycle_momentum=False),
            (
                "the run ended at 20.0% of the warm-up of CyclicLR (12 of 60 advances): the last "
                "rate was 0.0265, still rising"
            ),
            "a step_size_up well below 12, or scheduler.step() after each of the 120 updates",
        ),
        (
            lambda o: CyclicLR(o, 0.01, 0.1, cycle_momentum=False),
            (
                "the run ended at 0.6% of the warm-up of CyclicLR (12 of 2,000 advances): the last "
                "rate was 0.0105, still rising"
            ),
            "a step_size_up well below 12",
        ),
    ],
    ids=["restarts", "floor", "triangle", "default"],
)
def test_a_run_that_ends_within_the_first_cycle_is_told(build, seen, write):
    optimizer = sgd()
    [finding] = found(lambda: run(optimizer, after_epochs(build(optimizer)), EPOCHS))
    assert (finding.code, finding.seen, finding.write) == ("P007", seen, write)


@pytest.mark.parametrize(
    ("build", "each"),
    [
        (lambda o: CosineAnnealingWarmRestarts(o, EPOCHS), after_epochs),
        (lambda o: CosineAnnealingWarmRestarts(o, EPOCHS + 1), after_epochs),
        (lambda o: CosineAnnealingWarmRestarts(o, 5, 2), after_epochs),  # within its second
        (lambda o: CyclicLR(o, 0.01, 0.1, step_size_up=60, cycle_momentum=False), after_updates),
        (
            lambda o: CyclicLR(o, 0.01, 0.1, 50, step_size_down=500, cycle_momentum=False),
            after_updates,
        ),
    ],
)
def test_a_run_that_saw_a_cycle_may_end_within_another(build, each):
    optimizer = sgd()
    assert found(lambda: run(optimizer, each(build(optimizer)), EPOCHS)) == []


def averaged(many, *, goal=0.05):
    def script():
        optimizer = sgd()
        run(optimizer, after_epochs(SWALR(optimizer, goal, many)), EPOCHS)

    return found(script)


def test_an_averaging_that_never_gets_to_its_rate_is_told():
    [finding] = averaged(30)
    assert (finding.code, finding.seen, finding.write) == (
        "P007",
        (
            "the run ended at 40.0% of the way of SWALR to its swa_lr (12 of 30 advances): the "
            "last rate was 0.0852, and swa_lr is 0.05"
        ),
        "an anneal_epochs well below 12, or a longer run",
    )


@pytest.mark.parametrize(("many", "goal"), [(12, 0.05), (13, 0.05), (3, 0.05), (30, 0.1)])
def test_an_averaging_that_gets_there_or_is_there_is_left_in_peace(many, goal):
    assert averaged(many, goal=goal) == []
