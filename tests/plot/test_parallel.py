"""Parallel coordinates: what stands at an axis, and where a value stands on it."""

from __future__ import annotations

import math

import pytest

from passo.plot.parallel import Axis, Strand, parallel
from passo.plot.picture import BLUE


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("every", 20, 200, whole=True), ["20", "50", "100", "150", "200"]),
        (Axis("factor", 0.1, 0.9), ["0.1", "0.2", "0.4", "0.6", "0.8", "0.9"]),
        (Axis("step", 3, 30_000, log=True), ["3", "10", "100", "1,000", "10,000", "30,000"]),
        (Axis("peak", 0.02, 1, log=True), ["0.02", "0.05", "0.1", "0.2", "0.5", "1"]),
        (Axis("loss", 1.23456, 1.23458), ["1.23456", "1.234565", "1.23457", "1.234575", "1.23458"]),
        (Axis("loss", 0.5, 0.5), ["0.5"]),
        (Axis("cooldown", 0, 3, whole=True), ["0", "1", "2", "3"]),
        (Axis("peak", 1e-4, 1.0, log=True), ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (Axis("warmup", choices=("percent(5)", "percent(10)")), ["percent(5)", "percent(10)"]),
    ],
)
def test_what_stands_at_an_axis_is_where_it_stands(axis, ticks):
    assert [text for _, text in axis.ticks()] == ticks
    for place, text in axis.ticks():
        value = text if axis.choices else float(text.replace(",", ""))
        assert axis.place(value) == pytest.approx(place)


def test_a_hole_that_a_run_has_not_is_a_gap_and_good_runs_are_on_top():
    assert math.isnan(Axis("peak").place(None))
    strands = [Strand([0.5], 0.1, near=True), Strand([None], 0.5)]
    lines = parallel([Axis("peak")], strands, title="two").axes[0].lines
    assert [lines[0].get_color() == BLUE, lines[1].get_color()] == [False, BLUE]


def test_a_long_note_is_broken_into_lines_and_none_of_it_is_lost():
    note = "best: warmup_cosine(peak=0.1108, warmup=percent(35.78), floor=0.00778): 0.0924 (0.03)"
    figure = parallel([Axis("peak")], [Strand([0.5], 0.1)], title="One", note=note)
    texts = [each.get_text() for each in figure.axes[0].texts]
    assert note in " ".join(texts)
    assert note not in texts
    drawn = figure.axes[0].get_tightbbox().width / figure.dpi
    assert drawn <= figure.get_figwidth()
