"""Each shape beside its twin in torch: the rate that every update uses."""

from __future__ import annotations

import random
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler as twins

from passo import (
    Constant,
    Cosine,
    InversePower,
    Linear,
    Plateau,
    Polynomial,
    Run,
    cosine_decay,
    cyclic,
    epochs,
    exponential_decay,
    multistep_decay,
    one_cycle,
    one_cycle_momentum,
    parse,
    step_decay,
    steps,
    warm_restarts,
)
from passo.schedules.from_torch import TWINS as TWINS_OF_TORCH

LR = 0.3


def used(make, updates=60, *, key="lr", lr=LR):
    """What a torch scheduler puts before each update."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    scheduler, values = make(optimizer), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(updates):
            values.append(optimizer.param_groups[0][key])
            optimizer.step()
            scheduler.step()
    return values


def hold(value, n):
    return Constant(value, steps(n))


TWINS = {
    "StepLR": (lambda o: twins.StepLR(o, 7, gamma=0.5), step_decay(steps(7), gamma=0.5)),
    "MultiStepLR": (
        lambda o: twins.MultiStepLR(o, [5, 13, 40], gamma=0.2),
        multistep_decay([steps(5), steps(13), steps(40)], gamma=0.2),
    ),
    "ExponentialLR": (lambda o: twins.ExponentialLR(o, 0.93), exponential_decay(0.93)),
    "CosineAnnealingLR": (
        lambda o: twins.CosineAnnealingLR(o, 59, eta_min=0.01),
        cosine_decay(over=steps(59), floor=0.01),
    ),
    "LinearLR": (
        lambda o: twins.LinearLR(o, start_factor=0.2, end_factor=0.9, total_iters=17),
        Linear(0.2 * LR, 0.9 * LR, steps(17)),
    ),
    "PolynomialLR": (
        lambda o: twins.PolynomialLR(o, total_iters=40, power=1.7),
        Polynomial(LR, 0, steps(40), power=1.7),
    ),
    "ConstantLR": (
        lambda o: twins.ConstantLR(o, factor=0.3, total_iters=11),
        hold(0.3 * LR, 11).then(Constant(LR)),
    ),
    "CosineAnnealingWarmRestarts": (
        lambda o: twins.CosineAnnealingWarmRestarts(o, 7, T_mult=1, eta_min=0.02),
        warm_restarts(first=steps(7), floor=0.02),
    ),
    "CosineAnnealingWarmRestarts, growing": (
        lambda o: twins.CosineAnnealingWarmRestarts(o, 4, T_mult=3, eta_min=0.02),
        warm_restarts(first=steps(4), grow=3, floor=0.02),
    ),
    "SequentialLR": (
        lambda o: twins.SequentialLR(
            o,
            [twins.LinearLR(o, 0.1, 1.0, 5), twins.CosineAnnealingLR(o, 60)],
            milestones=[5],
        ),
        Linear(0.1 * LR, LR, steps(5)).then(Cosine(LR, 0, steps(60))),
    ),
    "ChainedScheduler": (
        lambda o: twins.ChainedScheduler([twins.ExponentialLR(o, 0.9), twins.StepLR(o, 9, 0.5)], o),
        exponential_decay(0.9, peak=1.0) * step_decay(steps(9), gamma=0.5),
    ),
    "LambdaLR": (lambda o: twins.LambdaLR(o, lambda t: 1 / (1 + t / 4)),
                 InversePower(LR, steps(4), power=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_a_schedule_is_its_twin_in_torch(name):
    make, schedule = TWINS[name]
    mine = [schedule.with_base(LR)(t) for t in range(60)]
    assert mine == pytest.approx(used(make), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
@pytest.mark.parametrize("fall", [None, 3])
def test_cyclic_is_its_twin_in_each_mode(mode, fall):
    gamma = 0.97 if mode == "exp_range" else 1.0
    make = lambda o: twins.CyclicLR(  # noqa: E731
        o, 0.05, 0.4, step_size_up=6, step_size_down=fall, mode=mode, gamma=gamma,
        base_momentum=0.8, max_momentum=0.9,
    )  # fmt: skip
    schedule = cyclic(
        0.05,
        peak=0.4,
        rise=steps(6),
        fall=None if fall is None else steps(fall),
        mode=mode,
        gamma=gamma,
    )
    assert [schedule(t) for t in range(60)] == pytest.approx(used(make), rel=1e-9)


@pytest.mark.parametrize("shape", ["cosine", "linear"])
@pytest.mark.parametrize("phases", [2, 3])
def test_one_cycle_is_its_twin_whose_rise_is_one_update_shorter(shape, phases):
    three = phases == 3
    make = lambda o: twins.OneCycleLR(  # noqa: E731
        o, 0.5, total_steps=101, pct_start=0.31, anneal_strategy=shape.removesuffix("ine"),
        div_factor=25, final_div_factor=1e4, three_phase=three,
    )  # fmt: skip
    rise = steps(0.31 * 101 - 1)
    ratios = {"initial": 1 / 25, "final": 1 / 250_000, "shape": shape, "phases": phases}
    rate = one_cycle(peak=0.5, rise=rise, **ratios).on(Run(steps(100)))
    speed = one_cycle_momentum(low=0.85, high=0.95, rise=rise, shape=shape, phases=phases).on(
        Run(steps(100))
    )
    assert [rate(t) for t in range(101)] == pytest.approx(used(make, 101), rel=1e-9)
    found = used(make, 101, key="momentum")
    assert [speed(t) for t in range(101)] == pytest.approx(found, rel=1e-9)


losses = st.lists(st.sampled_from([1.0, 0.99995, 0.9, 0.5, 0.1]) | st.floats(0.01, 2), max_size=60)


@settings(max_examples=60)
@given(
    losses,
    st.sampled_from(["min", "max"]),
    st.sampled_from(["rel", "abs"]),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from([1e-4, 0.1]),
)
def test_a_plateau_falls_at_the_very_reports_of_its_twin(
    seen, mode, threshold_mode, patience, cooldown, threshold
):
    rules = {"mode": mode, "patience": patience, "cooldown": cooldown, "threshold": threshold}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    twin = twins.ReduceLROnPlateau(
        optimizer, factor=0.5, threshold_mode=threshold_mode, eps=0, **rules
    )
    mine = Plateau("loss", factor=0.5, threshold_mode=threshold_mode, **rules)
    told = mine.with_reports([(t, {"loss": value}) for t, value in enumerate(seen)])
    for t, value in enumerate(seen):
        twin.step(value)
        assert told(t) == optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("first", [float("inf"), float("-inf"), float("nan")])
def test_a_plateau_takes_a_diverged_first_report_as_its_twin_does(mode, first):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    twin = twins.ReduceLROnPlateau(optimizer, mode, 0.5, patience=0, eps=0)
    mine = Plateau("loss", mode, 0.5, patience=0)
    rng, seen = random.Random(0), [first]
    seen += [rng.choice([first, rng.random()]) for _ in range(20)]
    told = mine.with_reports([(t, {"loss": value}) for t, value in enumerate(seen)])
    for t, value in enumerate(seen):
        twin.step(value)
        assert told(t) == optimizer.param_groups[0]["lr"], t


# -- the table that `passo show StepLR` answers from

EPOCHS = 130
ENDS = {  # where torch climbs again, and ours holds its floor
    "CosineAnnealingLR": 101,
    "SequentialLR": 101,
}
BY_NAME = {twin.name: twin for twin in TWINS_OF_TORCH}
NAMED = {
    **{name: getattr(twins, name) for name in twins.__all__},
    "SWALR": torch.optim.swa_utils.SWALR,
}
STEPPED = [name for name in BY_NAME if name not in ("ReduceLROnPlateau", "OneCycleLR")]


def called(name):
    """What the call in the table makes each epoch use, from a rate of 0.1 on."""
    make = lambda o: eval(BY_NAME[name].call, {"optimizer": o, **NAMED})  # noqa: E731
    return used(make, EPOCHS, lr=0.1)


def answered(name, run):
    """The answer in the table, with 0.1 for base."""
    schedule = parse(BY_NAME[name].expression).on(run)
    return schedule.with_base(0.1)


def test_every_scheduler_of_torch_has_a_twin():
    assert set(BY_NAME) == set(NAMED) - {"LRScheduler"}
    assert len(TWINS_OF_TORCH) == len(BY_NAME)


@pytest.mark.parametrize("name", STEPPED)
def test_the_answer_is_what_torchs_own_class_does_stepped_once_an_epoch(name):
    schedule = answered(name, Run(epochs(EPOCHS), steps_per_epoch=1))
    end = ENDS.get(name, EPOCHS)
    mine = [schedule(t) for t in range(end)]
    assert mine == pytest.approx(called(name)[:end], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", STEPPED)
def test_a_remark_says_where_an_answer_is_smooth_and_torch_is_not(name):
    run = Run(epochs(EPOCHS), steps_per_epoch=10)
    schedule = answered(name, run)
    stairs = schedule.staircase(epochs(1)).on(run)
    moves = any(schedule(t) != pytest.approx(stairs(t), rel=1e-9) for t in range(100))
    by_steps = name == "CyclicLR"
    remark = BY_NAME[name].remark
    assert ("Smooth within an epoch" in remark) == (moves and not by_steps), remark


def test_the_answer_for_one_cycle_ends_each_phase_an_update_later_as_its_remark_says():
    schedule = answered("OneCycleLR", Run(steps(1000)))
    make = lambda o: eval(BY_NAME["OneCycleLR"].call, {"optimizer": o, **NAMED})  # noqa: E731
    theirs = used(make, 1000, lr=0.1)
    mine = [schedule(t) for t in range(1000)]
    assert mine == pytest.approx(theirs, abs=1e-4)
    assert theirs.index(max(theirs)) + 1 == mine.index(max(mine)) == 300
    assert "torch ends each phase one update earlier" in BY_NAME["OneCycleLR"].remark


def test_the_answer_for_a_plateau_falls_with_torchs_own_class():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = eval(BY_NAME["ReduceLROnPlateau"].call, {"optimizer": optimizer, **NAMED})
    losses = [1.0] * 20
    told = [(t, {"val_loss": loss}) for t, loss in enumerate(losses)]
    mine = parse(BY_NAME["ReduceLROnPlateau"].expression).with_base(0.1).with_reports(told)
    for t, loss in enumerate(losses):
        theirs.step(loss)
        assert mine(t) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
