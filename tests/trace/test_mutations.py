"""Traces and range tests that somebody else wrote: refused in words, or right. Issue 12, kind 5."""

from __future__ import annotations

import math
import random
import tracemalloc

import pytest

from passo import Linear, PassoError, steps
from passo.trace import Bucket, Column, Event, RangeTest, Report, Stretch, Trace, TraceWriter
from tests.mutations import SHARES, in_time, in_words, seeds, spoiled

PLAN = Linear(1, 0, steps(40))
FALL = (*[2.0] * 12, *[2.0 - k / 10 for k in range(15)], 0.5, 0.7, 3.0, 90.0, math.nan)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Right files: a trace of every kind of line, one that a writer wrote, range tests."""
    folder = tmp_path_factory.mktemp("right")
    lr = Column(
        0,
        "lr",
        (20, 30),
        (None, 0.5),
        (Bucket(0, 10, 0.1, 0.2, 0.3),),
        (Stretch(10, 20, repr(PLAN)),),
    )
    free = Column(None, "size", (0, 3), (math.inf, 32.0))
    reports = (Report.of(9, {"val_loss": 0.5}), Report.of(40, {"val_loss": math.nan, "acc": 1}))
    events = (Event(12, "load", {"lr before": 0.1, "deep": [{"a": [1, None, "inf"]}]}),)
    Trace(
        40, ("all", "head"), (lr, free), reports, events, {"lr": repr(PLAN)}, "Run(steps(40))"
    ).write(folder / "trace.jsonl")
    with TraceWriter(folder / "written.jsonl", [(0, "lr")], meta={"rank": 0}) as writer:
        writer.follow(0, PLAN)
        for t in range(30):
            writer.update(t, [PLAN(t)])
        writer.add_group("late", ["lr"])
        writer.update(30, [0.1, 0.2])
        writer.report(31, {"loss": 1.0})
    ramp = tuple(1e-6 * 1.5**k for k in range(len(FALL)))
    RangeTest(ramp, (FALL, FALL[:20])).write(folder / "range.json")
    return [(each, each.read_bytes()) for each in sorted(folder.iterdir())]


def look(thing):
    """All that a trace or a range test answers."""
    if isinstance(thing, RangeTest):
        named = thing.steepest(), thing.valley(), thing.minimum(), thing.tenth()
        assert all(each is None or math.isfinite(each) for each in named)
        found = thing.suggestion()
        assert not found or 0 < found.low <= found.best <= found.high < math.inf
        return len(thing.losses), thing.smoothed, thing.band
    if thing.updates < 10**5:
        list(thing.rows())
    return thing.sampled().metrics, thing.until(7), [thing.exact(k) for k in (0, 5, 39)]


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("kind", [Trace, RangeTest])
def test_a_mutation_of_a_file_is_refused_in_words_or_is_a_whole_value(share, kind, files, tmp_path):
    path, suffix = tmp_path / "mutation", ".json" if kind is RangeTest else ".jsonl"
    right = [raw for file, raw in files if file.suffix == suffix]
    refused = 0
    for seed in seeds(share):
        rng = random.Random(seed)
        path.write_bytes(spoiled(rng.choice(right), rng))
        with in_time():
            try:
                thing = kind.load(path)
            except PassoError as error:
                in_words(error, seed)
                refused += 1
                continue
            look(thing)
        thing.write(path)
        assert kind.load(path) == thing, seed
    assert refused or not seeds(share)


@pytest.mark.parametrize("what", ["null", "[", "{}", " ", '{"clock":1}\n', "1,"])
def test_a_large_file_is_refused_within_little_memory(tmp_path, what):
    path = tmp_path / "large"
    path.write_bytes(what.encode() * (30_000_000 // len(what)))
    for kind in (RangeTest, Trace):
        tracemalloc.start()
        with pytest.raises(PassoError):
            kind.load(path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 100_000_000
