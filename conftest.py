"""Run the python fences of README.md and docs/ as tests, and say which files grow long.

Each page is one test, since it is one story: its fences share their names and run from top to
bottom, in an empty folder. `<!-- skip: next -->` before a fence leaves it out.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import tempfile
from pathlib import Path

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

os.environ.setdefault("MPLBACKEND", "Agg")  # a test opens no window
for _size in ("COLUMNS", "LINES"):  # what a shell exports, or readline for those that pytest begins
    os.environ.pop(_size, None)

ROOT = Path(__file__).parent
LONG = 300  # lines: what grows past that becomes a package (a talk, not a failure)
_OF_ALL = ("__init__", "attachment", "leaving", "pairing")  # the rest needs its trainer
UNCOLLECTED = {"docs/hooks.py", "docs/doctests.py"}  # mkdocs runs them
UNCOLLECTED |= {"tests/types"}  # a type checker reads them
if "PASSO_RAY" not in os.environ:
    UNCOLLECTED |= {"tests/sweep/test_ray.py"}  # `make test-ray` does
if "PASSO_PEERS" not in os.environ:
    UNCOLLECTED |= {"tests/peers"}  # `make test-peers` installs what they stand beside
if "PASSO_TRAINERS" not in os.environ:  # `make test-trainers` installs what they train with
    UNCOLLECTED |= {"docs/trainers.md", "tests/integrations/log/test_libraries.py"}
    for room in ("src/passo/integrations", "tests/integrations"):
        UNCOLLECTED |= {
            f"{room}/{each.name}" for each in (ROOT / room).glob("*.py") if each.stem not in _OF_ALL
        }


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """As `collect_ignore`, which makes each of these a path again for each file that there is."""
    inside = collection_path.is_relative_to(ROOT)
    return (inside and collection_path.relative_to(ROOT).as_posix() in UNCOLLECTED) or None


def pytest_configure(config: pytest.Config) -> None:
    """fastai is imported where tests are collected, and others warn of how it is written."""
    for word in (".torch.jit.script. is deprecated", "The 'mode.chained_assignment' option"):
        config.addinivalue_line("filterwarnings", f"ignore:{word}")


class Page(pytest.File):
    def collect(self) -> list[pytest.Item]:
        return [Fences.from_parent(self, name="fences")]


class Fences(pytest.Item):
    def runtest(self) -> None:
        page = Document.parse(str(self.path), PythonCodeBlockParser(), SkipParser())
        here = Path.cwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                for example in page.examples():
                    example.evaluate()
            finally:
                os.chdir(here)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"the fences of {self.path.name}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Page | None:
    is_page = file_path == ROOT / "README.md" or ROOT / "docs" in file_path.parents
    if is_page and file_path.suffix == ".md":
        return Page.from_parent(parent, path=file_path)
    return None


def pytest_collection_finish() -> None:
    """Many tests collect garbage, and need not look each time at all that was imported by now."""
    if "torch" in sys.modules:
        importlib.import_module("torch._dynamo")  # the first optimizer does it otherwise
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _only_this_file_is_looked_at() -> None:
    """What the files before have left alive grows to gigabytes, and no test is about it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long is begun first, and what a trainer warns of is no error of ours."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    theirs = ("DeprecationWarning", "FutureWarning", "UserWarning", "RuntimeWarning")
    ours = (*(f"ignore::{each}" for each in theirs), "error::passo.PassoWarning")
    rooms = [ROOT / "tests/integrations", ROOT / "src/passo/integrations"]
    for item in items:
        if item.path.parent in rooms or item.path == ROOT / "docs/trainers.md":
            item.add_marker(pytest.mark.filterwarnings(*ours), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            terminalreporter.write_line(f"{name}: {value}")
    lines = {p: p.read_text("utf-8").count("\n") for p in (ROOT / "src").rglob("*.py")}
    long = sorted(((n, p) for p, n in lines.items() if n > LONG), reverse=True)
    if long:
        terminalreporter.section(f"files over {LONG} lines: time for a talk")
        for n, path in long:
            terminalreporter.line(f"{n:6d}  {path.relative_to(ROOT)}")
