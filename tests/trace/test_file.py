"""The file: what was written is read, also after the worst."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo.ground.errors import PassoError
from passo.trace import Column, Report, Trace, replacing
from tests.trace.strategies import traces

HEADER = (
    '{"passo":"trace","version":1,"groups":["all"],"columns":["0.lr"],'
    '"plan":null,"run":null,"meta":{}}\n'
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("traces") / "trace.jsonl"


@given(trace=traces())
def test_what_is_written_is_read(path, trace):
    trace.write(path)
    assert Trace.load(path) == trace
    first = path.read_bytes()
    Trace.load(path).write(path)
    assert path.read_bytes() == first


@given(trace=traces(), data=st.data())
def test_a_file_cut_anywhere_is_the_trace_up_to_there(path, trace, data):
    trace.write(path)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:cut])
    if cut <= whole.index(b"\n"):
        with pytest.raises(PassoError, match="does not begin with the whole header line"):
            Trace.load(path)
        return
    part, same = Trace.load(path), trace.until(Trace.load(path).updates)
    assert not part.complete
    assert part.columns == same.columns
    assert part.reports == same.reports[: len(part.reports)]
    assert part.events == same.events[: len(part.events)]
    assert (part.plan, part.run, part.groups, part.meta) == (
        trace.plan,
        trace.run,
        trace.groups,
        trace.meta,
    )


def test_the_file_is_what_the_page_shows(path):
    Trace(
        900,
        ("all",),
        (Column(0, "lr", (0, 500), (0.1, math.nan)),),
        (Report.of(500, {"val_loss": math.inf}),),
    ).write(path)
    assert path.read_text("utf-8") == (
        HEADER + '{"update":0,"used":{"0.lr":0.1}}\n'
        '{"clock":500,"report":{"val_loss":"inf"}}\n'
        '{"update":500,"used":{"0.lr":"nan"}}\n'
        '{"clock":900,"end":true}\n'
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{}", "nothing has the parts []"),
        ("[1]", "it is not a JSON object"),
        ('{"update":1,"used":{"1.lr":1}}', "no column is called '1.lr'"),
        (
            '{"update":1,"used":{"0.lr":"x"}}',
            'needs a number, "nan", "inf" or "-inf", got \'x\'',
        ),
        ('{"update":-1,"used":{}}', "the clock stands at 0, it cannot become -1"),
        ('{"clock":"soon"}', "the clock stands at 0, it cannot become 'soon'"),
        (
            '{"clock":1,"groups":["a"],"columns":["0.lr"]}',
            "the column '0.lr' is there already",
        ),
        (
            '{"clock":1,"groups":[],"columns":["7.lr"]}',
            "the column '7.lr' is of a group that is not there",
        ),
        ('{"clock":1,"groups":"ab","columns":[]}', "it needs a list of strings, got 'ab'"),
        ('{"clock":1,"event":1,"detail":{}}', "event must be a string, got 1"),
        ("x", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_strange_line_in_the_middle_is_an_error_with_its_number(path, line, why):
    path.write_text(HEADER + line + '\n{"clock":9}\n', "utf-8")
    text = f"{str(path)!r}, line 2 is not a line of a trace: {(line + chr(10)).encode()[:60]!r}"
    with pytest.raises(PassoError, match=f"^{re.escape(text)} \\({re.escape(why)}\\)$"):
        Trace.load(path)


@pytest.mark.parametrize(
    "line",
    [
        '{"update":1,"used":[1]}',
        '{"clock":1,"report":3}',
        '{"clock":1,"event":"a","detail":7}',
        '{"clock":1,"groups":[],"columns":["a.b"]}',
        "[" * 100_000,
        "\xff\x00",
        '{"clock":9,"end":true}\n{"clock":9}',
        '{"clock":5}\n{"clock":3}',
    ],
)
def test_other_strange_lines_are_errors_too(path, line):
    path.write_bytes(HEADER.encode() + line.encode("latin-1") + b"\n")
    with pytest.raises(PassoError, match=r", line [23] is not a line of a trace: "):
        Trace.load(path)


def test_a_foreign_file_is_not_a_trace(path):
    path.write_bytes(b"epoch,loss\n1,0.5\n")
    text = (
        f"{str(path)!r} does not begin with the whole header line of a trace, got "
        "b'epoch,loss\\n'; write attach(..., record=path) where the run is made"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        Trace.load(path)


def test_a_trace_of_a_later_passo_says_so(path):
    path.write_text(HEADER.replace('"version":1', '"version":2'), "utf-8")
    text = (
        f"{str(path)!r} is a trace of version 2, this passo reads version 1; "
        "write pip install --upgrade passo"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        Trace.load(path)


def test_a_header_with_other_parts_is_refused(path):
    path.write_text('{"passo":"trace","version":1}\n', "utf-8")
    with pytest.raises(
        PassoError, match=r", line 1 is not a line of a trace: .*header lacks groups, columns"
    ):
        Trace.load(path)


def test_a_line_without_end_does_not_fill_the_memory(path):
    path.write_bytes(HEADER.encode() + b" " * (1 << 25))
    with pytest.raises(PassoError, match=r"line 2 .*\(it is longer than 16777216 bytes\)$"):
        Trace.load(path)


class Stopped(BaseException):
    """Like a Ctrl-C."""


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "note.txt"
    target.write_text("old", "utf-8")
    with pytest.raises(Stopped), replacing(target) as file:  # noqa: PT012 (the block fails)
        file.write(b"ne")
        raise Stopped
    assert target.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]
