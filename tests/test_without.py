"""Without a library of an extra every door names the extra, in words and never as a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from passo.trace import Trace

SRC = Path(__file__).parent.parent / "src"
HIDE = """
import importlib.abc, sys
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""
TORCH = (
    "what works on an optimizer (attach, range_test, the doctor, the drop-in) needs torch, which "
    'is not installed; write pip install "passo[torch]"; schedules and pictures need none: '
    "from passo.schedules import *"
)
PLOT = 'which is not installed; write pip install "passo[plot]"'


def python(hidden, code, *arguments, folder=None):
    """What a process says that cannot see some libraries."""
    path = os.pathsep.join(filter(None, [str(SRC), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(names=set(hidden)) + code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
    )


def passo(hidden, *arguments, folder=None):
    code = "sys.argv = ['passo', *sys.argv[1:]]; from passo.cli import main; main()"
    return python(hidden, code, *arguments, folder=folder)


@pytest.mark.parametrize(
    "code",
    [
        "import passo; passo.attach",
        "import passo; passo.range_test",
        "from passo import attach",
        "from passo import Scheduler, warmup_cosine",
        "from passo import *",
        "import passo.optim",
        "import passo.optim.lr_scheduler",
        "from passo.optim.lr_scheduler import StepLR",
        "from passo.optim.recorder import Recorder",
        "from passo.optim.ground.fields import find",
        "import passo; passo.doctor.live().begin(None)",
    ],
)
def test_without_torch_what_needs_it_says_so(code):
    caught = f"""
try:
    exec({code!r})
except ImportError as error:
    from passo import PassoError
    print(type(error).__name__, error.name, isinstance(error, PassoError), error, sep="|")
"""
    done = python({"torch"}, caught)
    assert done.stdout == f"NeedsExtra|torch|True|{TORCH}\n", done.stderr


@pytest.mark.parametrize(
    "arguments", [("find", "train.py:setup"), ("doctor", "train.py"), ("doctor", "-m", "train")]
)
def test_without_torch_a_command_that_needs_it_is_one_line_and_status_two(arguments, tmp_path):
    (tmp_path / "train.py").write_text("import torch\ndef setup(): ...\n", "utf-8")
    done = passo({"torch"}, *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"passo: {TORCH}\n")


def test_without_an_extra_the_demo_names_what_is_missing(tmp_path):
    done = passo({"torch", "sklearn"}, "demo", folder=tmp_path)
    text = 'the demo needs torch, sklearn, which is not installed; write pip install "passo[demo]"'
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"passo: {text}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (("show", "warmup_cosine(peak=0.1)", "--run", "100 steps"), "corners at 5, 100 (steps)"),
        (("check", "warmup_cosine(peak=0.1)", "--run", "100 steps"), "nothing found"),
        (("show", "StepLR"), "step_decay(epochs(30), gamma=0.1)"),
        (("list",), "cosine_decay"),
        (("--help",), "doctor"),
    ],
)
def test_without_any_extra_plans_are_shown_and_checked(arguments, seen):
    hidden = {"torch", "numpy", "matplotlib", "plotly", "sklearn", "pandas"}
    done = passo(hidden, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert seen in done.stdout


def test_without_any_extra_schedules_are_all_there():
    code = """
from passo.schedules import *
from passo import Curve, Trace, RangeTest, draw, doctor, analysis
curve = warmup_cosine(peak=0.1).curve(Run(steps(100)))
drawn = draw(curve, backend="terminal")
print(curve.filled(5), doctor.check(curve.schedule, curve.run), len(drawn) > 99)
"""
    done = python({"torch", "numpy", "matplotlib", "plotly", "sklearn", "pandas"}, code)
    assert done.stdout == "0.1 [] True\n", done.stderr


@pytest.mark.parametrize(
    ("hidden", "backend", "lost"),
    [
        ({"matplotlib"}, "matplotlib", "matplotlib"),
        ({"numpy"}, "matplotlib", "numpy"),
        ({"plotly"}, "plotly", "plotly"),
    ],
)
def test_without_a_drawing_library_draw_names_the_extra(hidden, backend, lost):
    code = f"""
from passo import Linear, Run, draw, steps
try:
    draw(Linear(0, 1, steps(9)).curve(Run(steps(9))), backend={backend!r})
except ImportError as error:
    print(error)
"""
    done = python(hidden, code)
    assert done.stdout == f"drawing with {backend} needs {lost}, {PLOT}\n", done.stderr


def test_without_matplotlib_a_picture_on_the_command_line_is_status_two(tmp_path):
    picture = ("--png", "curve.png")
    done = passo({"matplotlib"}, "show", "Linear(0, 1, steps(9))", *picture, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"passo: drawing with matplotlib needs matplotlib, {PLOT}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "run.jsonl", "wsd()"),
        ("check", "wsd()", "--run", "9 steps", "--law", "law.json"),
    ],
)
def test_without_numpy_what_a_law_is_needed_for_names_the_extra(arguments, tmp_path):
    Trace(3).write(tmp_path / "run.jsonl")
    done = passo({"numpy"}, *arguments, folder=tmp_path)
    assert done.returncode == 2
    text = 'passo.law needs numpy, which is not installed; write pip install "passo[law]"'
    assert done.stderr == f"passo: {text}\n"


def test_a_library_that_is_there_and_broken_is_not_called_missing(tmp_path):
    (tmp_path / "broken.py").write_text("raise ImportError('built for another machine')", "utf-8")
    code = (
        "sys.path.insert(0, '.')\nfrom passo.ground.extras import need; need('broken', 'x', 'it')"
    )
    done = python(set(), code, folder=tmp_path)
    assert done.stderr.endswith("ImportError: built for another machine\n")
