"""What a terminal can show: a picture is as wide as it is, and no character ends a command."""

from __future__ import annotations

import io
import sys

import pytest

from passo import cli
from passo.doctor import command
from passo.doctor.run import Outcome
from passo.ground.terminal import columns, let_write
from passo.trace import Column, Trace

SHOWN = ("show", "cosine_decay()", "--run", "10 steps")
TRACE = Trace(9, ("0",), (Column(0, "lr", tuple(range(9)), tuple(0.9**k for k in range(9))),))


@pytest.fixture
def terminal(monkeypatch):
    """What a command writes on a terminal of this encoding."""

    def told(encoding, write, errors="strict"):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding=encoding, errors=errors)
        monkeypatch.setattr(sys, "stdout", stream)
        write()
        stream.flush()
        return raw.getvalue().decode(stream.encoding)

    return told


def show(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["passo", *SHOWN])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code in (0, None)


def report():
    outcome = Outcome(((TRACE,),), 0, "end", 0)
    command.Teller("train.py", None, None, strict=False)(outcome)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_what_a_terminal_cannot_write_ends_no_command(terminal, monkeypatch, encoding):
    for write in (lambda: show(monkeypatch), report):
        text = terminal(encoding, write)
        whole = encoding in ("ascii", "utf-8")  # a locale that says ASCII says nothing
        assert ("┤" in text) is whole
        assert ("?" in text) is not whole
    assert "the last" not in text


def test_who_said_how_to_write_what_is_lacking_is_left_to_it(terminal):
    def write():
        let_write()
        sys.stdout.write("┤")

    assert terminal("cp1252", write, errors="xmlcharrefreplace") == "&#9508;"


@pytest.mark.parametrize(("given", "wide"), [("40", 40), ("20", 40), ("60", 60), ("200", 80)])
def test_a_picture_is_no_wider_than_the_terminal(terminal, monkeypatch, given, wide):
    monkeypatch.setenv("COLUMNS", given)
    assert columns(80) == wide
    assert max(drawn(terminal("utf-8", lambda: show(monkeypatch)))) == wide
    assert max(drawn(terminal("utf-8", report))) == max(40, min(int(given), 96))


def drawn(text):
    """How wide each line of the picture is."""
    return [len(line) for line in text.splitlines() if line[8:9] in tuple("┌│┤└")]
