"""What is collected: texts that are read by a user, with their holes, wherever they are built."""

from __future__ import annotations

import ast

import pytest

from tests.advice import collector, findings
from tests.advice.collector import is_advice, pattern, strings
from tests.advice.table import Table, Text

PAGE = '''
"""Write a page: that is a docstring."""
def refuse(name, width=1, *, help="write to a file"):
    """Give it up: a docstring too."""
    option(help="write the report into this file")
    msg = (
        f"{name} is {width:.3g} wide; "
        "write width=..."
    )
    raise ValueError(msg)

@called_like("refuse(name)")
class Wrong:
    def text(self):
        return "nothing to be done" if self.why else f"it failed{'; give another' if 1 else ''}"
'''
JUDGED = """
PIECE = "build it first"
def look(case):
    seen, write = _found(case)
    yield Finding("P999", seen, "why: write nothing", write, "where")
    yield Finding("P998", "seen", "why", PIECE + _lasting(case))
    yield _made(case, "three of them")
def _made(case, write):
    return Finding("P997", "seen", "why", write)
def _lasting(case):
    return f"T_max={case.length}"
def _found(case):
    return "what was seen", f"a length of {case.length}"
"""


def test_a_text_is_collected_with_its_holes_and_without_docstrings_and_help():
    found = [(owner, text) for owner, text, _ in strings(ast.parse(PAGE)) if is_advice(text)]
    assert found == [
        ("refuse", "write to a file"),
        ("refuse", "{} is {} wide; write width=..."),
        ("Wrong.text", "; give another"),
    ]


def test_the_example_of_a_call_is_advice_whatever_its_words_are():
    assert [text for _, text, written in strings(ast.parse(PAGE)) if written] == ["refuse(name)"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("it is 3 wide; write width=1", True),
        ("it has no such field; did you mean 'lr'?", True),
        ("Write attach(...) before", True),
        ("repeat needs times=...: it never ends", True),
        ("a name such as 'x', got 5", True),
        ("the values must ascend, got [2, 1]", False),
        ("cannot write 'a': no room", False),
        ("the test takes it from 1 to 2", False),
        ("a page\nwrite it", False),
    ],
)
def test_what_says_what_to_write_is_advice(text, advice):
    assert is_advice(text) is advice


def test_a_finding_is_followed_to_what_it_says_to_write():
    tree = ast.parse(JUDGED)
    known = {node.name: node for node in findings.functions(tree)}
    assert set(findings.of_page(tree, known)) == {
        "a length of {}",
        "build it first",
        "T_max={}",
        "three of them",
    }


def test_a_template_knows_its_texts():
    assert pattern("{} is {} wide").search("x is 3 wide, write width=1")
    assert not pattern("{} is {} wide").search("x is 3 long")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("a span is needed; write steps(30) or epochs(30)", ["steps(30)", "epochs(30)"]),
        ("write steps(30), or epochs(30) for the rest", ["steps(30)", "epochs(30)"]),
        ('it is not JSON; write "nan", "inf" or "-inf"', ['"nan"', '"inf"', '"-inf"']),
        ("write stop=4.0", ["stop=4.0"]),
        ("write Run(..., axis='token') first", ["Run(..., axis='token')"]),
        ("write (lambda group: group['lr'], base)", ["(lambda group: group['lr'], base)"]),
    ],
)
def test_code_is_taken_out_of_a_text_with_each_alternative(text, codes):
    assert told(text).code() == codes


def test_a_text_without_code_has_none_to_take():
    with pytest.raises(AssertionError, match="no code after 'write'"):
        told("write fewer times").code()


def told(text):
    """A text as a row has it."""
    found = Text(text)
    found.taken, found.world = [], Table().world
    return found


def test_a_row_that_tells_nothing_or_takes_nothing_fails():
    tried = Table()
    tried("write {}")(lambda told: None)
    with pytest.raises(AssertionError, match=r"two rows for .write \{\}."):
        tried("write {}")(lambda told: None)
    with pytest.raises(AssertionError, match="nothing was said by Constant"):
        tried.told("write {}")("Constant(1)")
    with pytest.raises(AssertionError, match="another text: value must be a number"):
        tried.told("write {}")("Constant('a')")


def test_every_file_of_the_source_is_looked_into():
    places = {place.partition(":")[0] for at in collector.texts().values() for place in at}
    rooms = {place.partition("/")[0] for place in places}
    own = {
        "catalogue",
        "cli",
        "demo",
        "doctor",
        "ground",
        "integrations",
        "sweep",
        "law",
        "optim",
        "plot",
        "schedules",
        "trace",
    }
    assert rooms == own | {"__init__.py"}
