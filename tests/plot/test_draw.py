"""What is on the picture is what is in the Curve or the Trace, number for number."""

from __future__ import annotations

import math
import re
import threading

import pytest
from hypothesis import given, settings
from matplotlib.figure import Figure

from passo.ground.errors import PassoError
from passo.plot import draw
from passo.plot.backends import BACKENDS
from passo.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Run,
    base,
    steps,
    tokens,
    warmup_cosine,
)
from passo.schedules.curve import Curve
from passo.trace import Column, Report, Trace
from tests.trace.strategies import traces

RUN = Run(steps(100))
JUMP = Linear(0, 1, steps(40)).then(Constant(0.5))
TRACE = Trace(
    200,
    groups=("0",),
    columns=(
        Column(0, "lr", tuple(range(200)), tuple(0.1 * (1 + t) for t in range(200))),
        Column(0, "momentum", (0, 100), (0.95, 0.85)),
        Column(0, "weight_decay", (0,), (1e-4,)),
    ),
    reports=tuple(
        Report.of(t, {"train_loss": 1 / t, "val_loss": 2 / t, "val_accuracy": 0.5})
        for t in range(1, 201)
    ),
    plan={"lr": "Linear(0.1, 20)"},
)


def finite_values(trace):
    values = [value for *_, value in trace.rows()]
    values += [value for report in trace.reports for _, value in report.metrics]
    return [value for value in values if math.isfinite(value)]


def numbers(line):
    return list(line.get_xdata()), list(line.get_ydata())


def test_a_curve_is_drawn_as_it_is_with_both_sides_of_a_jump():
    curve = Curve.of(JUMP, RUN)
    ax = draw(curve)
    (line,) = ax.lines
    assert numbers(line) == (list(curve.times), list(curve.values))
    assert line.get_drawstyle() == "default"
    at = curve.times.index(40.0)
    assert line.get_ydata()[at] == 0.5
    assert line.get_ydata()[at - 1] == pytest.approx(1)


def test_a_curve_says_what_it_is():
    ax = draw(Curve.of(JUMP, RUN))
    assert ax.get_title() == "Schedule over the run"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("update (step)", "value")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [repr(JUMP)]
    ax = draw(Curve.of(JUMP, RUN, label="ramp, then half"))
    assert ax.get_title() == "ramp, then half"


def test_a_curve_over_an_open_base_and_tokens_says_its_units():
    ax = draw(warmup_cosine().curve(Run(tokens(9e9), axis="token")))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("tokens seen", "value / base")


@pytest.mark.parametrize("as_mapping", [False, True])
def test_several_curves_share_the_axes_with_a_legend(as_mapping):
    curves = {"jump": Curve.of(JUMP, RUN), "fall": Curve.of(Cosine(1, 0, steps(100)), RUN)}
    ax = draw(curves) if as_mapping else draw(*curves.values(), title="Two")
    assert [numbers(line) for line in ax.lines] == [
        (list(curve.times), list(curve.values)) for curve in curves.values()
    ]
    names = list(curves) if as_mapping else [curve.label for curve in curves.values()]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == names
    assert ax.get_title() == ("Schedules compared" if as_mapping else "Two")
    assert len({line.get_color() for line in ax.lines}) == 2


def test_many_curves_are_told_apart_by_colour_and_dash():
    ax = draw({str(k): Curve.of(Constant(k + 1.0), RUN, points=2) for k in range(20)})
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 20
    assert ax.get_legend().get_bbox_to_anchor() is not None


def test_a_trace_is_the_rate_over_what_else_moves_over_the_losses():
    ax = draw(TRACE)
    top, middle, low = ax.figure.axes
    assert ax is top
    assert [axes.get_ylabel() for axes in (top, middle, low)] == [
        "learning rate",
        "momentum",
        "loss",
    ]
    assert {axes.get_xlabel() for axes in (top, middle, low)} == {"update (step)"}
    assert numbers(top.lines[0]) == TRACE.used("lr")
    assert numbers(middle.lines[0]) == TRACE.used("momentum")
    assert [numbers(line) for line in low.lines] == [
        TRACE.series("train_loss"),
        TRACE.series("val_loss"),
    ]
    assert [text.get_text() for text in low.get_legend().get_texts()] == [
        "training loss",
        "validation loss",
    ]
    assert top.get_title() == "Learning rate and losses over 200 updates"
    assert [text.get_text() for text in top.texts] == ["lr: Linear(0.1, 20)"]
    assert top.get_shared_x_axes().joined(top, low)
    assert top.lines[0].get_drawstyle() == "steps-post"


