"""docs/pains.md and the tests agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs"
NAMED = [1, 2, 3, 5, 6, 7, 10, 11, 13, 14, 15, 19, *range(23, 32), 36, 38, 40, 44]


def found():
    """Every test of a pain: its name, its docstring, and the decorators it has."""
    for file in sorted(HERE.glob("test_pains_*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_pain_"):
                yield node.name, ast.get_docstring(node) or "", node.decorator_list


def rows():
    """The table: for each pain its sentence, its threads and its tests."""
    lines = (PAGES / "pains.md").read_text("utf-8").splitlines()
    cells = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in lines]
    return {
        int(row[0]): [c.strip() for c in row[1:]]
        for row in cells
        if row[:1] and row[0].strip().isdigit()
    }


TESTS = {name: (docstring, marks) for name, docstring, marks in found()}


def test_the_table_names_every_test_and_no_other():
    told = {name for _, _, names in rows().values() for name in re.findall(r"`(test_\w+)`", names)}
    assert told == set(TESTS)


def test_every_pain_that_was_named_has_a_row_a_sentence_and_a_thread():
    table = rows()
    assert sorted(table) == NAMED
    for number, (sentence, threads, names) in table.items():
        assert sentence
        assert threads.startswith("[")
        assert re.findall(rf"`test_pain_{number}_\w+`", names) == re.findall(r"`test_\w+`", names)


@pytest.mark.parametrize("name", TESTS)
def test_a_test_names_its_pain_and_a_thread_and_asks_both_libraries(name):
    docstring, marks = TESTS[name]
    number = re.match(r"test_pain_(\d+)_", name)[1]
    assert re.match(rf"Pain {number}, [\w.-]+/[\w.-]+#\d+", docstring)
    assert any(ast.unparse(mark).startswith("both(") for mark in marks)
    assert all(
        f"issues/{thread}" in rows()[int(number)][1] for thread in re.findall(r"#(\d+)", docstring)
    )


def test_the_page_names_tests_that_exist():
    page = (PAGES / "cannot_happen.md").read_text("utf-8")
    named = set(re.findall(r"`(test_pain_\w+)`", page))
    assert named
    assert named - set(TESTS) == set()
