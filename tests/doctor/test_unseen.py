"""What only looks like a choice, and what only looks forgotten: whole texts, and what cures."""

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR

from passo import Run, attach, base, steps, warmup_cosine
from tests.doctor.test_advice import EPOCH, found, sgd


def turns(*, every=False, rates=(0.01, 0.01), updates=(1, 1)):
    """Two networks, each with its backward pass; the script moves the rate of "the optimizers"."""
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in rates]
    pairs = zip(weights, rates, strict=True)
    first, second = (torch.optim.Adam([weight], lr=rate) for weight, rate in pairs)
    optimizers = [first, second] if every else [first]
    for t in range(30):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (1 - t / 30)
        for weight, one, times in zip(weights, (first, second), updates, strict=True):
            for _ in range(times):
                weight.square().sum().backward()
                one.step()


def test_one_that_is_not_among_the_optimizers_is_told_and_is_cured_there():
    [finding] = found(turns)
    assert finding.code == "P023"
    assert finding.seen == (
        "two Adam take turns, both built with the rate 0.01; that of one went to 0.000333 in a "
        "loop over the optimizers, while that of the other stayed for 30 updates: it is not one "
        "of them"
    )
    assert finding.why == "a part of the weights trains at a rate that nobody scheduled"
    assert finding.write == "the other one among the optimizers that the loop goes over, too"
    assert "test_unseen.py:" in finding.where
    assert found(lambda: turns(every=True)) == []


@pytest.mark.parametrize("own", [{"rates": (0.01, 0.02)}, {"updates": (1, 5)}, {"updates": (5, 1)}])
def test_one_with_a_rate_or_a_pace_of_its_own_may_stay(own):
    assert found(lambda: turns(**own)) == []


def decay(*, first, batches=EPOCH, epochs=12):
    """A linear decay whose step comes before the updates of each epoch, or after them."""
    optimizer = sgd()
    scheduler = LambdaLR(optimizer, lambda epoch: 1 - epoch / epochs)
    for _ in range(epochs):
        if first:
            scheduler.step()
        for _ in range(batches):
            optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
            optimizer.step()
        if not first:
            scheduler.step()


early = pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")


# 13: P001 hid that the whole last epoch was trained at zero
@early
@pytest.mark.parametrize("epochs", [5, 12])
def test_an_epoch_at_zero_is_told_beside_the_step_that_came_too_early(epochs):
    order, zero = found(lambda: decay(first=True, epochs=epochs))
    assert (order.code, zero.code) == ("P001", "P018")
    last, made = (epochs - 1) * EPOCH, epochs * EPOCH
    assert (
        zero.seen
        == f"{EPOCH} of {made} updates had the rate 0, those from {last} to {made - 1} in a row"
    )
    assert zero.write == (
        "the scheduler's step() after the updates and not before them, so that 0 comes after the "
        f"last update and not at update {last}"
    )
    assert found(lambda: decay(first=False, epochs=epochs)) == []


@early
def test_one_update_at_zero_is_all_that_a_step_before_each_update_brings():
    assert [each.code for each in found(lambda: decay(first=True, batches=1, epochs=60))] == [
        "P001"
    ]
    assert found(lambda: decay(first=False, batches=1, epochs=60)) == []


def two():
    """An optimizer of two groups, with gradients."""
    optimizer = sgd(groups=2)
    for group in optimizer.param_groups:
        group["params"][0].grad = torch.ones(2)
    return optimizer


def passed_over():
    """A loop over all groups passes over one of them."""
    optimizer = two()
    for t in range(60):
        for place, group in enumerate(optimizer.param_groups):
            if place == 0:
                group["lr"] = 0.1 * (1 - t / 60)
        optimizer.step()


def never_reached():
    """A loop over some of the groups never comes to one of them."""
    optimizer = two()
    for t in range(60):
        for group in optimizer.param_groups[:1]:
            group["lr"] = 0.1 * (1 - t / 60)
        optimizer.step()


def test_a_group_that_a_loop_over_all_passes_over_is_left_alone_on_purpose():
    assert found(passed_over) == []
    assert [each.code for each in found(never_reached)] == ["P010"]


def attached(*, stepped, gone=False, **options):
    """A plan on one optimizer, and a loop that steps another one, or none; or that one."""
    layer = torch.nn.Linear(2, 1)
    one, other = (torch.optim.AdamW(layer.parameters(), lr=0.1) for _ in range(2))
    scheduler = attach(one, warmup_cosine(), Run(steps(20)), **options)
    trained = {"one": one, "other": other, "none": None}[stepped]
    for _ in range(20):
        layer(torch.ones(1, 2)).square().mean().backward()
        if trained is not None:
            trained.step()
        layer.zero_grad()
    return None if gone else (one, scheduler)


HOOK = (
    "attach(...) with the optimizer whose step() the loop calls, such as the one inside, or "
    'clock="calls" and scheduler.step() after each update'
)
FORGOTTEN = "optimizer.step() after each backward(); where another optimizer is stepped, " + HOOK
CALLS = "scheduler.step() after each update, as attach(..., clock='calls') wants it"


@pytest.mark.filterwarnings("ignore:no update of AdamW was ever seen:passo.PassoWarning")
@pytest.mark.parametrize(
    ("options", "signs", "write"),
    [
        ({"stepped": "none"}, "gradients were computed", FORGOTTEN),
        ({"stepped": "other"}, "its weights changed", HOOK),
        ({"stepped": "other", "gone": True}, "its weights changed", HOOK),
        ({"stepped": "one", "clock": "calls"}, "its weights changed", CALLS),
    ],
)
def test_a_plan_whose_optimizer_never_steps_is_told_and_once(options, signs, write):
    kept = []
    [finding] = found(lambda: kept.append(attached(**options)))
    assert finding.code == "P002"
    assert finding.seen == f"no update of AdamW was ever seen, while {signs}"
    assert finding.why == "the clock stays and lr at 0, whatever is planned"
    assert finding.write == write
    assert "test_unseen.py:" in finding.where
    assert found(lambda: attached(stepped="one")) == []
    for _, scheduler in filter(None, kept):
        scheduler.detach()


def test_a_plan_that_is_attached_and_nothing_more_is_no_finding():
    def only():
        attach(sgd(), base, Run(steps(20)))

    assert found(only) == []
