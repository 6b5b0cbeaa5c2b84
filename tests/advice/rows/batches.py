"""What a sampler of ramped batches advises."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, RandomSampler, SequentialSampler

from passo import (
    Constant,
    Linear,
    PassoError,
    RampedBatchSampler,
    Run,
    attach,
    samples,
    steps,
    tokens,
)
from tests.advice.table import Table, Told
from tests.optim.tools import sgd, update

tried = Table(RandomSampler=RandomSampler, DistributedSampler=DistributedSampler)
DATA = range(24)


def scheduled(sizes: Any = 4, run: Run | None = None, **given: Any) -> Any:
    """A Scheduler with a batch size."""
    optimizer = sgd()
    scheduler = attach(optimizer, {"lr": 1.0}, run, values={"batch_size": sizes}, **given)
    return optimizer, scheduler


def ramped(sampler: Any = DATA, sizes: Any = 4, run: Run | None = None, **given: Any) -> Any:
    """Optimizer, Scheduler and batches."""
    optimizer, scheduler = scheduled(sizes, run)
    return optimizer, scheduler, RampedBatchSampler(sampler, scheduler, **given)


@tried("RampedBatchSampler(sampler, scheduler)")
def it_takes_a_sampler_and_a_scheduler(told: Told) -> None:
    names = {"sampler": DATA, "scheduler": scheduled()[1]}
    (made,) = told("RampedBatchSampler(sampler)", **names).put("@", **names)
    assert len(made) == 6


@tried(
    "RampedBatchSampler needs a Scheduler, got {}; write RampedBatchSampler(sampler, "
    'attach(optimizer, plan, values={"batch_size": 32}))'
)
def sizes_come_from_a_scheduler(told: Told) -> None:
    names = {"sampler": DATA, "optimizer": sgd(), "plan": {"lr": 1.0}}
    text = told(lambda: RampedBatchSampler(DATA, names["optimizer"]))  # type: ignore[arg-type]
    (made,) = text.put("@", **names)
    assert len(made) == 1


@tried("the scheduler has no value {}{}; write attach(optimizer, plan, run, values={{}: 32})")
def a_size_is_a_value(told: Told) -> None:
    names = {"optimizer": sgd(), "plan": {"lr": 1.0}, "run": None}
    scheduler = scheduled()[1]
    text = told(lambda: RampedBatchSampler(DATA, scheduler, "batch"))
    assert str(text) == (
        "the scheduler has no value 'batch'; its values are 'batch_size'; write attach(optimizer, "
        "plan, run, values={'batch': 32})"
    )
    (made,) = text.put("@", **names)
    assert len(RampedBatchSampler(DATA, made, "batch")) == 1
    assert len(RampedBatchSampler(DATA, scheduler, "batch_size")) == 6


@tried(
    "{} is a field of the param groups, and a batch size is none; write attach(optimizer, plan, "
    'run, values={"batch_size": 32})'
)
def a_size_is_no_field(told: Told) -> None:
    names = {"optimizer": sgd(), "plan": {"lr": 1.0}, "run": None}
    text = told(lambda: RampedBatchSampler(DATA, scheduled()[1], "lr"))
    assert str(text) == (
        "'lr' is a field of the param groups, and a batch size is none; write attach(optimizer, "
        'plan, run, values={"batch_size": 32})'
    )
    (made,) = text.put("@", **names)
    assert len(RampedBatchSampler(DATA, made)) == 1


@tried(
    "{} is {} at {}, and a batch has a whole number of samples, at least 1; write values={{}: {}}"
)
def a_size_is_a_whole_number(told: Told) -> None:
    for sizes in (
        Linear(0, 64, steps(10)),
        Linear(8, 3, steps(9)),
        2.5,
        -3.0,
        8 * Linear(1, 0, steps(3)),
    ):
        text = told(lambda sizes=sizes: ramped(sizes=sizes))
        (values,) = text.put("dict(@)")
        _, _, batches = ramped(sizes=values["values"]["batch_size"])
        assert sorted(sample for batch in batches for sample in batch) == list(DATA)
    assert str(text) == (
        "'batch_size' is 5.333333333333333 at update 1, and a batch has a whole number of samples, "
        "at least 1; write values={'batch_size': (8 * Linear(1, 0, steps(3))).round(8).clip(low=1)}"
    )


@tried(
    "the run is measured in tokens, and nobody said how many a sample has; write "
    "RampedBatchSampler(..., tokens_per_sample=1024), a mean will do"
)
def a_sample_has_tokens(told: Told) -> None:
    run = Run(tokens(1e6), axis="token")
    _, scheduler = scheduled(run=run)
    text = told(lambda: RampedBatchSampler(DATA, scheduler))
    names = {"sampler": DATA, "scheduler": scheduler}
    (made,) = text.put("@", fill="sampler, scheduler", **names)
    text.words("a mean will do")
    assert len(made) == 6
    assert len(RampedBatchSampler(DATA, scheduler, tokens_per_sample=17.5)) == 6


@tried(
    "tokens_per_sample={} says nothing on the axis {}; leave it out, or write "
    'Run(tokens(2e9), axis="token")'
)
def tokens_are_for_a_run_of_tokens(told: Told) -> None:
    text = told(lambda: ramped(tokens_per_sample=16))
    text.words("leave it out")
    assert len(ramped()[2]) == 6
    (run,) = text.code()
    assert len(ramped(run=eval(run, {**tried.world}), tokens_per_sample=16)[2]) == 6


@tried(
    "RampedBatchSampler needs a sampler of single samples, got {}, which has batches already; "
    "write RampedBatchSampler(RandomSampler(data), scheduler)",
    "RampedBatchSampler needs a sampler of indices, got {}, {}; write "
    "RampedBatchSampler(RandomSampler(data), scheduler)",
)
def it_takes_single_samples(told: Told) -> None:
    _, scheduler, batches = ramped()
    data = torch.utils.data.TensorDataset(torch.ones(24))
    if "single" in told.template:
        wrong = [DataLoader(data), batches, torch.utils.data.BatchSampler(DATA, 2, drop_last=False)]
    else:
        wrong = [data, iter(DATA), "data", 24, None]
    for each in wrong:
        text = told(lambda each=each: RampedBatchSampler(each, scheduler))
        (made,) = text.put("@", data=data, scheduler=scheduler)
        assert len(made) == 6


# -- states


def half(sampler: Any = DATA, updates: int = 3, **given: Any) -> Any:
    """Scheduler and batches of a loop that was killed, and their states."""
    optimizer, scheduler, batches = ramped(sampler, **given)
    for _ in batches:
        update(optimizer)
        if scheduler.clock == updates:
            break
    return scheduler, batches, scheduler.state_dict(), batches.state_dict()


def rest(batches: Any) -> list[int]:
    """What is dealt yet."""
    return [sample for batch in batches for sample in batch]


@tried(
    "the state that was loaded was made at update {}, and the scheduler stands at {}; load the "
    "scheduler's state of that moment too, or write scheduler.seek({})"
)
def both_states_are_loaded(told: Told) -> None:
    *_, moment, state = half()
    _, scheduler, batches = ramped()
    batches.load_state_dict(state)
    text = told(lambda: next(iter(batches)))
    assert str(text) == (
        "the state that was loaded was made at update 3, and the scheduler stands at 0; load the "
        "scheduler's state of that moment too, or write scheduler.seek(3)"
    )
    text.put("@", scheduler=scheduler)
    assert rest(batches) == list(range(12, 24))
    text.words("load the scheduler's state of that moment too")
    _, scheduler, batches = ramped()
    batches.load_state_dict(state)
    scheduler.load_state_dict(moment)
    assert rest(batches) == list(range(12, 24))


@tried(
    "the state that was loaded is of epoch {}, of which {} samples were used, and set_epoch said "
    "{}; begin the loop over epochs at batches.epoch, or write batches.set_epoch({})"
)
def an_epoch_is_ended_before_the_next(told: Told) -> None:
    *_, moment, state = half()
    _, scheduler, batches = ramped()
    scheduler.load_state_dict(moment)
    batches.load_state_dict(state)
    text = told(lambda: (batches.set_epoch(1), next(iter(batches))))
    assert str(text) == (
        "the state that was loaded is of epoch 0, of which 12 samples were used, and set_epoch "
        "said 1; begin the loop over epochs at batches.epoch, or write batches.set_epoch(0)"
    )
    text.put("@", batches=batches)
    assert rest(batches) == list(range(12, 24))
    text.words("begin the loop over epochs at batches.epoch")
    batches.load_state_dict(state)
    for epoch in range(batches.epoch, 1):
        batches.set_epoch(epoch)
        assert rest(batches) == list(range(12, 24))


@tried(
    "the clock stands at {}, before this epoch, which began at {}; load the state that the sampler "
    "had there, or write batches.state_dict(batches=0)"
)
def a_clock_that_went_back_takes_the_sampler_along(told: Told) -> None:
    optimizer, scheduler, batches = ramped()
    begun = batches.state_dict()
    scheduler.seek(5)
    next(iter(batches))
    scheduler.seek(0)
    text = told(batches.state_dict)
    (state,) = text.put("@", batches=batches)
    assert state["samples"] == 0
    text.words("load the state that the sampler had there")
    batches.load_state_dict(begun)
    assert rest(batches) == list(DATA)
    assert optimizer.param_groups


@tried(
    "the state is in an epoch of {}, and the sampler has {}: which are left cannot be told; give "
    "it the data and the number of processes that it had, or begin the epoch anew without this "
    "state"
)
def the_rest_is_of_the_same_data(told: Told) -> None:
    *_, moment, state = half()
    text = told(lambda: ramped(range(25))[2].load_state_dict(state))
    assert str(text).startswith(
        "the state is in an epoch of 24 samples, and the sampler has 25 samples: which are left"
    )
    text.words("give it the data", "and the number of processes that it had")
    _, scheduler, batches = ramped()
    batches.load_state_dict(state)
    scheduler.load_state_dict(moment)
    assert rest(batches) == list(range(12, 24))
    text.words("begin the epoch anew without this state")
    assert rest(ramped(range(25))[2]) == list(range(25))
    two = DistributedSampler(DATA, num_replicas=2, rank=0)
    *_, moment, state = half(two, updates=1)
    told(lambda: ramped(DistributedSampler(DATA, num_replicas=4, rank=0))[2].load_state_dict(state))


@tried(
    "the state is of a sampler with set_epoch, and this one has none; build it as it was, such as "
    "DistributedSampler(data)"
)
def a_sampler_with_epochs_stays_one(told: Told) -> None:
    def made(data: Any) -> Any:
        return DistributedSampler(data, num_replicas=1, rank=0)

    *_, state = half(made(DATA))
    text = told(lambda: ramped()[2].load_state_dict(state))
    (sampler,) = text.put("@", verb="such as", data=DATA, DistributedSampler=made)
    ramped(sampler)[2].load_state_dict(state)


@tried(
    "the state was made of a sampler that draws from {}, and this one has {}; build it as it was, "
    "generator= included"
)
def a_generator_stays_there(told: Told) -> None:
    def made() -> Any:
        return RandomSampler(DATA, generator=torch.Generator().manual_seed(1))

    *_, moment, state = half(made())
    text = told(lambda: ramped(RandomSampler(DATA))[2].load_state_dict(state))
    assert str(text) == (
        "the state was made of a sampler that draws from generator, and this one has none of its "
        "own; build it as it was, generator= included"
    )
    text.words("build it as it was, generator= included")
    _, scheduler, batches = ramped(made())
    scheduler.load_state_dict(moment)
    batches.load_state_dict(state)
    assert len(set(rest(batches))) == 12
    other = ramped(SequentialSampler(DATA))[2]
    with pytest.raises(PassoError, match="generator"):
        other.load_state_dict(state)


class Unsized:
    """A sampler that does not say how long it is."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __iter__(self) -> Any:
        return iter(range(self.length))


