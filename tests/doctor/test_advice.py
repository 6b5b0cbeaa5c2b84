"""What findings advise: the parameter by its name, the line that is meant, what really helps."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
)

import passo
from passo.doctor import diagnose
from passo.optim import Recorder
from tests.doctor.test_rules import train

EPOCH = 10


def run(optimizer, each, epochs=12):
    """Epochs of ten updates; `each` is called after every update with its number."""
    for epoch in range(epochs):
        for batch in range(EPOCH):
            for group in optimizer.param_groups:
                group["params"][0].grad = torch.ones(2)
            optimizer.step()
            each(epoch * EPOCH + batch)


def sgd(rate=0.1, groups=1):
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(groups)]
    return torch.optim.SGD([{"params": [weight]} for weight in weights], lr=rate)


def found(script):
    """What is found in all that `script` trains."""
    with Recorder() as recorder:
        script()
    return diagnose(recorder.traces())


def after_epochs(*schedulers):
    def each(k):
        if k % EPOCH == EPOCH - 1:
            for scheduler in schedulers:
                scheduler.step()

    return each


@pytest.mark.parametrize(
    ("build", "write"),
    [
        (lambda o: PolynomialLR(o, 4), "total_iters=12, the advances of the run"),
        (lambda o: LinearLR(o, 1.0, 1e-9, 4), "total_iters=12, the advances of the run"),
    ],
)
def test_a_floor_reached_early_names_the_parameter(build, write):
    optimizer = sgd()
    [finding] = found(lambda: run(optimizer, after_epochs(build(optimizer))))
    assert finding.code == "P006"
    assert finding.write == write


def test_a_plan_cut_short_names_the_parameter():
    optimizer = sgd()
    [finding] = found(lambda: run(optimizer, after_epochs(CosineAnnealingLR(optimizer, 90))))
    assert finding.code == "P007"
    assert finding.write == "T_max=12, the advances that the run makes, or a longer run"


@pytest.mark.parametrize(("length", "code"), [(120, "P004"), (110, "P004"), (90, "P007")])
def test_a_length_near_the_updates_was_counted_in_them_and_another_was_not(length, code):
    def script():
        optimizer = sgd()
        scheduler = OneCycleLR(optimizer, 0.1, total_steps=length, cycle_momentum=False)
        run(optimizer, after_epochs(scheduler))

    [finding] = found(script)
    assert finding.code == code
    assert "total_steps=12" in finding.write


def test_a_staircase_for_each_batch_gets_its_milestones():
    def script():
        optimizer = sgd()
        scheduler = MultiStepLR(optimizer, [4, 9])
        run(optimizer, lambda _: scheduler.step())

    [finding] = found(script)
    assert finding.code == "P021"
    assert finding.write.endswith("or milestones=[40, 90], 10 batches for each epoch")


def test_what_advances_too_often_is_counted_in_updates():
    build, each = LambdaLR, lambda _k, _o, s: [s.step() for _ in "1234"]
    trace = train(100, build=lambda o: build(o, lambda t: 0.99**t), each=each)
    [finding] = diagnose(trace)
    assert finding.code == "P003"
    assert finding.seen == "LambdaLR advanced 400 times for 100 updates, 4 times for each"


def test_two_writers_are_told_by_their_lines_and_may_be_of_two_paces():
    def script():
        optimizer = sgd()
        each = LambdaLR(optimizer, lambda t: 0.99**t)
        epochs = after_epochs(MultiStepLR(optimizer, [6]))
        run(optimizer, lambda k: (each.step(), epochs(k)))

    [finding] = found(script)
    assert finding.code == "P008"
    assert finding.seen.count("test_advice.py:") == 3
    assert "counts epochs of 10 updates in updates too" in finding.write


def test_the_script_beside_a_scheduler_is_told_by_its_line():
    def script():
        optimizer = sgd()
        decay = after_epochs(ExponentialLR(optimizer, 0.9))

        def each(k):
            decay(k)
            if k in (40, 80):
                optimizer.param_groups[0]["lr"] *= 0.1

        run(optimizer, each)

    finding, edited = found(script)
    assert (finding.code, edited.code) == ("P008", "P009")
    assert finding.seen.count("test_advice.py:") == 2


def test_a_group_that_joined_needs_a_base_of_its_own():
    def script():
        optimizer = sgd()
        bases = [0.1]

        def each(k):
            if k == 40:
                weight = torch.nn.Parameter(torch.ones(2))
                optimizer.add_param_group({"params": [weight], "lr": 0.05})
            for group, base in zip(optimizer.param_groups, bases, strict=False):
                group["lr"] = base * (1 - k / 120)

        run(optimizer, each)

    [finding] = found(script)
    assert finding.code == "P010"
    assert finding.write.endswith("what was listed before group 1 joined needs one more")


def test_a_scheduler_that_was_saved_alone_needs_the_optimizer_too():
    def script():
        optimizer = sgd()
        scheduler = ExponentialLR(optimizer, 0.8)
        run(optimizer, after_epochs(scheduler), 6)
        saved = scheduler.state_dict()
        optimizer = sgd()
        scheduler = ExponentialLR(optimizer, 0.8)
        scheduler.load_state_dict(saved)
        run(optimizer, after_epochs(scheduler), 6)

    [finding] = found(script)
    assert finding.code == "P014"
    assert finding.write.startswith("save optimizer.state_dict() with the scheduler's")


@pytest.mark.parametrize(
    ("share", "write"),
    [
        (lambda k: 1 - (k // EPOCH) / 11, "1 - epoch / 12, counted from 0"),
        (lambda k: 1 - (k // (3 * EPOCH)) / 3, "1 - iteration / 4, counted from 0"),
        (lambda k: max(0.0, 1 - k / 100), "1 - step / 120, counted from 0"),
    ],
)
def test_a_decay_that_comes_to_zero_too_early_is_told_as_one(share, write):
    def script():
        optimizer = sgd()
        run(optimizer, lambda k: optimizer.param_groups[0].update(lr=0.1 * share(k + 1)))

    [finding] = found(script)
    assert finding.code == "P018"
    assert finding.write.endswith(write)
    assert "test_advice.py:" in finding.where


def test_two_sequences_of_the_same_parts_are_one_too_many():
    def script():
        optimizer = sgd()

        def sequence():
            parts = [LinearLR(optimizer, 0.1, total_iters=3), CosineAnnealingLR(optimizer, 9)]
            return SequentialLR(optimizer, parts, [3])

        run(optimizer, after_epochs(sequence(), sequence()))

    [finding] = found(script)
    assert finding.code == "P008"
    assert finding.seen.startswith("two SequentialLR (")


def test_a_rate_of_zero_in_the_middle_needs_a_floor():
    def script():
        optimizer = sgd()
        run(optimizer, lambda k: optimizer.param_groups[0].update(lr=0.001 * abs(k // EPOCH - 6)))

    [finding] = found(script)
    assert finding.code == "P018"
    assert finding.write.startswith("a value above 0 there: eta_min=")


def pair(cure=""):
    """Two optimizers that step after one backward pass; the first has a schedule, or both do."""
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in "ab"]
    first = torch.optim.SGD(weights[:1], lr=0.1)
    second = torch.optim.Adam(weights[1:], lr=0.01)
    schedulers = [] if "attach" in cure else [ExponentialLR(first, 0.9)]
    if "attach" in cure:
        plan, run = passo.cosine_decay(), passo.Run(passo.steps(30))
        exec(cure, {"passo": passo, "first": first, "second": second, "plan": plan, "run": run})
    elif cure:
        schedulers.append(eval(cure, {"ExponentialLR": ExponentialLR, "second": second}))
    for _ in range(30):
        (weights[0].sum() + weights[1].sum()).backward()
        first.step()
        second.step()
        for each in schedulers:
            each.step()


def test_an_optimizer_that_was_forgotten_is_told_and_one_plan_for_both_cures_it():
    [finding] = found(pair)
    assert finding.code == "P023"
    assert finding.seen == (
        "SGD and Adam step together, and the rate of SGD went from 0.1 to 0.00471 (the peak was "
        "0.1), while that of Adam stayed at 0.01 for 30 updates: nothing schedules it"
    )
    assert finding.why == "a part of the weights trains at a rate that nobody scheduled"
    assert finding.write == (
        "a scheduler for the Adam too, stepped beside the other one; or one plan for both: "
        "passo.attach([first, second], plan, run)"
    )
    assert found(lambda: pair(finding.write.rpartition("both: ")[2])) == []


def impatient(patience, stop):
    """Early stopping after `stop` bad reports, beside a plateau."""
    optimizer = sgd()
    scheduler = ReduceLROnPlateau(optimizer, patience=patience)
    best, bad = 9.0, 0
    for epoch in range(80):
        for _ in range(EPOCH):
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
            optimizer.step()
        value = max(1.0, 3.0 - epoch / 2)
        scheduler.step(value)
        best, bad = (value, 0) if value < best else (best, bad + 1)
        if bad >= stop:
            break


@pytest.mark.parametrize("stop", [2, 3, 4, 7, 8])
def test_early_stopping_that_gives_up_first_is_told_and_both_advices_cure_it(stop):
    patience = 7
    [finding] = found(lambda: impatient(patience, stop))
    assert finding.code == "P024"
    assert finding.seen == (
        f"the loop was left after {stop} reports of value without a better one, and "
        "ReduceLROnPlateau waits for 8 (patience=7): the rate was 0.1 to the end"
    )
    assert finding.why == (
        "training is given up before a lower rate was tried, which is what the plateau is for"
    )
    assert finding.write == (
        "early stopping after more than 8 such reports, several times as many; or "
        f"patience={(stop - 1) // 2} for the plateau"
    )
    assert found(lambda: impatient((stop - 1) // 2, stop)) == []
    assert found(lambda: impatient(patience, 9)) == []


def zero_first(first):
    """A warm-up from zero; its step comes first in each epoch, or last."""
    optimizer = sgd()
    scheduler = LambdaLR(optimizer, lambda epoch: min(1.0, epoch / 5))
    for _ in range(12):
        if first:
            scheduler.step()
        for _ in range(EPOCH):
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
            optimizer.step()
        if not first:
            scheduler.step()


# 13: P001 sent people from a skipped zero into an epoch at zero, which was P018
@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")
def test_a_zero_that_is_skipped_is_no_fault_and_an_epoch_of_it_is():
    assert found(lambda: zero_first(first=True)) == []
    [finding] = found(lambda: zero_first(first=False))
    assert finding.code == "P018"
    assert finding.write.startswith("a warm-up that starts above 0")


def test_a_plateau_that_left_no_rate_says_what_to_write():
    def script():
        optimizer = sgd()
        scheduler = ReduceLROnPlateau(optimizer, patience=5)
        run(optimizer, lambda _: scheduler.step(1.0), epochs=20)

    [finding] = found(script)
    assert finding.code == "P006"
    assert finding.write == (
        "a longer patience, in reports, 10 times as often as there are epochs, or "
        "scheduler.step(metric) once an epoch; or min_lr=0.001, or an end of the run where "
        "nothing is learned"
    )

    def cured():
        optimizer = sgd()
        scheduler = ReduceLROnPlateau(optimizer, patience=5)
        epochs = after_epochs(SimpleNamespace(step=lambda: scheduler.step(1.0)))
        run(optimizer, epochs, epochs=20)

    assert found(cured) == []


def by_hand(updates, warmup):
    """A linear warm-up, written by the script."""
    optimizer = sgd()
    for step in range(updates):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * min(1.0, (step + 1) / (warmup + 1))
            group["params"][0].grad = torch.ones(2)
        optimizer.step()


def test_a_warm_up_by_hand_that_never_ends_is_told_and_a_shorter_one_is_not():
    [finding] = found(lambda: by_hand(300, 2000))
    assert finding.code == "P007"
    assert finding.seen == (
        "the run ended at 15.0% of a warm-up by hand (300 of 2,000 updates): the last rate was "
        "0.015, still rising to the 0.1 that the optimizer was built with"
    )
    assert finding.why == "the rate that the warm-up leads to was never used"
    assert finding.write == "a warm-up well below 300 updates, or a longer run"
    assert found(lambda: by_hand(300, 100)) == []


def watched_by_passo(patience):
    optimizer = sgd()
    plan = passo.base * passo.Plateau("val_loss", patience=patience)
    scheduler = passo.attach(optimizer, plan)
    best, bad = 9.0, 0
    for epoch in range(80):
        for _ in range(EPOCH):
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
            optimizer.step()
        value = max(1.0, 3.0 - epoch / 2)
        scheduler.report(val_loss=value)
        best, bad = (value, 0) if value < best else (best, bad + 1)
        if bad >= 5:
            break


def test_a_plateau_of_passo_is_stopped_too_early_in_the_same_words():
    [finding] = found(lambda: watched_by_passo(10))
    assert (finding.code, finding.where) == ("P024", "")
    assert "Plateau waits for 11 (patience=10): the rate was 0.1 to the end" in finding.seen
    assert found(lambda: watched_by_passo(2)) == []
