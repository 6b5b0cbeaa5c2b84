"""The arrows point one way, and `import passo` is quick and light."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import passo

SRC = Path(__file__).parent.parent / "src" / "passo"
BUDGET = 0.060  # seconds of CPU time
TRIES = 9
HEAVY = {
    "array_api_compat",
    "jax",
    "matplotlib",
    "numpy",
    "plotext",
    "plotly",
    "rich",
    "scipy",
    "sklearn",
    "torch",
    "typer",
}


def fresh(code: str) -> str:
    """What `code` prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def imports(file: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write the whole name, without dots"
            found.add(node.module)
    return found


def sources(room: str) -> list[Path]:
    return sorted((SRC / room).rglob("*.py"))


@pytest.mark.parametrize("module", ["passo", "passo.schedules", "passo.trace", "passo.catalogue"])
def test_importing_loads_no_heavy_library(module):
    code = f"import {module}, json, sys; print(json.dumps([m.split('.')[0] for m in sys.modules]))"
    assert set(json.loads(fresh(code))) & HEAVY == set()


def test_a_plan_is_checked_without_torch():
    code = (
        "import sys; from passo import Run, parse, steps; from passo.doctor import check; "
        "check(parse('Cosine(1, 0)'), Run(steps(9))); print('torch' in sys.modules)"
    )
    assert fresh(code).strip() == "False"


def test_importing_is_quick(record_property):
    code = "from time import process_time as now; begin = now(); import passo; print(now() - begin)"
    best = float("inf")
    for _ in range(TRIES):  # the machine may be busy: one quick run proves it
        best = min(best, float(fresh(code)))
        if best < BUDGET:
            break
    record_property("import_passo_ms", round(1000 * best, 1))
    assert best < BUDGET


def test_every_public_name_is_there():
    assert sorted(set(passo.__all__)) == sorted(passo.__all__)
    assert [name for name in passo.__all__ if not hasattr(passo, name)] == []
    assert set(passo.__all__) <= set(dir(passo))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'warmup_cosin'"):
        passo.warmup_cosin  # noqa: B018


@pytest.mark.parametrize(
    ("room", "guests"),
    [("schedules", {"array_api_compat"}), ("catalogue", set()), ("trace", set())],
)
def test_the_lowest_rooms_need_only_the_standard_library(room, guests):
    allowed = sys.stdlib_module_names | {"passo"} | guests
    foreign = {
        (str(file.relative_to(SRC)), name)
        for file in sources(room)
        for name in imports(file)
        if name.split(".")[0] not in allowed
    }
    assert foreign == set()


def test_no_room_takes_a_name_from_the_top():
    below = [file for file in SRC.rglob("*.py") if file != SRC / "__init__.py"]
    assert [str(file.relative_to(SRC)) for file in below if "passo" in imports(file)] == []


def test_the_types_are_shipped():
    assert (SRC / "py.typed").is_file()


def test_the_version_has_one_source():
    assert passo.__version__ == importlib.import_module("importlib.metadata").version("passo")