@settings(max_examples=25)
@given(traces().filter(lambda trace: max(map(abs, finite_values(trace)), default=0) < 1e100))
def test_any_trace_is_drawn_with_its_own_numbers_or_refused(trace):
    if not any(column.updates for column in trace.columns) and not trace.losses:
        with pytest.raises(PassoError, match="nothing to draw: no values and no losses"):
            draw(trace)
        return
    axes = draw(trace).figure.axes
    drawn = [
        [(x, y) for x, y in zip(*numbers(line), strict=True) if not math.isnan(y)]
        for ax in axes
        for line in ax.lines
    ]
    for metric in trace.losses:
        clocks, values = trace.series(metric)
        pairs = zip(clocks, values, strict=True)
        assert [(x, y) for x, y in pairs if not math.isnan(y)] in drawn
    if any(column.key == "lr" and column.updates for column in trace.columns):
        column = next(each for each in trace.columns if each.key == "lr" and each.updates)
        pairs = zip(*trace.used("lr", column.group), strict=True)
        assert [(x, y) for x, y in pairs if not math.isnan(y)] in drawn


def test_groups_that_differ_get_a_line_each_and_those_that_agree_share_one():
    lr = Column(0, "lr", (0, 5), (0.1, 0.2))
    same = Trace(9, ("body", "head"), (lr, Column(1, "lr", lr.updates, lr.values)))
    assert len(draw(same).lines) == 1
    other = Trace(9, ("body", "1"), (lr, Column(1, "lr", (0,), (1.0,))))
    ax = draw(other)
    assert len(ax.lines) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["body", "group 1"]


def test_no_line_bridges_updates_that_nobody_saw():
    trace = Trace(9, ("all",), (Column(0, "lr", (0, 2, 6), (0.1, None, 0.2)),))
    x, y = numbers(draw(trace).lines[0])
    assert x == [0, 1, 2, 6, 7, 8]
    assert math.isnan(y[2])
    assert y[:2] + y[3:] == [0.1, 0.1, 0.2, 0.2, 0.2]


def test_a_loss_that_is_not_finite_is_said():
    reports = [Report.of(k, {"loss": v}) for k, v in enumerate([1.0, 9.0, math.inf, math.nan])]
    trace = Trace(4, ("all",), (Column(0, "lr", (0,), (0.1,)),), tuple(reports))
    low = draw(trace).figure.axes[-1]
    assert [text.get_text() for text in low.get_legend().get_texts()] == [
        "loss (not finite from update 2)"
    ]


@pytest.mark.parametrize(
    ("schedule", "scale"),
    [
        (Exponential(0.1, 0.9), "log"),
        (Cosine(1, 1e-9, steps(100)), "linear"),
        (Linear(0, 1, steps(100)), "linear"),
        (Constant(0.1), "linear"),
    ],
)
def test_the_scale_is_log_where_much_of_a_curve_is_low(schedule, scale):
    assert draw(schedule.curve(RUN)).get_yscale() == scale


def test_a_given_ax_is_used_and_split():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert draw(TRACE, ax=left) is left
    assert draw(Curve.of(JUMP, RUN), ax=right) is right
    assert len(figure.axes) == 4


