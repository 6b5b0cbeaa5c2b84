"""What a law predicts, drawn: seen, predicted and the band in one picture, however narrow."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from passo import PassoError, Run, cosine_decay, percent, steps, warmup_linear, wsd
from passo.law import Law
from passo.plot import draw, png
from passo.plot.picture import BLUE, Area, Line, Panel, bounds
from tests.law.recorded import traces

RUN = Run(steps(2000))
RECORDED = traces()
SEEN = tuple(
    replace(RECORDED[name], plan={"lr": plan})
    for name, plan in (("linear", "warmup_linear()"), ("wsd20", "wsd()"))
)
LAW = Law.fit(SEEN)
MADE = LAW.predict(wsd(cooldown=percent(50)), RUN)
BEST = LAW.best(RUN)


def names(ax):
    return [each.get_text() for each in ax.get_legend().get_texts()]


def test_the_seen_the_predicted_and_the_band_are_in_one_picture():
    ax = draw(MADE, *SEEN)
    first, second, made = ax.get_lines()
    assert list(first.get_ydata()) == SEEN[0].series("val_loss")[1]
    assert list(second.get_xdata()) == SEEN[1].series("val_loss")[0]
    assert list(made.get_ydata()) == list(MADE.loss)
    assert made.get_color() == BLUE
    assert made.get_linewidth() > first.get_linewidth()
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    assert {*MADE.low, *MADE.high} <= set(corners[:, 1])
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == (
        "Predicted validation loss over 2,000 updates",
        "update (step)",
        "validation loss",
    )
    assert [each.get_text() for each in ax.texts] == ["the end is 1.782 ± 0.026"]
    assert names(ax) == [
        "band",
        "seen 1: warmup_linear()",
        "seen 2: wsd()",
        "predicted: Linear(0, base, percent(…(base, 0, percent(50)))",
    ]


def test_traces_come_one_by_one_or_as_a_list_and_may_be_left_out():
    few = [draw(MADE, *given).get_lines() for given in ((), ([],), (SEEN[0],), (list(SEEN),))]
    assert [len(each) for each in few] == [1, 1, 2, 3]
    assert draw(MADE, SEEN[0]).get_lines()[0].get_label() == "seen: warmup_linear()"
    assert draw(MADE, RECORDED["wsd40"]).get_lines()[0].get_label() == "seen"


def test_the_first_losses_do_not_flatten_the_rest_and_the_whole_band_is_seen():
    low, high = draw(MADE, *SEEN).get_ylim()
    pairs = [pair for each in SEEN for pair in zip(*each.series("val_loss"), strict=True)]
    late = [loss for clock, loss in pairs if clock >= MADE.at[0]]
    assert max(*late, *MADE.high) < high < max(SEEN[0].series("val_loss")[1])
    assert low < min(*late, *MADE.low)


def test_a_panel_with_a_top_has_room_for_what_its_areas_reach_down_to():
    line = Line("loss", (0, 1), (2.0, 1.9))
    area = Area("band", (0, 1), (1.2, 1.1), (2.2, 2.1))
    assert bounds(Panel("loss", (line,), areas=(area,), top=2.0))[0] < 1.1


def test_a_comparison_shows_the_best_and_the_last_with_their_ends():
    ax = draw(BEST, *SEEN)
    assert len(ax.get_lines()) == 6
    best, last = BEST.outcomes[0], BEST.outcomes[-1]
    assert names(ax)[0] == "band of the best"
    assert names(ax)[3] == f"{best.prediction.end:.4g}: {best.name}"
    assert names(ax)[-1].startswith(f"{last.prediction.end:.4g}: Linear(0, base,")
    assert ax.get_title() == "Predicted validation loss of 33 schedules over 2,000 updates"
    (note,) = ax.texts
    assert note.get_text() == f"{best.name} ends lowest, at 1.781 ± 0.026"
    colours = [line.get_color() for line in ax.get_lines()]
    assert len(set(colours)) == 6
    few = LAW.compare({"linear": warmup_linear(), "cosine": cosine_decay()}, RUN)
    assert [line.get_label() for line in draw(few).get_lines()] == [
        f"{each.prediction.end:.4g}: {each.name}" for each in few.outcomes
    ]


def test_a_warning_stands_under_the_title():
    (note,) = draw(LAW.predict(wsd(), Run(steps(3000)))).texts
    assert note.get_text().replace("\n", " ") == (
        "the end is 1.716 ± 0.049; 3,000 updates are 1.50 times the longest fitted run; twice as "
        "far was up to 5 % wrong"
    )


def test_the_terminal_draws_the_band_and_says_what_it_is():
    text = draw(MADE, *SEEN, backend="terminal")
    head = text.splitlines()[:6]
    assert head[0] == "Predicted validation loss over 2,000 updates"
    assert head[2:] == [
        "● seen 1: warmup_linear()",
        "× seen 2: wsd()",
        "+ predicted: Linear(0, base, percent(…(base, 0, percent(50)))",
        "░ band",
    ]
    assert text.count("░") > 40
    alone = draw(MADE, backend="terminal").splitlines()
    assert alone[3] == "░ band"


def test_plotly_fills_the_band():
    pytest.importorskip("plotly")
    figure = draw(MADE, *SEEN, backend="plotly")
    assert [each.name for each in figure.data][:2] == ["band", "band"]
    assert figure.data[1].fill == "tonexty"
    assert list(figure.data[-1].y) == list(MADE.loss)


def test_a_notebook_shows_both():
    assert png(MADE)[1:4] == png(BEST)[1:4] == b"PNG"
    assert MADE._repr_png_()[1:4] == b"PNG"


@pytest.mark.parametrize("thing", [MADE, BEST], ids=["a prediction", "a comparison"])
def test_a_picture_as_narrow_as_a_telephone_keeps_its_axes_its_title_and_all_names(thing):
    ax = draw(thing, *SEEN, width=2.8)
    ax.figure.canvas.draw()
    edge = ax.figure.bbox.x1
    assert ax.get_position().width > 0.65
    assert ax.title.get_window_extent().x1 <= edge
    assert ax.get_legend().get_window_extent().x1 <= edge
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0
    whole = [each.get_text() for each in draw(thing, *SEEN).get_legend().get_texts()]
    assert ["".join(each.split()) for each in names(ax)] == ["".join(e.split()) for e in whole]


def test_curves_and_ticks_of_a_narrow_picture_do_not_lie_on_each_other():
    run = Run(steps(2000))
    both = {"a name of a schedule that is long": wsd(peak=1), "b": wsd(peak=2)}
    ax = draw({name: each.curve(run) for name, each in both.items()}, width=2.8)
    ax.figure.canvas.draw()
    ticks = [each.get_window_extent() for each in ax.get_xticklabels() if each.get_text()]
    inside = [each for each in ticks if each.x0 >= ax.get_window_extent().x0 - each.width]
    assert all(a.x1 <= b.x0 for a, b in pairwise(inside))
    assert ax.get_legend().get_window_extent().x1 <= ax.figure.bbox.x1


def test_what_is_no_trace_is_refused_beside_a_prediction():
    with pytest.raises(PassoError) as told:
        draw(MADE, "run.jsonl")
    assert str(told.value) == (
        "beside a prediction draw shows the Traces that were seen, got 'run.jsonl'; "
        "write draw(prediction, trace)"
    )
    with pytest.raises(PassoError) as told:
        draw(MADE, replace(SEEN[0], reports=()))
    assert str(told.value) == "the trace has no reports of 'val_loss'; it has no reports"
