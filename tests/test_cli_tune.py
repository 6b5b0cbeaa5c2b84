"""`passo tune`: a schedule with holes as text, trained by a function of your own file."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner

from passo import PassoError
from passo.cli import app
from tests.sweep.searched import MEMORY

EXAMPLES = Path(__file__).parents[1] / "examples"

TRAIN = """
def train(plan, run, seed, trial):
    return (plan.on(run)(20) - 0.3) ** 2 + seed / 1000
"""


@pytest.fixture
def passo(tmp_path, monkeypatch):
    """The command, in a folder that has a train.py."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)

    def call(*arguments):
        done = CliRunner().invoke(app, ["tune", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_it_prints_the_best_and_writes_files(passo, tmp_path):
    space = "warmup_cosine(peak=between(0.1, 1.0, log))"
    files = ("--png", "found.png", "--json", "found.json")
    run = ("--run", "50 steps", "--trials", "5", "--seeds", "2")
    said = passo("train.py:train", space, *run, *files).splitlines()
    spec = json.loads((tmp_path / "found.json").read_text())
    assert said[0].startswith(f"best: {spec['best']['plan']}: ")
    assert said[1].startswith("  peak: importance 1.00; ")
    assert said[-2:] == ["drawn into found.png", "written into found.json"]
    assert (tmp_path / "found.png").read_bytes()[1:4] == b"PNG"
    assert len(spec["runs"]) == 5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("train.py:train", "wsd(peak=between(1, 2))"),
            (
                "Linear(0, 1, percent(5)).then(Constant(1, rest), Linear(1, 0, percent(20))) needs "
                'a run, since percent(5) is measured on it; write --run "90 epochs" '
                "--steps-per-epoch 391, "
                'or --run "10000 steps"'
            ),
        ),
        (
            ("train.py:train", "wsd(peak=between(2, 1))", "--run", "50 steps"),
            "the hole peak is upside down, between(2, 1); write between(1, 2)",
        ),
        (
            ("train.py:trian", "wsd(peak=between(1, 2))", "--run", "50 steps"),
            "'train.py' has no function 'trian'; did you mean 'train'?",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(passo, arguments, text, tmp_path):
    with pytest.raises(PassoError) as caught:
        passo(*arguments)
    assert str(caught.value) == text
    assert not (tmp_path / "tune.db").exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ("--png", "no/found.png"),
            "cannot write 'no/found.png': there is no folder 'no'; make it first",
        ),
        (
            ("--png", "found"),
            (
                "a picture becomes .png, .svg or .pdf (matplotlib) or .html (plotly), got 'found' "
                "for matplotlib"
            ),
        ),
        (
            ("--json", "tune.db"),
            "'tune.db' is read here, and a result would replace it; give another file",
        ),
        (
            ("--json", "train.py"),
            "'train.py' is read here, and a result would replace it; give another file",
        ),
        (
            ("--json", "no/found.json"),
            "cannot write 'no/found.json': there is no folder 'no'; make it first",
        ),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_trained(
    passo, tmp_path, options, text
):
    """Issue 19."""
    with pytest.raises(PassoError) as caught:
        passo("train.py:train", "wsd(peak=between(1, 2))", "--run", "9 steps", *options)
    assert str(caught.value) == text
    assert [each.name for each in tmp_path.iterdir()] == ["train.py"]


README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
LINES = re.findall(r"^passo ((?:compare|tune) examples/.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("line", LINES)
def test_the_lines_of_readme_go_from_a_function_to_a_picture(line, monkeypatch):
    small = line.replace("500 steps", "20 steps").replace("examples/", f"{EXAMPLES}/")
    less = ["--trials", "2"] if line.startswith("tune") else ["--processes", "1"]
    with TemporaryDirectory(dir=MEMORY) as folder, monkeypatch.context() as there:
        there.chdir(folder)
        given = [*shlex.split(small), *less, "--seeds", "2"]
        done = CliRunner().invoke(app, given, catch_exceptions=False)
        (picture,) = Path().glob("*.png")
        assert picture.read_bytes()[1:4] == b"PNG"
        assert done.output.endswith(f"drawn into {picture}\n")
    assert len(LINES) == 2
