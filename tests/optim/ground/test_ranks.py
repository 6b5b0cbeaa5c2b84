"""Several processes train as one: reports are reduced, and ranks that drift apart are told."""

from __future__ import annotations

import tempfile

import pytest
from torch import distributed

from passo import Linear, attach, steps
from passo.optim.scheduler import drift
from tests.optim.tools import on_ranks, said, sgd, update

TRAIN = """
from torch.nn.parallel import DistributedDataParallel
from passo import Plateau, Run, attach, base, steps, warmup_linear

torch.manual_seed(0)
model = DistributedDataParallel(torch.nn.Linear(3, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
plan = warmup_linear(peak=base, warmup=steps(5)) * Plateau("loss", factor=0.5, patience=1)
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
print(scheduler.values(), weights, scheduler.state_dict())
"""
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
NAN = """
from passo import Plateau, attach, base
from tests.optim.tools import sgd

optimizer = sgd()
scheduler = attach(optimizer, base * Plateau("loss", patience=0, factor=0.5))
scheduler.report(loss=1.0)
scheduler.report(loss=torch.tensor(float("nan")) if rank else 0.5)
print(scheduler.get_last_lr())
"""
FAR = """
import math
from passo import Trace, attach
from tests.optim.tools import sgd

scheduler = attach(sgd(), 0.5, record=f"{FOLDER}/{rank}.jsonl")
for loss in [(math.inf, -math.inf), (1.7e308, 1.7e308), (math.inf, 1.0)]:
    scheduler.report(loss=loss[rank])
print([report.metrics[0][1] for report in Trace.load(f"{FOLDER}/{rank}.jsonl").reports])
"""
WATCH = """
from passo import Linear, attach, steps
from tests.optim.tools import sgd, update

UP, DOWN = Linear(0.0, 1.0, steps(200)), Linear(1.0, 0.0, steps(200))

def train(updates, *plans, at=0, skip=0, sync=True, watch="ranks"):
    optimizers = [sgd() for _ in plans]
    schedulers = [attach(o, plan, watch=watch) for o, plan in zip(optimizers, plans)]
    for scheduler in schedulers:
        scheduler.seek(at)
    for batch in range(updates):
        for optimizer in optimizers:
            if not skip or batch % skip:
                update(optimizer)
        if sync:
            torch.distributed.all_reduce(torch.zeros(1))
    return optimizers, schedulers

"""
WATCHED = {
    "plans differ": "train(100, UP if rank else DOWN)",
    "a rank skips a tenth": "train(100, UP, skip=10 * rank)",
    "a rank is at another update": "train(100, UP, at=490 + 10 * rank)",
    "a rank stops": "train(10 if rank else 100, UP, sync=False)",
    "all is well": "train(200, UP)",
    "resumed at 490": "train(100, UP, at=490)",
    "resumed at 500": "train(100, UP, at=500)",
    "resumed at 503": "train(100, UP, at=503)",
    "off": "train(60, UP if rank else DOWN, watch=None)",
    "two at once": "train(60, UP, DOWN)",
    "one after the other": "train(60, UP); train(60, DOWN); train(60, UP)",
    "back to the start": """
(optimizer,), (scheduler,) = train(60, UP)
scheduler.seek(0)
for _ in range(60):
    update(optimizer)
""",
}
STORIES = {
    **{f"train {how}": TRAIN.replace("HOW", repr(how)) for how in ("mean", "rank0")},
    **{f"report {how}": REPORTS.replace("HOW", repr(how)) for how in ("mean", "rank0", None)},
    "names": NAMES,
    "nan": NAN,
    "far": FAR.replace("{FOLDER}", tempfile.mkdtemp()),
    **{name: WATCH + code for name, code in WATCHED.items()},
}
AFTER = ": from here on the ranks train apart"


@pytest.fixture(scope="session")
def told():
    return on_ranks(STORIES, 2)


