"""Each text that says what to write has a row, and what it says is done: the case then works.

A new text with advice needs a row in `tests/advice/rows/`, in the file of its room:

    @tried("a widget needs a size, got {}; write size={}")   # the template: `{}` for each hole
    def a_widget_of_no_size(told):
        text = told("widget(size=0)")                         # the case; the text that it gets
        assert text.put("widget(@).size") == [1]              # the code of the text, put in
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import pytest

from tests.advice import findings, rows
from tests.advice.collector import NO_ADVICE, strings, texts, trees
from tests.advice.table import Table, Told
from tests.advice.without import WITHOUT_A_ROW

TABLES: list[Table] = [
    importlib.import_module(found.name).tried
    for found in pkgutil.iter_modules(rows.__path__, f"{rows.__name__}.")
]
ROWS = {each: (table, row) for table in TABLES for each, row in table.rows.items()}
NAMES = [f"{row.__name__}: {each[:60]}" for each, (_, row) in ROWS.items()]


@cache
def everything() -> dict[str, list[str]]:
    """Each text that says what to write, with its places; no process reads them but who asks."""
    return {**texts(), **findings.texts()}


def test_each_text_that_says_what_to_write_has_a_row():
    missing = {text: at for text, at in everything().items() if text not in ROWS}
    assert {text: at for text, at in missing.items() if text not in WITHOUT_A_ROW} == {}


def test_each_row_has_a_text():
    assert sorted(set(ROWS) - set(everything())) == []


def test_no_text_has_two_rows():
    assert len(ROWS) == sum(len(table.rows) for table in TABLES)


def test_what_waits_for_a_row_is_a_text_without_one():
    assert set(everything()) >= WITHOUT_A_ROW
    assert set() == WITHOUT_A_ROW & set(ROWS)


def test_what_is_no_advice_is_a_text():
    there = {text for tree in trees().values() for _, text, _ in strings(tree)}
    assert set(NO_ADVICE) <= there
    assert all(NO_ADVICE.values())


@pytest.mark.parametrize(("said", "row"), ROWS.items(), ids=NAMES)
def test_what_it_says_is_done_and_the_case_works(said, row, tmp_path, monkeypatch):
    table, act = row
    told: Told = table.told(said)
    monkeypatch.chdir(tmp_path)
    act(told)
    assert told.texts, "the row told nothing: call told(case)"
    assert told.taken, "the row took nothing out of the text: text.code(), .put() or .words()"
