"""`schedule` and `plan` of composed schedulers, and of those that move the momentum."""

from __future__ import annotations

import random

import pytest
import torch

from passo import Constant, Cosine, Exponential, Linear, PassoError, Plateau, attach, steps
from passo.optim import lift
from passo.optim import lr_scheduler as ours
from tests.optim.tools import adam, sgd

ROUND = 1e-12
LENGTH = 25


def drawn(optimizer, dice):
    return dice.choice(
        [
            lambda: ours.StepLR(optimizer, dice.randint(1, 9), 0.5),
            lambda: ours.MultiStepLR(optimizer, [3, 7], 0.5),
            lambda: ours.ConstantLR(optimizer, 0.5, dice.randint(0, 6)),
            lambda: ours.LinearLR(optimizer, 0.1, dice.choice([1.0, 0.0]), dice.randint(0, 8)),
            lambda: ours.ExponentialLR(optimizer, 0.9),
            lambda: ours.PolynomialLR(optimizer, dice.randint(1, 9), 2.0),
            lambda: ours.CosineAnnealingLR(optimizer, LENGTH, dice.choice([0, 0.1])),
            lambda: ours.LambdaLR(optimizer, lambda t: 1 / (1 + t)),
            lambda: ours.CosineAnnealingWarmRestarts(optimizer, dice.randint(1, 6)),
            lambda: ours.CyclicLR(optimizer, 0.1, 1.0, dice.randint(1, 6), mode="triangular2"),
            lambda: ours.OneCycleLR(optimizer, 1.0, 40, three_phase=dice.random() < 0.3),
        ]
    )()