@pytest.mark.parametrize("how", ["mean", "rank0"])
def test_ranks_whose_metrics_differ_end_with_equal_rates_and_weights(told, how):
    first, second = told[f"train {how}"]
    assert len(first) == 1
    assert first == second


@pytest.mark.parametrize(
    ("how", "rates"),
    [
        ("mean", [[1.0, 1.0, 1.0, 0.5]] * 2),
        ("rank0", [[1.0, 0.5, 0.5, 0.25]] * 2),
        (None, [[1.0, 0.5, 0.5, 0.25], [1.0, 1.0, 0.5, 0.25]]),
    ],
)
def test_a_metric_is_reduced_as_it_was_asked(told, how, rates):
    assert told[f"report {how}"] == [[str(each)] for each in rates]


def test_ranks_that_report_different_metrics_are_an_error_on_each(told):
    text = (
        "the ranks reported different metrics: accuracy, loss | accuracy, los; "
        "report the same names on each"
    )
    assert told["names"] == [[text, "1"]] * 2


def test_one_rank_that_diverged_is_seen_by_all(told):
    assert told["nan"] == [["[0.5]"]] * 2


# -- the watch


def test_ranks_whose_plans_differ_are_told_apart_once(told):
    for rank, lines in enumerate(told["plans differ"]):
        assert len(lines) == 1
        text = f"rank {1 - rank} has another plan or other values than rank {rank}, at update "
        assert lines[0].startswith(text)
        assert lines[0].endswith(AFTER)
        assert at(lines[0]) <= 100


def at(line):
    """The update that a warning names."""
    return int(line.split("update ")[1].removesuffix(AFTER))


@pytest.mark.parametrize("story", ["a rank skips a tenth", "a rank stops"])
def test_a_rank_that_falls_behind_is_told_within_a_hundred_updates(told, story):
    lines, others = told[story]
    assert len(lines) == 1
    assert lines[0].startswith("rank 1 has made fewer updates than rank 0, at update ")
    assert at(lines[0]) <= 100
    assert others == []


def test_ranks_that_begin_at_different_updates_are_told_apart(told):
    pages = told["a rank is at another update"]
    lines = [line for page in pages for line in page]
    assert lines
    assert all(len(page) <= 1 for page in pages)
    assert all(at(line) <= 600 for line in lines)


@pytest.mark.parametrize("story", [*WATCHED][4:])
def test_ranks_in_step_are_not_warned_about(told, story):
    assert told[story] == [[], []]


def test_without_other_ranks_the_watch_says_nothing():
    assert on_ranks({"alone": f"{WATCH}train(60, UP)"}, 1) == {"alone": [[]]}


class Store(dict):
    """What the processes of a group have in common, in this one."""

    def set(self, key, value):
        self[key] = value.encode()

    def get(self, key):
        return self[key]

    def delete_key(self, key):
        self.pop(key, None)

    def check(self, keys):
        return all(key in self for key in keys)


def test_a_process_that_is_alone_has_nobody_to_watch():
    optimizer = sgd()
    attach(optimizer, Linear(1.0, 0.0, steps(100)), watch="ranks")
    assert said(lambda: update(optimizer, 60)) == []


def test_what_a_rank_left_for_the_others_is_taken_out_again(monkeypatch):
    store, optimizer = Store(), sgd()
    monkeypatch.setattr(drift, "_store", lambda: store)
    monkeypatch.setattr(drift, "several", lambda: True)
    monkeypatch.setattr(distributed, "get_rank", lambda: 0)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 1)
    attach(optimizer, Linear(1.0, 0.0, steps(500)), watch="ranks")
    update(optimizer, 50)
    assert len(store) == 2
    update(optimizer, 450)
    assert 2 <= len(store) <= 4


def test_the_mean_of_metrics_beyond_all_bounds_is_what_floats_have_for_it(told):
    assert told["far"] == [["[nan, 1.7e+308, inf]"]] * 2
