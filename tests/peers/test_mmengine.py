"""like.mmengine beside mmengine's own schedulers, stepped as its hook steps them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from passo import Run, like
from tests.catalogue import settings
from tests.peers.beside import agree

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mmengine.optim import scheduler as theirs

RATE, BATCHES, EPOCHS = 0.3, 7, 30
ITER = {"by_epoch": False}


def warm(**more):
    return {"type": "LinearLR", "start_factor": 0.1, **more}


ALONE = dict(settings.of("mmengine"))
PLATEAUS = ALONE.pop("ReduceOnPlateauLR")
TOGETHER = [
    [warm(end=5), {"type": "CosineAnnealingLR", "begin": 5, "T_max": 25}],
    [warm(end=4), {"type": "MultiStepLR", "milestones": [10, 20]}],
    [
        warm(end=20, **ITER),
        {"type": "CosineAnnealingLR", "begin": 5, "end": 30, "eta_min_ratio": 0.05},
    ],
    [warm(end=20, **ITER), {"type": "MultiStepLR", "milestones": [2, 10, 20]}],
    [warm(end=10, **ITER), {"type": "PolyLR", "begin": 10, "end": 200, "power": 0.9, **ITER}],
    [
        warm(end=10, **ITER),
        {"type": "PolyLR", "begin": 0, "end": 200, "power": 0.9, "eta_min": 1e-3, **ITER},
    ],
    [warm(end=5), {"type": "CosineAnnealingLR", "T_max": 30, "eta_min": 0.01}],
    [
        {"type": "CosineAnnealingLR", "end": 15, "eta_min": 0.05},
        {"type": "CosineAnnealingLR", "begin": 15, "end": 30, "eta_min": 0.001},
    ],
    [
        {"type": "ExponentialLR", "gamma": 0.9, "end": 10},
        {"type": "StepLR", "step_size": 3, "gamma": 0.5, "begin": 5, "end": 20},
        {"type": "ConstantLR", "factor": 0.5, "begin": 12, "end": 18},
    ],
    [warm(end=9, begin=2), {"type": "PolyLR", "begin": 4, "end": 30}],
    [warm(end=9), {"type": "StepLR", "step_size": 2, "gamma": 0.5, "begin": 8, "end": 30}],
    [warm(end=13, **ITER), {"type": "ExponentialLR", "gamma": 0.95, "begin": 1}],
    [
        {"type": "CosineRestartLR", "periods": [10, 10], "eta_min": 0.0, "restart_weights": [1, 1]},
        {"type": "StepLR", "step_size": 4, "begin": 22},
    ],
    [{"type": "CosineAnnealingLR", "T_max": 30, "eta_min": 0.01}, warm(end=40, **ITER)],
]
FIELDS = [
    [{"type": "LinearMomentum", "start_factor": 0.5, "end": 9}],
    [warm(end=9), {"type": "CosineAnnealingMomentum", "T_max": 20, "eta_min": 0.5}],
    [{"type": "ConstantParamScheduler", "param_name": "weight_decay", "factor": 0.5, "end": 9}],
    [
        {"type": "StepLR", "step_size": 9},
        {"type": "LinearParamScheduler", "param_name": "weight_decay", "end": 50, **ITER},
        {"type": "ExponentialMomentum", "gamma": 0.99},
    ],
    [{"type": "PolyParamScheduler", "param_name": "lr", "power": 2.0, "end": 30}],
]


def groups(configs, *, adam=False):
    """The group as each update uses it, the schedulers stepped as mmengine's hook does."""
    weight = torch.nn.Parameter(torch.zeros(1))
    kind = torch.optim.Adam if adam else torch.optim.SGD
    more = {} if adam else {"momentum": 0.9}
    optimizer = kind([weight], lr=RATE, weight_decay=0.02, **more)
    made = []
    for config in configs:
        given = dict(config)
        make = getattr(theirs, given.pop("type"))
        if given.pop("convert_to_iter_based", False):
            make, given["epoch_length"] = make.build_iter_from_epoch, BATCHES
        made.append(make(optimizer, **given))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(EPOCHS):
            for _ in range(BATCHES):
                yield dict(optimizer.param_groups[0])
                optimizer.step()
                for each in made:
                    if not each.by_epoch:
                        each.step()
            for each in made:
                if each.by_epoch:
                    each.step()


