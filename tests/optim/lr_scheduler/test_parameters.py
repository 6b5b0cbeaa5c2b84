"""A parameter that is set while a run goes on: torch's one-step rule from what is there (#12)."""

from __future__ import annotations

import copy
import pickle
from collections import Counter

import pytest
from torch.optim import SGD

from passo.optim import lr_scheduler as ours
from tests.optim.lr_scheduler.twins import torchs
from tests.optim.tools import sgd, update, weight
from tests.torches import OLD_TORCH

pytestmark = [
    pytest.mark.filterwarnings("ignore:Detected call of:UserWarning"),
    pytest.mark.filterwarnings("ignore:Seems like `optimizer.step:UserWarning"),
    pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning"),
]


def shrinks(t):
    return 1 / (1 + t)


def grows(t):
    return 1.0 + 0.1 * t


CASES = {
    "StepLR": (lambda of, o: of.StepLR(o, 3), {"step_size": 2, "gamma": 0.7}),
    "MultiStepLR": (
        lambda of, o: of.MultiStepLR(o, [3, 8]),
        {"milestones": Counter([6, 7, 7]), "gamma": 0.7},
    ),
    "ConstantLR": (lambda of, o: of.ConstantLR(o, 0.5, 7), {"total_iters": 9, "factor": 0.25}),
    "LinearLR": (
        lambda of, o: of.LinearLR(o, 0.1, 0.8, 7),
        {"total_iters": 15, "end_factor": 0.5, "start_factor": 0.3},
    ),
    "ExponentialLR": (lambda of, o: of.ExponentialLR(o, 0.9), {"gamma": 0.7}),
    "PolynomialLR": (lambda of, o: of.PolynomialLR(o, 8), {"total_iters": 20, "power": 2.0}),
    "CosineAnnealingLR": (lambda of, o: of.CosineAnnealingLR(o, 10), {"T_max": 20, "eta_min": 0.1}),
    "CosineAnnealingLR that ends": (
        lambda of, o: of.CosineAnnealingLR(o, 10),
        {"T_max": 5, "eta_min": 0.1},
    ),
    "CosineAnnealingWarmRestarts": (
        lambda of, o: of.CosineAnnealingWarmRestarts(o, 4, 2),
        {"T_i": 20, "T_mult": 3, "eta_min": 0.1, "T_0": 5},
    ),
    "CyclicLR": (
        lambda of, o: of.CyclicLR(o, 0.1, 1.0, 4, mode="triangular2"),
        {"total_size": 12.0, "mode": "triangular", "max_lrs": [2.0]},
    ),
    "OneCycleLR": (lambda of, o: of.OneCycleLR(o, 1.0, 20), {"total_steps": 30}),
    "LambdaLR": (lambda of, o: of.LambdaLR(o, shrinks), {"lr_lambdas": [grows]}),
    "MultiplicativeLR": (lambda of, o: of.MultiplicativeLR(o, shrinks), {"lr_lambdas": [grows]}),
}


def loaded(order):
    def load(optimizer, scheduler):
        states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        for each in order:
            (optimizer, scheduler)[each].load_state_dict(copy.deepcopy(states[each]))
        return optimizer, scheduler

    return load


def resumed(order):
    def resume(optimizer, scheduler, build):
        states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer = sgd(momentum=0.9)
        scheduler = build(optimizer)
        for each in order:
            (optimizer, scheduler)[each].load_state_dict(copy.deepcopy(states[each]))
        return optimizer, scheduler

    return resume


BEFORE = {
    "nothing": lambda *pair: pair,
    "the optimizer loaded": loaded([0]),
    "the scheduler loaded": loaded([1]),
    "both loaded": loaded([0, 1]),
    "both loaded, the scheduler first": loaded([1, 0]),
    "a copy": lambda *pair: copy.deepcopy(pair),
    "a pickle": lambda *pair: pickle.loads(pickle.dumps(pair)),
}
WITHIN = {
    "alone": (lambda build, of, o: build(of, o), lambda s: s),
    "in a sequence": (
        lambda build, of, o: of.SequentialLR(o, [of.ConstantLR(o, 0.5, 9), build(of, o)], [2]),
        lambda s: s._schedulers[1],
    ),
    "in a chain": (
        lambda build, of, o: of.ChainedScheduler([build(of, o), of.ExponentialLR(o, 0.99)]),
        lambda s: s._schedulers[0],
    ),
}


