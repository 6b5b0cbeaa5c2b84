"""A scheduler that is built anew in each epoch begins anew: it is told where and how often."""

from __future__ import annotations

import pytest
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

from tests.doctor.test_advice import EPOCH, found, run, sgd


def anew(build, *metrics, each_update=False):
    """What is found in 12 epochs, each with a scheduler of its own."""
    optimizer = sgd()
    built = []

    def after(k):
        if k % EPOCH == EPOCH - 1 or each_update:
            built[-1].step(*metrics)
        if k % EPOCH == EPOCH - 1:
            built.append(build(optimizer))

    def script():
        built.append(build(optimizer))
        run(optimizer, after)

    return found(script)


@pytest.mark.parametrize(
    ("build", "seen"),
    [
        (
            lambda o: CosineAnnealingLR(o, 12),
            (
                "one line built 12 CosineAnnealingLR one after another, and each began anew: the "
                "last one came to 1 of 12 advances, and the last rate was 0.0828"
            ),
        ),
        (
            lambda o: StepLR(o, 7),
            (
                "one line built 12 StepLR one after another, and each began anew: the last one "
                "came to 1 of 7 advances, and the last rate was 0.1"
            ),
        ),
        (
            lambda o: MultiStepLR(o, [5, 9]),
            (
                "one line built 12 MultiStepLR one after another, and each began anew: the "
                "last one came to 1 of 9 advances, and the last rate was 0.1"
            ),
        ),
        (
            lambda o: LambdaLR(o, lambda epoch: 0.95**epoch),
            (
                "one line built 12 LambdaLR one after another, and each began anew: the rate "
                "was 0.1 throughout"
            ),
        ),
    ],
    ids=["cosine", "step", "milestones", "function"],
)
def test_a_scheduler_of_its_own_for_each_epoch_is_built_once_instead(build, seen):
    [finding] = anew(build)
    assert (finding.code, finding.seen) == ("P007", seen)
    kind = seen.split()[4]
    assert finding.why == "a schedule that begins anew in each epoch never gets beyond its first"
    assert finding.write == f"{kind}(...) once, above the loop, and not within it"


def test_a_plateau_of_its_own_for_each_epoch_never_counts_to_its_patience():
    [finding] = anew(lambda o: ReduceLROnPlateau(o, patience=2), 1.0)
    assert finding.code == "P012"
    assert finding.seen == (
        "ReduceLROnPlateau has patience=2 and was built 12 times by one line, one after another: "
        "each began anew, and the last one got 1 report"
    )
    assert finding.write == "ReduceLROnPlateau(...) once, above the loop, and not within it"


@pytest.mark.parametrize(
    "build",
    [
        lambda o: ExponentialLR(o, 0.9),  # it goes on from the rate that is there
        lambda o: OneCycleLR(o, 0.2, total_steps=EPOCH + 1, cycle_momentum=False),
    ],
    ids=["exponential", "one cycle"],
)
def test_a_whole_schedule_for_each_epoch_is_meant(build):
    once_an_epoch = isinstance(build(sgd()), ExponentialLR)
    assert anew(build, each_update=not once_an_epoch) == []
