"""What was planned goes over what was used: the schedule's own values, or nothing."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passo.ground.checks import brief
from passo.plot import Planned, draw, planned
from passo.schedules import (
    Constant,
    Linear,
    PassoError,
    Plateau,
    Run,
    Span,
    base,
    epochs,
    steps,
    warmup_cosine,
)
from passo.trace import Column, Event, Report, Trace

RUN = Run(epochs(10), steps_per_epoch=100)


def column(schedule, first, last, group=0, key="lr"):
    """What updates from `first` up to `last` use of a schedule."""
    changes = {}
    for t in range(first, last):
        value = schedule(float(t))
        if not changes or value != changes[max(changes)]:
            changes[t] = value
    return Column(group, key, tuple(changes), tuple(changes.values()))


def follows(schedule, bases, begin=0.0):
    return {"schedule": repr(schedule), "begin": begin, "bases": bases}


def recorded(schedule, until, bases=(0.1,), first=0, **parts):
    """The trace that `attach(..., record=...)` writes, up to an update."""
    filled = [schedule.on(RUN).with_base(each) for each in bases]
    return Trace(
        until,
        tuple(map(str, range(len(bases)))),
        tuple(column(each, first, until, k) for k, each in enumerate(filled)),
        plan={"lr": repr(schedule)},
        run=repr(RUN),
        meta={"follows": [follows(schedule, {f"{k}.lr": b for k, b in enumerate(bases)})]},
        **parts,
    )


def without_bases(trace):
    return Trace(
        trace.updates, trace.groups, trace.columns, trace.reports, plan=trace.plan, run=trace.run
    )


def is_of(line, schedule, first=0.0, last=1000.0):
    """Whether a line holds the schedule's values, over all of a run."""
    assert (line.updates[0], line.updates[-1]) == (first, last)
    assert all(a < b for a, b in zip(line.updates, line.updates[1:], strict=False))
    assert list(line.values) == [schedule(t) for t in line.updates]
    return True


COSINE = warmup_cosine()


