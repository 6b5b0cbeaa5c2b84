"""What follows a schedule is kept as that schedule, and every update keeps its exact value."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import Cosine, Function, Linear, PassoError, base, epochs, register, steps
from passo.trace import Column, Stretch, Tape, Trace, TraceWriter, tape
from passo.trace.reading import read
from passo.trace.stretch import Forecast, text_of

PLANS = (
    Linear(1.0, 0.0, steps(40)),
    Cosine(0.3, 0.01, steps(25)).then(Linear(0.01, 0.5, steps(30))),
    Linear(0.1, 0.1, steps(5)).then(Linear(0.1, 0.7, steps(60))).staircase(steps(3)),
)
ACTS = st.sampled_from(("plan", "plan", "plan", "plan", "same", "other", "gap", "nan"))
MOVES = st.tuples(ACTS, st.integers(1, 12))
FOLLOWS = st.none() | st.tuples(st.sampled_from(PLANS), st.integers(0, 3))
HISTORIES = st.lists(st.tuples(FOLLOWS, st.lists(MOVES, max_size=6)), min_size=1, max_size=5)


def played(history):
    """The values of a history by update, None where there is none, and who was followed when."""
    values, follows, plan, shift = [], {}, None, 0
    for follow, moves in history:
        if follow is not None:
            plan, shift = follow[0], max(0, len(values) - follow[1])
            follows[len(values)] = (plan, shift)
        for act, times in moves:
            for _ in range(times):
                t = len(values)
                last = values[-1] if values else None
                planned = plan(t - shift) if plan is not None else 0.25
                chosen = {"plan": planned, "same": last, "other": t / 7, "gap": None}
                values.append(chosen.get(act, math.nan))
    return values, follows


def same(found, values):
    return {t: repr(v) for t, v in found} == {
        t: repr(v) for t, v in enumerate(values) if v is not None
    }


@given(HISTORIES)
def test_a_file_says_every_value_whoever_was_followed(tmp_path_factory, history):
    values, follows = played(history)
    path = tmp_path_factory.mktemp("trace") / "t.jsonl"
    with TraceWriter(path, [(0, "lr"), (0, "momentum")]) as writer:
        for t, value in enumerate(values):
            if t in follows:
                writer.follow(0, *follows[t])
            writer.update(t, [value, 0.9])
    for trace in (Trace.load(path), Trace(*read(path, unfolded=False))):
        assert same(trace.column().known(trace.updates), values)
        known = [t for t, value in enumerate(values) if value is not None]
        assert all(repr(trace.value(t)) == repr(values[t]) for t in known)
        assert all(map(trace.exact, range(trace.updates)))
        assert pickle.loads(pickle.dumps(trace)) == trace
        trace.write(path.with_suffix(".again"))
        assert Trace(*read(path.with_suffix(".again"), unfolded=False)) == trace
    assert Trace.load(path).column().planned == ()


@given(HISTORIES, st.integers(0, 80))
def test_a_trace_is_cut_at_any_update(tmp_path_factory, history, clock):
    values, follows = played(history)
    path = tmp_path_factory.mktemp("trace") / "t.jsonl"
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t, value in enumerate(values):
            if t in follows:
                writer.follow(0, *follows[t])
            writer.update(t, [value])
        writer.rewind(min(clock, writer.clock))
        begin = writer.clock
        for t in range(begin, begin + 5):
            writer.update(t, [0.125 * (t - begin)])
    seen = [*values[:begin], *(0.125 * k for k in range(5))]
    assert same(Trace.load(path).column().known(begin + 5), seen)


@given(HISTORIES, st.integers(2, 9), st.integers(1, 9))
def test_a_tape_forgets_only_what_nobody_planned(history, exact, soon):
    values, follows = played(history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "SOON", soon)
        one = Tape(0, "lr", exact)
        for t, value in enumerate(values):
            if t in follows:
                one.follow(t, *follows[t])
            one.put(t, value)
    column = one.column()
    trace = Trace(len(values), ("all",), (column,))
    found = dict(column.known(len(values)))
    for t, value in enumerate(values):
        inside = [each for each in column.coarse if each.begin <= t < each.end]
        assert trace.exact(t) == (not inside)
        if not inside:
            assert repr(found.get(t)) == repr(value)
        elif value is not None and not math.isnan(inside[0].mean):
            assert inside[0].low <= value <= inside[0].high
    whole = [found.get(t) for t in range(len(values))]
    assert same(column.unfolded().known(len(values)), whole)


def test_a_planned_rate_of_any_length_is_exact_and_small(tmp_path):
    plan = Linear(0.0, 1e-3, steps(1000)).then(Cosine(1e-3, 1e-5, steps(399_000)))
    path, one = tmp_path / "t.jsonl", Tape(0, "lr")
    one.follow(0, plan)
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.follow(0, plan)
        for t in range(400_000):
            value = 0.5 if t == 250_000 else plan(t)
            writer.update(t, [value])
            one.put(t, value)
    assert path.stat().st_size < 20_000
    for column in (Trace.load(path).column(), one.column()):
        trace = Trace(400_000, ("all",), (column,))
        assert all(trace.value(t) == plan(t) for t in range(0, 400_000, 997))
        assert trace.value(250_000) == 0.5
        assert trace.exact(0)
        assert len(column.updates) + len(column.planned) < 25_000
        looked = column.sampled()
        points = list(zip(looked.updates, looked.values, strict=True))
        assert len(points) < 30_000
        assert {(999, plan(999)), (1000, 1e-3), (1001, plan(1001))} <= set(points)
        assert (250_000, 0.5) in points


@pytest.mark.parametrize("schedule", [base * Linear(1, 0, steps(9)), Linear(1, 0, epochs(3))])
def test_what_another_process_could_not_evaluate_is_not_followed(schedule):
    assert text_of(schedule) is None
    assert text_of(PLANS[0]) == "Linear(1, 0, steps(40))"


def test_a_function_of_this_process_is_not_followed():
    register("trace stretches")(lambda t: 0.5 * t)
    assert text_of(Function("trace stretches")) is None


def test_columns_and_stretches_that_contradict_themselves_are_refused():
    line = "Linear(1, 0, steps(4))"
    with pytest.raises(PassoError) as told:
        Stretch(4, 4, line)
    assert str(told.value) == "a stretch ends after it begins, got 4 to 4"
    with pytest.raises(PassoError):
        Stretch(0, 4, "Linear(1")
    with pytest.raises(PassoError) as told:
        Stretch(0, 4, line, math.nan)
    assert str(told.value) == "shift must be finite, got nan"
    with pytest.raises(PassoError) as told:
        Stretch(3, 4, line, 5.0)
    assert str(told.value) == (
        "the schedule of a stretch begins with it or before, got shift=5.0 for the updates from "
        "3 on"
    )
    with pytest.raises(PassoError) as told:
        Stretch(0.5, 4, line)
    assert str(told.value) == "begin must be a whole number of at least 0, got 0.5"
    with pytest.raises(PassoError) as told:
        Tape(0, "lr", exact=0)
    assert str(told.value) == "exact must be a whole number of at least 1, got 0"
    with pytest.raises(PassoError) as told:
        Column(0, "lr", (2,), (0.5,), planned=(Stretch(0, 4, line),))
    apart = "the column 'lr' needs stretches that ascend, with no change inside"
    assert str(told.value) == apart
    with pytest.raises(PassoError) as told:
        Column(0, "lr", planned=(Stretch(2, 4, line), Stretch(0, 1, line)))
    assert str(told.value) == apart
    with pytest.raises(PassoError) as told:
        Trace(9, ("all",), (Column(0, "lr", planned=(Stretch(0, 4, line),)),))
    assert str(told.value) == (
        "'lr' follows a schedule up to update 4, and nothing says what it held then; "
        "the trace has 9 updates"
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"planned":"0.lr","update":0,"schedule":"Linear(","shift":0.0}', "line 2 is not a line"),
        ('{"planned":"1.lr","update":0,"schedule":"Constant(1)","shift":0.0}', "no column is"),
        ('{"planned":"0.lr","update":0,"schedule":3,"shift":0.0}', "schedule must be a string"),
        (
            '{"planned":"0.lr","update":0,"schedule":"Constant(1)","shift":"x"}',
            "shift must be a number",
        ),
    ],
)
def test_a_line_that_plans_nothing_is_refused(tmp_path, line, why):
    path = tmp_path / "t.jsonl"
    Trace(1, ("all",), (Column(0, "lr", (0,), (0.5,)),)).write(path)
    header = path.read_text().splitlines()[0]
    path.write_text(f"{header}\n{line}\n")
    with pytest.raises(PassoError, match=why):
        Trace.load(path)


def test_a_forecast_says_nothing_before_its_schedule_begins():
    forecast = Forecast.of(PLANS[0], shift=5.0)
    assert math.isnan(forecast.says(4))
    assert forecast.says(5) == 1.0


def test_after_many_stretches_a_column_is_written_value_by_value(tmp_path, monkeypatch):
    monkeypatch.setattr("passo.trace.stretch.TIMES", 3)
    monkeypatch.setattr("passo.trace.tape.TIMES", 3)
    monkeypatch.setattr(tape, "SOON", 5)
    path, one = tmp_path / "t.jsonl", Tape(0, "lr", exact=4)
    one.follow(0, PLANS[0])
    values = [0.1 * t if t % 4 == 0 else PLANS[0](t) for t in range(40)]
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.follow(0, PLANS[0])
        for t, value in enumerate(values):
            writer.update(t, [value])
            one.put(t, value)
    column = Trace(*read(path, unfolded=False)).column()
    assert len(column.planned) == 3
    assert same(column.known(40), values)
    assert 3 <= len(one.column(folded=True).planned) <= 9


def test_what_was_there_before_a_stretch_is_told_again_after_it(tmp_path):
    path = tmp_path / "t.jsonl"
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.follow(0, PLANS[0])
        for t, value in enumerate([0.5, *map(PLANS[0], range(1, 10))]):
            writer.update(t, [value])
        writer.rewind(8)
        writer.update(8, [0.5])
    assert Trace.load(path).used()[1] == [0.5, *map(PLANS[0], range(1, 8)), 0.5]


def test_a_file_that_is_written_anew_goes_on_following(tmp_path):
    path = tmp_path / "t.jsonl"
    values = [PLANS[0](t) for t in range(20)]
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.follow(0, PLANS[0])
        for t, value in enumerate(values):
            if t == 10:
                column = Column(0, "lr", tuple(range(10)), tuple(values[:10]))
                writer.condense(Trace(10, ("0",), (column,)))
            writer.update(t, [value])
    assert Trace.load(path).used()[1] == values
    assert Trace(*read(path, unfolded=False)).column().planned[-1].begin == 10


def test_a_bucket_does_not_reach_over_a_stretch(monkeypatch):
    monkeypatch.setattr(tape, "BUCKETS", 2)
    monkeypatch.setattr(tape, "SOON", 10)
    one = Tape(0, "lr", exact=2)
    one.follow(0, PLANS[0])
    for t in range(60):
        one.put(t, PLANS[0](t) if 20 <= t < 35 else 2.0 + t)
    column = one.column(folded=True)
    assert all(column.exact(t) and column.value(t) == PLANS[0](t) for t in range(20, 35))
    assert not column.exact(19)
    assert not column.exact(36)


def test_what_cannot_be_followed_is_said(tmp_path):
    with TraceWriter(tmp_path / "t.jsonl", [(0, "lr")]) as writer:
        for given, said in (
            ((3, PLANS[0]), "there is no column 3; the columns are ((0, 'lr'),)"),
            (
                (0, "Linear(1, 0, steps(4))"),
                (
                    "follow needs a Schedule, got 'Linear(1, 0, steps(4))'"
                    "; write parse(text) for a text"
                ),
            ),
            ((0, PLANS[0], math.nan), "shift must be finite, got nan"),
        ):
            with pytest.raises(PassoError) as told:
                writer.follow(*given)
            assert str(told.value) == said
