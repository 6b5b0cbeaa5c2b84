"""`make test` is green where its tests and its check are, and says what is not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("python", "ruff", "mypy", "pyright", "lint-imports")
SETTINGS = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


@pytest.fixture
def tree(tmp_path):
    """A clone that is set up, with tools that note their calls and do what they are told."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    for name in TOOLS:
        tool = folder / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*" >> called.txt\n. ./{name}.sh\n')
        tool.chmod(0o755)
        (tmp_path / f"{name}.sh").write_text("exit 0\n")
    for stamp in (".ready-pip", ".ready-test"):
        (tmp_path / ".venv" / stamp).touch()
    return tmp_path


def make(tree, *arguments):
    return subprocess.run(
        ["make", *arguments], cwd=tree, env=SETTINGS, capture_output=True, text=True, check=False
    )


def test_it_is_green_where_all_are(tree):
    done = make(tree, "test", "JOBS=3", "ARGS=-k then")
    assert done.returncode == 0, done.stderr
    first, *checked, last = done.stdout.splitlines()
    assert first == "== pytest, and make check beside it"
    assert checked == [
        f"== {each}" for each in ("ruff check", "ruff format", "mypy", "pyright", "import-linter")
    ]
    assert last.startswith("== make test: green in ")
    called = (tree / "called.txt").read_text().splitlines()
    assert "python -m pytest -n 3 --dist worksteal -k then" in called
    assert sorted(each.split()[0] for each in called) == sorted([*TOOLS, "ruff"])


@pytest.mark.parametrize("tool", TOOLS)
def test_it_is_red_where_one_is_and_what_that_says_stands_at_the_end(tree, tool):
    (tree / f"{tool}.sh").write_text("echo it is wrong in line 7; exit 1\n")
    done = make(tree, "test")
    assert done.returncode == 2
    assert "green" not in done.stdout
    assert done.stdout.count("it is wrong in line 7") == 1
    called = (tree / "called.txt").read_text()
    assert "python -m pytest" in called
    assert ("lint-imports" in called) == (tool in ("python", "lint-imports"))


def test_an_interrupt_ends_what_runs_beside_the_tests_too(tree):
    (tree / "mypy.sh").write_text("touch begun; sleep 60; touch over\n")
    (tree / "python.sh").write_text(
        "while [ ! -e begun ]; do sleep 0.1; done; touch both; sleep 60\n"
    )
    job = subprocess.Popen(
        ["make", "test"],
        cwd=tree,
        env=SETTINGS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads)
    )
    end = time.monotonic() + 60
    while not (tree / "both").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(job.pid, signal.SIGINT)  # as Ctrl-C does
    assert job.wait(20) != 0
    while True:  # what was killed is gone soon: nobody of that session is left
        try:
            os.killpg(job.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not (tree / "over").exists()
