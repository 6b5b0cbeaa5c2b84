"""Several processes train as one: reports are reduced, and ranks that drift apart are told."""

from __future__ import annotations

import pytest

from tests.optim.tools import on_ranks

TRAIN = """
from torch.nn.parallel import DistributedDataParallel
from passo import Plateau, Run, attach, base, steps, warmup_linear

torch.manual_seed(0)
model = DistributedDataParallel(torch.nn.Linear(3, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
plan = warmup_linear(base, steps(5)) * Plateau("loss", factor=0.5, patience=1)
scheduler = attach(optimizer, plan, Run(steps(40)))
torch.manual_seed(rank + 1)
for t in range(40):
    local = model(torch.randn(4, 3)).square().mean()
    local.backward()
    optimizer.step()
    optimizer.zero_grad()
    if t % 2:
        scheduler.report(loss=local, reduce=HOW)
weights = [parameter.tolist() for parameter in model.parameters()]
print(scheduler.get_last_lr(), weights, scheduler.state_dict())
"""


@pytest.mark.parametrize("how", ["mean", "rank0"])
def test_ranks_whose_metrics_differ_end_with_equal_rates_and_weights(how):
    first, second = on_ranks(TRAIN.replace("HOW", repr(how)), 2)
    assert len(first) == 1
    assert first == second


REPORTS = """
from passo import Plateau, attach, base
from tests.optim.tools import sgd

optimizer = sgd()
scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5))
seen = []
for loss in [(1.0, 3.0), (3.0, 0.5), (0.5, 1.0), (2.0, 2.0)]:
    scheduler.report({"loss": loss[rank]}, reduce=HOW)
    seen += scheduler.get_last_lr()
print(seen)
"""


@pytest.mark.parametrize(
    ("how", "rates"),
    [
        ("mean", [[1.0, 1.0, 1.0, 0.5]] * 2),
        ("rank0", [[1.0, 0.5, 0.5, 0.25]] * 2),
        (None, [[1.0, 0.5, 0.5, 0.25], [1.0, 1.0, 0.5, 0.25]]),
    ],
)
def test_a_metric_is_reduced_as_it_was_asked(how, rates):
    assert on_ranks(REPORTS.replace("HOW", repr(how)), 2) == [[str(each)] for each in rates]


NAMES = """
from passo import PassoError, attach
from tests.optim.tools import sgd, update

optimizer = sgd()
scheduler = attach(optimizer, 0.5)
try:
    scheduler.report({"loss" if rank == 0 else "los": 1.0, "accuracy": 0.5})
except PassoError as error:
    print(error)
update(optimizer)
print(scheduler.clock)
"""


def test_ranks_that_report_different_metrics_are_an_error_on_each():
    told = (
        "the ranks reported different metrics: accuracy, loss | accuracy, los; "
        "report the same names on each"
    )
    assert on_ranks(NAMES, 2) == [[told, "1"]] * 2


NAN = """
from passo import Plateau, attach, base
from tests.optim.tools import sgd

optimizer = sgd()
scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5))
scheduler.report(loss=1.0)
scheduler.report(loss=torch.tensor(float("nan")) if rank else 0.5)
print(scheduler.get_last_lr())
"""


def test_one_rank_that_diverged_is_seen_by_all():
    assert on_ranks(NAN, 2) == [["[0.5]"]] * 2


# -- the watch

WATCH = """
from passo import Linear, attach, steps
from tests.optim.tools import sgd, update

def train(updates, plan, optimizer=None):
    optimizer = optimizer or sgd()
    scheduler = attach(optimizer, plan, watch="ranks")
    for _ in range(updates):
        update(optimizer)
        torch.distributed.all_reduce(torch.zeros(1))
    return optimizer, scheduler

"""
UP, DOWN = "Linear(0.0, 1.0, steps(200))", "Linear(1.0, 0.0, steps(200))"
DRIFT = (
    "rank {} has another plan or other values than rank {}, at update 25: "
    "from here on the ranks train apart"
)


def test_ranks_whose_plans_differ_are_told_apart_once():
    told = on_ranks(f"{WATCH}train(100, {UP} if rank else {DOWN})", 2)
    assert sorted(line for lines in told for line in lines)[:1] in (
        [DRIFT.format(0, 1)],
        [DRIFT.format(1, 0)],
    )
    assert all(len(lines) <= 1 for lines in told)


def test_ranks_whose_clocks_differ_are_told_apart_within_a_hundred_updates():
    code = f"""{WATCH}
optimizer = sgd()
scheduler = attach(optimizer, {UP}, watch="ranks")
for batch in range(100):
    if rank == 0 or batch % 10:  # this rank skips a tenth of its updates
        update(optimizer)
    torch.distributed.all_reduce(torch.zeros(1))
    torch.distributed.barrier()
"""
    ahead, behind = on_ranks(code, 2)
    assert len(ahead) == 1
    assert ahead[0].startswith("rank 1 has made fewer updates than rank 0, at update ")
    assert int(ahead[0].split("update ")[1].split(":")[0]) <= 100
    assert behind == []


def test_ranks_in_step_are_not_warned_about():
    assert on_ranks(f"{WATCH}train(200, {UP})", 2) == [[], []]


def test_the_watch_is_off_by_default_and_touches_nothing():
    code = WATCH.replace(', watch="ranks"', "") + f"train(60, {UP} if rank else {DOWN})"
    assert on_ranks(code, 2) == [[], []]


def test_schedulers_of_one_process_are_not_taken_for_each_other():
    code = f"""{WATCH}
pairs = [sgd(), sgd()]
kept = [attach(o, plan, watch="ranks") for o, plan in zip(pairs, ({UP}, {DOWN}))]
for _ in range(60):
    for optimizer in pairs:
        update(optimizer)
    torch.distributed.all_reduce(torch.zeros(1))
train(60, {UP}); train(60, {DOWN})  # one experiment after the other
_, scheduler = train(60, {UP})
scheduler.seek(0)
train(60, {DOWN}, sgd())
"""
    assert on_ranks(code, 2) == [[], []]


def test_a_rank_that_stops_early_hangs_nobody():
    code = f"""{WATCH}
optimizer = sgd()
scheduler = attach(optimizer, {UP}, watch="ranks")
for _ in range(100 if rank == 0 else 10):
    update(optimizer)
print("done")
"""
    first, second = on_ranks(code, 2)
    assert first[-1] == second[-1] == "done"
    assert first[0].startswith("rank 1 has made fewer updates than rank 0, at update ")
    assert len(first) == 2


def test_without_other_ranks_the_watch_says_nothing():
    assert on_ranks(f"{WATCH}train(60, {UP})", 1) == [[]]
