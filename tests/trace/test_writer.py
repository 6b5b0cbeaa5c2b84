"""The writer: what it saw is in the file, however the run ends."""

from __future__ import annotations

import math
import re
from itertools import count

import pytest
from hypothesis import given

from passo import Linear, steps
from passo.ground.errors import PassoError
from passo.trace import Column, Event, Report, Trace, TraceWriter
from passo.trace import sink as sinks
from tests.trace.strategies import runs


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trace.jsonl"


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    return (folder / f"{n}.jsonl" for n in count())


def played(writer, width, deeds):
    """Plays the deeds to a writer, and answers with what must be read back."""
    clock, last, rows, reports, events = 0, [None] * width, [], [], []
    for kind, what in deeds:
        if kind in ("update", "again"):
            last = what if kind == "update" else last
            for _ in range(1 if kind == "update" else what):
                writer.update(clock, list(last))
                rows += [
                    (clock, 0, f"k{i}", value) for i, value in enumerate(last) if value is not None
                ]
                clock += 1
        elif kind == "skip":
            clock += what
        elif kind == "report":
            writer.report(clock, what)
            reports.append(Report.of(clock, what))
        else:
            writer.event(clock, "it", what)
            events.append(Event(clock, "it", what))
    return rows, tuple(reports), tuple(events)


@given(run=runs())
def test_the_file_holds_what_the_writer_saw(names, run):
    width, deeds = run
    path = next(names)
    with TraceWriter(path, [(0, f"k{i}") for i in range(width)]) as writer:
        rows, reports, events = played(writer, width, deeds)
    trace = Trace.load(path)
    assert [(t, k, v) for t, _, k, v in trace.rows()] == [
        (t, k, math.nan if math.isnan(v) else v) for t, _, k, v in rows
    ]
    assert (trace.reports, trace.events, trace.complete) == (reports, events, True)
    assert trace.updates == writer.clock


def test_constants_cost_nothing(path):
    with TraceWriter(path, [(0, "lr"), (0, "momentum")]) as writer:
        for t in range(1000):
            writer.update(t, [0.1, float("nan")])
    assert path.read_text("utf-8").splitlines()[1:] == [
        '{"update":0,"used":{"0.lr":0.1,"0.momentum":"nan"}}',
        '{"clock":1000,"end":true}',
    ]


