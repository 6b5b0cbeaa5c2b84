"""A plateau is judged, and planned, by the rule of the class that was built."""

from __future__ import annotations

import pytest
import torch

from passo.doctor import diagnose
from passo.doctor.planned import planned
from passo.optim import lr_scheduler as ours
from tests.doctor.test_rules import train

TORCHS = torch.optim.lr_scheduler.ReduceLROnPlateau


class OfTorch(TORCHS):
    """A user's own."""


class OfOurs(ours.ReduceLROnPlateau):
    """A user's own."""


class ReduceLROnPlateau(ours.ReduceLROnPlateau):
    """A user's own, called as what it inherits from."""


def flat_below_zero(build):
    """The trace of a run whose metric is -1 throughout: torch's relative bar lies above it."""
    elbo = -1.0
    return train(20, build=lambda o: build(o, patience=2), each=lambda _k, _o, s: s.step(elbo))


# 11: the drop-in was accused of what it has mended
@pytest.mark.parametrize("build", [TORCHS, OfTorch])
def test_torchs_plateau_on_a_metric_below_zero_is_accused(build):
    (found,) = diagnose(flat_below_zero(build))
    assert found.code == "P012"
    assert found.seen == (
        f"{build.__name__} has threshold_mode='rel' and elbo is below 0 (-1): best times "
        "(1 - threshold) lies above best there: nothing ever counts as bad"
    )
    assert found.write == "threshold_mode='abs'"


@pytest.mark.parametrize("build", [ours.ReduceLROnPlateau, OfOurs, ReduceLROnPlateau])
def test_the_drop_ins_plateau_on_a_metric_below_zero_is_left_in_peace(build):
    trace = flat_below_zero(build)
    assert trace.value(19) == pytest.approx(1e-7)
    assert diagnose(trace) == []


# 11: the dotted plan of torch's plateau was the drop-in's
@pytest.mark.parametrize("build", [TORCHS, ours.ReduceLROnPlateau])
def test_a_plateau_on_a_metric_below_zero_is_planned_as_its_own_class_does_it(build):
    trace = flat_below_zero(build)
    (line,) = planned(trace)
    shown = dict(zip(line.updates, line.values, strict=True))
    assert [shown[t] for t in range(20)] == pytest.approx([trace.value(t) for t in range(20)])
