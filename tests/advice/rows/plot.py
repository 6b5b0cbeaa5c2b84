"""What drawing advises."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib.figure
import pytest

from passo import Constant, Linear, Run, base, rest, steps, tokens
from passo.plot import draw, poster
from passo.trace import Column, Report, Trace
from tests.advice.table import Table, Told, installed

RUN = Run(steps(10))
SCHEDULE = Linear(0.1, 0.0, rest)
TRACE = Trace(10, ("all",), (Column(0, "lr", (0, 5), (0.1, 0.01)),), (Report.of(3, {"loss": 0.5}),))
tried = Table(draw=draw, poster=poster, schedule=SCHEDULE, run=RUN, trace=TRACE)


def titled(ax: Any) -> bool:
    """Whether something was drawn."""
    return bool(ax.get_title())


@tried(
    "draw needs a Curve, several, a mapping of label to Curve, a Trace, RangeTest, Explanation, "
    "Prediction or Comparison; "
    "write schedule.curve(run) for a schedule, poster({...}) for several traces"
)
def what_is_drawn_is_a_curve_or_a_trace(told: Told) -> None:
    text = told("draw(schedule)")
    assert titled(draw(eval(text.quoted(r"write (.*) for a schedule"), dict(tried.world))))
    told("draw(trace, trace)")
    call = text.quoted(r"(poster\(\{\.\.\.\}\)) for").replace("...", "'one': trace, 'other': trace")
    assert len(eval(call, dict(tried.world)).axes) == 4


@tried("draw(trace), or draw(schedule.curve(run))")
def a_wrong_call_is_answered_with_two_right_ones(told: Told) -> None:
    assert all(map(titled, told("draw(trace, titel='A run')").put("@")))


@tried("'ax' has a library and a size of its own; leave out backend, width, height")
def axes_have_a_size(told: Told) -> None:
    figure = matplotlib.figure.Figure()
    for given in ("width=3", "height=3", "backend='plotly'"):
        told(f"draw(trace, ax=ax, {given})", ax=figure.add_subplot()).words("leave out backend")
    assert titled(draw(TRACE, ax=figure.add_subplot()))


@tried("a picture of several panels needs an 'ax' that can be split; write ax=figure.add_subplot()")
def axes_of_a_subplot_are_split(told: Told) -> None:
    figure = matplotlib.figure.Figure()
    text = told("draw(trace, ax=ax)", ax=figure.add_axes((0, 0, 1, 1)))
    assert all(map(titled, text.put("draw(trace, @)", figure=figure)))


@tried("marks are pairs of an update and a name, got {}; write [(500, 'here')]")
def a_mark_is_an_update_and_a_name(told: Told) -> None:
    assert all(map(titled, told("draw(trace, marks=[5])").put("draw(trace, marks=@)")))


@tried("'planned' goes over what a Trace used; leave it out, or draw a Trace")
def a_plan_goes_over_a_trace(told: Told) -> None:
    plan = {"lr": SCHEDULE.curve(RUN)}
    text = told("draw(schedule.curve(run), planned=plan)", plan=plan)
    text.words("leave it out", "draw a Trace")
    assert titled(draw(SCHEDULE.curve(RUN)))
    assert titled(draw(TRACE, planned=plan))


@tried("the base of the curve for {} is open; write schedule.with_base(0.1).curve(run)")
def a_plan_over_a_trace_has_a_base(told: Told) -> None:
    relative = base * SCHEDULE
    text = told("draw(trace, planned={'lr': schedule.curve(run)})", schedule=relative)
    assert all(map(titled, text.put("draw(trace, planned={'lr': @})", schedule=relative)))


@tried('; write planned={"{}": schedule.curve(run)}')
def a_plan_is_of_a_field_of_the_trace(told: Told) -> None:
    for key in ("lr", "momentum"):
        trace = Trace(10, ("all",), (Column(0, key, (0, 5), (0.1, 0.01)),))
        text = told("draw(trace, planned={'wd': schedule.curve(run)})", trace=trace)
        code = text.quoted(r"write (planned=\{.*?\}), got")
        assert titled(eval(f"draw(trace, {code})", {**tried.world, "trace": trace}))


@tried(
    "curves on one picture need one unit and one kind of value, got the {} {}; draw them one by one"
)
def curves_of_two_kinds_are_two_pictures(told: Told) -> None:
    by_tokens = Linear(0.1, 0.0, rest).curve(Run(tokens(10), tokens_per_step=1, axis="token"))
    relative = (base * Constant(1)).curve(RUN)
    for other in (by_tokens, relative):
        told("draw(schedule.curve(run), other)", other=other).words("draw them one by one")
        assert titled(draw(other))


@tried("a poster needs a trace and a column; write poster({'name': trace})")
def a_poster_has_a_trace(told: Told) -> None:
    for case in ("poster({})", "poster({'a': trace}, columns=0)"):
        (figure,) = told(case).put("@")
        assert titled(figure.axes[0])


@tried('{} needs {}, which is not installed; write pip install "{}"{}')
def drawing_needs_its_library(told: Told) -> None:
    for library, backend in (("matplotlib", None), ("plotly", "plotly"), ("plotext", "terminal")):
        monkeypatch = pytest.MonkeyPatch()
        for name in [each for each in sys.modules if each.partition(".")[0] == library]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, library, None)
        text = told(lambda b=backend: draw(TRACE, **({"backend": b} if b else {})))
        monkeypatch.undo()
        assert any(each.startswith(library) for each in installed(text))
        assert draw(TRACE, **({"backend": backend} if backend else {})) is not None
