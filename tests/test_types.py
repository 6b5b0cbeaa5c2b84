"""A user's type checker, mypy or pyright as they come, sees every name and every wrong line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
FILES = sorted((Path(__file__).parent / "types").glob("*.py"))
# No type that a user sees comes from there, and reading it takes long.
UNREAD = "jax torch._dynamo torch._export torch._inductor torch.ao torch.distributed torch.export"
UNREAD += " torch.fx torch.onnx torch.testing sympy"


def told(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy(folder: Path) -> set[tuple[str, int]]:
    unread = ",".join(f"mypy-{each}.*" for each in UNREAD.split())
    (folder / "mypy.ini").write_text(f"[mypy]\n[{unread}]\nfollow_imports = skip\n")
    command = [sys.executable, "-m", "mypy", "--output=json", *names(folder)]
    lines = [json.loads(line) for line in told(command, folder).splitlines() if line[:1] == "{"]
    return {(each["file"], each["line"]) for each in lines if each["severity"] == "error"}


def pyright(folder: Path) -> set[tuple[str, int]]:
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    found = json.loads(told([*command, *names(folder)], folder))["generalDiagnostics"]
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in found
        if each["severity"] == "error"
    }


def names(folder: Path) -> list[str]:
    return [file.name for file in sorted(folder.glob("*.py"))]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_right_lines_pass_and_wrong_ones_are_found(checker, tmp_path):
    wrong = set()
    for file in FILES:
        shutil.copy(file, tmp_path)
        lines = file.read_text("utf-8").splitlines()
        wrong |= {(file.name, k) for k, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert len(wrong) > 30
    found = checker(tmp_path)
    assert {"missed": sorted(wrong - found), "accused": sorted(found - wrong)} == {
        "missed": [],
        "accused": [],
    }
