"""What traces, their files and range tests advise."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from passo import Linear, PassoError, RangeTest, attach, range_test, steps
from passo.trace import Column, Suggestion, Trace, TraceWriter
from passo.trace import range_test as range_tests
from passo.trace.format import column_of
from tests.advice.table import Table, Told
from tests.optim.tools import sgd, update

tried = Table(
    column_of=column_of,
    RangeTest=RangeTest,
    TraceWriter=TraceWriter,
    Trace=Trace,
    path="run.jsonl",
)


def written(values: tuple[float, ...] = (0.1, 0.2, 0.3), path: str = "run.jsonl") -> str:
    """A trace's file with these rates."""
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t, value in enumerate(values):
            writer.update(t, [value])
    return path


# -- the file of a trace


@tried(
    "{} does not begin with the whole header line of a trace, got {}; write attach(..., "
    "record=path) where the run is made"
)
def a_log_of_another_program_is_no_trace(told: Told) -> None:
    Path("log.jsonl").write_text('{"step": 10, "loss": 2.5}\n')
    text = told("Trace.load('log.jsonl')")
    optimizer = sgd()
    text.words("write attach(..., record=path)")
    scheduler = attach(optimizer, Linear(0.1, 0.0, steps(3)), record="run.jsonl")
    update(optimizer, 3)
    scheduler.detach()
    assert Trace.load("run.jsonl").updates == 3


@tried("a column is called such as '0.lr' or '.batch_size', got {}")
def a_column_is_called_by_its_group_and_key(told: Told) -> None:
    found = told("column_of('lr')").put("column_of(@)", verb="such as")
    assert found == [(0, "lr"), (None, "batch_size")]


@tried(
    "{} is there already; write TraceWriter.resume({}, at_update=...) to go on, or give "
    "another file",
)
def a_file_is_gone_on_with_or_left(told: Told) -> None:
    written()
    text = told("TraceWriter(path, [(0, 'lr')])")
    (writer,) = text.put("@", fill="2")
    with writer:
        writer.update(2, [0.7])
    assert Trace.load("run.jsonl").used() == ([0, 1, 2], [0.1, 0.2, 0.7])
    text.words("give another file")
    assert written(path="another.jsonl")


@tried(
    "the trace is at update {}, it cannot take one of update {}; write writer.rewind({}) to go back"
)
def a_trace_goes_back(told: Told) -> None:
    with TraceWriter("run.jsonl", [(0, "lr")]) as writer:
        for t in range(4):
            writer.update(t, [0.1])
        told(lambda: writer.update(2, [0.7]), writer=writer).put("@", writer=writer)
        writer.update(2, [0.7])
    assert Trace.load("run.jsonl").used() == ([0, 1, 2], [0.1, 0.1, 0.7])


@tried("the file's columns {} of groups {} do not fit {} of groups {}; give another file")
def another_layout_is_another_file(told: Told) -> None:
    written()
    case = "TraceWriter{}(path, {}[(0, 'momentum')])"
    told(case.format(".resume", "1, columns=")).words("give another file")
    with eval(case.format("", ""), {**tried.world, "path": "another.jsonl"}) as writer:
        writer.update(0, [0.9])
    assert Trace.load("another.jsonl").used("momentum") == ([0], [0.9])


@tried("follow needs a Schedule, got {}; write parse(text) for a text")
def what_is_followed_is_a_schedule(told: Told) -> None:
    with TraceWriter("run.jsonl", [(0, "lr")]) as writer:
        text = told("writer.follow(0, text)", writer=writer, text="Cosine(1, 0, steps(9))")
        text.put("writer.follow(0, @)")
        writer.update(0, [1.0])
    assert Trace.load("run.jsonl").used() == ([0], [1.0])