def test_drawing_touches_no_pyplot_and_works_in_threads():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    made = []
    threads = [threading.Thread(target=lambda: made.append(draw(TRACE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert pyplot.get_fignums() == before


*FIRST, LAST = BACKENDS
NEED = (
    "draw needs a Curve, several, a mapping of label to Curve, a Trace, RangeTest, Explanation, "
    "Prediction or Comparison; "
    "write schedule.curve(run) for a schedule, poster({...}) for several traces"
)


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda: draw(JUMP), f"{NEED}; got Then"),
        (lambda: draw(TRACE, TRACE), f"{NEED}; got Trace"),
        (lambda: draw({}), f"{NEED}; got {{}}"),
        (
            lambda: draw(TRACE, backend="bokeh"),
            f"'backend' is {', '.join(map(repr, FIRST))} or {LAST!r}, got 'bokeh'",
        ),
        (
            lambda: draw(TRACE, ax=Figure().subplots(), width=3),
            "'ax' has a library and a size of its own; leave out backend, width, height",
        ),
        (
            lambda: draw(TRACE, ax=Figure().add_axes((0, 0, 1, 1))),
            (
                "a picture of several panels needs an 'ax' that can be split; "
                "write ax=figure.add_subplot()"
            ),
        ),
        (
            lambda: draw(
                JUMP.curve(RUN), JUMP.curve(Run(steps(100), tokens_per_step=9, axis="token"))
            ),
            (
                "curves on one picture need one unit and one kind of value, got the axes "
                "['step', 'token']; draw them one by one"
            ),
        ),
        (
            lambda: draw(JUMP.curve(RUN), (base * JUMP).curve(RUN)),
            (
                "curves on one picture need one unit and one kind of value, got the kinds of "
                "value ['absolute', 'relative']; draw them one by one"
            ),
        ),
        (
            lambda: draw(Trace(5)),
            "the trace has nothing to draw: no values and no losses",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(ask, text):
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        ask()


# -- a branch and its trunk

BRANCH = Linear(0, 1, steps(100)).then(Constant(1)).cooldown(steps(600), steps(200))


def test_a_schedule_with_a_cooldown_is_drawn_with_the_trunk_that_it_left():
    ax = draw(BRANCH.curve(Run(steps(1000))))
    branch, trunk = ax.get_lines()
    assert (branch.get_label(), trunk.get_label()) == ("the branch", "the trunk, had it gone on")
    assert trunk.get_linestyle() == "--"
    assert trunk.get_linewidth() < branch.get_linewidth()
    assert (min(trunk.get_xdata()), max(trunk.get_xdata())) == (600, 1000)
    assert set(trunk.get_ydata()) == {1.0}
    assert dict(zip(branch.get_xdata(), branch.get_ydata(), strict=True))[800.0] == 0.0
    assert [each.get_text() for each in ax.get_legend().get_texts()] == [
        "the branch",
        "the trunk, had it gone on",
    ]
    notes = [each.get_text() for each in ax.texts]
    assert notes == [repr(BRANCH)]


def test_a_trunk_of_open_base_is_drawn_in_multiples_of_it():
    curve = (base * BRANCH.part).cooldown(steps(600), steps(200)).curve(Run(steps(1000)))
    _, trunk = draw(curve).get_lines()
    assert set(trunk.get_ydata()) == {1.0}


def test_a_narrow_picture_gives_its_room_to_the_axes_and_not_to_the_note():
    ax = draw(BRANCH.curve(Run(steps(1000))), width=4.2, height=3.2)
    ax.figure.canvas.draw()
    assert ax.get_position().width > 0.7
    (note,) = ax.texts
    assert note.get_window_extent().x1 <= ax.figure.bbox.x1
    assert note.get_text().endswith("steps(200))")


def test_the_terminal_and_plotly_name_the_trunk_too():
    curve = BRANCH.curve(Run(steps(1000)))
    shown = draw(curve, backend="terminal", width=80)
    assert "⠉ the branch   · the trunk, had it gone on" in shown
    assert any(line.endswith("····│") for line in shown.splitlines())
    figure = draw(curve, backend="plotly")
    assert [(each.name, each.line.dash) for each in figure.data] == [
        ("the branch", "solid"),
        ("the trunk, had it gone on", "dash"),
    ]


def test_several_curves_are_drawn_without_their_trunks():
    run = Run(steps(1000))
    ax = draw({"trunk": BRANCH.part.curve(run), "branch": BRANCH.curve(run)})
    assert [each.get_label() for each in ax.get_lines()] == ["trunk", "branch"]