def test_an_update_without_any_value_counts(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.update(0, [0.1])
        writer.update(1, [None])
        writer.flush()
        assert Trace.load(path).updates == 2


def test_a_gap_is_no_update(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.update(0, [0.1])
        writer.report(5, {})
    lines = path.read_bytes().splitlines(keepends=True)
    assert lines[2:4] == [
        b'{"update":1,"used":{"0.lr":null}}\n',
        b'{"clock":5,"report":{}}\n',
    ]
    path.write_bytes(b"".join(lines[:3]))
    assert Trace.load(path).updates == 1


def test_the_header_says_plan_run_groups_and_meta(path):
    with TraceWriter(
        path,
        [(1, "lr"), (None, "batch_size")],
        groups=["body", "head"],
        plan={"lr": "Constant(1)"},
        run="Run(steps(5))",
        meta={"seed": 1},
    ) as writer:
        writer.update(0, [0.1, 32])
    assert Trace.load(path) == Trace(
        1,
        ("body", "head"),
        (Column(1, "lr", (0,), (0.1,)), Column(None, "batch_size", (0,), (32.0,))),
        plan={"lr": "Constant(1)"},
        run="Run(steps(5))",
        meta={"seed": 1},
    )


def test_a_list_that_is_changed_in_place_is_seen_to_change(path):
    values = [0.1]
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t in range(3):
            values[0] = 0.1 * t
            writer.update(t, values)
    assert Trace.load(path).used() == ([0, 1, 2], [0.0, 0.1, 0.2])


def test_a_group_that_joins_gets_columns_of_its_own(path):
    with TraceWriter(path, [(0, "lr")], groups=["body"]) as writer:
        writer.update(0, [0.1])
        assert writer.add_group("head", ["lr"]) == 1
        assert writer.columns == ((0, "lr"), (1, "lr"))
        writer.update(1, [0.1, 0.5])
    trace = Trace.load(path)
    assert trace.groups == ("body", "head")
    assert trace.used("lr", "head") == ([1], [0.5])
    assert trace.used("lr", "body") == ([0, 1], [0.1, 0.1])


def test_an_unclosed_writer_closes_when_it_goes(path):
    writer = TraceWriter(path, [(0, "lr")])
    writer.update(0, [0.1])
    del writer
    assert Trace.load(path).complete


def test_a_second_close_does_nothing(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.close()
    assert path.read_text("utf-8").count("end") == 1


def test_reports_and_events_reach_the_file_at_once(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.update(0, [0.1])
        writer.report(1, {"loss": 0.5})
        assert Trace.load(path).series("loss") == ([1], [0.5])
        writer.event(1, "load")
        assert Trace.load(path).events == (Event(1, "load"),)
        assert not Trace.load(path).complete


def test_lines_reach_the_file_every_half_second(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(sinks, "monotonic", lambda: now[0])
    monkeypatch.setattr("passo.trace.writer.monotonic", lambda: now[0])
    with TraceWriter(path, [(0, "lr")]) as writer:
        for t in range(2000):
            writer.update(t, [0.1])
        assert Trace.load(path).updates == 0
        now[0] = 0.51
        writer.update(2000, [0.1])
        assert Trace.load(path).updates == 2001
        now[0] = 1.02
        writer.update(2001, [0.1])  # not a thousandth further: no line for it
        assert Trace.load(path).updates == 2001
        writer.flush()
        assert Trace.load(path).updates == 2002


def test_updates_that_were_reached_used_what_the_last_one_did(path):
    with TraceWriter(path, [(0, "lr"), (0, "momentum")]) as writer:
        writer.update(0, [0.1, 0.9])
        writer.reach(5)
        writer.event(5, "load")
        writer.update(5, [0.2, 0.9])
        writer.reach(3)  # not back
    assert Trace.load(path).used("lr") == ([0, 1, 2, 3, 4, 5], [0.1] * 5 + [0.2])


def test_a_stretch_of_a_plan_ends_where_updates_that_were_reached_left_it(path):
    plan = Linear(1, 1, steps(4)).then(Linear(1, 0, steps(4)))
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.follow(0, plan)
        writer.update(0, [0.5])
        writer.update(1, [1.0])
        writer.reach(8)
    assert Trace.load(path).used("lr")[1] == [0.5] + [1.0] * 7


def test_what_goes_on_is_read_as_it_was_told_last(path):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.so_far(0, "advance", [{"hits": 1}], "a")
        writer.so_far(0, "epoch", [{"hits": 1}], "b")
        writer.reach(3)
        writer.so_far(3, "advance", [{"hits": 3}, {"hits": 1}], "a")
        writer.flush()
        told = [(each.kind, each.clock, each.detail["hits"]) for each in Trace.load(path).events]
        assert told == [("epoch", 0, 1), ("advance", 3, 3), ("advance", 3, 1)]
        writer.event(4, "advance", {"hits": 5}, stands="a")
    told = [(each.kind, each.clock, each.detail["hits"]) for each in Trace.load(path).events]
    assert told == [("epoch", 0, 1), ("advance", 4, 5)]


BACK = "the trace is at update 2, it cannot take one of update 1; write writer.rewind(1) to go back"


@pytest.mark.parametrize(
    ("deed", "text"),
    [
        (
            lambda w: w.update(1, [0.1]),
            BACK,
        ),
        (
            lambda w: w.report(1, {"loss": 0.1}),
            BACK,
        ),
        (
            lambda w: w.update(2, [0.1, 0.2]),
            "an update needs 1 values, for ((0, 'lr'),), got [0.1, 0.2]",
        ),
        (lambda w: w.report(2, {"loss": None}), "'loss' needs a number, got None"),
        (
            lambda w: w.event(2, "load", {"model": object}),
            "a trace holds plain JSON only, got <class 'object'>; write its repr or its parts",
        ),
        (
            lambda w: w.add_group("head", ["lr", "lr"]),
            "each column can be there once, got [(0, 'lr'), (1, 'lr'), (1, 'lr')]",
        ),
    ],
)
def test_a_wrong_deed_is_refused_and_leaves_no_mark(path, deed, text):
    with TraceWriter(path, [(0, "lr")]) as writer:
        writer.update(0, [0.1])
        writer.update(1, [0.1])
        with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
            deed(writer)
    assert Trace.load(path) == Trace(2, ("0",), (Column(0, "lr", (0,), (0.1,)),))


def test_a_closed_writer_takes_nothing(path):
    writer = TraceWriter(path, [(0, "lr")])
    writer.update(0, [0.1])
    writer.close()
    text = re.escape(f"the trace {str(path)!r} is closed")
    for deed in (
        lambda: writer.update(1, [0.1]),
        lambda: writer.report(1, {"loss": 1.0}),
        lambda: writer.event(1, "load"),
        lambda: writer.add_group("head", ["lr"]),
    ):
        with pytest.raises(PassoError, match=f"^{text}$"):
            deed()


def test_a_file_that_is_there_is_not_overwritten(path):
    path.write_text("precious", "utf-8")
    text = (
        f"{str(path)!r} is there already; write TraceWriter.resume({str(path)!r}, at_update=...) "
        "to go on, or give another file"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        TraceWriter(path, [(0, "lr")])
    assert path.read_text("utf-8") == "precious"