@tried(
    "the state was made after {} samples of an epoch, and the sampler ends after {}; give it the "
    "data that it had"
)
def an_epoch_is_as_long_as_it_was(told: Told) -> None:
    *_, moment, state = half(Unsized(24))
    _, scheduler, batches = ramped(Unsized(10))
    scheduler.load_state_dict(moment)
    batches.load_state_dict(state)
    text = told(lambda: next(iter(batches)))
    assert str(text) == (
        "the state was made after 12 samples of an epoch, and the sampler ends after 10; give it "
        "the data that it had"
    )
    text.words("give it the data that it had")
    batches.sampler.length = 24
    assert rest(batches) == list(range(12, 24))


# -- loops that go another way


def epochs(sizes: Any = 1, run: Any = None, each: int = 1, counts: int = 0, **given: Any) -> Any:
    """Two epochs of a loop that makes an update of so many batches, and counts so much of each."""
    optimizer, scheduler, batches = ramped(range(40), sizes, run, **given)
    for _ in range(2):
        for k, batch in enumerate(batches, 1):
            if counts:
                scheduler.count(samples=counts * len(batch))
            if k % each == 0:
                update(optimizer)
    return batches


@tried(
    "the last epoch made {} updates of {} batches, and accumulate={}: sizes run ahead of the plan; "
    "write accumulate={}"
)
def the_loop_accumulates_as_it_is_said(told: Told) -> None:
    text = told(lambda: epochs(each=4))
    assert str(text) == (
        "the last epoch made 10 updates of 40 batches, and accumulate=1: sizes run ahead of the "
        "plan; write accumulate=4"
    )
    assert text.put("epochs(each=4, @)", epochs=epochs)[0].accumulate == 4
    epochs()


@tried(
    "the clock moved by {} {} in the last epoch, of which {} were dealt; write "
    "scheduler.count({}={}len(batch)) for each batch"
)
def the_clock_moves_by_what_was_dealt(told: Told) -> None:
    run = Run(samples(1000), axis="sample", samples_per_step=1)
    text = told(lambda: epochs(4, run))
    assert text.startswith(
        "the clock moved by 10 samples in the last epoch, of which 40 were dealt; write "
        "scheduler.count(samples=len(batch)) for each batch\n"
    )
    scheduler = attach(sgd(), {"lr": 1.0}, run)
    text.put("@", scheduler=scheduler, batch=[1, 2])
    epochs(4, run, counts=1)
    epochs(Constant(1), run)
    told(lambda: epochs(4, run, counts=2))
