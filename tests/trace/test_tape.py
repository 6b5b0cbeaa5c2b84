"""A column in bounded room."""

from __future__ import annotations

import math

import pytest

from passo.trace import Bucket, Column, Tape, Trace, TraceWriter


def recorded(updates, exact, value):
    tape = Tape(0, "lr", exact)
    for update in range(updates):
        tape.put(update, value(update))
    return tape.column()


def test_a_constant_costs_nothing():
    column = recorded(10_000, 100, lambda t: 0.1 if t < 5000 else 0.01)
    assert (column.updates, column.values, column.coarse) == ((0, 5000), (0.1, 0.01), ())


def test_what_changes_always_keeps_its_tail_and_buckets():
    column = recorded(50_000, 1000, float)
    assert 1000 <= len(column.updates) <= 2000
    assert len(column.coarse) <= 4096 + 2000
    assert column.values[-1] == 49_999.0
    assert column.begin == column.updates[0]
    assert column.coarse[0].begin == 0
    covered = sum(each.end - each.begin for each in column.coarse)
    assert covered == column.begin
    mean = math.fsum(each.mean * (each.end - each.begin) for each in column.coarse) / covered
    assert mean == pytest.approx((covered - 1) / 2)
    assert all(each.low <= each.mean <= each.high for each in column.coarse)


def test_the_trace_says_what_it_knows_exactly(tmp_path):
    column = recorded(5000, 1000, float)
    trace = Trace(5000, ("all",), (column,))
    assert not trace.exact(0)
    assert trace.exact(4999)
    assert trace.used()[0][0] == column.begin
    trace.write(tmp_path / "t.jsonl")
    assert Trace.load(tmp_path / "t.jsonl") == trace


def test_a_cut_trace_keeps_whole_buckets():
    column = Column(0, "lr", (8,), (0.5,), (Bucket(0, 4, 0.1, 0.2, 0.3), Bucket(4, 8, 0, 0, 0)))
    cut = Trace(10, ("all",), (column,)).until(5).columns[0]
    assert cut.coarse == (Bucket(0, 4, 0.1, 0.2, 0.3),)


def test_a_file_of_very_many_changes_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr("passo.trace.tape.EXACT", 1000)
    path = tmp_path / "t.jsonl"
    with TraceWriter(path, [(0, "lr"), (0, "momentum")]) as writer:
        for t in range(20_000):
            writer.update(t, [t / 7, 0.9])
            if t % 5000 == 0:
                writer.event(t + 1, "mark")
    trace = Trace.load(path)
    assert trace.complete
    assert path.stat().st_size < 600_000
    assert len(trace.events) == 4
    assert trace.value(19_999) == 19_999 / 7
    assert trace.column("momentum").updates == (0,)
    assert not trace.exact(0)
    assert trace.exact(19_000)


def test_a_frame_needs_pandas(monkeypatch):
    trace = Trace(2, ("all",), (Column(0, "lr", (0,), (0.1,)),))
    try:
        frame = trace.frame()
    except ValueError as error:
        assert str(error) == "frame needs pandas; write pip install pandas, or rows()"  # noqa: PT017
    else:
        assert list(frame["value"]) == [0.1, 0.1]