def steps_of(optimizer, scheduler, times):
    found = []
    for _ in range(times):
        update(optimizer)
        scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize("made", [1, 6])
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("name", CASES)
def test_a_parameter_that_is_set_counts_from_what_is_there(name, within, before, made):
    build, settings = CASES[name]
    compose, member = WITHIN[within]
    if before == "a pickle" and within != "alone" and name == "CyclicLR" and OLD_TORCH:
        pytest.skip("torch 2.6 keeps a weak method there")
    names = list(settings)
    for several in [[each] for each in names] + [names, names[::-1]]:
        found = {}
        for of in (torchs, ours):
            optimizer = sgd(momentum=0.9)
            pair = optimizer, compose(build, of, optimizer)
            steps_of(*pair, made)
            optimizer, scheduler = BEFORE[before](*pair)
            for each in several:
                setattr(member(scheduler), each, copy.copy(settings[each]))
            found[of] = steps_of(optimizer, scheduler, 14)
        assert found[ours] == pytest.approx(found[torchs], rel=1e-11, abs=1e-13), several


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
@pytest.mark.parametrize("name", CASES)
def test_the_order_of_loading_decides_nothing(name, order):
    build, settings = CASES[name]
    found = []
    for again in (False, True):
        optimizer = sgd(momentum=0.9)
        pair = optimizer, build(ours, optimizer)
        steps_of(*pair, 5)
        if again:
            pair = resumed(order)(*pair, lambda o: build(ours, o))
        for name_of, value in settings.items():
            setattr(pair[1], name_of, copy.copy(value))
        found.append(steps_of(*pair, 14))
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@pytest.mark.parametrize("before", BEFORE)
def test_milestones_that_are_edited_in_place_count_from_there(before):
    def add(scheduler):
        scheduler.milestones[6] += 2

    def clear(scheduler):
        scheduler.milestones.clear()

    for edit in (add, clear, lambda s: s.milestones.update([5, 9])):
        found = {}
        for of in (torchs, ours):
            optimizer = sgd()
            pair = optimizer, of.MultiStepLR(optimizer, [3, 8], 0.5)
            steps_of(*pair, 4)
            pair = BEFORE[before](*pair)
            edit(pair[1])
            found[of] = steps_of(*pair, 8)
        assert found[ours] == pytest.approx(found[torchs])


@pytest.mark.parametrize("of", [torchs, ours])
def test_milestones_that_somebody_keeps_are_read_at_every_step(of):
    optimizer = sgd()
    scheduler = of.MultiStepLR(optimizer, [2], 0.5)
    kept = scheduler.milestones
    steps_of(optimizer, scheduler, 3)
    kept[5] = 1
    assert steps_of(optimizer, scheduler, 2) == [0.5, 0.25]
    scheduler.milestones = given = Counter([7])
    steps_of(optimizer, scheduler, 1)
    given[8] = 2
    assert steps_of(optimizer, scheduler, 2) == [0.125, 0.03125]


BAD = {
    "ExponentialLR": (lambda of, o: of.ExponentialLR(o, 0.0), "gamma", 0.5),
    "StepLR": (lambda of, o: of.StepLR(o, 2, 0.0), "gamma", 0.5),
    "MultiStepLR": (lambda of, o: of.MultiStepLR(o, [2], 0.0), "gamma", 0.5),
    "MultiStepLR before its beginning": (
        lambda of, o: of.MultiStepLR(o, [-2, 3], 0.5),
        "milestones",
        Counter([3]),
    ),
    "PolynomialLR": (lambda of, o: of.PolynomialLR(o, 5, -1.0), "power", 2.0),
    "LinearLR": (lambda of, o: of.LinearLR(o, 0.5, 1.0, -2), "total_iters", 5),
    "ConstantLR": (lambda of, o: of.ConstantLR(o, 0.5, -2), "total_iters", 5),
    "CosineAnnealingLR": (lambda of, o: of.CosineAnnealingLR(o, -3), "T_max", 5),
}


