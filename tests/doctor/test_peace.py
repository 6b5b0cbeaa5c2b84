"""What the doctor leaves in peace, and what beside it is told still."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    MultiStepLR,
    ReduceLROnPlateau,
)

import passo
from tests.doctor.test_advice import EPOCH, after_epochs, found, run, sgd


def test_a_chain_of_two_different_decays_is_meant():
    def script():
        optimizer = sgd()
        several = ExponentialLR(optimizer, 0.95), ExponentialLR(optimizer, 0.9)
        run(optimizer, after_epochs(*several))

    assert found(script) == []


def test_an_edit_between_building_and_the_first_update_is_told():
    def script():
        optimizer = sgd()
        scheduler = CosineAnnealingLR(optimizer, 12)
        optimizer.param_groups[0]["lr"] = 0.02
        run(optimizer, after_epochs(scheduler))

    assert [each.code for each in found(script)] == ["P009"]


@pytest.mark.parametrize(("first", "codes"), [(8, []), (2, ["P008", "P009"])])
def test_a_warm_up_by_hand_may_not_hide_a_fall(first, codes):
    def script():
        optimizer = sgd()
        scheduler = after_epochs(MultiStepLR(optimizer, [first, 10]))

        def each(k):
            scheduler(k)
            if k < 39:
                optimizer.param_groups[0]["lr"] = 0.1 * (k + 2) / 40

        optimizer.param_groups[0]["lr"] = 0.1 / 40
        run(optimizer, each)

    assert [each.code for each in found(script)] == codes


@pytest.mark.filterwarnings("ignore:Detected call of")
@pytest.mark.parametrize("how", ["forwarded", "placed", "loaded", "edited"])
def test_a_scheduler_that_is_brought_to_its_place_in_another_way_is_left_in_peace(how):
    def script():
        optimizer = sgd()
        scheduler = LambdaLR(optimizer, lambda t: 0.9**t)
        run(optimizer, after_epochs(scheduler), 6)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer = sgd()
        scheduler = LambdaLR(optimizer, lambda t: 0.9**t)
        optimizer.load_state_dict(saved[0])
        if how == "forwarded":
            for _ in range(6):
                scheduler.step()
        elif how == "placed":
            scheduler.last_epoch = 6
        elif how == "loaded":
            scheduler.load_state_dict(saved[1])
        else:
            optimizer.param_groups[0]["lr"] = 0.1
        run(optimizer, after_epochs(scheduler), 6)

    assert "P014" not in [each.code for each in found(script)]


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([2.0 * 0.8**k for k in range(12)], ["P012"]),
        ([2.0 - 0.01 * k for k in range(12)], []),
        ([0.5 + 0.1 * (-1) ** k for k in range(12)], []),
    ],
)
def test_only_a_clear_fall_says_that_max_is_the_wrong_way(values, codes):
    def script():
        optimizer = sgd()
        plateau = ReduceLROnPlateau(optimizer, "max", patience=3)
        run(optimizer, lambda k: k % EPOCH or plateau.step(values[k // EPOCH]))

    assert [each.code for each in found(script)] == codes


@pytest.mark.parametrize(
    ("values", "codes"), [([1.0, 2.0, 3.0] * 4, []), (list(range(12)), ["P011"])]
)
def test_a_count_is_no_metric(values, codes):
    def script():
        optimizer = sgd()
        plateau = ReduceLROnPlateau(optimizer, patience=5)
        run(optimizer, lambda k: k % EPOCH or plateau.step(values[k // EPOCH]))

    assert [each.code for each in found(script)] == codes


@pytest.mark.parametrize(("decays", "codes"), [(True, ["P010"]), (False, [])])
def test_a_group_at_the_rate_to_which_another_one_warms_up(decays, codes):
    def script():
        optimizer = sgd(groups=2)

        def each(k):
            share = min(1.0, (k + 2) / 30)
            share *= (120 - k) / 91 if decays and k > 28 else 1
            optimizer.param_groups[0]["lr"] = 0.1 * share

        optimizer.param_groups[0]["lr"] = 0.1 / 30
        run(optimizer, each)

    assert [each.code for each in found(script)] == codes


# 13: the plan's length was compared with the updates of this process, and not with its own clock
@pytest.mark.filterwarnings("ignore:the run ended early")
@pytest.mark.parametrize(
    ("begin", "detach", "codes"),
    [(0, None, ["P007"]), (60, None, []), (0, 60, []), (0, 119, ["P007"])],
)
def test_a_plan_of_passo_is_measured_on_its_own_clock_while_it_is_attached(begin, detach, codes):
    def script():
        optimizer = sgd()
        scheduler = passo.attach(optimizer, passo.Cosine(0.1, 0.01), passo.Run(passo.steps(180)))
        scheduler.seek(begin)
        run(optimizer, lambda k: scheduler.detach() if k == detach else None)

    assert [each.code for each in found(script)] == codes


# 13: "max" on a loss was found by its name alone, and the reductions themselves end its fall
@pytest.mark.parametrize("patience", [0, 1, 3, 10])
@pytest.mark.parametrize("mode", ["max", "min"])
def test_a_loss_is_known_by_its_course_whatever_it_is_called(patience, mode):
    def script():
        weight = torch.nn.Parameter(torch.full((2,), 3.0))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        plateau = ReduceLROnPlateau(optimizer, mode, patience=patience)
        for _ in range(20):
            for _ in range(4):
                optimizer.zero_grad()
                (weight.square().sum() + 0.1).backward()
                optimizer.step()
            score = float(weight.detach().square().sum()) + 0.1
            plateau.step(score)

    codes = [each.code for each in found(script)]
    assert codes == ["P012"] if mode == "max" else "P012" not in codes
