"""`passo explain`: words, a picture, and files of both."""

from __future__ import annotations

import json

import pytest

from passo import PassoError, Run, analysis, parse, steps
from tests.test_cli import passo

A, B = "warmup_cosine(peak=1)", "warmup_cosine(peak=1, warmup=percent(10))"


def test_explain_says_why_two_schedules_differ():
    shown = passo("explain", A, B, "--run", "100 steps")
    found = analysis.explain(parse(A), parse(B), Run(steps(100)))
    assert shown.endswith(
        "\na  Linear(0, 1, percent(5)).then(Cosine(1, 0))\n"
        "b  Linear(0, 1, percent(10)).then(Cosine(1, 0))\n"
        f"\n{found}\n"
    )
    assert "marks: warm-up length 5" in shown
    assert "● a   × b" in shown


def test_schedules_in_steps_are_their_own_run():
    shown = passo("explain", "Linear(1, 0, steps(90))", "Linear(1, 0, steps(100))")
    assert "b is over at update 100, a at 90.\nThat explains all of it.\n" in shown


def test_the_base_is_filled():
    shown = passo("explain", "cosine_decay()", "cosine_decay(peak=1)", *RUN, "--lr", "0.5")
    assert "b peaks at 1, a at 0.5: every value is 2 times that of a." in shown


RUN = ("--run", "9 epochs", "--steps-per-epoch", "10")


def test_an_explanation_is_written_into_files(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    png, html, data = (tmp_path / name for name in ("a.png", "a.html", "a.json"))
    said = passo(
        *("explain", A, B, *RUN),
        *("--png", str(png), "--html", str(html), "--json", str(data)),
    )
    assert said.splitlines()[-3:] == [
        f"drawn into {png}",
        f"drawn into {html}",
        f"written into {data}",
    ]
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<html" in html.read_text("utf-8")
    spec = json.loads(data.read_text("utf-8"))
    assert spec["sentences"] == said.split("\n\n")[-1].splitlines()[:-3]
    assert [each["kind"] for each in spec["changes"]] == ["warm-up length"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("cosine_decay()", "cosine_decay(peak=1)", *RUN),
            (
                "one schedule is relative to base and the other is not; "
                "write --lr 0.1 to compare them"
            ),
        ),
        (
            (A, "step_decay(epochs(3), peak=1)", "--run", "90 steps"),
            "epochs(3) needs the run's steps_per_epoch; write --steps-per-epoch 391",
        ),
        (
            (A, 'Plateau("loss")', "--run", "90 steps"),
            (
                'Plateau("loss") falls on reports, and b has none; '
                'write .with_reports([(100, {"loss": 0.5})]) first'
            ),
        ),
    ],
)
def test_what_cannot_be_compared_names_the_option(arguments, text):
    with pytest.raises(PassoError) as caught:
        passo("explain", *arguments)
    assert str(caught.value) == text