@pytest.mark.parametrize("made", [0, 1])
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("name", BAD)
def test_a_parameter_that_no_schedule_has_and_then_one_that_it_has(name, before, made):
    build, parameter, value = BAD[name]
    found = {}
    for of in (torchs, ours):
        optimizer = sgd()
        pair = optimizer, build(of, optimizer)
        steps_of(*pair, made)
        pair = BEFORE[before](*pair)
        setattr(pair[1], parameter, value)
        found[of] = steps_of(*pair, 6)
    assert found[ours] == pytest.approx(found[torchs])


@pytest.mark.parametrize("name", [name for name in CASES if name != "MultiStepLR"])
def test_a_parameter_that_stops_and_starts_again(name):
    build, settings = CASES[name]
    stops = {"gamma": 0.0, "step_size": 3, "total_iters": 3, "T_max": 3}
    parameter = next((each for each in stops if each in settings), None)
    if parameter is None:
        pytest.skip("it has none")
    found = {}
    for of in (torchs, ours):
        optimizer = sgd(momentum=0.9)
        scheduler = build(of, optimizer)
        steps_of(optimizer, scheduler, 2)
        setattr(scheduler, parameter, stops[parameter])
        steps_of(optimizer, scheduler, 2)
        optimizer.param_groups[0]["lr"] = 0.3
        setattr(scheduler, parameter, settings[parameter])
        found[of] = steps_of(optimizer, scheduler, 6)
    assert found[ours] == pytest.approx(found[torchs], rel=1e-11, abs=1e-13)


def test_a_state_of_another_one_cycle_is_followed():
    saved = ours.OneCycleLR(sgd(momentum=0.9), 1.0, 100, pct_start=0.1).state_dict()
    found = []
    for of in (torchs, ours):
        optimizer = sgd(momentum=0.9)
        scheduler = of.OneCycleLR(optimizer, 1.0, 20)
        steps_of(optimizer, scheduler, 1)
        scheduler.load_state_dict({**copy.deepcopy(saved), "last_epoch": 1, "_step_count": 2})
        found.append(steps_of(optimizer, scheduler, 15))
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("made", [3, 5, 6, 10])
def test_bases_that_are_edited_decide_how_a_cosine_climbs(made, groups):
    found = {}
    for of in (torchs, ours):
        optimizer = SGD([{"params": [weight()]} for _ in range(groups)], lr=1.0)
        scheduler = of.CosineAnnealingLR(optimizer, 5, 0.1)
        steps_of(optimizer, scheduler, made)
        scheduler.base_lrs[0] = 3.0
        found[of] = steps_of(optimizer, scheduler, 12)
    assert found[ours] == pytest.approx(found[torchs])


@pytest.mark.parametrize("way", ["state", "copy", "pickle"])
@pytest.mark.parametrize("milestone", [0, 1, 2])
def test_milestones_edited_in_place_count_from_what_is_there_also_after_a_state(way, milestone):
    def life(library):
        def built():
            optimizer = SGD([weight()], lr=0.1)
            return (
                optimizer,
                library.StepLR(optimizer, 1, 0.3),
                library.MultiStepLR(optimizer, [0], 0.3),
            )

        made = built()
        made[1].step(0)
        made[2].milestones.update([milestone])
        if way == "state":
            states = [copy.deepcopy(each.state_dict()) for each in made]
            made = built()
            for each, state in zip(made, states, strict=True):
                each.load_state_dict(state)
        elif way == "copy":
            made = copy.deepcopy(made)
        else:
            made = pickle.loads(pickle.dumps(made))
        seen = []
        for _ in range(3):
            made[0].step()
            made[1].step()
            made[2].step()
            seen.append(made[0].param_groups[0]["lr"])
        return seen

    assert life(ours) == pytest.approx(life(torchs), rel=1e-12)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("epoch", [3, 6, 9, 12, 14, 14.5])
def test_a_cycle_that_is_shorter_than_what_is_gone_of_it_goes_on_as_torchs_wave(length, epoch):
    found = []
    for library in (torchs, ours):
        optimizer = sgd(0.1)
        scheduler = library.CosineAnnealingWarmRestarts(optimizer, 5, eta_min=0.01)
        scheduler.T_i = length
        scheduler.step(epoch)
        found.append((optimizer.param_groups[0]["lr"], scheduler.T_cur, scheduler.T_i))
    assert found[1] == (pytest.approx(found[0][0], rel=1e-12), *found[0][1:])