@tried("; write pip install --upgrade passo")
def only_a_newer_file_needs_a_newer_passo(told: Told) -> None:
    for load, what in ((Trace.load, "trace"), (RangeTest.load, "range test")):
        page = Path("file")
        page.write_text(json.dumps({"passo": what, "version": 2}) + "\n", "utf-8")
        text = told(lambda load=load: load("file"))
        assert int(text.quoted(r"reads version (\d+);")) < 2
        assert text.quoted(r"write pip install --upgrade (\w+)") == "passo"
        for version in (0, -1, "2", 2.0, True, None):
            page.write_text(json.dumps({"passo": what, "version": version}) + "\n", "utf-8")
            with pytest.raises(PassoError, match=r"this passo reads version 1$"):
                load("file")


# -- a trace


@tried("one group must be called {}, {} are; write its place, the groups are {}")
def a_group_is_asked_for_by_its_place(told: Told) -> None:
    columns = (Column(0, "lr", (0,), (0.1,)), Column(1, "lr", (0,), (0.2,)))
    trace = Trace(1, ("all", "all"), columns)
    text = told("trace.used('lr', group='all')", trace=trace)
    names = text.quoted(r"the groups are (.*)$").split(", ")
    assert [trace.used("lr", group=place)[1] for place in range(len(names))] == [[0.1], [0.2]]


@tried("frame needs pandas; write pip install pandas, or rows()")
def a_frame_needs_pandas(told: Told) -> None:
    trace, pandas = Trace(1, ("all",), (Column(0, "lr", (0,), (0.1,)),)), sys.modules.get("pandas")
    sys.modules["pandas"] = None  # as where it is not installed
    try:
        text = told(trace.frame)
    finally:
        del sys.modules["pandas"]
        sys.modules.update({"pandas": pandas} if pandas else {})
    text.words("pip install pandas", "rows()")
    assert list(trace.rows()) == [(0, 0, "lr", 0.1)]


# -- a range test


@tried("a range test needs values that ascend, got {}; write RangeTest(values, [losses])")
def the_values_of_a_range_test_ascend(told: Told) -> None:
    for case in ("RangeTest((), ((),))", "RangeTest((2.0, 1.0), ((1.0, 2.0),))"):
        text = told(case, values=(1.0, 2.0), losses=(0.5, 0.4))
        assert text.put("@.losses") == [(0.5, 0.4)]


@tried(
    "a range test needs a loss for each of its {} values, and repeats of at most as many, got {} "
    "losses; write RangeTest(values, [losses])"
)
def each_value_has_a_loss(told: Told) -> None:
    text = told("RangeTest(values, ((1.0,),))", values=(1.0, 2.0), losses=(0.5, 0.4))
    assert text.put("@.losses") == [(0.5, 0.4)]


@tried(
    "the file of a range test holds at most {} bytes, and these {} values with {} repeats need {}; "
    "write fewer steps=, or fewer repeats="
)
def a_range_test_that_is_too_large_for_a_file(told: Told) -> None:
    test = RangeTest(values := tuple(map(float, range(1, 100))), (values,) * 3)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(range_tests, "LARGEST", 1500)
    told(lambda: test.write("large")).words("fewer steps=", "fewer repeats=")
    RangeTest(test.ramp, test.runs[:1]).write("fewer repeats")
    RangeTest(values[:9], (values[:9],) * 3).write("fewer steps")
    monkeypatch.undo()
    assert RangeTest.load("fewer repeats").runs == test.runs[:1]


@tried(
    "the range test suggests nothing, so there is no {} rate: {} (write `if found:` before "
    "found.{})",
)
def a_refusal_is_asked_first(told: Told) -> None:
    found = Suggestion(None, None, None, 0.0, "the loss did not fall")
    for name in ("low", "best", "high"):
        text = told(f"found.{name}", found=found)
        question = text.quoted(r"write `(if .*?:)`")
        exec(f"{question} {text.quoted(r'before (found.*)[)]$')}", {"found": found})


def tested(loss: Callable[[float], float], **settings: object) -> RangeTest:
    """A range test of a network whose loss is a function of the rate that was used."""
    optimizer = sgd()

    def train_step() -> float:
        update(optimizer)
        return loss(float(optimizer.param_groups[0]["lr"]))

    return range_test(train_step, optimizer, restore=[], **{"steps": 60, **settings})


