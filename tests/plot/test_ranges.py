"""A range test, drawn: its losses as they are, its suggestion marked, nothing marked in vain."""

from __future__ import annotations

import math

import pytest

from passo import RangeTest, draw
from passo.plot.ranges import highest, words
from passo.trace import Suggestion

FALL = (*(2.0 for _ in range(20)), *(2.0 - 0.1 * k for k in range(15)), 0.6, 5.0, 500.0, math.nan)
RATES = tuple(10 ** (k / 5 - 7) for k in range(len(FALL)))
TEST = RangeTest(RATES, (FALL,))
FLAT = RangeTest(RATES, ((2.0,) * len(FALL),))


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_the_losses_are_drawn_as_they_are_over_a_logarithmic_axis():
    ax = draw(TEST)
    raw = lines(ax)["loss of each update"]
    assert list(raw.get_xdata()) == list(TEST.values)
    assert list(raw.get_ydata())[:-1] == list(TEST.losses)[:-1]
    assert list(lines(ax)["smoothed"].get_ydata())[:-1] == list(TEST.smoothed)[:-1]
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "learning rate", "loss")
    assert ax.get_title() == "Range test: the loss over the learning rate"


def test_what_diverged_does_not_flatten_the_rest():
    assert draw(TEST).get_ylim()[1] == highest(TEST) < 4


def test_the_suggestion_and_other_rules_are_marked():
    found = TEST.suggestion()
    drawn = lines(draw(TEST))
    assert drawn[f"best {found.best:.2g}"].get_xdata()[0] == found.best
    assert drawn[f"steepest {TEST.steepest():.2g}"].get_xdata()[0] == TEST.steepest()
    assert f"valley {TEST.valley():.2g}" in drawn
    assert f"minimum {TEST.minimum():.2g}" in drawn
    texts = [text.get_text() for text in draw(TEST).get_legend().get_texts()]
    assert f"suggested {found.low:.2g} to {found.high:.2g}" in texts


def test_a_refusal_marks_nothing_and_says_why():
    ax = draw(FLAT)
    assert list(lines(ax)) == ["loss of each update", "smoothed"]
    (note,) = [text.get_text() for text in ax.texts]
    assert note == "no suggestion: the loss stayed at 2: it did not fall up to 4"


def test_repeats_are_drawn_as_their_mean_and_a_band():
    test = RangeTest(RATES, (FALL, FALL[2:]))
    texts = [text.get_text() for text in draw(test).get_legend().get_texts()]
    assert texts[:2] == ["lowest to highest repeat", texts[1]]
    assert "mean of 2 repeats" in texts


def test_a_range_that_holds_zero_has_a_plain_axis():
    ax = draw(RangeTest((0.0, 0.1, 0.2), ((1.0, 1.0, 1.0),), "weight_decay"))
    assert (ax.get_xscale(), ax.get_xlabel()) == ("linear", "weight decay")


@pytest.mark.parametrize(
    "test", [TEST, FLAT, RangeTest((0.1,), ((math.nan,),)), RangeTest((0.1,), ((1.0,),))]
)
def test_every_backend_draws_every_range_test(test):
    assert draw(test).figure
    text = draw(test, backend="terminal")
    assert text.splitlines()[0] == "Range test: the loss over the learning rate"
    figure = draw(test, backend="plotly")
    names = [trace.name for trace in figure.data]
    assert {"loss of each update", "smoothed"} <= set(names)
    assert bool(test.suggestion()) == any(name.startswith("best") for name in names)


def test_in_a_terminal_the_marks_have_names():
    text = draw(TEST, backend="terminal", width=100)
    assert f"┃ best {TEST.suggestion().best:.2g}" in text
    assert "0.001" in text


def test_words_say_the_suggestion_in_one_line():
    assert words(Suggestion(0.01, 0.05, 0.08, 0.912, "a tenth of 0.5")) == (
        "suggested: 0.05 (0.01 to 0.08), sure 0.91: a tenth of 0.5"
    )


def test_a_long_reason_stands_whole_over_its_picture():
    rates = tuple(10 ** (k / 10 - 5) for k in range(50))
    falls = [2.3 - 0.9 / (1 + (0.01 / rate) ** 2) for rate in rates[:-3]]
    losses = (*falls, 3.0, 6.0, 12.0)
    found = RangeTest(rates, (losses,))
    ax = draw(found, width=6.7, height=4.3)
    (note,) = [text for text in ax.texts if text.get_text().startswith("suggested")]
    assert note.get_text().replace("\n", " ") == words(found.suggestion())
    ax.figure.canvas.draw()
    assert note.get_window_extent().x1 <= ax.figure.bbox.x1
    assert note.get_window_extent().y1 <= ax.title.get_window_extent().y0 + 2


@pytest.mark.parametrize("width", [4, 6.7])
def test_the_names_of_marks_stand_below_the_axis_and_leave_room(width):
    ax = draw(TEST, width=width, height=4.3)
    ax.figure.canvas.draw()
    named = ax.get_legend().get_window_extent()
    assert named.y1 <= ax.xaxis.label.get_window_extent().y0 + 2
    assert ax.get_window_extent().width > 0.6 * ax.figure.bbox.width
