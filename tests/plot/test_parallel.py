"""Parallel coordinates: what stands at an axis, and where a value stands on it."""

from __future__ import annotations

import math

import pytest

from passo.plot.parallel import Axis, Strand, parallel
from passo.plot.picture import BLUE


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("every", 20, 200), ["20", "65", "110", "155", "200"]),
        (Axis("cooldown", 0, 3, whole=True), ["0", "1", "2", "3"]),
        (Axis("peak", 1e-4, 1.0, log=True), ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (Axis("warmup", choices=("percent(5)", "percent(10)")), ["percent(5)", "percent(10)"]),
    ],
)
def test_what_stands_at_an_axis_is_where_it_stands(axis, ticks):
    assert [text for _, text in axis.ticks()] == ticks
    for place, text in axis.ticks():
        value = text if axis.choices else float(text)
        assert axis.place(value) == pytest.approx(place)


def test_a_hole_that_a_run_has_not_is_a_gap_and_good_runs_are_on_top():
    assert math.isnan(Axis("peak").place(None))
    strands = [Strand([0.5], 0.1, near=True), Strand([None], 0.5)]
    lines = parallel([Axis("peak")], strands, title="two").axes[0].lines
    assert [lines[0].get_color() == BLUE, lines[1].get_color()] == [False, BLUE]
