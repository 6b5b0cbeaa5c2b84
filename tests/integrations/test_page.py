"""The table of the page is what the tests make it."""

from __future__ import annotations

from tests.integrations import page, promises


def test_the_table_of_promises_is_made_by_the_tests():
    page.load()
    _, table, _ = page.split(page.PAGE.read_text("utf-8"))
    assert table.splitlines() == promises.rows(), "write: python -m tests.integrations.page"


def test_every_trainer_holds_every_promise_or_the_page_says_why_not():
    page.load()
    text = page.PAGE.read_text("utf-8")
    for name, held in promises.HELD.items():
        for number in set(promises.PROMISES) - set(held):
            assert f"{name} and promise {number}:" in text, (name, number)