def composed(seed):
    dice, optimizer = random.Random(seed), sgd(momentum=0.9)
    parts = [drawn(optimizer, dice) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.6:
        return ours.ChainedScheduler(parts)
    return ours.SequentialLR(optimizer, parts, sorted(dice.sample(range(1, 15), len(parts) - 1)))


def test_the_plan_of_a_composed_scheduler_is_what_it_writes():
    read = 0
    for seed in range(120):
        scheduler = composed(seed)
        plan, refused = plan_or_words(scheduler)
        assert not refused or refused.endswith("write passo.optim.lift(scheduler, 1000)"), seed
        for key, schedule in plan.items():
            [lifted] = lift(scheduler, LENGTH, key=key)
            found = [schedule(t) for t in range(LENGTH)]
            assert found == pytest.approx([lifted(t) for t in range(LENGTH)], abs=ROUND), seed
            read += 1
    assert read > 60


def plan_or_words(scheduler):
    try:
        return scheduler.plan, ""
    except PassoError as error:
        return {}, str(error)


def test_a_chain_is_the_product_of_its_parts():
    optimizer = sgd(0.1)
    parts = [ours.ConstantLR(optimizer, 0.5, 4), ours.ExponentialLR(optimizer, 0.9)]
    chain = ours.ChainedScheduler(parts)
    assert chain.schedule == Constant(0.05, steps(4)).then(Constant(0.1)) * Exponential(1, 0.9)
    deeper = ours.ChainedScheduler([chain, ours.StepLR(optimizer, 3)])
    assert deeper.schedule(5) == pytest.approx(0.1 * 0.9**5 * 0.1)


def test_a_chain_of_two_groups_is_relative_to_their_bases():
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    groups = [{"params": [w], "lr": lr} for w, lr in zip(weights, (1.0, 0.1), strict=True)]
    optimizer = torch.optim.SGD(groups)
    line = ours.LinearLR(optimizer, 0.5, 1.0, 4)
    chain = ours.ChainedScheduler([line, ours.ExponentialLR(optimizer, 0.9)])
    assert [each(2) for each in chain.schedules] == pytest.approx([0.75 * 0.81, 0.075 * 0.81])
    assert chain.schedule.with_base(2.0)(2) == pytest.approx(1.5 * 0.81)


def test_a_part_that_ends_is_held_beside_one_that_goes_on():
    optimizer = sgd()
    parts = [ours.LinearLR(optimizer, 0.5, 1.0, 2), ours.ConstantLR(optimizer, 0.5, 5)]
    schedule = ours.ChainedScheduler(parts).schedule
    assert [schedule(t) for t in (0, 2, 4, 5, 9)] == [0.25, 0.5, 0.5, 1.0, 1.0]


def test_what_writes_anew_leaves_nothing_of_those_before():
    optimizer = sgd()
    decay = ours.ExponentialLR(optimizer, 0.5)
    chain = ours.ChainedScheduler([decay, ours.LambdaLR(optimizer, lambda t: 1 - t / 10)])
    assert chain.schedule(5) == lift(chain, 9)[0](5) == 0.5
    other = sgd()
    parts = [ours.LambdaLR(other, lambda t: 1 - t / 10), ours.ExponentialLR(other, 0.5)]
    with pytest.raises(PassoError) as caught:
        _ = ours.ChainedScheduler(parts).schedule
    assert str(caught.value) == (
        "what a chain makes of its ExponentialLR depends on each step before, and has no closed "
        "form; write passo.optim.lift(scheduler, 1000)"
    )


def test_a_plateau_in_a_chain_is_one_more_factor():
    optimizer = sgd()
    parts = [
        ours.LambdaLR(optimizer, lambda t: 1 - t / 100),
        ours.ReduceLROnPlateau(optimizer, patience=0),
    ]
    chain = ours.ChainedScheduler(parts)
    told = chain.schedule.with_reports([(t, {"metrics": 1.0}) for t in range(1, 5)])
    lifted = lift(chain, 5, metrics=[1.0] * 4)[0]
    assert [told(t) for t in range(5)] == pytest.approx([lifted(t) for t in range(5)])
    falling = ours.ChainedScheduler([ours.ReduceLROnPlateau(sgd(), patience=3)]).schedule
    assert falling == Constant(1.0) * Plateau("metrics", patience=3)


def test_members_with_other_bases_are_refused():
    optimizer = sgd()
    parts = [ours.StepLR(optimizer, 3), ours.CyclicLR(optimizer, 0.1, 1.0, cycle_momentum=False)]
    for scheduler in (ours.ChainedScheduler(parts), ours.SequentialLR(optimizer, parts, [5])):
        with pytest.raises(PassoError) as caught:
            _ = scheduler.schedule
        assert str(caught.value) == (
            "its CyclicLR begins from 0.1 and others from 1 in param group 0: there is no closed "
            "form; write passo.optim.lift(scheduler, 1000)"
        )


def test_a_last_part_of_no_length_is_what_it_ends_with():
    optimizer = sgd()
    parts = [ours.ConstantLR(optimizer, 0.5, 9), ours.LinearLR(optimizer, 0.1, 0.8, 0)]
    schedule = ours.SequentialLR(optimizer, parts, [3]).schedule
    assert [schedule(t) for t in (2, 3, 9)] == [0.5, 0.8, 0.8]


@pytest.mark.parametrize("optimizer", [lambda: sgd(momentum=0.9), adam])
def test_the_momentum_of_a_cycle_is_in_its_plan(optimizer):
    cycle = ours.CyclicLR(optimizer(), 0.1, 1.0, step_size_up=10)
    assert cycle.plan == {
        "lr": cycle.schedule,
        "momentum": Linear(0.9, 0.8, steps(10)).then(Linear(0.8, 0.9, steps(10))).repeat(),
    }
    one = ours.OneCycleLR(optimizer(), 1.0, total_steps=10)
    falls = Cosine(0.95, 0.85, steps(2)).then(Cosine(0.85, 0.95, steps(7)))
    assert one.plan == {"lr": one.schedule, "momentum": falls}
    attach(other := optimizer(), one.plan)
    field = "betas" if "betas" in other.param_groups[0] else "momentum"
    assert other.param_groups[0][field] in (0.95, (0.95, 0.999))


def test_what_moves_no_momentum_has_none_in_its_plan():
    still = ours.CyclicLR(sgd(), 0.1, 1.0, cycle_momentum=False)
    assert still.plan == {"lr": still.schedule}
    assert ours.StepLR(sgd(), 3).plan == {"lr": ours.StepLR(sgd(), 3).schedule}


def test_groups_with_momenta_of_their_own_are_refused():
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [each]} for each in weights], lr=0.1, momentum=0.9)
    cycle = ours.CyclicLR(optimizer, 0.1, 1.0, base_momentum=[0.8, 0.7], max_momentum=0.9)
    with pytest.raises(PassoError) as caught:
        _ = cycle.plan
    assert str(caught.value) == (
        "the momenta of the param groups follow different schedules; write "
        'lift(scheduler, 1000, key="momentum")'
    )
    assert len(lift(cycle, 9, key="momentum")) == len(weights)
