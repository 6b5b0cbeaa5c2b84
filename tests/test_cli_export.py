"""`passo export`: code and numbers that need no passo."""

from __future__ import annotations

import pytest

import passo
from passo import PassoError, Run, epochs, step_decay
from tests.test_cli import passo as run_passo

SCHEDULE = "step_decay(epochs(3))"
RUN = ("--run", "9 epochs", "--steps-per-epoch", "10")


@pytest.mark.parametrize("to", ["python", "torch"])
def test_export_prints_the_code(to):
    expected = passo.export(step_decay(epochs(3)), Run(epochs(9), steps_per_epoch=10), to)
    assert run_passo("export", SCHEDULE, *RUN, "--to", to) == expected


def test_export_fills_the_base_and_writes_a_file(tmp_path):
    path = tmp_path / "rates.csv"
    said = run_passo("export", SCHEDULE, *RUN, "--to", "csv", "--lr", "0.5", "--out", str(path))
    assert said == f"written into {path}\n"
    rows = path.read_text().splitlines()
    assert [rows[0], rows[1], rows[31], len(rows)] == ["update,value", "0,0.5", "30,0.05", 91]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            (SCHEDULE, *RUN, "--to", "csv"),
            "the values of a csv need a number for base; write --lr 0.1",
        ),
        (
            ('Function("wave of the tests")', "--run", "9 steps"),
            (
                'Function("wave of the tests") is code of your own, which cannot be written out; '
                "write --to csv for its values"
            ),
        ),
        (
            (SCHEDULE, "--run", "9 epochs"),
            "epochs(9) needs the run's steps_per_epoch; write --steps-per-epoch 391",
        ),
        (
            (SCHEDULE, *RUN, "--to", "keras"),
            "to must be one of 'python', 'torch', 'csv', got 'keras'",
        ),
    ],
)
def test_what_cannot_be_exported_names_the_option(arguments, text):
    with pytest.raises(PassoError) as caught:
        run_passo("export", *arguments)
    assert str(caught.value) == text