def check(configs, **more):
    plan = like.mmengine(configs, steps_per_epoch=BATCHES, **more)
    plan = plan if isinstance(plan, dict) else {"lr": plan}
    bases = {"lr": RATE, "momentum": 0.9, "weight_decay": 0.02}
    found = list(groups(configs))
    for field, schedule in plan.items():
        agree(schedule.with_base(bases[field]), [group[field] for group in found])
    untouched = set(bases) - set(plan)
    assert all(group[field] == bases[field] for group in found for field in untouched)


@pytest.mark.parametrize(
    "config",
    [{"type": kind, **given} for kind, some in ALONE.items() for given in some],
    ids=lambda each: each["type"],
)
def test_values_are_those_of_mmengine(config):
    if config["type"] == "OneCycleLR" and "total_steps" in config:
        config = {**config, "end": config["total_steps"] + 1}  # it raises after that
    check([config])
    if config["type"] != "OneCycleLR":
        check([{**config, **ITER}])
        check([{**config, "convert_to_iter_based": True}])


@pytest.mark.parametrize("configs", TOGETHER, ids=lambda some: "-".join(x["type"] for x in some))
def test_several_are_those_of_mmengine(configs):
    check(configs)


@pytest.mark.parametrize("configs", FIELDS, ids=lambda some: "-".join(x["type"] for x in some))
def test_other_fields_are_those_of_mmengine(configs):
    check(configs)


def test_momentum_of_adam_is_the_first_beta():
    configs = [{"type": "LinearMomentum", "start_factor": 0.5, "end": 9}]
    plan = like.mmengine(configs, steps_per_epoch=BATCHES)
    values = [group["betas"][0] for group in groups(configs, adam=True)]
    agree(plan["momentum"].with_base(0.9), values)


@pytest.mark.parametrize("configs", [TOGETHER[0], TOGETHER[1], TOGETHER[6], TOGETHER[7]])
def test_without_a_loader_it_counts_epochs(configs):
    values = [group["lr"] for group in groups(configs)]
    run = Run.of(BATCHES, epochs=EPOCHS)
    agree(like.mmengine(configs).with_base(RATE).on(run), values)


def test_a_cosine_is_held_at_its_floor_where_that_is_asked():
    config = [{"type": "CosineAnnealingLR", "T_max": 20, "eta_min": 0.01}]
    values = [group["lr"] for group in groups(config)]
    ours = like.mmengine(config, steps_per_epoch=BATCHES, past="hold").with_base(RATE)
    agree(ours, values[: 21 * BATCHES])
    assert ours(29 * BATCHES) == 0.01 != values[29 * BATCHES]


@pytest.mark.parametrize("given", PLATEAUS, ids=str)
def test_a_plateau_falls_where_that_of_mmengine_falls(given):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = theirs.ReduceOnPlateauLR(optimizer, **given)
    numbers = np.random.default_rng(7)
    losses = [float(loss) for loss in numbers.uniform(0.5, 1.0, 40) / np.arange(1, 41) ** 0.2]
    rates, reports = [RATE] * BATCHES, []
    for epoch, loss in enumerate(losses):
        scheduler.step()  # after the epoch, then after its validation
        scheduler.step({"loss": loss})
        reports.append(((epoch + 1) * BATCHES, {"loss": loss}))
        rates += [optimizer.param_groups[0]["lr"]] * BATCHES
    config = {"type": "ReduceOnPlateauLR", **given}
    ours = like.mmengine(config, steps_per_epoch=BATCHES).with_base(RATE).with_reports(reports)
    agree(ours, rates)
    assert (rates[-1] < rates[0]) == (given.get("min_value") != 0.5)


def test_restarts_without_a_floor_raise_there_and_are_refused_in_words_here():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    with pytest.raises(AssertionError):
        theirs.CosineRestartLR(optimizer, periods=[4])
    with pytest.raises(
        ValueError, match="give one of eta_min and eta_min_ratio, got None and None"
    ):
        like.mmengine({"type": "CosineRestartLR", "periods": [4]})


def test_the_floor_is_reached_where_ours_is_written_and_not_with_begin_and_end():
    configs = [warm(end=4), {"type": "CosineAnnealingLR", "begin": 4, "end": 10}]
    values = [group["lr"] for group in groups(configs)]
    assert min(values) == values[-1] > 0.06 * RATE
    from passo import Cosine, Linear, base, steps

    right = Linear(0, base, steps(4)).then(Cosine(base, 0, steps(6))).with_base(RATE)
    assert right(10) == 0
