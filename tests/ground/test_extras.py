"""What comes with an extra is imported without its own words about the machine."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from passo.ground.extras import need

DRAWN = """
from passo import Linear, Run, draw, steps
figure = draw(Linear(1, 0).curve(Run(steps(10))))
print(type(figure).__name__)
"""


def test_a_home_that_cannot_be_written_is_no_business_of_a_picture(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    home = {"HOME": str(tmp_path / "file"), "NO_COLOR": "1", "TERM": "dumb"}
    made = subprocess.run(
        [sys.executable, "-c", DRAWN],
        env={**home, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (made.stderr, made.stdout != "") == ("", True)


def test_a_library_logs_as_before_once_it_is_imported(tmp_path, monkeypatch):
    (tmp_path / "wordy.py").write_text(
        "import logging\nlogger = logging.getLogger('wordy')\n"
        "logger.warning('a folder')\nlogger.error('broken')\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    told = []
    logger = logging.getLogger("wordy")
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())
    logger.addHandler(handler)
    try:
        need("wordy", "passo[plot]", "drawing")
        logger.warning("after")
    finally:
        logger.removeHandler(handler)
        sys.modules.pop("wordy", None)
    assert told == ["broken", "after"]
    with pytest.raises(ModuleNotFoundError, match="drawing needs no_such_library"):
        need("no_such_library", "passo[plot]", "drawing")
