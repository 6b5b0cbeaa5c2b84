"""What a notebook shows: a picture of what `draw` gives and of values, once; elsewhere one line."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading

import pytest

from passo import Curve, RangeTest, Run, Trace, draw, steps, warmup_cosine, wsd
from passo.plot import png, poster, save
from passo.plot.figures import MOST_OPEN
from passo.trace import Column, Event, Report

CURVE = warmup_cosine(peak=0.1).curve(Run(steps(1000)))
LR = Column(0, "lr", tuple(range(3000)), tuple(0.1 + t for t in range(3000)))
TRACE = Trace(3000, ("head",), (LR,), (Report.of(3000, {"val_loss": 0.5}),))
LOSSES = tuple([1 - k / 20 for k in range(16)] + [0.5, 1.0, 4.0, 16.0])
TEST = RangeTest(tuple(10 ** (k / 4 - 4) for k in range(20)), (LOSSES, LOSSES))
MANY = Trace(
    9,
    tuple(map(str, range(99))),
    tuple(Column(k, f"{'k' * 60}{k}", (0,), (0.1,)) for k in range(99)),
    tuple(Report.of(9, {f"loss{k}": 1.0}) for k in range(99)),
    complete=False,
)


@pytest.fixture
def pyplot():
    """pyplot as a script has it, without a window; its figures are closed afterwards."""
    import matplotlib as mpl

    before = mpl.get_backend()
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    plt.close("all")
    yield plt
    plt.close("all")
    mpl.use(before)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (
            CURVE,
            (
                "<Curve of Linear(0, 0.1, percent(5)).then(Cosine(0.1, 0)) on Run(steps(1000)): "
                "515 values from 0 to 0.1>"
            ),
        ),
        (
            wsd().curve(Run(steps(10))),
            (
                "<Curve of Linear(0, base, percent(5)).then(Constant(base, rest), Li... on "
                "Run(steps(10)): 517 values / base from 0 to 1>"
            ),
        ),
        (TRACE, "<Trace of lr over 3,000 updates, 1 group, 1 report of val_loss>"),
        (Trace(0), "<Trace over 0 updates>"),
        (
            MANY,
            (
                f"<Trace of {', '.join(['k' * 37 + '...'] * 4)} and 95 more over 9 updates, "
                "99 groups, 99 reports of loss0, loss1, loss2, loss3 and 95 more, not complete>"
            ),
        ),
        (TEST, "<RangeTest of lr from 0.0001 to 5.623 over 20 updates, 2 times>"),
        (LR, "<Column lr of group 0: 3,000 changes>"),
        (
            Column(0, "lr", (0, 2), (0.1, 0.01)),
            (
                "Column(group=0, key='lr', updates=(0, 2), values=(0.1, 0.01), coarse=(), "
                "planned=())"
            ),
        ),
    ],
)
def test_a_value_of_thousands_of_numbers_prints_a_line(value, line):
    assert repr(value) == line
    assert pickle.loads(pickle.dumps(value)) == value


def test_the_line_is_no_part_of_what_a_value_equals():
    other = Trace(3000, ("head",), (LR,), (Report.of(3000, {"val_loss": 0.6}),))
    assert (repr(other), other == TRACE) == (repr(TRACE), False)


@pytest.mark.parametrize("value", [CURVE, TRACE, TEST], ids=["curve", "trace", "range test"])
def test_a_notebook_shows_a_value_as_its_picture(value):
    assert value._repr_png_() == png(value)
    assert value._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("value", [Trace(0), Trace(3, events=(Event(1, "skipped"),))])
def test_what_has_nothing_to_draw_is_its_line(value):
    assert value._repr_png_() is None


def test_without_matplotlib_a_value_is_its_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert CURVE._repr_png_() is None


def test_what_draw_gives_is_its_picture():
    for thing in (draw(CURVE), draw(TRACE), poster({"a": TRACE})):
        assert thing._repr_png_().startswith(b"\x89PNG")


def test_drawing_imports_no_pyplot():
    code = (
        "import sys; from passo import *; "
        "curve = warmup_cosine(peak=0.1).curve(Run(steps(9))); "
        "curve._repr_png_(), draw(curve)._repr_png_(); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_where_pyplot_is_in_use_it_shows_what_draw_gives(pyplot):
    ax = draw(CURVE)
    assert pyplot.gcf() is ax.figure
    assert pyplot.get_fignums() == [ax.figure.number]


def test_pyplot_holds_the_last_ten_at_most_and_nothing_of_its_own_is_closed(pyplot):
    own = pyplot.figure()
    drawn = [draw(CURVE).figure for _ in range(3 * MOST_OPEN)]
    assert pyplot.fignum_exists(own.number)
    assert [each for each in drawn if pyplot.fignum_exists(each.number)] == drawn[-MOST_OPEN:]


def test_a_picture_is_shown_once(pyplot, tmp_path):
    for seen in (
        lambda ax: ax._repr_png_(),
        lambda ax: ax.figure._repr_png_(),
        lambda ax: save(ax, tmp_path / "curve.png"),
    ):
        seen(draw(CURVE))
        assert pyplot.get_fignums() == []
    assert CURVE._repr_png_()
    assert pyplot.get_fignums() == []


def test_a_figure_of_the_users_own_stays_open(pyplot, tmp_path):
    figure, ax = pyplot.subplots()
    save(draw(CURVE, ax=ax), tmp_path / "curve.png")
    assert pyplot.get_fignums() == [figure.number]


def test_in_a_thread_nothing_is_told_to_pyplot(pyplot):
    thread = threading.Thread(target=draw, args=(CURVE,))
    thread.start()
    thread.join()
    assert pyplot.get_fignums() == []


def test_axes_that_a_notebook_shows_pickle():
    ax = pickle.loads(pickle.dumps(draw(CURVE)))
    assert ax.get_title() == "Schedule over the run"


def test_a_curve_is_equal_by_structure():
    assert Curve.of(warmup_cosine(peak=0.1), Run(steps(1000))) == CURVE