def valley(rate: float, at: float = 1e-2) -> float:
    """Falls from 2 to 1 a decade below `at`, and rises above it."""
    if rate > 10 * at:
        return 5.0
    return 2.0 - 1 / (1 + (at / 10 / rate if rate > 0 else math.inf))


def refused(told: Told, test: RangeTest) -> object:
    """The reason of a suggestion that was refused."""
    assert not test.suggestion()
    return told.of(test.suggestion().reason)


@tried("the loss was last low at a rate that is not above 0; write low=1e-7")
def a_test_of_rates_below_zero(told: Told) -> None:
    rates = tuple(-1 + k / 30 for k in range(61))
    losses = tuple(2.0 if rate < -0.5 else 1.0 if rate <= -0.1 else 9.0 for rate in rates)
    (code,) = refused(told, RangeTest(rates, (losses,))).code()
    assert eval(
        f"tested(valley, {code}, high=1.0)", {"tested": tested, "valley": valley}
    ).suggestion()


@tried(
    "the loss was last low at {}, less than ten times the lowest rate tested; write low={} or less"
)
def a_test_that_begins_too_high(told: Told) -> None:
    text = refused(told, shallow(0.05))
    low = float(text.quoted(r"write low=(\S+) or less"))
    for given in (low, low / 10):
        assert shallow(given).suggestion()


def shallow(low: float) -> RangeTest:
    """The loss has fallen at ten times the lowest rate already."""
    return tested(lambda rate: valley(rate, 0.05), low=low, high=10.0, steps=90, stop=100.0)


@tried(
    "a tenth of {}; the loss did not rise up to {}, so higher rates may do as well: write a higher "
    "high="
)
def a_test_that_ends_too_low(told: Told) -> None:
    found = tested(lambda rate: valley(rate, 1e-2), high=1e-2).suggestion()
    told.of(found.reason).words("write a higher high=")
    higher = tested(lambda rate: valley(rate, 1e-2), high=10.0).suggestion()
    assert higher.best > found.best
    assert "higher high=" not in higher.reason


@tried(
    "only {} points came before the loss diverged or the test ended, and a suggestion needs {}; "
    "write a lower low=, or more steps="
)
def a_test_of_too_few_points(told: Told) -> None:
    text = refused(told, tested(valley, steps=8))
    text.words("a lower low=", "more steps=")
    assert tested(valley, steps=60).suggestion()
    diverged = {"high": 10.0, "steps": 40}

    def loss(rate: float) -> float:
        return valley(rate, 1e-4) if rate < 1e-2 else math.inf

    refused(told, tested(loss, low=5e-3, **diverged)).words("a lower low=")
    assert tested(loss, low=1e-7, **diverged).suggestion()


@tried(
    "the loss did not fall and rose from {} on: this network is trained already, low= is too high, "
    "or the updates too few; write a lower low=, or more steps="
)
def a_test_that_only_rises(told: Told) -> None:
    def loss(rate: float) -> float:
        return valley(rate, 1e-4) if rate < 1e-3 else 2.0 + rate

    refused(told, tested(loss, low=2e-3, high=10.0)).words("a lower low=")
    assert tested(loss, low=1e-7, high=10.0).suggestion()


@tried(
    "the loss fell by {}, no more than its noise explains (a running median strays by {}); write "
    "more steps=, or larger batches"
)
def a_test_that_is_too_noisy(told: Told) -> None:
    def noisy(much: float) -> Callable[[float], float]:
        places = iter(range(10**6))
        return lambda rate: valley(rate) + much * math.sin(37.1 * next(places) ** 1.3)

    text = refused(told, tested(noisy(0.9), steps=60, high=0.1, stop=1e9))
    text.words("more steps=", "larger batches")
    assert tested(noisy(0.9), steps=600, high=0.1, stop=1e9).suggestion()
    assert tested(noisy(0.1), steps=60, high=0.1, stop=1e9).suggestion()
