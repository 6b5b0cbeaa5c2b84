"""The value: what it answers, what it refuses."""

from __future__ import annotations

import copy
import math
import pickle
import re

import pytest
from hypothesis import given

from passo.ground.errors import PassoError
from passo.trace import Column, Event, Report, Trace
from tests.trace.strategies import traces

LR = Column(0, "lr", (0, 4, 6), (0.1, None, 0.01))
TRACE = Trace(
    10,
    groups=("body", "head"),
    columns=(LR, Column(1, "lr", (5,), (0.2,)), Column(None, "batch_size", (0,), (32.0,))),
    reports=(
        Report.of(3, {"train/loss": 2.0, "accuracy": 0.1}),
        Report.of(10, {"val_loss": math.nan, "train/loss": 1.0}),
    ),
    events=(Event(5, "group", {"name": "head"}),),
)


def test_used_gives_each_update_that_has_a_value():
    assert TRACE.used() == ([0, 1, 2, 3, 6, 7, 8, 9], [0.1] * 4 + [0.01] * 4)
    assert TRACE.used("lr", "head") == ([5, 6, 7, 8, 9], [0.2] * 5)
    assert TRACE.used("batch_size", None) == (list(range(10)), [32.0] * 10)


@given(traces())
def test_rows_used_and_value_say_the_same(trace):
    rows = list(trace.rows())
    assert rows == sorted(rows, key=lambda row: row[0])
    for column in trace.columns:
        updates, used = trace.used(column.key, column.group)
        mine = [(t, v) for t, g, k, v in rows if (g, k) == (column.group, column.key)]
        assert mine == list(zip(updates, used, strict=True))
        assert [trace.value(t, column.key, column.group) for t in updates] == used


def test_series_metrics_and_losses_come_in_the_order_of_their_first_report():
    assert TRACE.metrics == ("train/loss", "accuracy", "val_loss")
    assert TRACE.losses == ("train/loss", "val_loss")
    assert TRACE.series("train/loss") == ([3, 10], [2.0, 1.0])
    assert TRACE.keys == ("lr", "batch_size")


def test_a_column_moves_when_it_had_two_values():
    assert LR.moves
    assert not Column(0, "lr", (0, 5), (0.1, None)).moves
    assert not Column(0, "lr").moves


@given(traces())
def test_a_copy_and_a_pickle_are_equal_with_nan_inside(trace):
    for other in (copy.deepcopy(trace), pickle.loads(pickle.dumps(trace))):
        assert other == trace
        assert hash(other) == hash(trace)


@given(traces())
def test_until_the_end_is_the_trace_and_until_twice_is_the_shorter(trace):
    assert trace.until(trace.updates) == trace
    half = trace.updates // 2
    assert trace.until(half).until(trace.updates) == trace.until(half)
    assert list(trace.until(half).rows()) == [row for row in trace.rows() if row[0] < half]


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (
            lambda: TRACE.used("lrr"),
            (
                "the trace has no 'lrr' of group 0; it has 'lr' of group 0, 'lr' of group 1, "
                "'batch_size' of group None"
            ),
        ),
        (lambda: Trace(3).used(), "the trace has no 'lr' of group 0; it has no columns"),
        (
            lambda: TRACE.used("lr", "tail"),
            (
                "one group must be called 'tail', 0 are; write its place, "
                "the groups are 'body', 'head'"
            ),
        ),
        (
            lambda: TRACE.value(4),
            "the trace has no 'lr' of group 0 at update 4; its clock ends at 10",
        ),
        (
            lambda: TRACE.value(10),
            "the trace has no 'lr' of group 0 at update 10; its clock ends at 10",
        ),
        (
            lambda: TRACE.value(-1),
            "the trace has no 'lr' of group 0 at update -1; its clock ends at 10",
        ),
        (
            lambda: TRACE.series("test_loss"),
            "the trace has no reports of 'test_loss'; it has 'train/loss', 'accuracy', 'val_loss'",
        ),
        (
            lambda: Trace(3).series("loss"),
            "the trace has no reports of 'loss'; it has no reports",
        ),
    ],
)
def test_a_question_without_an_answer_says_what_there_is(ask, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        ask()


BAD_COLUMN = (
    "the column 'lr' needs one value for each update, updates that ascend from 0, "
    "and only the values that differ from the one before, got "
)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Column(0, "lr", (0, 1), (0.1,)), BAD_COLUMN + "2 updates and 1 values"),
        (lambda: Column(0, "lr", (1, 1), (0.1, 0.2)), BAD_COLUMN + "update 1 after 1"),
        (lambda: Column(0, "lr", (-1,), (0.1,)), BAD_COLUMN + "update -1"),
        (lambda: Column(0, "lr", (0, 1), (0.1, 0.1)), BAD_COLUMN + "0.1 at update 1 again"),
        (
            lambda: Column(0, "lr", (0, 1), (math.nan, float("nan"))),
            BAD_COLUMN + "nan at update 1 again",
        ),
        (lambda: Column(0, "lr", (0,), (None,)), BAD_COLUMN + "None at update 0 again"),
        (lambda: Report.of(0, {"loss": "low"}), "'loss' needs a number, got 'low'"),
        (
            lambda: Event(0, "load", {"what": {1, 2}}),
            "a trace holds plain JSON only, got {1, 2}; write its repr or its parts",
        ),
        (
            lambda: Trace(4, ("all",), (Column(0, "lr", (4,), (0.1,)),)),
            "'lr' changes at update 4, but the trace has 4 updates",
        ),
        (
            lambda: Trace(4, (), (Column(0, "lr"),)),
            "'lr' is of group 0, but there are 0 groups",
        ),
        (
            lambda: Trace(4, ("all",), (Column(0, "lr"), Column(0, "lr"))),
            "each column can be there once, got [(0, 'lr'), (0, 'lr')]",
        ),
        (
            lambda: Trace(4, reports=(Report.of(3, {}), Report.of(2, {}))),
            "clocks must ascend from 0 to the trace's 4 updates, got 2 after 3",
        ),
        (
            lambda: Trace(900, reports=tuple(Report.of(t, {}) for t in (*range(500), 400))),
            "clocks must ascend from 0 to the trace's 900 updates, got 400 after 499",
        ),
        (
            lambda: Trace(4, events=(Event(-1, "load"),)),
            "clocks must ascend from 0 to the trace's 4 updates, got -1",
        ),
        (
            lambda: Trace(4, events=(Event(5, "load"),)),
            "clocks must ascend from 0 to the trace's 4 updates, got 5",
        ),
        (lambda: Trace(-1), "updates must be a whole number of at least 0, got -1"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(make, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        make()
