"""Stories of ramped batches: orders of every kind, real workers, ranks, skipped updates."""

from __future__ import annotations

import json
import random
from functools import partial
from itertools import chain

import numpy as np
import pytest
import torch
from torch.utils.data import (
    DataLoader,
    DistributedSampler,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from passo import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    RampedBatchSampler,
    Run,
    Table,
    attach,
    base,
    samples,
    steps,
    tokens,
)
from tests.optim.batches.loops import Loop, shuffled
from tests.optim.tools import on_ranks, sgd, update

GROWS = Table([(steps(0), 2), (steps(3), 4), (steps(6), 8)], kind="step")
GROWS_WITH = Table([(samples(0), 2), (samples(10), 4), (samples(60), 8)], kind="step")


class Shuffled:
    """A sampler of one's own, by a function that shuffles a list in place."""

    def __init__(self, shuffle):
        self.shuffle = shuffle

    def __len__(self):
        return 30

    def __iter__(self):
        order = list(range(30))
        self.shuffle(order)
        return iter(order)


class Owner(Shuffled):
    """The same, with a generator in an attribute."""

    def __init__(self, generator):
        self.rng = generator
        super().__init__(generator.shuffle)


ORDERS = {
    "torch's global": lambda: RandomSampler(range(30)),
    "its own": lambda: shuffled(30),
    "with replacement": lambda: RandomSampler(
        range(30), replacement=True, generator=torch.Generator().manual_seed(3)
    ),
    "a subset": lambda: SubsetRandomSampler(range(30), torch.Generator().manual_seed(3)),
    "weighted": lambda: WeightedRandomSampler([0.1, 0.9] * 15, 30),
    "distributed": lambda: DistributedSampler(range(30), num_replicas=1, rank=0, seed=5),
    "python's global": lambda: Shuffled(random.shuffle),
    "python's own": lambda: Owner(random.Random(4)),
    "numpy's global": lambda: Shuffled(np.random.shuffle),
    "numpy's own": lambda: Owner(np.random.default_rng(4)),
    "numpy's older": lambda: Owner(np.random.RandomState(4)),
    "numpy's twister": lambda: Owner(np.random.Generator(np.random.MT19937(4))),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kill", [1, 4, 5, 7])
def test_the_order_of_the_epoch_is_brought_back(order, kill):
    seed_all()
    whole = Loop(GROWS, ORDERS[order])
    whole.build()
    whole.train(1)

    seed_all()
    broken = Loop(GROWS, ORDERS[order], depth=2)
    broken.build()
    broken.train(1, kill)
    state = broken.state()
    seed_all(99)
    broken.build(state)
    before = (random.getstate(), torch.get_rng_state().tolist())
    broken.train(1)
    assert broken.used == whole.used
    assert (random.getstate(), torch.get_rng_state().tolist()) == before


def seed_all(seed=3):
    random.seed(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (what others draw from)


@pytest.mark.parametrize("order", ["its own", "distributed", "python's own", "numpy's own"])
def test_an_order_of_its_own_goes_on_into_the_next_epochs(order):
    whole = Loop(GROWS, ORDERS[order])
    whole.build()
    whole.train(4)
    for kill in range(1, len(whole.used)):
        broken = Loop(GROWS, ORDERS[order], depth=3)
        broken.build()
        broken.train(4, kill)
        broken.build(broken.state())
        broken.train(4)
        assert broken.used == whole.used


@pytest.mark.parametrize("persistent", [True, False])
def test_workers_fetch_ahead_and_nothing_moves(persistent):
    whole = Loop(GROWS, partial(shuffled, 30))
    whole.build()
    whole.train(2)

    used, state = [], None
    for kill in (5, 10**9):
        optimizer = sgd()
        scheduler = attach(optimizer, {"lr": 1.0}, values={"batch_size": GROWS})
        batches = RampedBatchSampler(shuffled(30), scheduler)
        if state is not None:
            batches.load_state_dict(json.loads(state)[0])
            scheduler.load_state_dict(json.loads(state)[1])
        loader = DataLoader(
            list(range(30)), batch_sampler=batches, num_workers=2, persistent_workers=persistent
        )
        for epoch in range(batches.epoch, 2):
            batches.set_epoch(epoch)
            for batch in loader:
                used.append([batch.tolist()])
                update(optimizer)
                if len(used) == kill:
                    break
            if len(used) == kill:
                break
        state = json.dumps([batches.state_dict(), scheduler.state_dict()])
    assert used == whole.used


RANKS = """
from torch.utils.data import DistributedSampler
from passo import RampedBatchSampler, Run, Linear, attach, samples
from tests.optim.tools import sgd, update
from tests.optim.batches.test_ramped_resume import rank_story
for line in rank_story(rank, size):
    print(line)
"""


def rank_story(rank, size):
    """What one of several processes is dealt, killed and resumed in the second epoch."""
    state = None
    for kill in (7, 100):
        optimizer = sgd()
        sizes = Linear(1, 5, samples(60)).round().clip(low=1)
        run = Run(samples(100), axis="sample")
        scheduler = attach(optimizer, Linear(1, 0, samples(100)), run, values={"batch_size": sizes})
        sampler = DistributedSampler(range(22), num_replicas=size, rank=rank, seed=1)
        batches = RampedBatchSampler(sampler, scheduler)
        if state is not None:
            batches.load_state_dict(state[0])
            scheduler.load_state_dict(state[1])
        for epoch in range(batches.epoch, 2):
            batches.set_epoch(epoch)
            for batch in batches:
                place, lr = scheduler.position, optimizer.param_groups[0]["lr"]
                assert len(batch) == scheduler["batch_size"] or place % 22 + 2 * len(batch) == 22
                yield f"{epoch} {place:g} {lr:.12g} {batch}"
                scheduler.count(samples=size * len(batch))
                update(optimizer)
                if scheduler.clock == kill:
                    break
            if scheduler.clock == kill:
                break
        state = (batches.state_dict(), scheduler.state_dict())


def dealt(line):
    """Epoch, position, rate and samples."""
    *place, batch = line.split(" ", 3)
    return (*place, json.loads(batch))


def test_two_ranks_deal_equal_sizes_and_each_sample_once_between_them():
    ranks = on_ranks({"ramp": RANKS}, 2)["ramp"]
    rows = [[dealt(line) for line in each if line[0].isdigit()] for each in ranks]
    assert [(*r[:3], len(r[3])) for r in rows[0]] == [(*r[:3], len(r[3])) for r in rows[1]]
    for epoch in "01":
        both = [s for each in rows for r in each if r[0] == epoch for s in r[3]]
        assert sorted(both) == list(range(22))
    for _, place, lr, _ in rows[0]:
        assert float(lr) == pytest.approx(1 - float(place) / 100, abs=1e-11)
    assert len({len(r[3]) for r in rows[0]}) > 2


def ramp(sampler=range(30), sizes=GROWS, run=None, optimizer=None, plan=None, **given):
    optimizer = sgd() if optimizer is None else optimizer
    scheduler = attach(optimizer, plan or {"lr": 1.0}, run, values={"batch_size": sizes})
    return optimizer, scheduler, RampedBatchSampler(sampler, scheduler, **given)


def test_two_iterations_at_once_deal_the_same_and_do_not_disturb_each_other():
    _, _, batches = ramp()
    pairs = list(zip(batches, batches, strict=True))
    assert [a for a, _ in pairs] == [b for _, b in pairs]
    assert sorted(chain.from_iterable(a for a, _ in pairs)) == list(range(30))


def test_the_length_is_that_of_the_epoch_under_way_and_then_of_the_next():
    optimizer, _, batches = ramp()
    assert len(batches) == 3 + 3 + 2
    dealt = iter(batches)
    for k in range(8):
        assert len(batches) == 8
        assert len(next(dealt)) == [2, 2, 2, 4, 4, 4, 8, 4][k]
        update(optimizer)
    assert len(batches) == 4


def test_the_length_follows_a_fall_in_mid_epoch():
    sizes = Constant(8) * Plateau("loss", patience=0, factor=0.5)
    optimizer, scheduler, batches = ramp(sizes=sizes.round())
    dealt, seen = iter(batches), []
    assert len(batches) == 4
    seen.append(len(next(dealt)))
    assert len(batches) == 4
    update(optimizer)
    scheduler.report(loss=1.0)
    scheduler.report(loss=1.0)
    assert len(batches) == 1 + 6
    seen += [len(each) for each in dealt]
    assert seen == [8, 4, 4, 4, 4, 4, 2]


def test_after_a_load_the_length_is_that_of_the_rest():
    optimizer, scheduler, batches = ramp()
    for batch in batches:
        assert batch
        update(optimizer)
        if scheduler.clock == 4:
            break
    _, again, rest = ramp()
    again.load_state_dict(scheduler.state_dict())
    rest.load_state_dict(batches.state_dict())
    assert len(rest) == 4
    assert [len(each) for each in rest] == [4, 4, 8, 4]


def test_where_samples_are_counted_a_skipped_update_has_used_its_batch():
    run = Run(samples(300), axis="sample")
    optimizer, scheduler, batches = ramp(sizes=Constant(5), run=run)
    dealt = iter(batches)
    for k in range(4):
        scheduler.count(samples=len(next(dealt)))
        if k != 1:  # a scaler skips
            update(optimizer)
    assert (scheduler.clock, scheduler.position) == (3, 20)
    assert batches.state_dict()["samples"] == 20


def test_where_updates_are_counted_the_loop_may_say_which_batches_are_done_with():
    optimizer, scheduler, batches = ramp(sizes=Constant(5))
    dealt = iter(batches)
    for k in range(4):
        next(dealt)
        if k != 1:
            update(optimizer)
    assert scheduler.clock == 3
    assert batches.state_dict()["samples"] == 15
    assert batches.state_dict(batches=4)["samples"] == 20


def test_updates_that_overtake_the_batches_take_the_sizes_with_them():
    optimizer, scheduler, batches = ramp()
    dealt = iter(batches)
    sizes = []
    for _ in range(4):
        assert scheduler["batch_size"] == len(next(dealt))
        sizes.append(scheduler["batch_size"])
        update(optimizer, 2)  # twice on one batch
    assert sizes == [2, 2, 4, 8]


def test_a_token_clock_moves_by_the_tokens_of_each_sample():
    run = Run(tokens(4000), axis="token")
    sizes = Linear(2, 10, tokens(1600)).round(2)
    plan = Linear(1.0, 0.0, tokens(4000))
    optimizer, scheduler, batches = ramp(range(100), sizes, run, plan=plan, tokens_per_sample=16)
    for batch in list(batches)[:-1]:
        assert len(batch) == scheduler["batch_size"]
        assert optimizer.param_groups[0]["lr"] == plan.on(run)(scheduler.position)
        scheduler.count(tokens=16 * len(batch))
        update(optimizer)
    assert scheduler["batch_size"] == 10


def test_another_plan_for_the_rest_deals_each_sample_once():
    optimizer, scheduler, batches = ramp(shuffled(30))
    dealt = []
    for batch in batches:
        dealt += batch
        update(optimizer)
        if scheduler.clock == 4:
            break
    today = sgd()
    again = attach(today, {"lr": 1.0}, values={"batch_size": 7}, on_change="replace")
    rest = RampedBatchSampler(shuffled(30), again)
    again.load_state_dict(scheduler.state_dict())
    rest.load_state_dict(batches.state_dict())
    left = list(rest)
    assert [len(each) for each in left] == [7, 7, 6]
    assert sorted(chain(dealt, *left)) == list(range(30))


def test_a_state_that_is_refused_changes_nothing():
    _, scheduler, batches = ramp(shuffled(30))
    next(iter(batches))
    state = batches.state_dict()
    _, _, other = ramp(shuffled(30, seed=1))
    first = list(other)
    _, _, other = ramp(shuffled(30, seed=1))
    for change in (
        {"samples": -1},
        {"of": 31},
        {"order": {"generator": "ab"}},
        {"order": {"generator": 3}},
        {"order": {"torch": state["order"]["generator"]}},
        {"told": 3},
        {"more": 1},
    ):
        with pytest.raises(PassoError):
            other.load_state_dict({**state, **change})
    assert list(other) == first
    assert scheduler.clock == 0


def test_a_run_without_an_optimizer_has_batches_too():
    scheduler = attach(None, values={"batch_size": GROWS})
    batches, sizes = RampedBatchSampler(range(30), scheduler), []
    for batch in batches:
        assert len(batch) == scheduler["batch_size"] or sum(sizes) + len(batch) == 30
        sizes.append(len(batch))
        scheduler.step()
    assert sizes == [2, 2, 2, 4, 4, 4, 8, 4]
    assert batches.epoch == 1


def test_a_ramp_over_several_optimizers_goes_on_with_what_they_carry():
    run = Run(samples(200), axis="sample")

    def built():
        pair = [sgd(), sgd(0.5)]
        scheduler = attach(pair, base * Linear(1.0, 0.0), run, values={"batch_size": GROWS_WITH})
        return pair, scheduler, RampedBatchSampler(shuffled(60), scheduler)

    def trained(pair, scheduler, batches, most):
        found = []
        while scheduler.position < 200:
            for batch in batches:
                assert len(batch) == min(int(scheduler["batch_size"]), len(batch))
                scheduler.count(samples=len(batch))
                found.append((batch, scheduler.get_last_lr()))
                for each in pair:
                    update(each)
                if len(found) == most or scheduler.position >= 200:
                    return found
        return found

    whole = trained(*built(), 1000)
    pair, scheduler, batches = built()
    first = trained(pair, scheduler, batches, 7)
    saved = [each.state_dict() for each in pair], batches.state_dict()
    again, other, resumed = built()
    for each, state in zip(again, saved[0], strict=True):
        each.load_state_dict(state)
    resumed.load_state_dict(saved[1])
    assert first + trained(again, other, resumed, 1000) == whole
    assert {len(batch) for batch, _ in whole} >= {2, 4, 8}
