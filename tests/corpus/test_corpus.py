"""Every loop of the corpus: exactly its codes, and the page says so."""

from __future__ import annotations

import importlib.util

import pytest

from passo.doctor.rules import RULES
from tests.corpus.expected import WRONG
from tests.corpus.loops import LOOPS, PAGE, expected, found, needs, page

CODES = {rule.CODE for rule in RULES}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_raises_exactly_its_codes(loop):
    for library in needs(loop):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    assert found(loop) == expected(loop)


def test_there_are_44_of_each_kind_and_each_code_is_raised_twice():
    wrong = [loop for loop in LOOPS if loop.startswith("wrong/")]
    assert len(wrong) >= 44
    assert len(LOOPS) - len(wrong) >= 44
    raised = [code for codes in WRONG.values() for code in codes.split()]
    few = {code for code in CODES if raised.count(code) < 2}
    assert not few, f"{few} need two loops each in tests/corpus/wrong/"
    assert set(raised) == CODES
    said = "WRONG of tests/corpus/expected.py and the files of tests/corpus/wrong/ differ by these"
    assert not {each.removeprefix("wrong/") for each in wrong} ^ set(WRONG), said


def test_the_page_is_made_from_the_corpus():
    made = page({loop: expected(loop) for loop in LOOPS})
    said = "docs/corpus.md is not what the loops say; write it anew: python -m tests.corpus.loops"
    assert PAGE.read_text("utf-8") == made, said
