"""Laws of ramped batches: each sample once, the size of the update that uses it, any kill."""

from __future__ import annotations

from functools import partial

import hypothesis.strategies as st
from hypothesis import given
from torch.utils.data import BatchSampler, SequentialSampler

from passo import Constant, Linear, Run, Schedule, Table, samples, steps
from tests.optim.batches.loops import RATE, Loop, shuffled

BY_SAMPLES = Run(samples(500), axis="sample")


def ramps(unit):
    """Sizes that grow, fall and jump, on a clock of updates or samples."""
    size = st.integers(1, 12)
    span = st.integers(1, 60)
    return st.one_of(
        size.map(Constant),
        st.builds(lambda a, b, n: Linear(a, b, unit(n)).round().clip(low=1), size, size, span),
        st.builds(
            lambda a, b, c, n: Table([(unit(0), a), (unit(n), b), (unit(2 * n), c)], kind="step"),
            size,
            size,
            size,
            span,
        ),
    )


CLOCKS = st.sampled_from([(None, steps), (BY_SAMPLES, samples)])


@st.composite
def loops(draw):
    run, unit = draw(CLOCKS)
    size = draw(st.integers(1, 40))
    return partial(
        Loop,
        draw(ramps(unit)),
        partial(shuffled, size),
        run,
        accumulate=draw(st.integers(1, 3)),
        depth=draw(st.integers(0, 7)),
    )


@given(loops(), st.booleans())
def test_each_sample_is_dealt_once_in_each_epoch(make, drop_last):
    loop = make(drop_last=drop_last)
    loop.build()
    loop.train(3)
    length = len(loop.batches.sampler)
    for dealt in loop.epochs.values():
        assert len(set(dealt)) == len(dealt)
        assert drop_last or sorted(dealt) == list(range(length))
    assert loop.batches.epoch == 3


@given(loops())
def test_each_batch_has_the_size_of_the_update_that_uses_it(make):
    loop = make()
    loop.build()
    loop.train(3)
    length, dealt = len(loop.batches.sampler), 0
    for size, window in zip(loop.planned, loop.used, strict=True):
        for batch in window:
            dealt += len(batch)
            assert len(batch) == size or (len(batch) < size and dealt % length == 0)


@given(loops(), st.integers(1, 40), st.integers(1, 40))
def test_killed_and_resumed_is_uninterrupted_batch_for_batch(make, first, second):
    whole = make()
    whole.build()
    whole.train(3)
    broken = make()
    broken.build()
    for kill in (first, first + second):
        broken.train(3, kill)
        broken.build(broken.state())
    broken.train(3)
    assert broken.used == whole.used
    assert broken.rates == whole.rates
    assert broken.epochs == whole.epochs


@given(ramps(samples), st.integers(1, 3), st.integers(0, 7))
def test_the_rate_is_the_same_function_of_samples_for_any_ramp(sizes, accumulate, depth):
    loop = Loop(sizes, partial(shuffled, 40), BY_SAMPLES, accumulate=accumulate, depth=depth)
    loop.build()
    loop.train(3)
    rate: Schedule = RATE.on(BY_SAMPLES)
    assert loop.rates == [(at, rate(at)) for at, _ in loop.rates]
    assert loop.scheduler.position == 120
    assert loop.scheduler.get_last_lr() == [rate(120)]


@given(st.integers(1, 30), st.integers(1, 9), st.booleans())
def test_a_constant_size_is_torchs_own_batch_sampler(length, size, drop_last):
    loop = Loop(Constant(size), partial(SequentialSampler, range(length)), drop_last=drop_last)
    loop.build()
    theirs = BatchSampler(SequentialSampler(range(length)), size, drop_last)
    assert len(loop.batches) == len(theirs)
    assert list(loop.batches) == list(theirs)
