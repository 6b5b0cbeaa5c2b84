"""`passo find`: a range test of a step in a file of your own."""

from __future__ import annotations

import pytest

from passo import RangeTest
from tests.optim.tools import python

FILE = """
import torch
from neighbour import LOW
from passo import loader_step

def setup():
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=LOW)
    x = torch.randn(64, 4)
    batches = [(x, x @ torch.ones(4, 1))]
    step = loader_step(model, optimizer, torch.nn.functional.mse_loss, batches)
    return step, optimizer, [model]

def two():
    return 1, 2

if __name__ == "__main__":
    raise SystemExit("this part does not run")
"""
CALL = "import sys; from passo.cli import main; sys.argv = ['passo', *sys.argv[1:]]; main()"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    (folder / "train.py").write_text(FILE, "utf-8")
    (folder / "neighbour.py").write_text("LOW = 0.1", "utf-8")
    return folder / "train.py"


def passo(*arguments):
    return python(CALL, *map(str, arguments))


def test_it_prints_the_curve_and_the_suggestion_and_writes_files(file, tmp_path):
    png, json = tmp_path / "curve.png", tmp_path / "test.json"
    done = passo("find", f"{file}:setup", "--png", png, "--json", json)
    assert done.returncode == 0, done.stderr
    found = RangeTest.load(json).suggestion()
    assert f"suggested: {found.best:.2g} ({found.low:.2g} to {found.high:.2g})\n" in done.stdout
    assert f"sure {found.sure:.2f}: {found.reason}" in done.stdout
    assert "learning rate" in done.stdout
    assert png.read_bytes()[1:4] == b"PNG"


def test_a_refusal_is_status_1(file):
    done = passo("find", f"{file}:setup", "--steps", "5")
    assert done.returncode == 1
    assert "no suggestion: only 5 points came before" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["train.py"],
            "find needs a file and a function in it, got 'train.py'; write train.py:setup",
        ),
        (
            ["nothing.py:setup"],
            "there is no file 'nothing.py'; write the path of a file, then :setup",
        ),
        (["FILE:setpu"], "'FILE' has no function 'setpu'; did you mean 'setup'?"),
        (
            ["FILE:two"],
            (
                "FILE:two must answer with three things, got (1, 2); "
                "write return train_step, optimizer, [model]"
            ),
        ),
        (
            ["FILE:setup", "--low", "3", "--high", "2"],
            "low must be below high, got low=3 and high=2",
        ),
        (
            ["FILE:setup", "--json", "nowhere/x.json"],
            "cannot write 'nowhere/x.json': there is no folder 'nowhere'; make it first",
        ),
    ],
)
def test_a_bad_call_is_one_line_on_stderr_and_status_2(file, arguments, text):
    done = passo("find", *[each.replace("FILE", str(file)) for each in arguments])
    assert done.stderr == f"passo: {text.replace('FILE', str(file))}\n"
    assert done.returncode == 2
    assert done.stdout == ""  # nothing was trained before it
