"""`passo compare`: plans as text, trained by a function of your own file."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from passo import PassoError
from passo.cli import app

TRAIN = """
from random import Random

def train(plan, run, seed, trial):
    value = plan.on(run)
    total = sum(value(t) for t in range(run.updates)) / run.updates
    return {"error": (total - 0.05) ** 2 * 100 + Random(f"{plan} {seed}").random() / 100}
"""


@pytest.fixture
def passo(tmp_path, monkeypatch):
    """The command, in a folder that has a train.py."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)

    def call(*arguments):
        done = CliRunner().invoke(app, ["compare", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_it_prints_the_table_and_writes_files(passo, tmp_path):
    plans = ("warmup_cosine(peak=0.1)", "wsd(peak=0.3)")
    files = ("--png", "found.png", "--json", "found.json")
    said = passo("train.py:train", *plans, "--run", "50 steps", *files)
    assert "'warmup_cosine(peak=0.1)' is better than 'wsd(peak=0.3)': its loss is" in said
    assert said.endswith("drawn into found.png\nwritten into found.json\n")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["best"] == ["warmup_cosine(peak=0.1)"]
    assert found["plans"][plans[0]]["run"] == "Run(steps(50))"
    assert len(found["runs"]) == 10
    assert (tmp_path / "found.png").read_bytes()[1:4] == b"PNG"
    assert len((tmp_path / "compare.journal").read_text().splitlines()) == 11


def test_bases_budgets_seeds_and_the_store_are_options(passo, tmp_path):
    one = ("--processes", "1", "--store", "other.journal", "--seeds", "3", "--run", "20 steps")
    said = passo("train.py:train", "cosine_decay", "base*Linear(1,0)", "--base", "0.1",
                 "--base", "0.2", "--metric", "error", *one)  # fmt: skip
    assert "best base" in said
    assert len((tmp_path / "other.journal").read_text().splitlines()) == 1 + 2 * 2 * 3
    said = passo("train.py:train", "Constant(0.1)", "Linear(0.1,0)", "--budget", "area",
                 "--processes", "1", "--run", "20 steps", "--retry")  # fmt: skip
    assert "'Linear(0.1,0)': rates times 1.905, for the area of 'Constant(0.1)'" in said


def test_without_a_run_the_length_that_all_have_is_taken(passo):
    passo(
        "train.py:train", "Linear(0.1, 0, steps(30))", "Cosine(0.1, 0, steps(30))", "--seeds", "2"
    )


@pytest.mark.parametrize(
    ("plans", "text"),
    [
        (
            ("Linear(0.1, 0, steps(30))", "Cosine(0.1, 0, steps(20))"),
            (
                "the schedules are of different lengths: 'Linear(0.1, 0, steps(30))' 30, "
                "'Cosine(0.1, 0, steps(20))' 20 steps; write --run \"1000 steps\""
            ),
        ),
        (("wsd()", "wsd()"), "a schedule is there twice; write each once"),
        (
            ("cosine_decay()", "cosine_decay(floor=0.1 * base)"),
            (
                "Cosine(base, 0) needs a run, since rest is measured on it; write "
                '--run "90 epochs" --steps-per-epoch 391, or --run "10000 steps"'
            ),
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(passo, plans, text):
    with pytest.raises(PassoError) as caught:
        passo("train.py:train", *plans)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ("--png", "no/found.png"),
            "cannot write 'no/found.png': there is no folder 'no'; make it first",
        ),
        (
            ("--png", "found.bmp"),
            (
                "a picture becomes .png, .svg or .pdf (matplotlib) or .html (plotly), got "
                "'found.bmp' for matplotlib"
            ),
        ),
        (
            ("--json", "compare.journal"),
            "'compare.journal' is read here, and a result would replace it; give another file",
        ),
        (
            ("--json", "train.py"),
            "'train.py' is read here, and a result would replace it; give another file",
        ),
        (
            ("--json", "no/found.json"),
            "cannot write 'no/found.json': there is no folder 'no'; make it first",
        ),
        (
            ("--json", "."),
            "'.' is a folder, and a file is written; give the path of a file in it",
        ),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_trained(
    passo, tmp_path, options, text
):
    """Issue 19."""
    with pytest.raises(PassoError) as caught:
        passo("train.py:train", "wsd()", "cosine_decay()", "--run", "9 steps", *options)
    assert str(caught.value) == text
    assert [each.name for each in tmp_path.iterdir()] == ["train.py"]
