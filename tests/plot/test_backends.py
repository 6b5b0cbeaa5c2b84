"""plotly, the terminal, files, and libraries that are missing."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from passo.ground.errors import PassoError
from passo.plot import backends, draw, poster, save
from passo.plot.backends import BACKENDS, Backend
from passo.plot.backends.terminal import _pieces
from passo.plot.picture import Line
from passo.schedules import Constant, Cosine, Exponential, Linear, Run, analysis, steps
from passo.trace import Column, RangeTest, Report, Trace

RUN = Run(steps(100))
JUMP = Linear(0, 1, steps(40)).then(Constant(0.5))
TRACE = Trace(
    200,
    groups=("all",),
    columns=(Column(0, "lr", (0, 50), (0.1, 0.01)), Column(0, "momentum", (0, 9), (0.9, 0.8))),
    reports=tuple(Report.of(t, {"train_loss": 1 / t, "val_loss": 2 / t}) for t in (1, 100, 200)),
)
RANGE = RangeTest(
    tuple(10.0 ** (k / 2 - 6) for k in range(12)), (tuple(2.3 - 0.1 * k for k in range(12)),)
)
PICTURES = {
    "a curve": JUMP.curve(RUN),
    "curves": {"jump": JUMP.curve(RUN), "fall": Cosine(1, 0).curve(RUN)},
    "a trace": TRACE,
    "a range test": RANGE,
    "an explanation": analysis.explain(JUMP, JUMP.skip(steps(1)), RUN),
}


def words(picture) -> str:
    """What can be read on a picture, whichever way it was drawn."""
    if isinstance(picture, str):
        return picture
    if hasattr(picture, "to_plotly_json"):
        return json.dumps(picture.to_plotly_json(), default=str)
    legends = [ax.get_legend() for ax in picture.figure.axes]
    texts = [text.get_text() for each in legends if each for text in each.get_texts()]
    return "\n".join(
        [picture.get_title(), *(ax.get_ylabel() for ax in picture.figure.axes), *texts]
    )


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_each_backend_draws_each_kind_of_picture(backend, kind):
    marks = [(10.0, "P007")] if kind == "a trace" else ()
    read = words(draw(PICTURES[kind], backend=backend, title="A title", marks=marks))
    seen = {
        "a curve": ["value"],
        "curves": ["value", "jump", "fall"],
        "a trace": ["learning rate", "momentum", "training loss", "validation loss"],
        "a range test": ["loss", "smoothed"],
        "an explanation": ["value", "a", "b", "b - a"],
    }
    assert [each for each in ["A title", *seen[kind]] if each not in read] == []


def test_each_backend_is_a_name_for_a_type_checker_and_a_row_of_the_table():
    assert get_args(Backend) == tuple(BACKENDS), "Backend and BACKENDS of plot/backends/__init__.py"
    files = {file.stem for file in Path(backends.__file__).parent.glob("*.py")}
    rows = {row.__module__.rpartition(".")[2] for row in BACKENDS.values()}
    lacks = "BACKENDS of plot/backends/__init__.py has no row for these files"
    assert not files - rows - {"__init__"}, lacks


def test_a_further_backend_is_one_row_and_its_name_is_offered(monkeypatch):
    def titles(picture, width, height):
        return picture.title, width, height

    monkeypatch.setattr(backends, "BACKENDS", {**BACKENDS, "titles": titles})
    assert draw(TRACE, backend="titles", title="A drop", width=3) == ("A drop", 3, None)
    text = f"'backend' is {', '.join(map(repr, BACKENDS))} or 'titles', got 'bokeh'"
    with pytest.raises(PassoError, match=f"^{text}$"):
        draw(TRACE, backend="bokeh")


def test_plotly_holds_the_same_numbers():
    figure = draw(TRACE, backend="plotly", title="A drop", width=700)
    rate, momentum, training, validation = figure.data
    assert (list(rate.x), list(rate.y)) == TRACE.used("lr")
    assert (list(momentum.x), list(momentum.y)) == TRACE.used("momentum")
    assert (list(training.x), list(training.y)) == TRACE.series("train_loss")
    assert validation.name == "validation loss"
    assert rate.line.shape == "hv"
    assert figure.layout.title.text == "<b>A drop</b>"
    assert figure.layout.width == 700
    assert figure.layout.xaxis3.title.text == "update (step)"
    assert [figure.layout[f"yaxis{n}"].title.text for n in ("", 2, 3)] == [
        "learning rate",
        "momentum",
        "loss",
    ]
    assert json.loads(figure.to_json())["data"][0]["name"] == "learning rate"


def test_the_terminal_has_the_size_that_was_asked_for():
    text = draw(TRACE, backend="terminal", width=70, height=50)
    rows = text.splitlines()
    assert max(map(len, rows)) <= 70
    assert 40 <= len(rows) <= 50
    assert rows[0] == "Learning rate and losses over 200 updates"
    assert "momentum" in rows
    assert any(
        row.startswith("loss (log scale):   ● training loss   × validation loss") for row in rows
    )
    assert "update (step)" in rows[-1]
    assert "\x1b" not in text


def test_the_terminal_shows_a_fall_as_a_fall():
    text = draw(Cosine(1, 0, steps(100)).curve(RUN), backend="terminal", width=60, height=16)
    inside = [row[row.index("┤") + 1 :] for row in text.splitlines() if "┤" in row]
    assert inside[0].strip("│ ")[0] != " "
    assert len(inside[0].rstrip("│ ")) < len(inside[-1].rstrip("│ "))


def test_the_terminal_is_logarithmic_where_the_picture_is():
    text = draw(Exponential(1, 0.9).curve(RUN), backend="terminal")
    assert [float(row[:8]) for row in text.splitlines() if "┤" in row[:9] and row[:8].strip()] == [
        1.0,
        0.1,
        0.01,
        0.001,
        0.0001,
    ]


def test_the_terminal_says_which_axis_is_logarithmic():
    curve = Exponential(1, 0.9).curve(RUN)
    rows = draw(curve, backend="terminal").splitlines()
    assert rows[1].startswith("value (log scale):  Exponential(")
    assert "log scale" not in draw(Cosine(1, 0).curve(RUN), backend="terminal")
    several = draw({"a": curve, "b": curve}, backend="terminal").splitlines()
    assert several[1] == "value (log scale):   ● a   × b"
    last = draw(RANGE, backend="terminal").splitlines()[-1]
    assert last.strip() == "learning rate (log scale)"


def test_in_the_terminal_a_value_is_held_until_the_next_and_ends_at_what_is_not_finite():
    line = Line("lr", [0, 1, 2, 3, 4], [1.0, 0.5, math.nan, 0.2, 0.1], steps=True)
    assert _pieces(line) == [
        ([0, 1, 1, 2], [1.0, 1.0, 0.5, 0.5]),
        ([3, 4, 4], [0.2, 0.2, 0.1]),
    ]


def test_the_terminal_needs_no_terminal():
    code = (
        "from passo.plot import draw; from passo.trace import *;"
        "t = Trace(9, ('all',), (Column(0, 'lr', (0, 5), (0.1, 0.2)),));"
        "print(len(draw(t, backend='terminal', width=200)) > 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout == "True\n"


def test_a_terminal_that_is_too_small_is_said():
    text = "the picture needs at least 40 columns and 26 rows, got width=20, height=10"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        draw(TRACE, backend="terminal", width=20, height=10)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_picture_is_saved_by_its_suffix(tmp_path, suffix):
    path = tmp_path / f"rate{suffix}"
    save(draw(TRACE), path)
    magic = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(magic[suffix])
    assert list(tmp_path.iterdir()) == [path]


def test_a_plotly_figure_is_saved_as_one_page(tmp_path):
    save(draw(TRACE, backend="plotly"), tmp_path / "rate.html")
    page = (tmp_path / "rate.html").read_text("utf-8")
    assert "validation loss" in page
    assert "src=" not in page[:2000]
    assert "<title>Learning rate and losses over 200 updates</title>" in page[:2000]
    assert '<meta name="viewport" content="width=device-width' in page[:2000]


def test_a_plotly_figure_is_as_wide_as_its_window_and_writes_rates_out():
    figure = draw(TRACE, backend="plotly")
    assert figure.layout.width is None
    assert figure.layout.yaxis.tickformat == "~g"  # 0.0003, not 300µ


def test_marks_that_lie_on_each_other_are_named_once_above_the_panels():
    marks = [(60.0, "P001"), (64.0, "P009"), (60.0, "P001"), (190.0, "P007")]
    figure = draw(TRACE, backend="plotly", marks=marks)
    named = [(each.x, each.text, each.xanchor) for each in figure.layout.annotations]
    assert named == [(60.0, "P001 P009", "left"), (190.0, "P007", "right")]
    assert len(figure.layout.shapes) == 3 * len(draw(TRACE).figure.axes)
    ax = draw(TRACE, marks=marks)
    assert [each.get_text() for each in ax.texts] == ["P001 P009", "P007"]


def test_a_long_name_is_broken_in_the_legend_of_a_page():
    schedule = Linear(0, 0.0003, steps(10)).then(Cosine(0.0003, 0, steps(90)))
    (line,) = draw(schedule.curve(RUN), backend="plotly").data
    assert line.name.replace("<br>", " ") == repr(schedule)
    assert "<br>" in line.name


@pytest.mark.parametrize("name", ["rate.bmp", "rate", "rate.html"])
def test_another_suffix_is_refused_and_leaves_no_file(tmp_path, name):
    path = tmp_path / name
    text = (
        "a picture becomes .png, .svg or .pdf (matplotlib) or .html (plotly), "
        f"got {str(path)!r} for a PictureAxes"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        save(draw(TRACE), path)
    assert list(tmp_path.iterdir()) == []


def test_a_poster_has_the_rate_over_the_losses_of_each_run_on_one_scale(tmp_path):
    wild = Trace(
        200,
        ("all",),
        (Column(0, "lr", (0,), (10.0,)),),
        (Report.of(1, {"train_loss": 2.0}), Report.of(100, {"train_loss": 1e9})),
    )
    lost = Trace(
        200, ("all",), (Column(0, "lr", (0,), (20.0,)),), (Report.of(7, {"val_loss": "nan"}),)
    )
    figure = poster({"good": TRACE, "wild": wild, "lost": lost}, columns=2, title="Three runs")
    assert [ax.get_title() for ax in figure.axes] == ["good", "", "wild", "", "lost", ""]
    lower = figure.axes[1::2]
    assert len({ax.get_ylim() for ax in lower}) == 1
    line = figure.axes[0].lines[0]
    assert (list(line.get_xdata()), list(line.get_ydata())) == TRACE.used("lr")
    assert [ax.texts[0].get_text() for ax in lower] == [
        "",
        "leaves the picture: up to 1e+09",
        "not finite from update 7",
    ]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "learning rate",
        "training loss",
        "validation loss",
    ]
    save(figure, tmp_path / "poster.png")


def test_a_poster_without_losses_or_rates_is_still_one():
    quiet = Trace(9, ("all",), (Column(0, "lr", (0,), (0.1,)),))
    assert [ax.get_ylabel() for ax in poster({"quiet": quiet}).axes] == ["learning rate", "loss"]
    assert [ax.get_ylabel() for ax in poster({"empty": Trace(9)}).axes] == ["loss"]


def test_an_empty_poster_is_refused():
    text = "a poster needs a trace and a column; write poster({'name': trace})"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        poster({})


@pytest.mark.parametrize(
    ("backend", "name", "extra"),
    [
        ("matplotlib", "matplotlib", "passo[plot]"),
        ("plotly", "plotly", "passo[plot]"),
        ("terminal", "plotext", "passo"),
    ],
)
def test_a_missing_library_names_the_extra(monkeypatch, backend, name, extra):
    monkeypatch.setitem(sys.modules, name, None)
    text = f'drawing with {name} needs {name}, which is not installed; write pip install "{extra}"'
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        draw(TRACE, backend=backend)


def test_importing_plot_imports_no_drawing_library():
    code = "import passo.plot, sys; print({'matplotlib', 'plotly', 'plotext'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
