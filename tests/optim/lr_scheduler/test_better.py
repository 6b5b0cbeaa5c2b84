"""Each row of the table in docs/drop_in.md: what torch 2.13 does, and what the drop-in does."""

from __future__ import annotations

import ast
import copy
import math
import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch.optim import SGD, AdamW
from torch.optim import lr_scheduler as torchs

import passo
from passo import Cosine, Linear, steps
from passo.optim import lr_scheduler as ours
from tests.optim.tools import sgd, update, weight
from tests.torches import OLD_TORCH

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
PAGE = Path(__file__).parents[3] / "docs" / "drop_in.md"


def near(*told):
    return pytest.approx(list(told), rel=1e-12, abs=1e-15)


def lr_of(optimizer):
    return float(optimizer.param_groups[0]["lr"])


def rolled(scheduler, times, *metrics):
    """What the next steps use in the first group."""
    found = []
    for _ in range(times):
        found.append(lr_of(scheduler.optimizer))
        update(scheduler.optimizer)
        scheduler.step(*metrics)
    return found


def of_groups(scheduler):
    return [float(group["lr"]) for group in scheduler.optimizer.param_groups]


# -- the table and this file agree


def test_every_row_has_a_program_a_thread_or_none_filed_and_a_test():
    """Row 0."""
    page = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", page, flags=re.MULTILINE)
    numbers = [int(number) for number, _ in rows]
    assert numbers == list(range(1, len(rows) + 1))
    for _, row in rows:
        cells = [cell.strip() for cell in row.split(" | ")]
        assert len(cells) == 4
        assert re.fullmatch(r"\[#(\d+)\]\(.*/issues/\1\)|none filed", cells[-1])
    parts = re.split(r"^### (\d+)\. .*$", page, flags=re.MULTILINE)
    assert [int(number) for number in parts[1::2]] == numbers
    assert all("torchs" in part and "assert" in part for part in parts[2::2])
    tests = [
        node
        for node in ast.parse(Path(__file__).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    told = [re.match(r"Row (\d+)\.", ast.get_docstring(test) or "")[1] for test in tests]
    assert set(map(int, told)) == {0, *numbers}


@pytest.mark.parametrize("name", ours.__all__)
def test_every_public_name_is_torchs_or_a_class_below_it(name):
    """Row 0."""
    here, there = getattr(ours, name), getattr(torchs, name)
    assert here == there or (issubclass(here, there) and here.__module__.startswith("passo."))


# -- 1 to 3: sequences and chains


def warm_plateau(of, optimizer):
    plateau = of.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    return of.SequentialLR(optimizer, [of.LinearLR(optimizer, 0.1, 1.0, 3), plateau], [3])


def chained_plateau(of, optimizer):
    plateau = of.ReduceLROnPlateau(optimizer, patience=0)
    return of.ChainedScheduler([of.LambdaLR(optimizer, lambda t: 1 - t / 100), plateau])


def chained_warm_plateau(of, optimizer):
    return of.ChainedScheduler([warm_plateau(of, optimizer), of.ExponentialLR(optimizer, 0.9)])


def sequence_of_chain(of, optimizer):
    parts = [of.ConstantLR(optimizer, 0.1, 9), chained_plateau(of, optimizer)]
    return of.SequentialLR(optimizer, parts, [2])


PLATEAUS = [
    (warm_plateau, [0.1, 0.4, 0.7, 1.0, 0.5, 0.25]),
    (chained_plateau, [1.0, 0.99, 0.098, 0.0097, 0.00096]),
    (chained_warm_plateau, [0.1, 0.36, 0.567, 0.9, 0.405, 0.18225]),
    (sequence_of_chain, [0.1, 0.1, 1.0, 0.099, 0.0098, 0.00097]),
]


@pytest.mark.parametrize(("build", "wanted"), PLATEAUS)
def test_a_plateau_may_stand_in_a_sequence_and_in_a_chain(build, wanted):
    """Row 1."""
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
        build(torchs, sgd())
    assert rolled(build(ours, sgd()), len(wanted), 1.0) == near(*wanted)


def test_a_plateau_that_is_active_asks_for_its_metric():
    """Row 1."""
    scheduler = warm_plateau(ours, sgd())
    rolled(scheduler, 3)
    with pytest.raises(passo.PassoError) as raised:
        scheduler.step()
    assert str(raised.value) == (
        "ReduceLROnPlateau is active and step() got no metric; write scheduler.step(val_loss)"
    )


def halves(of, optimizer):
    parts = [of.ConstantLR(optimizer, factor, 9) for factor in (0.5, 0.2)]
    return of.SequentialLR(optimizer, parts, [2])


def test_a_sequence_of_one_sequence_is_that_sequence():
    """Row 2."""
    found = {}
    for of in (torchs, ours):
        optimizer = sgd()
        scheduler = of.SequentialLR(optimizer, [halves(of, optimizer)], [])
        found[of] = rolled(scheduler, 4)
    assert found[torchs] == near(0.5, 0.2, 0.2, 0.2)
    assert found[ours] == rolled(halves(ours, sgd()), 4) == near(0.5, 0.5, 0.2, 0.2)


def test_a_nested_sequence_is_the_flat_one():
    """Row 2."""

    def nested(of, optimizer):
        return of.SequentialLR(
            optimizer, [of.ConstantLR(optimizer, 0.1, 9), halves(of, optimizer)], [2]
        )

    def flat(of, optimizer):
        parts = [of.ConstantLR(optimizer, factor, 9) for factor in (0.1, 0.5, 0.2)]
        return of.SequentialLR(optimizer, parts, [2, 4])

    with pytest.raises(TypeError if OLD_TORCH else NotImplementedError):
        rolled(nested(torchs, sgd()), 4)
    assert rolled(nested(ours, sgd()), 9) == rolled(flat(ours, sgd()), 9)
    assert rolled(nested(ours, sgd()), 9) == near(*rolled(flat(torchs, sgd()), 9))


def warm_cosine(of, optimizer, last_epoch=-1):
    parts = [of.LinearLR(optimizer, 0.1, 1.0, 3), of.CosineAnnealingLR(optimizer, 10)]
    return of.SequentialLR(optimizer, parts, [3], last_epoch=last_epoch)


@pytest.mark.parametrize("last_epoch", range(12))
def test_a_sequence_begins_in_the_phase_of_its_last_epoch(last_epoch):
    """Row 3."""
    whole = rolled(warm_cosine(torchs, sgd()), 20)
    found = rolled(warm_cosine(ours, sgd(), last_epoch), 5)
    assert found == near(*whole[last_epoch + 1 : last_epoch + 6])
    if last_epoch > 2:
        assert rolled(warm_cosine(torchs, sgd(), last_epoch), 1) == near(0.1)


# -- 4: resuming; test_states.py has all classes in all orders

RESUMED = [
    lambda of, o: of.LinearLR(o, 0.1, 1.0, 10),
    lambda of, o: of.OneCycleLR(o, 1.0, total_steps=20),
    lambda of, o: of.CyclicLR(o, 0.1, 1.0, step_size_up=5),
    warm_cosine,
]


@pytest.mark.parametrize("build", RESUMED)
def test_the_natural_order_of_resuming_is_right(build):
    """Row 4."""
    for of in (torchs, ours):
        scheduler = build(of, optimizer := sgd(momentum=0.9))
        rolled(scheduler, 5)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        wanted = rolled(scheduler, 4)
        optimizer = sgd(momentum=0.9)
        optimizer.load_state_dict(saved[0])
        scheduler = build(of, optimizer)
        scheduler.load_state_dict(saved[1])
        assert (rolled(scheduler, 4) == wanted) == (of is ours)


# -- 5: plateaus below zero


@pytest.mark.parametrize(("mode", "metric"), [("min", -1.0), ("max", -1.0), ("min", 1.0)])
def test_a_metric_that_stands_still_is_a_plateau_whatever_its_sign(mode, metric):
    """Row 5."""
    found = {}
    for of in (torchs, ours):
        scheduler = of.ReduceLROnPlateau(sgd(), mode, patience=1)
        for _ in range(5):
            scheduler.step(metric)
        found[of] = lr_of(scheduler.optimizer)
    assert found[ours] == pytest.approx(0.01)
    assert found[torchs] == (1.0 if metric < 0 else pytest.approx(0.01))


# -- 6: groups that come later

LATE = {
    "a function": (lambda of, o: of.LambdaLR(o, lambda t: 1 - t / 20), 0.5, ValueError),
    "restarts": (lambda of, o: of.CosineAnnealingWarmRestarts(o, 20), 0.5, ValueError),
    "a product": (lambda of, o: of.MultiplicativeLR(o, lambda t: 0.9), 0.9**10, ValueError),
    "a ramp": (lambda of, o: of.LinearLR(o, 0.1, 1.0, 10), 1.0, None),
    "a decay": (lambda of, o: of.ExponentialLR(o, 0.9), 0.9**10, None),
    "a cosine": (lambda of, o: of.CosineAnnealingLR(o, 20), 0.5, None),
}


def refused(error):
    """torch 2.6 pairs rates and groups as far as both go, and says nothing."""
    return nullcontext() if OLD_TORCH else pytest.raises(error)


@pytest.mark.parametrize("name", sorted(set(LATE) - {"a product"}))
def test_a_group_that_comes_later_follows_the_same_rule(name):
    """Row 6."""
    build, share, error = LATE[name]

    def joined(of):
        scheduler = build(of, optimizer := sgd())
        rolled(scheduler, 3)
        optimizer.add_param_group({"params": [weight()], "lr": 0.5})
        rolled(scheduler, 7)
        return of_groups(scheduler)

    assert joined(ours) == near(share, 0.5 * share)
    if error is None:
        assert joined(torchs) != near(share, 0.5 * share)
    else:
        with refused(error):
            joined(torchs)


def test_a_group_that_comes_later_is_multiplied_from_then_on():
    """Row 6."""
    scheduler = LATE["a product"][0](ours, optimizer := sgd())
    rolled(scheduler, 3)
    optimizer.add_param_group({"params": [weight()], "lr": 0.5})
    rolled(scheduler, 7)
    assert of_groups(scheduler) == near(0.9**10, 0.5 * 0.9**7)


@pytest.mark.parametrize("name", ["OneCycleLR", "CyclicLR"])
def test_one_number_for_all_groups_serves_the_later_ones(name):
    """Row 6."""
    for of in (torchs, ours):
        optimizer = sgd(momentum=0.9)
        scheduler = (
            of.OneCycleLR(optimizer, 1.0, total_steps=20)
            if name == "OneCycleLR"
            else of.CyclicLR(optimizer, 0.1, 1.0, 5)
        )
        rolled(scheduler, 3)
        optimizer.add_param_group({"params": [weight()], "lr": 0.5})
        if of is torchs:
            errors = ValueError, KeyError
            with refused(errors) if name == "CyclicLR" else pytest.raises(errors):
                rolled(scheduler, 1)
        else:
            rolled(scheduler, 3)
            first, second = of_groups(scheduler)
            assert first == second


def test_a_list_for_each_group_serves_no_other():
    """Row 6."""
    for of, ends in ((torchs, refused(ValueError)), (ours, pytest.raises(passo.PassoError))):
        optimizer = SGD([{"params": [weight()]}, {"params": [weight()]}], lr=1.0)
        scheduler = of.LambdaLR(optimizer, [lambda t: 0.9**t, lambda t: 0.8**t])
        optimizer.add_param_group({"params": [weight()]})
        with ends:
            rolled(scheduler, 1)


# -- 7: Tensors


@pytest.mark.parametrize("name", ["OneCycleLR", "CyclicLR"])
def test_a_beta_that_is_a_tensor_stays_that_tensor(name):
    """Row 7."""
    values = {}
    for of in (torchs, ours):
        beta1 = torch.tensor(0.9, dtype=torch.float64)
        betas = (beta1, torch.tensor(0.999, dtype=torch.float64))
        optimizer = AdamW([weight()], lr=torch.tensor(0.1), betas=betas)
        if name == "OneCycleLR":
            scheduler = of.OneCycleLR(optimizer, 0.1, total_steps=10)
        else:
            scheduler = of.CyclicLR(optimizer, 0.1, 1.0, step_size_up=5)
        rolled(scheduler, 3)
        found = optimizer.param_groups[0]["betas"][0]
        assert (found is beta1) == (of is ours)
        values[of] = float(found)
    assert values[ours] == pytest.approx(values[torchs], rel=1e-12)


# -- 8 to 12: edges


def test_a_jump_to_a_restart_is_a_restart():
    """Row 8."""
    found = {}
    for of in (torchs, ours):
        scheduler = of.CosineAnnealingWarmRestarts(sgd(), T_0=10, T_mult=3)
        scheduler.step(1210)
        found[of] = lr_of(scheduler.optimizer), scheduler.T_cur, scheduler.T_i
    assert found[torchs] == (0.0, 810, 810)
    assert found[ours] == (1.0, 0, 2430)


@pytest.mark.parametrize("grow", [1, 2, 3, 7, 10])
@pytest.mark.parametrize("length", [1, 7, 10])
def test_a_jump_to_any_restart_is_a_restart(length, grow):
    """Row 8."""
    scheduler = ours.CosineAnnealingWarmRestarts(sgd(), length, grow)
    begin = 0
    for cycle in range(12):
        begin += length * grow**cycle
        scheduler.step(begin)
        assert (lr_of(scheduler.optimizer), scheduler.T_cur) == (1.0, 0)
        scheduler.step(begin - 1)
        assert scheduler.T_cur == scheduler.T_i - 1


def test_one_state_is_loaded_twice():
    """Row 9."""
    for of in (torchs, ours):
        state = of.CyclicLR(sgd(momentum=0.9), 0.1, 1.0).state_dict()
        before = copy.deepcopy(state)
        of.CyclicLR(sgd(momentum=0.9), 0.1, 1.0).load_state_dict(state)
        assert (state == before) == (of is ours)
        if of is torchs:
            with pytest.raises(KeyError, match="_scale_fn_custom"):
                of.CyclicLR(sgd(momentum=0.9), 0.1, 1.0).load_state_dict(state)


def test_a_loaded_scheduler_shares_nothing_with_its_state():
    """Row 9."""
    for of in (torchs, ours):
        state = of.MultiStepLR(sgd(), [2, 4]).state_dict()
        before = copy.deepcopy(state)
        scheduler = of.MultiStepLR(sgd(), [2, 4])
        scheduler.load_state_dict(state)
        scheduler.milestones[3] += 1
        scheduler.base_lrs.append(7.0)
        assert (state == before) == (of is ours)


def test_a_factor_of_zero_works():
    """Row 10."""
    with pytest.raises(ZeroDivisionError):
        rolled(torchs.ConstantLR(sgd(), factor=0, total_iters=3), 4)
    assert rolled(ours.ConstantLR(sgd(), factor=0, total_iters=3), 5) == [0.0, 0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        (lambda of: of.LinearLR(sgd(), 0.1, 0.8, total_iters=0), 0.8),
        (lambda of: of.ConstantLR(sgd(), 0.1, total_iters=0), 1.0),
    ],
)
def test_a_ramp_of_no_length_is_over(build, wanted):
    """Row 11."""
    assert rolled(build(torchs), 4) == [0.1] * 4
    assert rolled(build(ours), 4) == [wanted] * 4


def test_a_swing_of_no_length_is_refused_when_it_is_built():
    """Row 12."""
    with pytest.raises(ZeroDivisionError):
        rolled(torchs.CosineAnnealingLR(sgd(), T_max=0), 1)
    with pytest.raises(passo.PassoError) as raised:
        ours.CosineAnnealingLR(optimizer := sgd(), T_max=0)
    assert str(raised.value) == "T_max must be the steps of half a swing, 1 or more, got 0"
    assert "initial_lr" not in optimizer.param_groups[0]


# -- 13: leaving


def test_a_second_phase_begins_at_its_own_rate():
    """Row 13."""
    for of, wanted in ((torchs, [1.0, 0.5, 0.25]), (ours, [0.1, 0.05, 0.025])):
        first = of.ExponentialLR(optimizer := sgd(), 0.5)
        rolled(first, 3)
        if of is ours:
            first.detach()
        optimizer.param_groups[0]["lr"] = 0.1
        assert rolled(of.LambdaLR(optimizer, lambda t: 0.5**t), 3) == near(*wanted)


@pytest.mark.parametrize("nested", [False, True])
def test_a_scheduler_that_was_never_stepped_leaves_nothing(nested):
    """Row 13."""
    for of in (torchs, ours):
        optimizer = AdamW([weight()], lr=3e-4, betas=(0.9, 0.999))
        before, own = copy.deepcopy(optimizer.state_dict()), set(vars(optimizer))
        if nested:
            parts = [of.LinearLR(optimizer), of.OneCycleLR(optimizer, 0.1, total_steps=10)]
            scheduler = of.SequentialLR(optimizer, parts, [3])
        else:
            scheduler = of.OneCycleLR(optimizer, 0.1, total_steps=10)
        if of is ours:
            scheduler.detach()
        assert (optimizer.state_dict() == before) == (of is ours)
        assert (set(vars(optimizer)) == own) == (of is ours)


@pytest.mark.parametrize("restore", [False, True])
def test_a_scheduler_that_was_stepped_leaves_its_last_rate_or_none(restore):
    """Row 13."""
    scheduler = warm_cosine(ours, optimizer := sgd())
    rolled(scheduler, 2)
    last = lr_of(optimizer)
    scheduler.detach(restore=restore)
    assert lr_of(optimizer) == (1.0 if restore else last)
    assert "initial_lr" not in optimizer.param_groups[0]


# -- 14 to 16: values


@pytest.mark.parametrize(
    ("build", "share"),
    [
        (lambda of, o: of.ExponentialLR(o, 0.999), 0.999**3000),
        (lambda of, o: of.LinearLR(o, 0.001, 1.0, 3000), 1.0),
    ],
)
def test_a_float32_rate_is_rounded_once(build, share):
    """Row 14."""
    errors = {}
    for of in (torchs, ours):
        scheduler = build(of, sgd(torch.tensor(0.1)))
        for _ in range(3000):
            scheduler.step()
        wanted = float(torch.tensor(0.1)) * share
        errors[of] = abs(lr_of(scheduler.optimizer) / wanted - 1)
    assert errors[ours] <= 2**-24
    assert errors[torchs] > 10 * 2**-24


def test_a_long_cosine_keeps_its_digits():
    """Row 15."""
    length, errors = 5000, {}
    for of in (torchs, ours):
        scheduler = of.CosineAnnealingLR(sgd(), length)
        worst = 0.0
        for t in range(1, length):
            scheduler.step()
            wanted = math.sin(math.pi / 2 * ((length - t) / length)) ** 2
            worst = max(worst, abs(lr_of(scheduler.optimizer) / wanted - 1))
        errors[of] = worst
    assert errors[ours] < 2e-15
    assert errors[torchs] > 1e-10


BEGUN = {
    "StepLR": lambda of, o, n: of.StepLR(o, 3, last_epoch=n),
    "MultiStepLR": lambda of, o, n: of.MultiStepLR(o, [3], last_epoch=n),
    "ConstantLR": lambda of, o, n: of.ConstantLR(o, 0.5, 9, last_epoch=n),
    "LinearLR": lambda of, o, n: of.LinearLR(o, 0.1, 0.9, 10, last_epoch=n),
    "ExponentialLR": lambda of, o, n: of.ExponentialLR(o, 0.5, last_epoch=n),
    "PolynomialLR": lambda of, o, n: of.PolynomialLR(o, 10, 2.0, last_epoch=n),
    "CosineAnnealingLR": lambda of, o, n: of.CosineAnnealingLR(o, 10, last_epoch=n),
}


def with_base(lr):
    return SGD([{"params": [weight()], "initial_lr": 1.0}], lr=lr)


@pytest.mark.parametrize("name", BEGUN)
def test_a_run_begins_where_so_many_steps_lead(name):
    """Row 16."""
    build = BEGUN[name]
    whole = rolled(build(torchs, sgd(), -1), 9)
    assert rolled(build(ours, with_base(1.0), 4), 4) == near(*whole[5:])
    if not OLD_TORCH:  # which makes one step of its rule as it is built
        assert rolled(build(torchs, with_base(1.0), 4), 1) == [1.0]
    assert rolled(build(ours, with_base(whole[5]), 4), 4) == near(*whole[5:])


# -- 17 to 19: what it will do, verbose, beginning again


@pytest.mark.parametrize("name", BEGUN)
def test_the_schedule_says_what_happens(name):
    """Row 17."""
    scheduler = BEGUN[name](ours, sgd(0.1), -1)
    assert not hasattr(BEGUN[name](torchs, sgd(0.1), -1), "schedule")
    schedule = scheduler.schedule
    assert rolled(scheduler, 25) == near(*map(schedule, range(25)))
    assert scheduler.schedule == schedule


def test_the_schedule_of_a_sequence_is_its_parts_in_turn():
    """Row 17."""
    cosine = Cosine(1, 0, steps(10)).then(Cosine(0, 1, steps(10))).repeat()
    assert warm_cosine(ours, sgd()).schedule == Linear(0.1, 1, steps(3)).then(cosine)


def test_groups_have_schedules_of_their_own():
    """Row 17."""
    optimizer = SGD([{"params": [weight()], "lr": lr} for lr in (1.0, 0.1)])
    scheduler = ours.LambdaLR(optimizer, [lambda t: 0.9**t, lambda t: 0.8**t])
    assert [schedule(2) for schedule in scheduler.schedules] == near(0.81, 0.064)
    with pytest.raises(passo.PassoError, match="the param groups follow different schedules"):
        _ = scheduler.schedule


@pytest.mark.parametrize("verbose", [True, False, "deprecated"])
def test_verbose_is_taken_and_warned_of(verbose):
    """Row 18."""
    if not OLD_TORCH:  # the last that took it
        with pytest.raises(TypeError):
            torchs.StepLR(sgd(), 30, verbose=verbose)
    if verbose != "deprecated":  # torch 2.6 warned of False, too
        with pytest.warns(UserWarning, match="The verbose parameter is deprecated"):
            ours.StepLR(sgd(), 30, verbose=verbose)
    else:
        ours.StepLR(sgd(), 30, verbose=verbose)


def test_verbose_may_stand_behind_all_other_arguments():
    """Row 18."""
    if not OLD_TORCH:
        with pytest.raises(TypeError):
            torchs.StepLR(sgd(), 30, 0.1, -1, True)
    with pytest.warns(UserWarning, match="The verbose parameter is deprecated"):
        scheduler = ours.StepLR(sgd(), 30, 0.1, -1, True)
    assert scheduler.last_epoch == 0


def test_a_rate_that_is_set_along_with_last_epoch_goes_on_as_in_torch():
    """Row 19."""
    found = {}
    for of in (torchs, ours):
        scheduler = of.CosineAnnealingLR(optimizer := sgd(0.001), T_max=45)
        optimizer.param_groups[0]["lr"], scheduler.last_epoch = 0.01, -1
        found[of] = rolled(scheduler, 40)
    assert found[ours] == near(*found[torchs])
    assert found[torchs][1] == 0.01 if OLD_TORCH else found[torchs][1] > 0.01


@pytest.mark.parametrize("named", [-1, 0, 4, 7])
@pytest.mark.parametrize("name", BEGUN)
def test_a_step_that_is_named_by_hand_is_the_one_to_go_on_from(name, named):
    """Row 19."""
    whole = rolled(BEGUN[name](torchs, sgd(), -1), 12)
    scheduler = BEGUN[name](ours, sgd(), -1)
    rolled(scheduler, 2)
    scheduler.last_epoch = named
    assert rolled(scheduler, 4)[1:] == near(*whole[named + 1 : named + 4])
    if name == "ExponentialLR" and not (OLD_TORCH and named == -1):  # to it, step 0 is no step
        scheduler = BEGUN[name](torchs, sgd(), -1)
        rolled(scheduler, 2)
        scheduler.last_epoch = named
        assert rolled(scheduler, 4) == near(*whole[2:6])


# -- 20 to 23: whose rate is it


def two(rates=(1.0, 0.1)):
    return SGD([{"params": [weight()], "lr": lr} for lr in rates])


def told_apart(of, optimizer):
    return of.LambdaLR(optimizer, [lambda t: 0.5**t, lambda t: 0.9**t])


def test_groups_in_another_order_keep_their_rates():
    """Row 20."""
    for of, wanted in ((torchs, [0.5, 0.09]), (ours, [0.09, 0.5])):
        scheduler = told_apart(of, optimizer := two())
        optimizer.param_groups.reverse()
        rolled(scheduler, 1)
        assert of_groups(scheduler) == near(*wanted)


def test_a_group_that_goes_leaves_the_others_their_rates():
    """Row 21."""
    for of, ends in ((torchs, refused(ValueError)), (ours, nullcontext())):
        scheduler = told_apart(of, optimizer := two())
        del optimizer.param_groups[0]
        with ends:
            rolled(scheduler, 1)
            assert OLD_TORCH or of_groups(scheduler) == near(0.09)


def test_a_plateau_cuts_once_what_torch_gave_to_two_groups():
    """Row 22."""
    for of, wanted in ((torchs, 0.01), (ours, 0.1)):
        params = [{"params": [weight()]}, {"params": [weight()]}]
        optimizer = SGD(params, lr=torch.tensor(1.0, dtype=torch.float64))
        scheduler = of.ReduceLROnPlateau(optimizer, patience=0)
        for _ in range(2):
            scheduler.step(1.0)
        if not (OLD_TORCH and of is torchs):  # which puts floats there
            assert of_groups(scheduler) == near(wanted, wanted)


def test_a_state_finds_its_groups_by_their_names():
    """Row 23."""

    def named(names):
        rates = {"head": 1.0, "body": 0.1}
        return SGD([{"params": [weight()], "lr": rates[name], "name": name} for name in names])

    for of, wanted in ((torchs, [0.5, 0.05]), (ours, [0.05, 0.5])):
        scheduler = of.LambdaLR(named(["head", "body"]), lambda t: 1 - t / 10)
        rolled(scheduler, 4)
        state = scheduler.state_dict()
        scheduler = of.LambdaLR(named(["body", "head"]), lambda t: 1 - t / 10)
        scheduler.load_state_dict(copy.deepcopy(state))
        rolled(scheduler, 1)
        assert of_groups(scheduler) == near(*wanted)


# -- 24 to 28: lengths and milestones

FRACTIONS = {
    "StepLR": (
        lambda of, o: of.StepLR(o, 2.5, 0.5),
        [1, 1, 1, 1, 1, 0.5],
        [1, 1, 1, 0.5, 0.5, 0.25],
    ),
    "MultiStepLR": (lambda of, o: of.MultiStepLR(o, [2.5], 0.5), [1] * 6, [1, 1, 1, 0.5, 0.5, 0.5]),
    "ConstantLR": (lambda of, o: of.ConstantLR(o, 0.5, 2.5), [0.5] * 6, [0.5, 0.5, 0.5, 1, 1, 1]),
    "LinearLR": (
        lambda of, o: of.LinearLR(o, 0.1, 1.0, 2.5),
        [0.1, 0.46, 0.82, 0.82, 0.82, 0.82],
        [0.1, 0.46, 0.82, 1, 1, 1],
    ),
    "PolynomialLR": (
        lambda of, o: of.PolynomialLR(o, 2.5),
        [1, 0.6, 0.2, 0.2, 0.2, 0.2],
        [1, 0.6, 0.2, 0, 0, 0],
    ),
}


@pytest.mark.parametrize("name", FRACTIONS)
def test_a_length_that_is_no_whole_number_ends_where_it_says(name):
    """Row 24."""
    build, theirs, mine = FRACTIONS[name]
    assert rolled(build(torchs, sgd()), 6) == near(*theirs)
    assert rolled(build(ours, sgd()), 6) == near(*mine)
    assert rolled(build(ours, sgd()), 6) == near(*map(build(ours, sgd()).schedule, range(6)))


@pytest.mark.parametrize("milestones", [[6, 5], [2.5, 4]])
def test_milestones_that_no_sequence_has_are_refused(milestones):
    """Row 25."""

    def build(of, points):
        parts = [of.ConstantLR(optimizer, factor, 9) for factor in (0.5, 0.25, 0.125)]
        return of.SequentialLR(optimizer, parts, points)

    optimizer = sgd()
    assert 0.25 not in rolled(build(torchs, milestones), 9)  # the rate of the second part
    with pytest.raises(passo.PassoError) as raised:
        build(ours, milestones)
    points = ast.literal_eval(str(raised.value).rpartition("write ")[2])
    assert rolled(build(ours, points), points[0] + 1)[-2:] == near(0.5, 0.25)


def test_a_stair_of_no_length_is_refused_when_it_is_built():
    """Row 26."""
    scheduler = torchs.StepLR(sgd(), 0)
    with pytest.raises(ZeroDivisionError):
        rolled(scheduler, 1)
    with pytest.raises(passo.PassoError) as raised:
        ours.StepLR(optimizer := sgd(), 0)
    assert str(raised.value) == "step_size must be the steps of a stair, 1 or more, got 0"
    assert "initial_lr" not in optimizer.param_groups[0]


def test_a_cycle_of_negative_length_is_refused():
    """Row 27."""
    optimizer = sgd(momentum=0.9)
    assert rolled(torchs.CyclicLR(optimizer, 0.1, 1.0, -1), 4) == near(0.1, 1.0, 0.1, 1.0)
    with pytest.raises(passo.PassoError, match="0 or more, got -1"):
        ours.CyclicLR(optimizer, 0.1, 1.0, -1)


@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
@pytest.mark.parametrize("name", BEGUN)
def test_a_step_to_before_the_beginning_is_followed_by_the_first(name):
    """Row 28."""
    whole = rolled(BEGUN[name](torchs, sgd(), -1), 4)
    found = {}
    for of in (torchs, ours):
        scheduler = BEGUN[name](of, sgd(), -1)
        rolled(scheduler, 3)
        scheduler.step(-1)
        found[of] = rolled(scheduler, 5)[1:]
    assert found[ours] == near(*whole)
    if name in ("StepLR", "LinearLR", "ConstantLR") and not OLD_TORCH:
        assert found[torchs] != near(*whole)