@pytest.mark.parametrize("strip", [lambda trace: trace, without_bases])
def test_the_whole_plan_is_drawn_dashed_over_a_run_that_ended_early(strip):
    trace = strip(recorded(COSINE, 600))
    (line,) = planned(trace)
    assert line.updates[0] == 0.0
    assert line.updates[-1] == 1000.0
    filled = COSINE.on(RUN).with_base(0.1)
    assert list(line.values) == pytest.approx([filled(t) for t in line.updates], rel=1e-12)
    ax = draw(trace)
    used, dashed = ax.lines
    assert (list(used.get_xdata()), list(used.get_ydata())) == trace.used()
    assert (tuple(dashed.get_xdata()), tuple(dashed.get_ydata())) == (line.updates, line.values)
    assert (used.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
    assert dashed.get_linewidth() < used.get_linewidth()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["used", "planned"]


def test_each_group_has_its_own_base_and_the_legend_one_name():
    trace = recorded(COSINE, 600, bases=(0.1, 0.025))
    for line, rate in zip(planned(trace), (0.1, 0.025), strict=True):
        assert is_of(line, COSINE.on(RUN).with_base(rate))
    ax = draw(trace)
    assert len(ax.lines) == 4
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["group 0", "group 1", "planned"]


def test_a_field_that_was_still_to_move_has_a_panel():
    late = Constant(0.9).until(steps(800)).then(Constant(0.5))
    trace = Trace(
        600,
        ("0",),
        (column(Constant(0.1), 0, 600), column(late, 0, 600, key="momentum")),
        plan={"lr": "Constant(0.1)", "momentum": repr(late)},
        run=repr(RUN),
    )
    ax = draw(trace)
    assert [each.get_ylabel() for each in ax.figure.axes] == ["learning rate", "momentum"]
    assert planned(trace)[1].values[-1] == 0.5


def test_plotly_and_the_terminal_show_it_too():
    trace = recorded(COSINE, 600)
    used, dashed = draw(trace, backend="plotly").data
    (line,) = planned(trace)
    assert (used.name, dashed.name, dashed.line.dash) == ("used", "planned", "dash")
    assert (tuple(dashed.x), tuple(dashed.y)) == (line.updates, line.values)
    rows = draw(trace, backend="terminal").splitlines()
    assert "learning rate:   ⠉ used   · planned" in rows
    (low,) = [row for row in rows if row.lstrip().startswith("0┤")]
    assert low.rstrip("│").endswith("····")
    assert "⠉" not in low[50:]
    assert "1,000" in rows[-2]


def test_a_resumed_run_follows_the_plan_that_was_loaded():
    saved = base * Linear(1, 0)
    begun = recorded(saved, 800, bases=(0.5,), first=600)
    loaded = {"by": "load", "run": repr(RUN), "follows": [follows(saved, {"0.lr": 0.5})]}
    trace = Trace(
        800,
        begun.groups,
        begun.columns,
        events=(Event(600, "plan", loaded),),
        plan={"lr": repr(COSINE)},
        run=repr(RUN),
        meta={"follows": [follows(COSINE, {"0.lr": 0.1})]},
    )
    (line,) = planned(trace)
    assert is_of(line, saved.on(RUN).with_base(0.5))


def test_a_plan_that_is_changed_on_the_way_is_drawn_up_to_there():
    first, second = Constant(0.1), Linear(0.2, 0, steps(1000))
    other = {"by": "load", "run": repr(RUN), "follows": [follows(second, {"0.lr": 1.0})]}
    one, two = column(first, 0, 300), column(second, 300, 500)
    trace = Trace(
        500,
        ("0",),
        (Column(0, "lr", one.updates + two.updates, one.values + two.values),),
        events=(Event(300, "plan", other),),
        run=repr(RUN),
        meta={"follows": [follows(first, {"0.lr": 1.0})]},
    )
    (line,) = planned(trace)
    points = list(zip(line.updates, line.values, strict=True))
    assert line.updates[-1] == 1000.0
    assert all(y == (first(x) if x < 300 else second(x)) for x, y in points)
    assert (math.nextafter(300, 0), 0.1) in points
    assert (300.0, second(300)) in points


def test_a_group_that_joins_is_planned_from_there_on_its_own_clock():
    ramp = Linear(1, 0, steps(1000)) * base
    after = [follows(ramp, {"0.lr": 1.0}), follows(ramp, {"1.lr": 2.0}, begin=400.0)]
    late = ramp.with_base(2.0)
    trace = Trace(
        600,
        ("0", "1"),
        (
            column(ramp.with_base(1.0), 0, 600),
            Column(1, "lr", tuple(range(400, 600)), tuple(late(t) for t in range(200))),
        ),
        events=(Event(400, "plan", {"by": "group", "run": repr(RUN), "follows": after}),),
        run=repr(RUN),
        meta={"follows": [follows(ramp, {"0.lr": 1.0})]},
    )
    old, new = planned(trace)
    assert is_of(Planned("lr", 0, old.updates[:1], old.values[:1]), ramp.with_base(1.0), 0.0, 0.0)
    assert (new.updates[0], new.values[0], new.updates[-1]) == (400.0, 2.0, 1000.0)
    assert [late(t - 400.0) for t in new.updates] == pytest.approx(list(new.values))


PLATEAU = base * Linear(0, 1, epochs(1)).then(Constant(1)) * Plateau("val_loss", patience=0)
REPORTS = tuple(Report.of(t, {"val_loss": 1.0, "loss": 2.0}) for t in (300, 400, 600))


def test_a_plateau_is_planned_as_far_as_its_reports_go():
    told = [(each.clock, dict(each.metrics)) for each in REPORTS]
    filled = PLATEAU.on(RUN).with_reports(told).with_base(0.1)
    trace = Trace(
        700,
        ("0",),
        (column(filled, 0, 700),),
        REPORTS,
        plan={"lr": repr(PLATEAU)},
        run=repr(RUN),
        meta={"follows": [follows(PLATEAU, {"0.lr": 0.1})]},
    )
    (line,) = planned(trace)
    assert is_of(line, filled, last=700.0)
    assert filled(699) == pytest.approx(0.001)


def test_a_plateau_with_a_past_that_the_trace_does_not_hold_is_not_planned():
    trace = recorded(PLATEAU, 700, first=600)
    assert planned(trace) == ()
    assert len(draw(trace).lines) == 1


def test_a_run_in_tokens_is_planned_over_updates():
    run = Run(Span(4000, "tokens"), tokens_per_step=40, axis="token")
    fall = Linear(1, 0)
    filled = fall.on(run)
    values = tuple(filled(run.at(t)) for t in range(50))
    trace = Trace(
        50,
        ("0",),
        (Column(0, "lr", tuple(range(50)), values),),
        plan={"lr": repr(fall)},
        run=repr(run),
    )
    (line,) = planned(trace)
    assert line.updates[-1] == 100.0
    assert all(filled(40 * x) == pytest.approx(y) for x, y in zip(line.updates, line.values))  # noqa: B905


def test_without_a_run_it_reaches_to_the_end_of_the_schedule():
    ramp = Linear(1, 0, steps(90))
    trace = Trace(30, ("0",), (column(ramp, 0, 30),), plan=repr(ramp))
    (line,) = planned(trace)
    assert is_of(line, ramp, last=90.0)


def test_a_base_is_found_although_somebody_else_wrote_some_values():
    filled = COSINE.on(RUN).with_base(0.1)
    used = [filled(float(t)) * (3.0 if 200 <= t < 300 else 1.0) for t in range(600)]
    trace = Trace(
        600,
        ("0",),
        (Column(0, "lr", tuple(range(600)), tuple(used)),),
        plan={"lr": repr(COSINE)},
        run=repr(RUN),
    )
    (line,) = planned(trace)
    assert list(line.values) == pytest.approx([filled(t) for t in line.updates], rel=1e-9)


@pytest.mark.parametrize(
    "parts",
    [
        {"plan": None},
        {"plan": {}},
        {"plan": ""},
        {"plan": {"lr": ""}},
        {"plan": {"momentum": "Constant(0.9)"}},
        {"plan": {"lr": 'Function("nobody registered this")'}},
        {"plan": {"lr": "by_group({'head': Constant(0.1)})"}},
        {"plan": {"lr": "warmup_cosine()"}},
        {"plan": {"lr": "Linear(1, 0)"}},
        {"plan": {"lr": "Linear(1, 0)"}, "run": "a long one"},
        {"plan": {"lr": "Linear(1, 0)"}, "run": "Run(epochs(3))"},
        {"plan": {"lr": "Constant(base)"}, "run": repr(RUN), "values": (0.1, 0.7, 0.3)},
        {"meta": {"follows": 3}},
        {"meta": {"follows": [{"schedule": "Constant(1)"}]}},
        {"meta": {"follows": [follows(COSINE, {"0.lr": "nan"})]}, "run": repr(RUN)},
        {"meta": {"follows": [follows(Constant(1), {"0.momentum": 1.0})]}},
        {"plan": "Constant(1)", "events": (Event(1, "plan", {}),)},
    ],
)
def test_what_cannot_be_known_is_not_drawn(parts):
    values = parts.pop("values", (0.1, 0.2, 0.4))
    trace = Trace(3, ("0",), (Column(0, "lr", (0, 1, 2), values),), **parts)
    assert planned(trace) == ()
    assert [line.get_label() for line in draw(trace).lines] == ["learning rate"]


@settings(max_examples=50)
@given(st.text(max_size=30), st.none() | st.text(max_size=30))
def test_no_text_makes_it_raise(plan, run):
    planned(Trace(1, ("0",), (Column(0, "lr", (0,), (0.1,)),), plan=plan, run=run))


# -- planned=


def test_a_curve_goes_over_a_trace_and_none_can_be_asked_for():
    trace = recorded(COSINE, 600)
    curve = Linear(0.2, 0).curve(RUN)
    _, line = draw(trace, planned={"lr": curve}).lines
    assert list(line.get_ydata()) == list(curve.values)
    assert len(draw(trace, planned=()).lines) == 1
    own = Planned("lr", 0, (0.0, 9.0), (0.1, 0.0), steps=True)
    assert draw(trace, planned=[own]).lines[1].get_drawstyle() == "steps-post"
    assert own.until(5) == Planned("lr", 0, (0.0,), (0.1,), steps=True)


CURVE = Linear(0.2, 0).curve(RUN)
WRONG = (
    "'planned' needs a Curve for a field of the trace, which has 'lr'; write "
    'planned={"lr": schedule.curve(run)}, got '
)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"lr": 3}, WRONG + "{'lr': 3}"),
        (3, WRONG + "3"),
        ([Planned("eps", 0, (), ())], WRONG + brief(Planned("eps", 0, (), ()))),
        ({"rl": CURVE}, WRONG + f"{{'rl': {brief(CURVE)}}}"),
        (
            {"lr": COSINE.curve(RUN)},
            "the base of the curve for 'lr' is open; write schedule.with_base(0.1).curve(run)",
        ),
    ],
)
def test_another_planned_is_refused_with_words(given, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        draw(recorded(COSINE, 600), planned=given)


def test_planned_over_a_curve_is_refused():
    text = "'planned' goes over what a Trace used; leave it out, or draw a Trace"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        draw(Linear(0.2, 0).curve(RUN), planned=())


def test_marks_have_room_above_what_is_drawn():
    trace = recorded(COSINE, 600)
    assert draw(trace, marks=[(300, "P009")]).get_ylim()[1] > 0.11 > draw(trace).get_ylim()[1]


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        ([(math.nan, "here")], "a mark's update must be finite, got nan"),
        ([("500", "here")], "a mark's update must be a number, got '500'"),
        ([3], "marks are pairs of an update and a name, got [3]; write [(500, 'here')]"),
    ],
)
def test_a_mark_is_an_update_and_a_name(marks, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        draw(recorded(COSINE, 600), marks=marks)
