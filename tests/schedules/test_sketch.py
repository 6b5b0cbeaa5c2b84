"""A schedule as text for a terminal and as a small SVG for a notebook."""

from __future__ import annotations

import re
import xml.dom.minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

import passo
from passo import Constant, Cosine, Function, Linear, Plateau, Run, base, epochs, percent, steps
from tests.schedules.leaves import few
from tests.strategies import RECIPES, pairs, trees

RUN = Run(steps(8))
PLOTTED = re.compile(r"[\d.-]+,[\d.-]+")


def test_a_ramp_in_characters():
    assert Linear(0, 1, steps(8)).text(RUN, width=20, height=3) == (
        "         1 ┤     ▂▅█\n"
        "           ┤  ▁▄▇███\n"
        "         0 ┤▃▆██████\n"
        "           └────────\n"
        "            0 ... 8 steps"
    )


def test_a_relative_schedule_says_so():
    text = (base * Linear(1, 0.5)).text(RUN, width=20, height=2)
    assert text.splitlines()[-1].strip() == "0 ... 8 steps, in multiples of base"


@few
@given(pairs(), st.integers(20, 90), st.integers(2, 20))
def test_any_schedule_fits_its_frame(pair, width, height):
    _, written, run = pair
    lines = written.text(run, width=width, height=height).splitlines()
    assert len(lines) == height + 2
    assert max(map(len, lines[:-1])) <= width
    assert all(line[11] in "┤└" for line in lines[:-1])


@pytest.mark.parametrize("value", [-3.0, 0.0, 1e-300, 5.0, 1e300])
def test_a_constant_is_drawn_too(value):
    assert "┤" in Constant(value).text(RUN)
    assert "<polyline" in Constant(value)._repr_html_()


def test_each_column_shows_the_largest_value_of_its_stretch():
    spike = Constant(0, steps(3.9)).then(Constant(1, steps(0.05)), Constant(0))
    assert spike.text(RUN, width=76, height=2).count("█") >= 1


@few
@given(trees() | st.sampled_from(sorted(RECIPES)).flatmap(RECIPES.get))
def test_the_html_is_well_formed_and_shows_the_code(s):
    page = xml.dom.minidom.parseString(f"<x>{s._repr_html_()}</x>".replace("<br>", "<br/>"))
    code = page.getElementsByTagName("code")[0].firstChild.data
    assert code == repr(s)
    drawn = page.getElementsByTagName("polyline")
    said = page.getElementsByTagName("small")
    assert len(drawn) + len(said) == 1
    for line in drawn:
        points = PLOTTED.findall(line.getAttribute("points"))
        assert len(points) >= 256
        for x, y in (map(float, point.split(",")) for point in points):
            assert 0 <= x <= 360
            assert 0 <= y <= 120


def test_what_needs_a_run_of_its_own_says_so():
    page = Linear(0, 1, epochs(5))._repr_html_()
    assert "<svg" not in page
    assert "epochs(5) needs the run&#x27;s steps_per_epoch" in page


@pytest.mark.parametrize("s", [Cosine(1, 0), passo.warmup_cosine(), Linear(0, 1, percent(5))])
def test_percent_and_rest_are_drawn_on_a_nominal_run(s):
    page = s._repr_html_()
    assert "1000 steps" in page
    assert ("× base" in page) == ("base" in repr(s))


def test_a_schedule_is_drawn_over_its_own_length():
    assert "8 steps" in Linear(0, 1, steps(8))._repr_html_()


def test_names_are_escaped():
    passo.register("<script>alert(1)</script>")(lambda t: 0.0 * t)
    for s in (Plateau("<script>alert(1)</script>"), Function("<script>alert(1)</script>")):
        assert "<script" not in s._repr_html_()
